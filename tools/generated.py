"""The package generated/activepieces_api: generated, checked, put in place."""

from __future__ import annotations

import ast
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.messages import causes
from tools.release.git import GitError, git
from tools.spec.document import Document
from tools.spec.operation import operations

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "generated" / "activepieces_api"
WORKPLACE = ".regenerate-"

HEADER = "# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.\n"

# `Unset` as the generator writes it, and what lets UNSET survive copy, deepcopy and pickle as the one object it is.
UNSET_CLASS = """
class Unset:
    def __bool__(self) -> Literal[False]:
        return False
"""
UNSET_METHODS = """
    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"
"""

# A path parameter as the generator quotes it. httpx resolves the segments `.` and `..`: the id `.` would address
# another operation, unless they are percent-encoded.
QUOTED = re.compile(r'quote\(str\(\w+\), safe=""\)')

# In place of the imports of models/__init__.py, which would load every model with the first one.
LAZY_MODELS = """
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    {imports}
else:

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
        model = globals()[name] = getattr(import_module(f"{{__name__}}.{{_MODULES[name]}}"), name)
        return model

    def __dir__() -> list[str]:
        return [*globals(), *_MODULES]


_MODULES = {{
    {modules},
}}
"""


class RegenerationError(Exception):
    """The error of a failed regeneration; generated/ is as it was."""


def run(*arguments: str | Path, failure: str, document: Document | None = None, **environment: str) -> None:
    """Run a Python program without bytecode. Raises: RegenerationError."""
    command = [sys.executable, "-B", *arguments]
    finished = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if finished.returncode != 0:
        lines = causes(document, finished.stdout) if document else []
        raise RegenerationError("\n".join([f"{failure}:", *(lines or [finished.stdout.strip()])]))


def generate(package: Path, document: Document) -> None:
    """Run openapi-python-client into a new folder; a warning is a failure."""
    run(
        *("-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", ROOT / "openapi.yaml", "--config", ROOT / "generator-config.yaml", "--output-path", package),
        failure="the generator stopped",
        document=document,
    )
    complete(package, document)


def complete(package: Path, document: Document) -> None:
    """Add what the generator does not write, and find what it dropped silently."""
    shared = package / "types.py"
    text = shared.read_text(encoding="utf-8")
    if text.count(UNSET_CLASS) != 1:
        raise RegenerationError("the generator writes another class `Unset` in types.py: adapt UNSET_CLASS")
    shared.write_text(text.replace(UNSET_CLASS, UNSET_CLASS + UNSET_METHODS), encoding="utf-8", newline="\n")
    make_lazy(package / "models" / "__init__.py")
    functions: set[tuple[str, str]] = set()
    for source in package.rglob("*.py"):
        text = QUOTED.sub(r'\g<0>.replace(".", "%2E")', source.read_text(encoding="utf-8"))
        source.write_text(HEADER + text, encoding="utf-8", newline="\n")
        calls = re.findall(r'"method": "(\w+)",\s+"url": "(.*?)"', text)
        functions |= {(method, re.sub(r"{.*?}", "{}", path).rstrip("/")) for method, path in calls}
    for operation in operations(document):
        if operation.route not in functions:
            place = f"{document.name}:{document.line(operation.pointer)}: {operation}"
            raise RegenerationError(f"{place}: the generator dropped this operation")
    (package / "py.typed").touch()
    text = json.dumps(document.content, indent=1, ensure_ascii=False) + "\n"
    (package / "openapi.json").write_text(text, encoding="utf-8", newline="\n")


def make_lazy(models: Path) -> None:
    """Make a module import its models when they are first used."""
    text = models.read_text(encoding="utf-8")
    statements = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    modules = {name.name: node.module for node in statements for name in node.names}
    lines = text.splitlines(keepends=True)
    for node in reversed(statements):
        del lines[node.lineno - 1 : node.end_lineno]
    lazy = LAZY_MODELS.format(
        imports="\n    ".join(f"from .{module} import {name}" for name, module in modules.items()),
        modules=",\n    ".join(f'"{name}": "{module}"' for name, module in modules.items()),
    )
    docstring, *rest = lines
    models.write_text("".join([docstring, lazy, *rest]), encoding="utf-8", newline="\n")


