"""How good the tests of the package are: each of some thousand small faults put into it must make a test fail.

mutmut makes the faults, its mutants, and runs the tests that reach them. What no test notices survives; what of that
does no harm stands in tests/mutants.yaml, with the reason.

Exit codes: 0 all is well; 1 a survivor is not listed, or the score is too low; 2 the run itself failed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "overlays" / "activepieces_client"
HARMLESS = ROOT / "tests" / "mutants.yaml"

# Percent, of all mutants: what is listed as harmless does not count as killed.
LEAST_SCORE = 95.0

# The tests of what is mutated. A survivor meets all that reach it, so what takes long and kills nothing is left out;
# and Ctrl-C may come while mutmut's own code runs, which notes less than ours.
TESTS = [
    "answers",
    "concurrency",
    "configuration",
    "operations",
    "renewal",
    "rollout",
    "sending",
    "update",
    "validation",
]
LEFT_OUT = [
    "a_429_slows_all_down",
    "a_new_operation",
    "any_metadata",
    "ctrl_c_stops",
    "each_get_their_own_answer",
    "the_stand_in_knows",
]

# Seconds after which a test of a mutant hangs; the slowest takes two, by itself.
HANGING = 15

KILLED = {"killed", "timeout", "segfault"}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Empty the caches of functions, since mutmut sees only by calls which tests reach what: this file is a plugin."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == PACKAGE.name:
            for value in vars(module).values():
                if empty := getattr(value, "cache_clear", None):
                    empty()


@attrs.frozen
class Mutant:
    """One fault: the function that has it, and what the fault is, without the numbers of lines."""

    function: str
    diff: str

    def __str__(self) -> str:
        lines = "\n".join(f"        {line}" for line in self.diff.splitlines())
        return f"    - in: {self.function}\n      diff: |\n{lines}"

    def same_but_for(self, pattern: str) -> bool:
        """Tell whether nothing differs but what matches a pattern."""
        was, now = (
            [re.sub(pattern, "", line[1:]) for line in self.diff.splitlines() if line[0] == sign] for sign in "-+"
        )
        return was == now


@attrs.frozen
class Harmless:
    """The survivors that are known to do no harm."""

    mutants: frozenset[Mutant]
    patterns: list[str]

    @classmethod
    def load(cls) -> Harmless:
        """Read the list."""
        groups: list[dict[str, Any]] = cast(Any, YAML(typ="safe")).load(HARMLESS.read_text("utf-8"))
        listed = (entry for group in groups for entry in group.get("mutants", []))
        mutants = frozenset(Mutant(entry["in"], entry["diff"].strip()) for entry in listed)
        return cls(mutants, [group["but_for"] for group in groups if "but_for" in group])

    def has(self, mutant: Mutant) -> bool:
        """Tell whether a survivor is one of them."""
        return mutant in self.mutants or any(map(mutant.same_but_for, self.patterns))


def prepare(folder: Path) -> None:
    """Lay out what mutmut needs: it finds a package by its name only at the root of a folder."""
    for source in (PACKAGE, ROOT / "generated" / "activepieces_api", ROOT / "tests"):
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(__file__, folder)
    mutmut = {
        "source_paths": [PACKAGE.name],
        "do_not_mutate": [f"{PACKAGE.name}/{part}/*" for part in ("cli", "testing")],
        "also_copy": ["activepieces_api", Path(__file__).name],
        "pytest_add_cli_args": ["-p", Path(__file__).stem, "-k", f"not ({' or '.join(LEFT_OUT)})"],
        "pytest_add_cli_args_test_selection": [f"tests/test_{name}.py" for name in TESTS],
    }
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    options |= {"faulthandler_timeout": HANGING, "faulthandler_exit_on_timeout": True}
    tables = {"mutmut": mutmut, "pytest.ini_options": options}
    (folder / "pyproject.toml").write_text("\n".join(toml(f"tool.{name}", table) for name, table in tables.items()))


def toml(name: str, table: dict[str, Any]) -> str:
    """Write a table of texts, numbers, booleans and lists, which TOML has as JSON has them."""
    return "\n".join([f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())])


def mutmut(folder: Path, *arguments: str) -> str:
    """Run mutmut, and give what it says."""
    finished = subprocess.run(
        ["mutmut", *arguments], cwd=folder, stdout=subprocess.PIPE, encoding="utf-8", errors="replace", check=False
    )
    if finished.returncode:
        print(finished.stdout[-5000:], file=sys.stderr)
        sys.exit(2)
    return finished.stdout


def results(folder: Path, modules: list[str]) -> dict[str, str]:
    """Give what became of each mutant, by mutmut's name for it."""
    found = dict(re.findall(r"(?m)^ +(\S+): (.+)$", mutmut(folder, "results", "--all", "true")))
    return {name: status for name, status in found.items() if not modules or name.split(".")[1] in modules}


def mutant(folder: Path, name: str) -> Mutant:
    """Say what a mutant is."""
    lines = mutmut(folder, "show", name).splitlines()
    changed = [line[0] + " " + line[1:].strip() for line in lines if re.match(r"[+-](?![+-]{2} )", line)]
    function = re.sub(r"\.x[_ǁ]", ".", name.partition(".")[2].rpartition("__mutmut_")[0])
    return Mutant(function.replace("ǁ", "."), "\n".join(changed))


def main(modules: list[str]) -> int:
    """Run all mutants, or those of some modules, and judge."""
    harmless = Harmless.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        # Most of the time, the tests that a survivor meets wait.
        at_once = str(2 * (os.cpu_count() or 1))
        mutmut(folder, "run", "--max-children", at_once, *(f"{PACKAGE.name}.{module}.*" for module in modules))
        found = results(folder, modules)
        survivors = {mutant(folder, name): status for name, status in found.items() if status not in KILLED}
    strange = {survivor: status for survivor, status in survivors.items() if not harmless.has(survivor)}
    for survivor, status in strange.items():
        print(f"{status}, and not listed in {HARMLESS.relative_to(ROOT)}:\n{survivor}")
    for gone in harmless.mutants - survivors.keys():
        if not modules or gone.function.partition(".")[0] in modules:
            print(f"listed, and there no more or killed now:\n{gone}")
    killed = sum(status in KILLED for status in found.values())
    score = 100 * killed / len(found)
    print(f"mutants: {len(found)}; killed: {killed}; score: {score:.1f} %")
    print(f"survivors: {len(found) - killed}; not listed: {len(strange)}")
    return 1 if strange or score < LEAST_SCORE else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
