"""What a document says of a schema, independent of spelling; and which values of one schema another accepts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import attrs
import jsonschema_rs

from .document import COMBINATIONS, JSON, Document, DocumentError, Pointer, elements, json_pointer, members, types
from .names import attribute, class_of

# What limits a value beyond its type, in the order in which a schema has the keywords.
CONSTRAINTS = (
    *("pattern", "minLength", "maxLength", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
LIMITS = ("format", *CONSTRAINTS)
NOTES = ("description", "examples", "default", "deprecated")
NESTED = ("properties", "required", "items", "additionalProperties", "propertyNames")
ASSERTIONS = ("type", "enum", "const", "not", *COMBINATIONS, *LIMITS)


@attrs.frozen
class Schema:
    """What a document says of a schema, independent of spelling.

    Attributes:
        target: Where its `$ref` leads.
        python: What it is in Python: an attribute, an argument or a class; None where it is nothing.
        class_name: The class that its values have; None where they have none.
        enum: The values that have names.
        open: Whether other values than those are valid.
        closed: Whether other properties than the named ones are invalid.
        notes: What is written for people, and `default`.
        own: The schema itself, in one spelling, without what is nested in it.
        parts: The schemas of its properties, by name; of its items, as `[]`; of its other properties, as `.*`.
    """

    pointer: Pointer
    target: Pointer
    python: str | None
    class_name: str | None
    required: bool
    types: frozenset[str]
    enum: tuple[JSON, ...]
    open: bool
    limits: dict[str, JSON]
    closed: bool
    notes: dict[str, JSON]
    own: JSON
    parts: dict[str, Schema]

    def as_json(self) -> JSON:
        """Write what a property is: its type, limits and values as JSON Schema, and whether it is required."""
        named = sorted(self.types, key=lambda name: (name == "null", name))
        enum = {"enum": list(self.enum)} if self.enum else {}
        return {"type": named[0] if len(named) == 1 else named, **self.limits, **enum, "required": self.required}


def read_schema(
    document: Document,
    pointer: Pointer,
    python: str | None = None,
    *,
    required: bool = False,
    inside: frozenset[Pointer] = frozenset(),
) -> Schema:
    """Read a schema and those nested in it; one that leads to itself is read once. Raises: DocumentError."""
    places = list(alternatives(document, pointer, inside))
    target = document.follow(pointer)
    own = in_one_spelling(document, target, nested=False)
    flat = [in_one_spelling(document, place, nested=False) for place in places]
    values = [value for schema in flat for value in schema.get("enum", [])]
    kinds = {str(kind) for schema in flat for kind in types(schema) if kind != "null"}
    kinds |= {"null"} if any("null" in types(schema) for schema in (own, *flat)) else set()
    around = members(document.at(pointer)), members(document.at(target))
    notes = {key: node[key] for node in reversed(around) for key in NOTES if key in node}
    if notes.get("deprecated") is False:
        del notes["deprecated"]
    names = [name for place in places if (name := class_of(document, place))]
    return Schema(
        pointer=pointer,
        target=target,
        python=python or (names[0] if names else None),
        class_name=names[0] if names else None,
        required=required,
        types=frozenset(kinds),
        open=any("enum" not in schema and schema.get("type") != "null" for schema in flat),
        enum=tuple(dict.fromkeys(value for value in values if value is not None)),
        limits={key: schema[key] for schema in flat for key in LIMITS if key in schema},
        closed=any(members(document.at(place)).get("additionalProperties") is False for place in places),
        notes=notes,
        own=own,
        parts=dict(read_parts(document, target, places, python, inside | set(places))),
    )


def read_parts(
    document: Document, target: Pointer, places: list[Pointer], python: str | None, inside: frozenset[Pointer]
) -> Iterator[tuple[str, Schema]]:
    """Read the schemas that are nested in a schema, one level down."""
    schemas = [members(document.at(place)) for place in places]
    needed = [set(elements(schema.get("required"))) for schema in schemas if schema.get("type") != "null"]
    # Each part of an allOf is valid; of other alternatives, one may do without what another requires.
    together = "allOf" in members(document.at(target))
    names = set[JSON]().union(*needed) if together or not needed else set[JSON].intersection(*needed)
    for place, schema in zip(places, schemas, strict=True):
        nested, owner = members(schema.get("properties")), class_of(document, place)
        for key in nested:
            argument = f"{owner}.{attribute(key, nested)}" if owner else None
            pointer = (*place, "properties", key)
            yield key, read_schema(document, pointer, argument, required=key in names, inside=inside)
        for key, name in (("items", "[]"), ("additionalProperties", ".*")):
            if members(schema.get(key)):
                yield name, read_schema(document, (*place, key), python, inside=inside)


def alternatives(document: Document, pointer: Pointer, inside: frozenset[Pointer]) -> Iterator[Pointer]:
    """Find the schemas that a schema is made of: itself, or the branches of its anyOf, oneOf and allOf."""
    pointer = document.follow(pointer)
    if not isinstance(document.at(pointer), dict | bool):
        raise DocumentError(f"{json_pointer(pointer)} is not a schema")
    schema = members(document.at(pointer))
    if "def" in schema:  # as installations before release 0.84 publish
        raise DocumentError(f"{json_pointer(pointer)} is not a schema, but what a program of the service has of one")
    if pointer in inside:
        return
    branches = [part for part in document.parts(pointer) if part[-2] in COMBINATIONS]
    for branch in branches:
        yield from alternatives(document, branch, inside | {pointer})
    if not branches or "properties" in schema:
        yield pointer


def in_one_spelling(
    document: Document, pointer: Pointer, *, nested: bool, inside: frozenset[Pointer] = frozenset()
) -> JSON:
    """Write a schema as JSON Schema 2020-12, without `$ref`s and what is there for people alone."""
    pointer = document.follow(pointer)
    node = members(document.at(pointer))
    if pointer in inside or document.at(pointer) is False:
        return document.at(pointer) is not False
    schema = {key: node[key] for key in (*ASSERTIONS, *(NESTED if nested else ())) if node.get(key) is not None}
    for limit in ("minimum", "maximum"):
        # OpenAPI 3.0 has exclusiveMinimum: true beside minimum.
        exclusive = f"exclusive{limit.capitalize()}"
        if schema.get(exclusive) is True:
            schema[exclusive] = schema.pop(limit)
        elif schema.get(exclusive) is False:
            del schema[exclusive]
    combined: dict[str, list[JSON]] = {}
    for part in document.parts(pointer):
        plain = in_one_spelling(document, part, nested=nested, inside=inside | {pointer})
        if part[-2] == "properties" and nested:
            schema["properties"] = {**schema["properties"], part[-1]: plain}
        elif part[-2] in COMBINATIONS:
            combined.setdefault(str(part[-2]), []).append(plain)
        elif nested:
            schema[str(part[-1])] = plain
    schema |= combined
    if node.get("const") is not None:
        schema["enum"] = [schema.pop("const")]
    if "enum" in schema and "type" not in schema and all(isinstance(value, str | None) for value in schema["enum"]):
        schema["type"] = ["string", *["null"] * (None in schema["enum"])]
    if "enum" in schema and None not in schema["enum"]:
        schema["type"] = [kind for kind in types(schema) if kind != "null"]
    if node.get("nullable"):
        schema["type"] = [*types(schema), "null"]
        schema |= {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema


def without_limits(schema: JSON) -> JSON:
    """Leave out what a response may violate: the client returns it all the same."""
    if isinstance(schema, list):
        return [without_limits(part) for part in elements(schema)]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: without_limits(nested) for name, nested in part.items()}
        if key == "properties"
        else without_limits(part)
        for key, part in members(schema).items()
        if key not in CONSTRAINTS and (key, part) != ("additionalProperties", False)
    }


def proofs(old: JSON, new: JSON) -> tuple[str, str]:
    """Return whether a new schema accepts every value that the old one accepts, and the reverse."""
    return accepts(new, old), accepts(old, new)


def accepts(wide: JSON, narrow: JSON) -> str:
    """Return whether a schema accepts every value that another does, as jsonschema-rs proves it: yes, no or unknown."""
    if json.dumps(wide, sort_keys=True) == json.dumps(narrow, sort_keys=True):
        return "yes"
    try:
        one, other = (jsonschema_rs.canonicalize(schema, validate_formats=True) for schema in (wide, narrow))
        return str(one.covers(other))
    except ValueError:  # it cannot read one of them, or they are recursive
        return "unknown"
