"""The installed package: its files, public names and imports."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from importlib.metadata import files, requires, version
from pathlib import Path

import pytest

import activepieces_api.models
import activepieces_client
import activepieces_client.models
from activepieces_client import bulk, testing

ROOT = Path(__file__).parent.parent


def test_wheel_has_types_document_licence_and_sbom() -> None:
    names = {file.as_posix() for file in files("activepieces-client") or [] if ".." not in file.parts}
    information = f"activepieces_client-{version('activepieces-client')}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"activepieces_api", "activepieces_client", information}
    assert names >= {
        "activepieces_api/openapi.json",
        "activepieces_api/py.typed",
        "activepieces_client/py.typed",
        "activepieces_client/testing/__main__.py",
        f"{information}/licenses/LICENSE",
        f"{information}/sboms/activepieces-client.cdx.json",
    }


def test_package_needs_four_others() -> None:
    needed = [requirement for requirement in requires("activepieces-client") or [] if "extra ==" not in requirement]
    assert sorted(requirement.partition(">")[0].partition("<")[0] for requirement in needed) == [
        "anyio",
        "attrs",
        "httpx",
        "jsonschema-rs",
    ]


def test_command_without_the_extra_names_it() -> None:
    for missing in ("filelock", "rich"):
        code = (
            f"import sys; sys.modules['{missing}'] = None; from activepieces_client.cli import main; sys.exit(main())"
        )
        finished = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
        assert finished.returncode == 2
        assert finished.stderr == "activepieces-client needs an extra: pip install 'activepieces-client[cli]'\n"


def test_update_outcome_is_imported_on_first_use() -> None:
    assert activepieces_client.UpdateOutcome is bulk.UpdateOutcome


def test_public_names_are_those_of_all() -> None:
    for module in (activepieces_client, testing, bulk):
        submodules = {name for name, value in vars(module).items() if inspect.ismodule(value)}
        public = {name for name in vars(module) if not name.startswith("_")} - submodules - {"TYPE_CHECKING"}
        assert sorted(public | {"UpdateOutcome"} & set(module.__all__)) == sorted(module.__all__)
        for name in module.__all__:
            assert getattr(module, name) is not None


def test_version_is_that_of_the_package() -> None:
    assert activepieces_client.__version__ == version("activepieces-client")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(activepieces_client, "no_such_name")  # noqa: B009 - a type checker would refuse the attribute


def test_models_are_the_generated_ones() -> None:
    for name in activepieces_api.models.__all__:
        assert getattr(activepieces_client.models, name) is getattr(activepieces_api.models, name)


def test_core_imports_no_add_on() -> None:
    """Neither the command line nor the stand-in, and roll-outs only within functions."""
    for source in (ROOT / "overlays" / "activepieces_client").glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {node.module or "", *(alias.name for alias in node.names)}
                assert not names & {"cli", "testing"}
                assert "bulk" not in names or node.col_offset > 0


def test_generated_code_does_not_import_the_overlay() -> None:
    for source in (ROOT / "generated").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("activepieces_client") for alias in node.names)
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("activepieces_client")


def test_import_reads_no_document() -> None:
    code = (
        "import activepieces_client;"
        "from activepieces_client._specification import specification;"
        "assert specification.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_import_loads_only_what_it_needs() -> None:
    later = (
        "activepieces_client.bulk activepieces_client.cli activepieces_client.testing concurrent.futures filelock "
        "importlib.metadata trio"
    )
    code = (
        f"from activepieces_client import Activepieces; import sys; print(*sys.modules.keys() & set({later.split()}))"
    )
    finished = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert finished.stdout.split() == []


def test_model_is_imported_when_it_is_used() -> None:
    code = (
        "import sys; from activepieces_client import Activepieces, models; Activepieces('sk-1').close();"
        "assert models.Metadata is models.Metadata; assert 'ProjectPage' in dir(models);"
        "print(*{'activepieces_api.models.health', 'activepieces_api.api.health'} & sys.modules.keys())"
    )
    finished = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert finished.stdout.split() == []


def test_unknown_model_raises() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Projekt'"):
        getattr(activepieces_client.models, "Projekt")  # noqa: B009 - which type checkers would find


def test_errors_form_the_tree_of_their_docstring() -> None:
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
