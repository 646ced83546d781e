"""The errors of a schema in openapi.yaml that would make a wrong client."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from .document import JSON, Document, Pointer, Problem, as_array, as_object, did_you_mean, load_yaml, types
from .names import class_of, constant, snake_case
from .schema import CONSTRAINTS, OWN_KEYWORDS, normalize, satisfiable

# The keywords that generator and client both know, in the order in which house style has them.
KEYWORDS = (
    *("$ref", "type", "description", "deprecated", "required", "properties", "anyOf", "oneOf", "items"),
    *("additionalProperties", *CONSTRAINTS),
    *("enum", "const", "default", "examples"),
)
TYPES = ["string", "integer", "number", "boolean", "object", "array", "null"]
TABLES: dict[str, Any] = load_yaml(Path(__file__).with_name("checks.yaml"))
# Groups, flags and quantifiers of Python or Perl; escapes and character classes are taken out of a pattern before.
NOT_ECMA = re.compile(r"\(\?(?![:=!]|<[=!]|<[A-Za-z_$][\w$]*>)[^)]{0,2}|[*+?}]\+")
ESCAPED = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]")


def check_schema(document: Document, pointer: Pointer) -> Iterator[Problem]:
    """Check a schema, whatever the direction of its values."""
    schema = as_object(document.get(pointer))
    if isinstance(document.get(pointer), bool) and pointer[-1] != "additionalProperties":
        yield pointer, "the generator reads neither true nor false as a schema: write {} for any value"
    elif not isinstance(document.get(pointer), dict):
        yield pointer, "is not a schema: is it indented one level too little, or too much?"
    yield from _keywords(schema, pointer)
    for name in types(schema):
        if name not in TYPES:
            hint = ": write 'null', in quotes" if name is None else did_you_mean(str(name), TYPES)
            yield (*pointer, "type"), f"there is no type {json.dumps(name)}{hint}"
    if "$ref" in schema:
        if len(schema) > 1:
            yield pointer, "the generator does not read what stands beside a $ref: remove it"
        return
    if invalid := list(_invalid(schema, pointer)):
        yield from invalid
        return
    yield from _enum(schema, pointer)
    yield from _of_type(schema, pointer)
    yield from _properties(document, schema, pointer)
    if not satisfiable(normalize(document, pointer, (*OWN_KEYWORDS, "required"))):
        yield pointer, "no value satisfies this schema: compare its type, enum and limits"


def _keywords(schema: dict[str, JSON], pointer: Pointer) -> Iterator[Problem]:
    for keyword in schema.keys() - set(KEYWORDS):
        hint = f": {instead}" if (instead := TABLES["instead"].get(keyword)) else did_you_mean(keyword, list(KEYWORDS))
        if keyword.startswith("x-"):
            hint = ": remove it"
        elif not hint and isinstance(schema[keyword], dict):
            hint = ": is it a property? Then indent it under `properties`"
        yield (*pointer, keyword), f"the client knows no keyword `{keyword}`{hint}"


def _invalid(schema: dict[str, JSON], pointer: Pointer) -> Iterator[Problem]:
    """Check a schema as JSON Schema, without nested ones, and its pattern as ECMA-262."""
    nested = {"properties": dict, "items": dict, "additionalProperties": dict, "anyOf": list, "oneOf": list}
    plain = {key: value for key, value in schema.items() if key in KEYWORDS}
    plain = {key: value for key, value in plain.items() if not isinstance(value, nested.get(key, ()))}
    try:
        jsonschema_rs.Draft202012Validator(plain | {"type": TYPES})
    except ValueError as error:
        keys = as_array(list(getattr(error, "instance_path", [])))
        yield (*pointer, *keys), f"not valid JSON Schema: {str(error).partition(chr(10))[0]}"[:300]
        return
    if schema.get("enum") == []:
        yield (*pointer, "enum"), "an enum without values is satisfied by none: write one, or remove the enum"
    pattern = str(schema.get("pattern", ""))
    if re.fullmatch(r"/\^.*|.*\$/[a-z]*", pattern):
        yield (
            (*pointer, "pattern"),
            "nothing matches slashes around it: write the pattern without them",
        )
    elif found := NOT_ECMA.search(ESCAPED.sub("_", pattern)):
        yield (
            (*pointer, "pattern"),
            f"`{found[0]}` is not of ECMA-262, which JSON Schema demands",
        )


def _enum(schema: dict[str, JSON], pointer: Pointer) -> Iterator[Problem]:
    values = [value for value in as_array(schema.get("enum")) if value is not None]
    if {type(value) for value in values} not in (set(), {str}, {int}):
        yield (*pointer, "enum"), "an enum is a class of strings or of integers: write values of one type"
        return
    for name, count in Counter(constant(value, index) for index, value in enumerate(values)).items():
        if count > 1:
            yield (*pointer, "enum"), f"two values are `{name}` in Python: remove one"


def _of_type(schema: dict[str, JSON], pointer: Pointer) -> Iterator[Problem]:
    """Check that keywords stand beside the type that they are about."""
    kinds = {"number" if kind == "integer" else str(kind) for kind in types(schema)}
    if "array" in kinds and not isinstance(schema.get("items"), dict):
        yield pointer, "the generator makes a list of this: write its `items`, {} for any"
    for kind, keywords in TABLES["about"].items():
        for keyword in schema.keys() & set(keywords) if kind not in kinds else ():
            if keyword not in CONSTRAINTS:
                yield (*pointer, keyword), f"the generator makes a class or a list of this: write type: {kind}"
            elif not schema.keys() & {"anyOf", "oneOf"}:
                yield (*pointer, keyword), f"`{keyword}` is about another type: write type: {kind}, or remove it"


def _properties(document: Document, schema: dict[str, JSON], pointer: Pointer) -> Iterator[Problem]:
    properties = as_object(schema.get("properties"))
    if unknown := [name for name in as_array(schema.get("required")) if name not in properties]:
        yield (*pointer, "required"), f"required, but not among the properties: {', '.join(map(str, unknown))}"
    yield from same_name(document, {(*pointer, "properties", name): snake_case(name) for name in properties})
    for name in properties:
        if snake_case(name) in TABLES["taken"]["property"]:
            yield (*pointer, "properties", name), "the generated class has this name for itself: leave the property out"


def same_name(document: Document, names: dict[Pointer, str]) -> Iterator[Problem]:
    """Find what would have one name in Python; the first may keep it."""
    first: dict[str, Pointer] = {}
    for pointer, name in names.items():
        if first.setdefault(name, pointer) != pointer:
            yield pointer, f"is `{name}` in Python, like line {document.line(first[name])}: rename one"


def check_classes(document: Document) -> Iterator[Problem]:
    """Check the names of the components' classes."""
    names: dict[Pointer, str] = {}
    for component in as_object(document.get(("components", "schemas"))):
        pointer: Pointer = ("components", "schemas", component)
        names |= {pointer: name} if (name := class_of(document, pointer)) else {}
    yield from same_name(document, names)
    for pointer, name in names.items():
        if name in TABLES["taken"]["class"]:
            yield pointer, f"the generated modules import another `{name}`: rename the component"