def check(package: Path, document: Document) -> None:
    """Check the types of a package, and that it has what the overlay imports."""
    # A union with list[Any] gives a redundant cast, which does no harm.
    flags = ("--strict", "--disable-error-code=redundant-cast", "--config-file=", "--no-error-summary")
    failure = "the generated package has type errors, as where a property or parameter has a name of the generated code"
    run(
        "-m",
        "mypy",
        *flags,
        "--package",
        package.name,
        failure=failure,
        document=document,
        MYPYPATH=str(package.parent),
    )
    program = Path(__file__).with_name("imports.py")
    run(program, package.parent, ROOT / "overlays", failure="the generated package cannot be imported as it must be")


@contextmanager
def workplace() -> Generator[Path]:
    """Make a temporary folder beside generated/, and remove those of killed runs."""
    for left in ROOT.glob(f"{WORKPLACE}*"):
        if time.time() - left.stat().st_mtime > 3600:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=WORKPLACE) as folder:
        yield Path(folder)


def put_in_place(package: Path) -> None:
    """Replace the old package by the new one, or leave the old one."""
    PACKAGE.parent.mkdir(exist_ok=True)
    old = package.with_name("old")
    if PACKAGE.exists():
        PACKAGE.rename(old)
    try:
        package.rename(PACKAGE)
    except BaseException:
        old.rename(PACKAGE)
        raise


def differences(old: Path, new: Path) -> Iterator[tuple[str, str]]:
    """Find the files in which two folders differ, bytecode apart."""

    def files(folder: Path) -> set[Path]:
        found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(folder) for path in found}

    for name in sorted(files(old) | files(new)):
        if not (new / name).exists():
            yield name.as_posix(), "not in what openapi.yaml gives"
        elif not (old / name).exists():
            yield name.as_posix(), "missing"
        elif not filecmp.cmp(old / name, new / name, shallow=False):
            yield name.as_posix(), "differs from what openapi.yaml gives"


def resolve() -> bool:
    """Mark the conflicts of a merge in generated/ as resolved; return whether there were any."""
    folder = PACKAGE.parent.name
    try:
        unmerged = git("ls-files", "--unmerged", "--", folder)
    except GitError:  # There is no repository.
        return False
    if unmerged:
        git("add", "--all", "--", folder)
    return bool(unmerged)


def offered(source: Path) -> dict[str, str]:
    """List the attributes of a module's classes and its function's arguments, typed."""
    found: dict[str, str] = {}
    try:
        nodes = ast.parse(source.read_bytes()).body if source.suffix == ".py" and source.exists() else []
    except SyntaxError:  # The file of a merge has conflict markers.
        nodes = []
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                if isinstance(statement, ast.AnnAssign):
                    found[f"{node.name}.{ast.unparse(statement.target)}"] = ast.unparse(statement.annotation)
                elif isinstance(statement, ast.Assign):
                    found[f"{node.name}.{ast.unparse(statement.targets[0])}"] = ast.unparse(statement.value)
        if isinstance(node, ast.FunctionDef) and node.name == "sync_detailed":
            for argument in (*node.args.args, *node.args.kwonlyargs):
                found[f"{source.stem}({argument.arg})"] = (
                    ast.unparse(argument.annotation) if argument.annotation else ""
                )
    return found


def summary(old: Path, new: Path) -> Iterator[str]:
    """List what a module has gained, lost, or changed in type."""
    before, after = offered(old), offered(new)
    for name in sorted(before | after):
        if name not in before:
            yield f"  + {name}: {after[name]}"
        elif name not in after:
            yield f"  - {name}: {before[name]}"
        elif before[name] != after[name]:
            yield f"    {name}: {before[name]} → {after[name]}"
