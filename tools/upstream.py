"""Where the service's own OpenAPI document and openapi.yaml part: what `nox -s upstream` runs.

Both are read field by field, for the request and for the answer of success. Spellings of one thing are one thing, and
what openapi.yaml has by intent (closed requests, open enums, errors, names, descriptions, the stricter path parameter)
is no difference. Exit codes: 0 the same, 1 different, 2 a document could not be read.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import httpx

from document import CONSTRAINTS, JSON, Document, DocumentError, Pointer, elements, members

PUBLISHED = "https://raw.githubusercontent.com/activepieces/activepieces/main/docs/openapi.json"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # seconds; an installation takes its time to make 57 MB

LIMITS = ("format", *CONSTRAINTS)
# What a schema may have in OpenAPI 3.0 or 3.1; another keyword is a sign that it is something else.
KEYWORDS = {
    *("$ref", "$schema", "$id", "$defs", "$comment", "title", "description", "type", "nullable", "enum", "const"),
    *("default", "deprecated", "example", "examples", "readOnly", "writeOnly", "discriminator", "xml", "externalDocs"),
    *("properties", "required", "additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties"),
    *("items", "prefixItems", "contains", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", *LIMITS),
}

NEXT = (
    "Where the service is right, edit openapi.yaml in the lines named, then run `nox -s regenerate`; "
    "where its document is late, there is nothing to do."
)


@attrs.frozen
class Field:
    """What a document says of a field, whatever way it is spelt.

    Attributes:
        types: Those of JSON Schema, without null; none where any will do.
        enum: The values that have names, as JSON; none where any will do.
    """

    pointer: Pointer = attrs.field(eq=False)
    types: frozenset[str]
    nullable: bool
    required: bool
    enum: frozenset[str]
    limits: dict[str, JSON]

    def as_json(self) -> JSON:
        """Write the field as JSON Schema has it."""
        types = [*sorted(self.types), *["null"] * self.nullable]
        enum = {"enum": values(self.enum)} if self.enum else {}
        return {"type": types[0] if len(types) == 1 else types, **self.limits, **enum}


@attrs.frozen
class Difference:
    """One thing in which the documents part.

    Attributes:
        kind: added (only the service has it), removed (only openapi.yaml has it), type, nullable, required, enum (the
            values that only one of them has), or the keyword of a limit.
        ours: What openapi.yaml says; None where it says nothing.
        theirs: What the service's document says.
        line: Where openapi.yaml says it, or what it would be a part of.
    """

    operation: str
    direction: str
    field: str
    kind: str
    ours: JSON
    theirs: JSON
    line: int


def read(source: str) -> Document:
    """Read a document from an address or a file. Raises: DocumentError."""
    if not re.match("https?://", source):
        return Document.read(Path(source))
    try:
        answer = httpx.get(source, timeout=TIMEOUT, follow_redirects=True).raise_for_status()
        return Document.parse(answer.content.decode("utf-8-sig"), source)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise DocumentError(f"{source}: cannot be read: {words}") from None


def fields(document: Document, operation: Pointer) -> dict[tuple[str, str], Field]:
    """List the fields of an operation, by direction and name. Raises: DocumentError where a schema is not one."""
    found: dict[tuple[str, str], Field] = {}
    for use, schema in document.schemas(operation):
        if use[0] not in "1345" and use != "default" and not use.startswith("path."):
            direction = "response" if use[0] == "2" else "request"
            name = use if "." in use else ""
            for field, value in walk(document, schema, name, required=False, inside=frozenset()):
                found[direction, field or "$"] = value
    for place in document.parameters(operation):
        if not {"in", "name", "schema"} <= members(document.at(place)).keys():
            raise DocumentError(f"{written(place)} is not a parameter")
    return found


def walk(
    document: Document, pointer: Pointer, name: str, *, required: bool, inside: frozenset[Pointer]
) -> Iterator[tuple[str, Field]]:
    """Find a field, and those in it."""
    places = list(alternatives(document, pointer, inside))
    yield name, put_together(document, pointer, places, required=required)
    inside |= set(places)
    schemas = [members(document.at(place)) for place in places]
    needed = [set(elements(schema.get("required"))) for schema in schemas if schema.get("type") != "null"]
    # Each part of an allOf holds; of other alternatives, one may do without what another requires.
    together = "allOf" in members(document.at(document.follow(pointer)))
    names = set[JSON]().union(*needed) if together or not needed else set[JSON].intersection(*needed)
    for place, schema in zip(places, schemas, strict=True):
        for key in members(schema.get("properties")):
            part = (*place, "properties", key)
            yield from walk(document, part, f"{name}.{key}".lstrip("."), required=key in names, inside=inside)
        for key, suffix in (("items", "[]"), ("additionalProperties", ".*")):
            if members(schema.get(key)):
                yield from walk(document, (*place, key), name + suffix, required=False, inside=inside)


def alternatives(document: Document, pointer: Pointer, inside: frozenset[Pointer]) -> Iterator[Pointer]:
    """Find the schemas that a field is put together of: its own, or the branches of its anyOf, oneOf and allOf."""
    pointer = document.follow(pointer)
    if not isinstance(document.at(pointer), dict | bool):
        raise DocumentError(f"{written(pointer)} is not a schema")
    schema = members(document.at(pointer))
    for key in schema:
        if key not in KEYWORDS and not key.startswith("x-"):
            raise DocumentError(f"{written(pointer)} is not a schema: there is no keyword `{key}`")
    if pointer in inside:
        return
    branches = [part for part in document.parts(pointer) if part[-2] in ("anyOf", "oneOf", "allOf")]
    for branch in branches:
        yield from alternatives(document, branch, inside | {pointer})
    if not branches or "properties" in schema:
        yield pointer


def put_together(document: Document, pointer: Pointer, places: list[Pointer], *, required: bool) -> Field:
    """Say in one way what the alternatives say of a field in theirs."""
    types: set[str] = set()
    enum: set[str] = set()
    limits: dict[str, JSON] = {}
    nullable = bool(members(document.at(document.follow(pointer))).get("nullable"))
    for place in places:
        schema = members(document.at(place))
        named = elements(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
        own = set(map(str, elements(schema.get("type")) or [schema.get("type", "")]))
        nullable |= bool(schema.get("nullable")) or "null" in own or None in named
        types |= own - {"null", ""}
        enum |= {json.dumps(value) for value in named if value is not None}
        limits |= {key: schema[key] for key in LIMITS if schema.get(key) is not None}
    for limit in ("minimum", "maximum"):
        # OpenAPI 3.0 has exclusiveMinimum: true beside minimum.
        exclusive = f"exclusive{limit.capitalize()}"
        if limits.get(exclusive) is True:
            limits[exclusive] = limits.pop(limit, None)
        elif limits.get(exclusive) is False:
            del limits[exclusive]
    return Field(pointer, frozenset(types), nullable, required, frozenset(enum), limits)


def written(pointer: Pointer) -> str:
    """Write a pointer as JSON has it (RFC 6901)."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in pointer)


