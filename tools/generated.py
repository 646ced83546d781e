"""The package generated/activepieces_api: generated, completed and checked in a folder of its own, and put in place."""

from __future__ import annotations

import ast
import ctypes
import filecmp
import itertools
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
from typing import Any

from tools.spec.document import Document, Pointer, members
from tools.spec.names import split
from tools.spec.operation import operations, schemas

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


class RegenerationError(Exception):
    """Why there is no new package; generated/ is as it was."""


def run(*arguments: str | Path, failure: str, document: Document | None = None, **environment: str) -> None:
    """Run a Python program that leaves no bytecode behind. Raises: RegenerationError where it fails."""
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
        places = located(document, finished.stdout) if document else []
        reasons = [f"{place}{failure}:" for place in places or [""]]
        raise RegenerationError("\n".join([*dict.fromkeys(reasons), finished.stdout.strip()]))


def located(document: Document, printed: str) -> list[str]:
    """Return the places in the document that the warnings of the generator are about."""
    places: list[str] = []
    # Operations have warnings because of components that have one.
    warned = list(re.finditer(r"schema /components/schemas/([\w.-]+)", printed))
    warned = warned or list(re.finditer(r"parsing (?P<method>[A-Z]+) (?P<path>/\S*)", printed))
    for warning, following in itertools.zip_longest(warned, warned[1:]):
        pointer: Pointer
        if "path" in warning.groupdict():
            pointer = ("paths", warning["path"], warning["method"].lower())
        else:
            # The generator calls the branches of a union Name_type_0, Name_type_1, and so on.
            name = warning[1] if document.get(("components", "schemas", warning[1])) else warning[1].split("_type_")[0]
            pointer = ("components", "schemas", name)
            # Below a warning stands the part of the schema that it is about.
            below = printed[warning.end() : following.start() if following else None]
            (part,) = re.findall(r"(?ms)^{\n.*?^}$", below)[-1:] or ["{}"]
            inner = (one for one in schemas(document) if one[:3] == pointer and document.at(one) == json.loads(part))
            pointer = next(inner, pointer)
        places.append(f"{document.name}:{document.line(pointer)}: {'.'.join(map(str, pointer))}: ")
    return places


def generate(package: Path, document: Document, routes: dict[tuple[str, str], str]) -> None:
    """Run openapi-python-client into a folder that does not exist yet; a warning is a failure."""
    run(
        *("-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", ROOT / "openapi.yaml", "--config", ROOT / "generator-config.yaml", "--output-path", package),
        failure="the generator stopped",
        document=document,
    )
    complete(package, document.content, routes)


def complete(package: Path, document: dict[str, Any], routes: dict[tuple[str, str], str]) -> None:
    """Add what the generator does not write, and find what it dropped without a word."""
    shared = package / "types.py"
    text = shared.read_text(encoding="utf-8")
    if text.count(UNSET_CLASS) != 1:
        raise RegenerationError("the generator writes another class `Unset` in types.py: adapt UNSET_CLASS")
    shared.write_text(text.replace(UNSET_CLASS, UNSET_CLASS + UNSET_METHODS), encoding="utf-8", newline="\n")
    functions: set[tuple[str, str]] = set()
    for source in package.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        source.write_text(HEADER + text, encoding="utf-8", newline="\n")
        calls = re.findall(r'"method": "(\w+)",\s+"url": "(.*?)"', text)
        functions |= {(method, re.sub(r"{.*?}", "{}", path).rstrip("/")) for method, path in calls}
    for route in routes.keys() - functions:
        raise RegenerationError(f"{routes[route]}: the generator dropped this operation")
    (package / "py.typed").touch()
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    (package / "openapi.json").write_text(text, encoding="utf-8", newline="\n")


def owners(document: Document) -> dict[str, Pointer]:
    """Return the components and operations, by how the names of their modules start, without underscores."""
    components = {name: ("components", "schemas", name) for name in members(document.get(("components", "schemas")))}
    named: dict[str, Pointer] = {**components, **{one.function: one.pointer for one in operations(document)}}
    return {"".join(split(name)).lower(): pointer for name, pointer in named.items()}


