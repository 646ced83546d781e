"""The house style of openapi.yaml, which `nox -s lint` checks and `nox -s format` mends.

The keys of a schema have one order; objects and enums have names; an example is valid.
Exit codes: 0 all is well, 1 something is not in style.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from .checks import KEYWORDS
from .document import SPECIFICATION, Document, DocumentError, Pointer, as_array, as_object, types
from .operation import schemas
from .schema import normalize


def in_order(document: Document) -> Document:
    """Put the keys of each schema in order; comments move with the key that they stand above."""
    for pointer in sorted(schemas(document), key=len, reverse=True):
        keys = list(as_object(document.get(pointer)))
        ordered = sorted(keys, key=lambda key: KEYWORDS.index(key) if key in KEYWORDS else len(KEYWORDS))
        if keys != ordered and not document.node(pointer).flow_style:
            document = Document.parse(moved(document, pointer, keys, ordered), document.name)
    return document


def moved(document: Document, pointer: Pointer, keys: list[str], ordered: list[str]) -> str:
    """Write a document with the keys of one schema in another order."""
    lines = document.text.splitlines(keepends=True)

    def first(number: int) -> int:
        return first(number - 1) if lines[number - 1].strip().startswith("#") else number

    node = document.node(pointer)
    end = int(node.end_mark.line)
    while not lines[end - 1].startswith(" " * node.start_mark.column):  # what stands above the next part
        end -= 1
    starts = [first(document.line((*pointer, key)) - 1) for key in keys]
    blocks = dict(zip(keys, itertools.pairwise([*starts, end]), strict=True))
    within = [line for key in ordered for line in lines[slice(*blocks[key])]]
    return "".join([*lines[: starts[0]], *within, *lines[end:]])


def problems(document: Document) -> Iterator[tuple[Pointer, str]]:
    """Find what is not in style and cannot be mended without people."""
    for pointer in schemas(document):
        schema, holder = as_object(document.get(pointer)), as_object(document.get(pointer[:-1]))
        if len(pointer) != 3 and ("properties" in schema or "enum" in schema or "object" in types(schema)):
            yield pointer, "an object or an enum becomes a class: give it a name under components.schemas"
        for index, example in enumerate(as_array(schema.get("examples"))):
            yield from invalid(document, pointer, example, (*pointer, "examples", index))
        if pointer[-1] == "schema":  # a parameter's, or that of a body
            if "example" in holder:
                yield from invalid(document, pointer, holder["example"], (*pointer[:-1], "example"))
            for name, example in as_object(holder.get("examples")).items():
                place = (*pointer[:-1], "examples", name, "value")
                yield from invalid(document, pointer, example.get("value"), place)


def invalid(document: Document, schema: Pointer, example: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    """Find where an example breaks its schema."""
    validator = jsonschema_rs.Draft202012Validator(normalize(document, schema, nested=True))
    for error in validator.iter_errors(example):
        yield (*pointer, *error.instance_path), f"the example is not valid: {error.message}"[:300]


def main(arguments: list[str] | None = None) -> int:
    """Check openapi.yaml, or mend it."""
    parser = argparse.ArgumentParser(description="Check the house style of openapi.yaml.")
    parser.add_argument("--fix", action="store_true", help="put the keys in order")
    fix: bool = parser.parse_args(arguments).fix
    try:
        document = Document.read()
        text = in_order(document).text
        found = sorted((document.line(pointer), reason) for pointer, reason in problems(document))
    except DocumentError as error:
        print(error, file=sys.stderr)
        return 1
    if text != document.text and fix:
        SPECIFICATION.write_text(text, encoding="utf-8", newline="\n")
        print(f"{SPECIFICATION.name}: the keys are in order.")
    elif text != document.text:
        lines = zip(document.text.splitlines(), text.splitlines(), strict=True)
        number = next(number for number, (was, now) in enumerate(lines, 1) if was != now)
        found.append((number, "the keys of a schema have one order: run `nox -s format`"))
    for line, reason in found:
        print(f"{SPECIFICATION.name}:{line}: {reason}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
