"""What the generator, ruff and mypy print, as one line for each cause, with the line of openapi.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tools.spec.document import Document, Pointer, as_object
from tools.spec.names import split
from tools.spec.operation import operations, schemas

# The first line of a warning of the generator; the reason is the next line, and what it is about in JSON comes last.
WARNING = re.compile(r"schema /components/schemas/([\w.-]+):?\n+(.+)|parsing ([A-Z]+) (/\S*).*\n+(.+)")
# An error of pydantic: where in the document, with its own words in between, and the reason.
INVALID = re.compile(r"(?m)^(\w+\.\S+)\n  (.+?) \[type=")
# An error of ruff or mypy in a module.
MODULE = re.compile(r"(?m)^(?:error: Failed to parse )?\S+/(\w+)\.py:[\d:]+ (?:error: )?(.+)")


def causes(document: Document, printed: str) -> list[str]:
    """Return the causes of a failure, each in one line; an empty list if none is recognized."""
    found: dict[Pointer, str] = {}
    for pointer, reason in (*_warnings(document, printed), *_invalid(document, printed), *_errors(document, printed)):
        found.setdefault(pointer, f"{document.name}:{document.line(pointer)}: {'.'.join(map(str, pointer))}: {reason}")
    return list(found.values())


def _warnings(document: Document, printed: str) -> Iterator[tuple[Pointer, str]]:
    warnings = list(WARNING.finditer(printed))
    # An operation has a warning if a component of its own has one.
    of_schemas = [warning for warning in warnings if warning[1]] or warnings
    for warning in of_schemas:
        following = WARNING.search(printed, warning.end())
        text = printed[warning.end() : following.start() if following else None]
        yield _pointer(document, warning, text), warning[2] or warning[5]


def _pointer(document: Document, warning: re.Match[str], text: str) -> Pointer:
    name, method, path = warning[1], warning[3], warning[4]
    if path:
        return "paths", path, method.lower()
    # The generator calls the branches of a union Name_type_0, Name_type_1, and so on.
    known = document.get(("components", "schemas", name))
    pointer = ("components", "schemas", name if known else name.split("_type_")[0])
    (schema,) = re.findall(r"(?ms)^{\n.*?^}$", text)[-1:] or ["{}"]
    nested = (candidate for candidate in schemas(document) if candidate[:3] == pointer)
    return next((inner for inner in nested if document.get(inner) == json.loads(schema)), pointer)


def _invalid(document: Document, printed: str) -> Iterator[tuple[Pointer, str]]:
    for place, reason in INVALID.findall(printed):
        pointer: Pointer = ()
        for key in place.split("."):
            name = int(key) if key.isdecimal() and isinstance(document.get(pointer), list) else key
            if document.has((*pointer, name)):
                pointer = (*pointer, name)
        yield pointer, reason


def _errors(document: Document, printed: str) -> Iterator[tuple[Pointer, str]]:
    components = as_object(document.get(("components", "schemas")))
    pointers: dict[str, Pointer] = {name: ("components", "schemas", name) for name in components}
    pointers |= {operation.function: operation.pointer for operation in operations(document)}
    # By how the names of their modules start, without underscores.
    starts = {"".join(split(name)).lower(): pointer for name, pointer in pointers.items()}
    for module, reason in MODULE.findall(printed):
        name = module.replace("_", "")
        start = max((start for start in starts if name.startswith(start)), key=len, default=None)
        if start is not None:
            yield starts[start], f"{module}.py: {reason}"
