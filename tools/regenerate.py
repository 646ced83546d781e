"""openapi.yaml -> generated/activepieces_api: what `nox -s regenerate`, `fresh` and `demo` run.

The package is made and checked in a folder of its own, and takes its place in one step when it is whole; whatever
happens before, generated/ stays as it was. The same document gives the same bytes everywhere.
"""

from __future__ import annotations

import argparse
import ast
import ctypes
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
from typing import Any

from document import ROOT, SPECIFICATION, Document, DocumentError
from house_style import problems

CONFIG = ROOT / "generator-config.yaml"
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

# Imports every module of the package, whose folder is its argument.
IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
for module in pkgutil.walk_packages([sys.argv[1]]):
    importlib.import_module(module.name)
"""


class RegenerationError(Exception):
    """Why there is no new package; generated/ is as it was."""


def python(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    """Start a Python program that leaves no bytecode behind."""
    return subprocess.Popen(
        [sys.executable, "-B", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def finish(program: subprocess.Popen[str], failure: str) -> None:
    """Wait for a program. Raises: RegenerationError where it failed, with what it said."""
    with program:
        said, _ = program.communicate()
    if program.returncode != 0:
        raise RegenerationError(f"{failure}:\n{said.strip()}")


def generate(package: Path) -> None:
    """Run openapi-python-client into a folder that does not exist yet; a warning is a failure.

    The document is checked in the meantime; what that finds is the better message.
    """
    generator = python(
        *("-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", SPECIFICATION, "--config", CONFIG, "--output-path", package),
    )
    try:
        document = Document.read()
        found = sorted(
            (document.line(place), ".".join(map(str, place)), reason) for place, reason in problems(document)
        )
        if found:
            raise RegenerationError(
                "\n".join(f"{document.name}:{line}: {place}: {reason}" for line, place, reason in found)
            )
        finish(generator, "the generator stopped")
    finally:
        generator.kill()
        generator.wait()
    complete(package, document)


def complete(package: Path, document: Document) -> None:
    """Add what the generator does not write, and miss what it dropped without a word."""
    types = package / "types.py"
    text = types.read_text(encoding="utf-8")
    if text.count(UNSET_CLASS) != 1:
        raise RegenerationError("the generator writes another class `Unset` in types.py: adapt UNSET_CLASS")
    completed = text.replace(UNSET_CLASS, UNSET_CLASS + UNSET_METHODS)
    types.write_text(completed, encoding="utf-8", newline="\n")
    functions: set[tuple[str, str]] = set()
    for source in package.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        source.write_text(HEADER + text, encoding="utf-8", newline="\n")
        calls = re.findall(r'"method": "(\w+)",\s+"url": "(.*?)"', text)
        functions |= {(method, re.sub(r"{.*?}", "{}", path)) for method, path in calls}
    for operation in document.operations():
        _, path, method = operation
        if (method, re.sub(r"{.*?}", "{}", str(path))) not in functions:
            place = f"{document.name}:{document.line(operation)}"
            raise RegenerationError(f"{place}: the generator dropped the operation {str(method).upper()} {path}")
    (package / "py.typed").touch()
    text = json.dumps(document.content, indent=1, ensure_ascii=False) + "\n"
    (package / "openapi.json").write_text(text, encoding="utf-8", newline="\n")


def check(package: Path) -> None:
    """Import and type-check a package."""
    types = python(
        *("-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "--package", package.name),
        MYPYPATH=str(package.parent),
    )
    try:
        finish(python("-c", IMPORT_ALL, package.parent), "what the generator made cannot be imported")
        finish(types, "what the generator made has type errors")
    finally:
        types.kill()
        types.wait()


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
    if not PACKAGE.exists():
        package.rename(PACKAGE)
    elif not exchange(package, PACKAGE):
        old = package.with_name("old")
        PACKAGE.rename(old)
        try:
            package.rename(PACKAGE)
        except BaseException:
            old.rename(PACKAGE)
            raise


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places as one step, with what Linux and macOS have for it and Python has not."""
    system: Any = ctypes.CDLL(None) if os.name == "posix" else None
    paths = os.fsencode(one), os.fsencode(other)
    if hasattr(system, "renameat2"):
        anywhere = -100  # AT_FDCWD, which absolute paths make no difference to; 2 is RENAME_EXCHANGE
        return bool(system.renameat2(anywhere, paths[0], anywhere, paths[1], 2) == 0)
    if hasattr(system, "renamex_np"):
        return bool(system.renamex_np(*paths, 2) == 0)  # 2 is RENAME_SWAP
    return False


def differences(old: Path, new: Path) -> Iterator[tuple[str, str]]:
    """Say, file by file, where two folders differ; what Python caches in them does not count."""

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


def offered(source: Path) -> set[str]:
    """List what a module offers: the fields of its classes, and the arguments of its function."""
    found: set[str] = set()
    for node in ast.parse(source.read_bytes()).body if source.suffix == ".py" and source.exists() else ():
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
                found |= {f"{node.name}.{name.id}" for name in targets if isinstance(name, ast.Name)}
        if isinstance(node, ast.FunctionDef) and node.name == "sync_detailed":
            found |= {f"{source.stem}({name.arg})" for name in (*node.args.args, *node.args.kwonlyargs)}
    return found


def summary(old: Path, new: Path, name: str) -> str:
    """Say in a line what a file offers now and did not, and the other way round."""
    before, after = offered(old / name), offered(new / name)
    signs = [*(f"+{item}" for item in sorted(after - before)), *(f"-{item}" for item in sorted(before - after))]
    return " ".join([name, *signs])


def main(arguments: list[str] | None = None) -> int:
    """Regenerate, or with --check say what regenerating would change; 0 where all is well, 1 otherwise."""
    parser = argparse.ArgumentParser(description="Make generated/ from openapi.yaml.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where generated/ is not up to date")
    only_check: bool = parser.parse_args(arguments).check
    place = PACKAGE.relative_to(ROOT).as_posix()
    report: list[str] = []
    try:
        with workplace() as folder:
            package = folder / PACKAGE.name
            generate(package)
            changes = dict(differences(PACKAGE, package))
            if changes and not only_check:
                check(package)
                report += [f"{place}/{summary(PACKAGE, package, name)}" for name in changes]
                put_in_place(package)
    except (RegenerationError, DocumentError, OSError) as error:
        print(f"{error}\n{place} is as it was.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; {place} is as it was.", file=sys.stderr)
        return 130
    if only_check and changes:
        print(
            *(f"{place}/{name}: {how}" for name, how in changes.items()),
            "Run: nox -s regenerate",
            sep="\n",
            file=sys.stderr,
        )
        return 1
    print(*report, f"{place} is {'regenerated' if changes else 'up to date'}.", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
