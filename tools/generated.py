"""The folder generated/: how a new package differs from the one there, and takes its place."""

from __future__ import annotations

import ast
import ctypes
import filecmp
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def put_in_place(package: Path, place: Path) -> None:
    """Let a new package and the old one change places, in one step where the system has one."""
    place.parent.mkdir(exist_ok=True)
    if place.exists() and exchange(package, place):
        return
    old = package.with_name("old")
    if place.exists():
        place.rename(old)
    try:
        package.rename(place)
    except BaseException:
        old.rename(place)
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