def values(enum: frozenset[str]) -> list[JSON]:
    """Give the values of an enum in one order."""
    return [json.loads(value) for value in sorted(enum)]


def differences(ours: Document, theirs: Document) -> Iterator[Difference]:
    """Find where two documents part. Raises: DocumentError."""

    def route(operation: Pointer) -> tuple[str, str]:
        return re.sub(r"{.*?}", "{}", str(operation[1])).rstrip("/"), str(operation[2])

    published = {route(operation): operation for operation in theirs.operations()}
    for operation in ours.operations():
        name = str(ours.at(operation)["operationId"])
        if route(operation) not in published:
            what = f"{str(operation[2]).upper()} {operation[1]}"
            yield Difference(name, "request", "$", "removed", what, None, ours.line(operation))
            continue
        mine, other = fields(ours, operation), fields(theirs, published[route(operation)])
        for direction, field in mine | other:
            around = [(direction, parent) for parent in parents(field)]
            # Of an object that only one document has, its parts are not told.
            if any((parent in mine) != (parent in other) for parent in around):
                continue
            here, there = mine.get((direction, field)), other.get((direction, field))
            known = here or next((mine[parent] for parent in around if parent in mine), None)
            place = operation if not known else known.pointer if here else ours.follow(known.pointer)
            for kind, our, their in compare(here, there):
                yield Difference(name, direction, field, kind, our, their, ours.line(place))


