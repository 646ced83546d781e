"""openapi.yaml -> generated/activepieces_api: what `nox -s regenerate`, `fresh` and `demo` run.

The package is made in a folder of its own beside its place, and takes that place only when it is whole; whatever
fails before, generated/ stays as it was. The same document gives the same bytes everywhere.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

ROOT = Path(__file__).parent.parent
SPECIFICATION = ROOT / "openapi.yaml"
CONFIG = ROOT / "generator-config.yaml"
PACKAGE = ROOT / "generated" / "activepieces_api"

HEADER = "# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.\n"


class RegenerationError(Exception):
    """Why there is no new package; generated/ is as it was."""


def read_specification() -> dict[str, Any]:
    """Read openapi.yaml with the loader that the generator uses, so that both see one document."""
    try:
        # ruamel.yaml's types say nothing about what it loads.
        document: object = YAML(typ="safe").load(SPECIFICATION)  # pyright: ignore[reportUnknownMemberType]
    except YAMLError as error:
        raise RegenerationError(f"{SPECIFICATION.name} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise RegenerationError(f"{SPECIFICATION.name} is not an OpenAPI document")
    return cast("dict[str, Any]", document)


def run_generator(package: Path) -> None:
    """Run openapi-python-client into a folder that does not exist yet; a warning is a failure."""
    command = [
        *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", str(SPECIFICATION), "--config", str(CONFIG), "--output-path", str(package)),
    ]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if finished.returncode != 0:
        raise RegenerationError(f"the generator stopped:\n{finished.stdout}{finished.stderr}")


def complete(package: Path, specification: dict[str, Any]) -> None:
    """Add what the generator does not write: the header, the typing marker, the specification as data."""
    for source in package.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        source.write_text(HEADER + text, encoding="utf-8", newline="\n")
    (package / "py.typed").touch()
    text = json.dumps(specification, indent=1, ensure_ascii=False) + "\n"
    (package / "openapi.json").write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def new_package() -> Generator[Path]:
    """Make the package in a folder that is on the same disk as its place, and gone afterwards."""
    specification = read_specification()
    PACKAGE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PACKAGE.parent, prefix=".new-") as folder:
        package = Path(folder) / PACKAGE.name
        run_generator(package)
        complete(package, specification)
        yield package


def put_in_place(package: Path) -> None:
    """Let the new package take the place of the old one; the old one comes back if it cannot."""
    old = package.parent / "old"
    if PACKAGE.exists():
        PACKAGE.rename(old)
    try:
        package.rename(PACKAGE)
    except BaseException:
        if old.exists():
            old.rename(PACKAGE)
        raise


def differences(old: Path, new: Path) -> Iterator[str]:
    """Say, file by file, where two folders differ; what Python caches in them does not count."""

    def files(folder: Path) -> set[Path]:
        found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {path.relative_to(folder) for path in found}

    for name in sorted(files(old) | files(new)):
        if not (new / name).exists():
            yield f"{name}: not in what openapi.yaml gives"
        elif not (old / name).exists():
            yield f"{name}: missing"
        elif not filecmp.cmp(old / name, new / name, shallow=False):
            yield f"{name}: differs from what openapi.yaml gives"


def main(arguments: list[str] | None = None) -> int:
    """Regenerate, or with --check say what regenerating would change; 0 where all is well, 1 otherwise."""
    parser = argparse.ArgumentParser(description="Make generated/ from openapi.yaml.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where generated/ is not up to date")
    check: bool = parser.parse_args(arguments).check
    place = PACKAGE.relative_to(ROOT).as_posix()
    try:
        with new_package() as package:
            changes = list(differences(PACKAGE, package))
            if changes and not check:
                put_in_place(package)
    except (RegenerationError, OSError) as error:
        print(f"{error}\n{place} is as it was.", file=sys.stderr)
        return 1
    if check and changes:
        print(*(f"{place}/{change}" for change in changes), "Run: nox -s regenerate", sep="\n", file=sys.stderr)
        return 1
    for change in changes:
        print(f"{place}/{change.partition(':')[0]}")
    print(f"{place} is {'up to date' if not changes else 'regenerated'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