def check_direction(
    document: Document, pointer: Pointer, direction: str, seen: set[Pointer], ancestors: tuple[Pointer, ...] = ()
) -> Iterator[Problem]:
    """Check what the client relies on in a schema, by the direction of its values."""
    pointer = document.follow(pointer)
    if pointer in ancestors and direction == "request":
        yield pointer, "the schema of a request leads to itself: write out each level"
    if pointer in seen:
        return
    seen.add(pointer)
    schema = as_object(document.get(pointer))
    closed = schema.get("additionalProperties") is False
    if direction == "request":
        if "default" in schema:
            yield (*pointer, "default"), "the generated class would send this default with every request: remove it"
        if (
            not closed
            and ("properties" in schema or "additionalProperties" not in schema)
            and "object" in types(schema)
        ):
            yield pointer, "a request object is closed (additionalProperties: false) or has a schema for the rest"
    elif closed:
        reason = "a response object is open, since the service adds properties: remove this"
        yield (*pointer, "additionalProperties"), f"{reason}; requests need their own schema"
    elif "oneOf" in schema:
        yield (*pointer, "oneOf"), "a response may match several branches, since they are open: write anyOf"
    elif schema.get("enum") or "const" in schema:
        yield pointer, "an enum in a response is open: write `anyOf` of the enum and of its type"
    branches = map(as_object, as_array(schema.get("anyOf")))
    open_types = [branch.get("type") for branch in branches if "enum" not in branch]
    for subschema in document.subschemas(pointer):
        enum = as_object(document.get(document.follow(subschema)))
        # An enum is open beside the type of its values.
        if direction == "request" or "enum" not in enum or enum.get("type") not in open_types:
            yield from check_direction(document, subschema, direction, seen, (*ancestors, pointer))