def parents(field: str) -> list[str]:
    """Name the fields that a field stands in, the innermost first."""
    parts = re.findall(r"\[\]|\.?[^.\[]+", field)
    whole = [] if field == "$" or parts[0] in ("query", "header", "cookie") else ["$"]
    return ["".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)] + whole


def compare(here: Field | None, there: Field | None) -> Iterator[tuple[str, JSON, JSON]]:
    """Say in what two fields part: the kind, what ours is, what theirs is."""
    if not here or not there:
        yield "removed" if here else "added", here and here.as_json(), there and there.as_json()
        return
    if here.types != there.types:
        yield "type", sorted(here.types), sorted(there.types)
    if here.nullable != there.nullable:
        yield "nullable", here.nullable, there.nullable
    if here.required != there.required:
        yield "required", here.required, there.required
    if here.enum != there.enum:
        yield "enum", values(here.enum - there.enum), values(there.enum - here.enum)
    for limit in LIMITS:
        if here.limits.get(limit) != there.limits.get(limit):
            yield limit, here.limits.get(limit), there.limits.get(limit)


def say(value: JSON) -> str:
    """Write what one side says."""
    return "nothing" if value in (None, []) else json.dumps(value, ensure_ascii=False)


def as_text(source: str, found: list[Difference]) -> str:
    """Report for a terminal."""
    if not found:
        return f"{source} and openapi.yaml say the same of each operation of openapi.yaml."
    lines = [
        f"openapi.yaml:{one.line}: {one.operation} {one.direction} {one.field}: {one.kind}: "
        f"openapi.yaml says {say(one.ours)}, the service {say(one.theirs)}"
        for one in found
    ]
    return "\n".join([f"{source} and openapi.yaml part in {len(found)} places:", *lines, NEXT])


def as_markdown(source: str, found: list[Difference]) -> str:
    """Report for an issue."""
    if not found:
        return as_text(source, found)

    def row(*cells: str) -> str:
        return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"

    lines = [
        row(
            one.operation,
            one.direction,
            f"`{one.field}`",
            one.kind,
            f"`{say(one.ours)}`",
            f"`{say(one.theirs)}`",
            str(one.line),
        )
        for one in found
    ]
    head = row("operation", "direction", "field", "what", "openapi.yaml", "the service", "line")
    first = f"`{source}` and `openapi.yaml` part in {len(found)} places."
    return "\n".join([first, "", head, row(*["---"] * 7), *lines, "", NEXT])


def as_json(source: str, found: list[Difference]) -> str:
    """Report for programs."""
    differences = [attrs.asdict(one) for one in found]
    return json.dumps({"source": source, "differences": differences}, indent=2, ensure_ascii=False)


FORMATS = {"text": as_text, "markdown": as_markdown, "json": as_json}


def main(arguments: list[str] | None = None) -> int:
    """Compare, and report on standard output."""
    parser = argparse.ArgumentParser(prog="nox -s upstream --", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("source", nargs="?", default=PUBLISHED, help="an address or a file; default: %(default)s")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    given = parser.parse_args(arguments)
    source: str = given.source
    try:
        ours, theirs = Document.read(), read(source)
    except DocumentError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        found = list(differences(ours, theirs))
    except DocumentError as error:
        print(f"{source}: cannot be compared: {error}", file=sys.stderr)
        return 2
    print(FORMATS[given.format](source, found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
