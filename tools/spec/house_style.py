"""The house style of openapi.yaml, which `nox -s lint` checks.

The keys of a schema have one order, objects and enums have names, examples are valid, and those of responses whole.
Exit codes: 0 in style, 1 not in style.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import jsonschema_rs

from .check_schemas import KEYWORDS
from .document import JSON, SPECIFICATION, Document, DocumentError, Pointer, Problem, as_array, as_object, types
from .operation import examples, schemas
from .schema import ALL_KEYWORDS, normalize


def problems(document: Document) -> Iterator[Problem]:
    """Find what is not in style."""
    for pointer in schemas(document):
        *parent, key = pointer
        schema = as_object(document.get(pointer))
        ordered = [keyword for keyword in KEYWORDS if keyword in schema]
        for keyword, other in zip(filter(KEYWORDS.__contains__, schema), ordered, strict=True):
            if keyword != other:
                yield (*pointer, keyword), f"the keys of a schema have one order: {', '.join(ordered)}"
                break
        if len(pointer) != 3 and ("properties" in schema or "enum" in schema or "object" in types(schema)):
            yield pointer, "an object or an enum becomes a class: give it a name under components.schemas"
        for index, value in enumerate(as_array(schema.get("examples"))):
            yield from invalid(document, pointer, value, (*pointer, "examples", index))
        if key == "schema":  # of a parameter, a body or a response
            for place in examples(document, (*parent,)):
                yield from invalid(document, pointer, document.get(place), place)
                if "responses" in pointer:
                    yield from incomplete(document, pointer, document.get(place), place)


def invalid(document: Document, schema: Pointer, example: JSON, pointer: Pointer) -> Iterator[Problem]:
    """Find where an example is invalid; `regenerate` finds a schema that is."""
    try:
        validator = jsonschema_rs.Draft202012Validator(normalize(document, schema, ALL_KEYWORDS))
    except ValueError:
        return
    for error in validator.iter_errors(example):
        yield (*pointer, *error.instance_path), f"the example is not valid: {error.message}"[:300]


def incomplete(document: Document, schema: Pointer, example: JSON, pointer: Pointer) -> Iterator[Problem]:
    """Find the properties that the example of a response lacks; the items of arrays may lack what is optional."""
    schema = document.follow(schema)
    properties = as_object(as_object(document.get(schema)).get("properties"))
    if missing := properties.keys() - as_object(example).keys():
        yield pointer, f"the example of a response shows every property: add {', '.join(sorted(missing))}"
    for name in properties.keys() & as_object(example).keys():
        yield from incomplete(document, (*schema, "properties", name), as_object(example)[name], (*pointer, name))


def main() -> int:
    """Print what is not in style."""
    try:
        document = Document.read()
        found = sorted((document.line(pointer), reason) for pointer, reason in problems(document))
    except DocumentError as error:
        print(error, file=sys.stderr)
        return 1
    for line, reason in found:
        print(f"{SPECIFICATION.name}:{line}: {reason}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
