"""The house style of openapi.yaml: `nox -s lint` checks it, `format` mends it.

The keys of a schema have one order, objects and enums have names, examples are valid.
Exit codes: 0 in style, 1 not in style.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator

import jsonschema_rs

from .checks import KEYWORDS, Problem
from .document import JSON, SPECIFICATION, Document, DocumentError, Pointer, as_array, as_object, types
from .operation import schemas
from .schema import ALL_KEYWORDS, normalize


def in_order(document: Document) -> Document:
    """Order the keys of each schema; a comment moves with the key below it."""
    for pointer in sorted(schemas(document), key=len, reverse=True):
        keys = list(as_object(document.get(pointer)))
        ordered = sorted(keys, key=lambda key: KEYWORDS.index(key) if key in KEYWORDS else len(KEYWORDS))
        if keys != ordered and not document.node(pointer).flow_style:
            document = Document.parse(reordered(document, pointer, keys, ordered), document.name)
    return document


def reordered(document: Document, pointer: Pointer, keys: list[str], ordered: list[str]) -> str:
    """Return the text of a document with the keys of one schema in another order."""
    lines = document.text.splitlines(keepends=True)

    def with_comments(number: int) -> int:
        return with_comments(number - 1) if lines[number - 1].strip().startswith("#") else number

    node = document.node(pointer)
    end = int(node.end_mark.line)
    while not lines[end - 1].startswith(" " * node.start_mark.column):  # A comment of what comes next.
        end -= 1
    starts = [with_comments(document.line((*pointer, key)) - 1) for key in keys]
    blocks = dict(zip(keys, itertools.pairwise([*starts, end]), strict=True))
    schema = [line for key in ordered for line in lines[slice(*blocks[key])]]
    return "".join([*lines[: starts[0]], *schema, *lines[end:]])


def problems(document: Document) -> Iterator[Problem]:
    """Find what is not in style and `nox -s format` cannot mend."""
    for pointer in schemas(document):
        *parent, key = pointer
        schema = as_object(document.get(pointer))
        if len(pointer) != 3 and ("properties" in schema or "enum" in schema or "object" in types(schema)):
            yield pointer, "an object or an enum becomes a class: give it a name under components.schemas"
        for index, example in enumerate(as_array(schema.get("examples"))):
            yield from invalid(document, pointer, example, (*pointer, "examples", index))
        if key == "schema":  # of a parameter, a body or a response
            owner = as_object(document.get((*parent,)))
            if "example" in owner:
                yield from invalid(document, pointer, owner["example"], (*parent, "example"))
            for name, example in as_object(owner.get("examples")).items():
                yield from invalid(document, pointer, example.get("value"), (*parent, "examples", name, "value"))


def invalid(document: Document, schema: Pointer, example: JSON, pointer: Pointer) -> Iterator[Problem]:
    """Find where an example is invalid."""
    validator = jsonschema_rs.Draft202012Validator(normalize(document, schema, ALL_KEYWORDS))
    for error in validator.iter_errors(example):
        yield (*pointer, *error.instance_path), f"the example is not valid: {error.message}"[:300]


def main(arguments: list[str] | None = None) -> int:
    """Print what is not in style, or mend it."""
    parser = argparse.ArgumentParser(description="Check the house style of openapi.yaml.")
    parser.add_argument("--fix", action="store_true", help="put the keys in order")
    fix: bool = parser.parse_args(arguments).fix
    try:
        document = Document.read()
        ordered = in_order(document)
        if fix and ordered.text != document.text:
            document = ordered
            SPECIFICATION.write_text(document.text, encoding="utf-8", newline="\n")
            print(f"{SPECIFICATION.name}: the keys are in order.")
        found = sorted((document.line(pointer), reason) for pointer, reason in problems(document))
    except DocumentError as error:
        print(error, file=sys.stderr)
        return 1
    if ordered.text != document.text:
        lines = zip(document.text.splitlines(), ordered.text.splitlines(), strict=True)
        number = next(number for number, (line, other) in enumerate(lines, 1) if line != other)
        found.append((number, "the keys of a schema have one order: run `nox -s format`"))
    for line, reason in found:
        print(f"{SPECIFICATION.name}:{line}: {reason}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