def with_places(document: Document, printed: str) -> str:
    """Replace the modules that mypy names by the places in the document that they are made from."""
    known = owners(document)

    def place(module: re.Match[str]) -> str:
        name = module[1].replace("_", "")
        owner = max((start for start in known if name.startswith(start)), key=len, default=None)
        if owner is None:
            return module[0]
        return f"{document.name}:{document.line(known[owner])}: {'.'.join(map(str, known[owner]))}: {module[1]}.py: "

    return re.sub(r"(?m)^\S+/(\w+)\.py:\d+: error: ", place, printed)


def check(package: Path, document: Document) -> None:
    """Check the types of a package, import it, and look there for what the overlay imports."""
    # A union with list[Any] gives a redundant cast, which does no harm.
    flags = ("--strict", "--disable-error-code=redundant-cast", "--config-file=", "--no-error-summary")
    failure = "the generated package has type errors, as where a property or parameter has a name of the generated code"
    try:
        run("-m", "mypy", *flags, "--package", package.name, failure=failure, MYPYPATH=str(package.parent))
    except RegenerationError as error:
        raise RegenerationError(with_places(document, str(error))) from None
    program = Path(__file__).with_name("imports.py")
    run(program, package.parent, ROOT / "overlays", failure="the generated package cannot be imported as it must be")


@contextmanager
def workplace() -> Generator[Path]:
    """Make a folder on the disk of generated/, and outside of it; it is gone afterwards, with those of killed runs."""
    for left in ROOT.glob(f"{WORKPLACE}*"):
        if time.time() - left.stat().st_mtime > 3600:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=WORKPLACE) as folder:
        yield Path(folder)


def put_in_place(package: Path) -> None:
    """Let a new package and the old one change places, in one step where the system has one."""
    PACKAGE.parent.mkdir(exist_ok=True)
    if PACKAGE.exists() and exchange(package, PACKAGE):
        return
    old = package.with_name("old")
    if PACKAGE.exists():
        PACKAGE.rename(old)
    try:
        package.rename(PACKAGE)
    except BaseException:
        old.rename(PACKAGE)
        raise


def differences(old: Path, new: Path) -> Iterator[tuple[str, str]]:
    """Find, file by file, where two folders differ; what Python caches in them does not count."""

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


def offered(source: Path) -> dict[str, str]:
    """List what a module offers, with types: the attributes of its classes, and the arguments of its function."""
    found: dict[str, str] = {}
    for node in ast.parse(source.read_bytes()).body if source.suffix == ".py" and source.exists() else ():
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.AnnAssign):
                    found[f"{node.name}.{ast.unparse(part.target)}"] = ast.unparse(part.annotation)
                elif isinstance(part, ast.Assign):
                    found[f"{node.name}.{ast.unparse(part.targets[0])}"] = ast.unparse(part.value)
        if isinstance(node, ast.FunctionDef) and node.name == "sync_detailed":
            for argument in (*node.args.args, *node.args.kwonlyargs):
                found[f"{source.stem}({argument.arg})"] = (
                    ast.unparse(argument.annotation) if argument.annotation else ""
                )
    return found


def summary(old: Path, new: Path) -> Iterator[str]:
    """List what a module offers now and did not, no longer offers, and offers with another type."""
    before, after = offered(old), offered(new)
    for name in sorted(before | after):
        if name not in before:
            yield f"  + {name}: {after[name]}"
        elif name not in after:
            yield f"  - {name}: {before[name]}"
        elif before[name] != after[name]:
            yield f"    {name}: {before[name]} → {after[name]}"


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places; False where the system has no such step, and nothing has changed."""
    system: Any = ctypes.CDLL(None) if os.name == "posix" else None
    paths = os.fsencode(one), os.fsencode(other)
    if hasattr(system, "renameat2"):
        anywhere = -100  # AT_FDCWD, which absolute paths make no difference to; 2 is RENAME_EXCHANGE
        return bool(system.renameat2(anywhere, paths[0], anywhere, paths[1], 2) == 0)
    if hasattr(system, "renamex_np"):
        return bool(system.renamex_np(*paths, 2) == 0)  # 2 is RENAME_SWAP
    return False
