"""openapi.yaml -> generated/activepieces_api: what `nox -s regenerate`, `fresh` and `demo` run.

The package is made and checked in a folder of its own, and takes its place in one step when it is whole; whatever
happens before, generated/ stays as it was. The same document gives the same bytes everywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tools.generated import differences, put_in_place, summary

from .checks import problems
from .document import ROOT, SPECIFICATION, Document, DocumentError
from .operation import operations

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


class RegenerationError(Exception):
    """Why there is no new package; generated/ is as it was."""


def run(*arguments: str | Path, failure: str, **environment: str) -> None:
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
        raise RegenerationError(f"{failure}:\n{finished.stdout.strip()}")


def generate(package: Path) -> None:
    """Run openapi-python-client into a folder that does not exist yet; a warning is a failure."""
    document = Document.read()
    found = sorted(
        (document.line(pointer), ".".join(map(str, pointer)), reason) for pointer, reason in problems(document)
    )
    if found:
        raise RegenerationError(
            "\n".join(f"{document.name}:{line}: {place}: {reason}" for line, place, reason in found)
        )
    run(
        *("-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", SPECIFICATION, "--config", CONFIG, "--output-path", package),
        failure="the generator stopped",
    )
    complete(package, document)


def complete(package: Path, document: Document) -> None:
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
    for operation in operations(document):
        if operation.route not in functions:
            place = f"{document.name}:{document.line(operation.pointer)}"
            raise RegenerationError(f"{place}: the generator dropped the operation {operation}")
    (package / "py.typed").touch()
    text = json.dumps(document.content, indent=1, ensure_ascii=False) + "\n"
    (package / "openapi.json").write_text(text, encoding="utf-8", newline="\n")


def check(package: Path) -> None:
    """Import a package, look there for what the overlay imports, and check the types."""
    program = ROOT / "tools" / "imports.py"
    run(program, package.parent, ROOT / "overlays", failure="the generated package cannot be imported as it must be")
    types = ("-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "--package", package.name)
    run(*types, failure="the generated package has type errors", MYPYPATH=str(package.parent))


@contextmanager
def workplace() -> Generator[Path]:
    """Make a folder on the disk of generated/, and outside of it; it is gone afterwards, with those of killed runs."""
    for left in ROOT.glob(f"{WORKPLACE}*"):
        if time.time() - left.stat().st_mtime > 3600:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=WORKPLACE) as folder:
        yield Path(folder)


def main(arguments: list[str] | None = None) -> int:
    """Regenerate, or with --check report what regenerating would change; 0 where all is well, 1 otherwise."""
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
            if only_check:
                report = [f"{place}/{name}: {how}" for name, how in changes.items()]
            elif changes:
                check(package)
                for name in changes:
                    report += [f"{place}/{name}", *summary(PACKAGE / name, package / name)]
                put_in_place(package, PACKAGE)
    except (RegenerationError, DocumentError, OSError) as error:
        print(f"{error}\n{place} is as it was.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; {place} is as it was.", file=sys.stderr)
        return 130
    if only_check and changes:
        print(*report, "Run: nox -s regenerate", sep="\n", file=sys.stderr)
        return 1
    print(*report, f"{place} is {'regenerated' if changes else 'up to date'}.", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
