"""Import a package, and check that it has what other files import of it.

`regenerate` runs it in a process of its own, with two folders: that of the package, and that of the files.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path


def missing(package: str, sources: Path) -> Iterator[str]:
    """Find what files import from a package that lacks it."""
    for source in sorted(sources.rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_bytes())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package:
                for name in node.names:
                    if not has(node.module or "", name.name):
                        place = f"{source.relative_to(sources.parent).as_posix()}:{node.lineno}"
                        yield f"{place}: openapi.yaml no longer gives {node.module}.{name.name}, which is imported here"


def has(module: str, name: str) -> bool:
    """Return whether a module exists, and has a name or a submodule."""
    try:
        found = importlib.import_module(module)
        return name == "*" or hasattr(found, name) or bool(importlib.util.find_spec(f"{module}.{name}"))
    except ModuleNotFoundError:
        return False


def main(folder: str, sources: str) -> str | None:
    """Return what is missing, as the message of sys.exit; None where nothing is."""
    sys.path.insert(0, folder)
    modules = [module.name for module in pkgutil.walk_packages([folder])]
    for name in modules:
        importlib.import_module(name)
    wrong = list(missing(modules[0], Path(sources)))
    hint = "Tags name the module, operationIds the function, components the class: mend openapi.yaml, or the import."
    return "\n".join([*wrong, hint]) if wrong else None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
