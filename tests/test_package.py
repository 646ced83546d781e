"""The package that is installed: what it brings, what it offers, and that nothing in it points the wrong way."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib.metadata import files, requires, version
from pathlib import Path

import activepieces_api.models
import activepieces_client
import activepieces_client.models
from activepieces_client import testing

ROOT = Path(__file__).parent.parent


def test_the_wheel_brings_two_packages_with_types_specification_and_licence_and_nothing_else() -> None:
    names = {file.as_posix() for file in files("activepieces-client") or [] if ".." not in file.parts}
    information = f"activepieces_client-{version('activepieces-client')}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"activepieces_api", "activepieces_client", information}
    assert names >= {
        "activepieces_api/openapi.json",
        "activepieces_api/py.typed",
        "activepieces_client/py.typed",
        "activepieces_client/testing/__main__.py",
        f"{information}/licenses/LICENSE",
    }


def test_it_needs_three_packages_at_run_time() -> None:
    needed = [requirement for requirement in requires("activepieces-client") or [] if "extra ==" not in requirement]
    assert sorted(requirement.partition(">")[0].partition("<")[0] for requirement in needed) == [
        "attrs",
        "httpx",
        "jsonschema-rs",
    ]


def test_without_the_extra_the_command_says_what_to_install() -> None:
    for missing in ("filelock", "rich"):
        code = (
            f"import sys; sys.modules['{missing}'] = None; from activepieces_client.cli import main; sys.exit(main())"
        )
        finished = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
        assert finished.returncode == 2
        assert finished.stderr == "activepieces-client needs an extra: pip install 'activepieces-client[cli]'\n"


def test_the_public_names_are_those_of_all() -> None:
    for module in (activepieces_client, testing):
        public = {name for name in vars(module) if not name.startswith("_")} - {"exceptions", "models", "testing"}
        assert sorted(public) == sorted(module.__all__)


def test_every_generated_model_is_offered() -> None:
    for name in activepieces_api.models.__all__:
        assert vars(activepieces_client.models)[name] is vars(activepieces_api.models)[name]


def test_nothing_imports_the_command_line() -> None:
    for source in (ROOT / "overlays").rglob("*.py"):
        if source.parent.name != "cli":
            assert not re.search(r"import.*\bcli\b|from .*\bcli\b", source.read_text("utf-8"))


def test_generated_code_does_not_import_the_overlay() -> None:
    for source in (ROOT / "generated").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("activepieces_client") for alias in node.names)
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("activepieces_client")


def test_importing_reads_no_specification() -> None:
    code = (
        "import activepieces_client;"
        "from activepieces_client._specification import specification;"
        "assert specification.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_loads_nothing_that_a_first_call_is_soon_enough_for() -> None:
    later = (
        "activepieces_api activepieces_client._rollout activepieces_client.cli anyio concurrent.futures difflib "
        "filelock importlib.metadata importlib.resources jsonschema_rs"
    )
    code = (
        f"from activepieces_client import Activepieces; import sys; print(*sys.modules.keys() & set({later.split()}))"
    )
    finished = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert finished.stdout.split() == []


def test_the_errors_form_the_tree_that_their_module_draws() -> None:
    drawing = inspect.getdoc(sys.modules[activepieces_client.ActivepiecesError.__module__]) or ""
    parents: dict[int, str] = {}
    drawn: dict[str, str] = {}
    for branches, name in re.findall(r"^([│├└─ ]*)(\w+Error)\b", drawing, re.MULTILINE):
        depth = len(branches) // 4
        parents[depth] = name
        drawn[name] = parents[depth - 1] if depth else "Exception"
    assert drawn == {
        name: value.__bases__[0].__name__
        for name, value in vars(activepieces_client).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
