"""What `nox -s mutation` makes of what mutmut says; mutmut itself is not run here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from .repository import ROOT

GROUPS: list[dict[str, Any]] = cast(Any, YAML(typ="safe")).load((ROOT / "tests" / "mutants.yaml").read_text("utf-8"))

MUTMUT = """\
#!{python}
import sys
match sys.argv[1:]:
    case ["run", "--max-children", _, *modules]:
        assert modules == ["activepieces_client._json.*"], modules
        assert "tests/test_update.py" in open("pyproject.toml").read()
        open("activepieces_client/_json.py"), open("activepieces_api/openapi.json"), open("mutation.py")
    case ["results", "--all", "true"]:
        print("    activepieces_client._auth.x_other__mutmut_1: not checked")
        print("    activepieces_client._json.x_flaw__mutmut_1: timeout")
        for number in range(98):
            print(f"    activepieces_client._json.x_equal__mutmut_{{number}}: killed")
        for number, status in enumerate({statuses}):
            print(f"    activepieces_client._json.xǁKeysǁfind__mutmut_{{number}}: {{status}}")
    case ["show", name]:
        print("# name: survived\\n--- _json.py\\n+++ _json.py\\n@@ -1,7 +1,7 @@\\n def f():")
        print("-    return cast(\\"dict[str, Any]\\", a or b)")
        print("+    return cast(None, a or b)" if name.endswith("_0") else "+    return cast(None, a and b)")
"""


@pytest.mark.parametrize(
    ("statuses", "code", "said"),
    [
        ([], 0, "mutants: 99; killed: 99; score: 100.0 %\nsurvivors: 0; not listed: 0\n"),
        (["survived"], 0, "mutants: 100; killed: 99; score: 99.0 %\nsurvivors: 1; not listed: 0\n"),
        (["killed", "no tests"], 1, "mutants: 101; killed: 100; score: 99.0 %\nsurvivors: 1; not listed: 1\n"),
        (["survived"] * 6, 1, "mutants: 105; killed: 99; score: 94.3 %\nsurvivors: 6; not listed: 1\n"),
    ],
)
def test_a_run_is_judged(tmp_path: Path, statuses: list[str], code: int, said: str) -> None:
    program = tmp_path / "mutmut"
    program.write_text(MUTMUT.format(python=sys.executable, statuses=statuses), "utf-8")
    program.chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    finished = subprocess.run(
        [sys.executable, ROOT / "tools" / "mutation.py", "_json"],
        env={**os.environ, "PATH": path, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert finished.returncode == code, finished.stderr
    assert finished.stdout.endswith(said)
    strange = '    - in: _json.Keys.find\n      diff: |\n        - return cast("dict[str, Any]", a or b)\n'
    assert finished.stdout.count(f"{strange}        + return cast(None, a and b)\n") == ("not listed: 1" in said)


def test_each_listed_mutant_has_a_reason() -> None:
    for group in GROUPS:
        assert group["why"]
        assert ("mutants" in group) is not ("but_for" in group)
