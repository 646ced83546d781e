"""A schema, independent of its spelling; whether it accepts another's values."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator

import attrs
import jsonschema_rs

from .document import COMBINATIONS, JSON, Document, DocumentError, Pointer, as_array, as_object, json_pointer, types
from .names import attribute, class_of

# What a schema demands of a value beyond its type, in the order of house style.
CONSTRAINTS = (
    *("pattern", "minLength", "maxLength", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "dict", "array": "list"}
PYTHON["null"] = "None"
COMPARED = ("format", *CONSTRAINTS)
# What the client checks of a value without its children: in a response, no constraints and no closed object.
LENIENT_KEYWORDS = ("type", "enum", "const", "not", "format", *COMBINATIONS)
OWN_KEYWORDS = (*LENIENT_KEYWORDS, *CONSTRAINTS)
RESPONSE_KEYWORDS = (*LENIENT_KEYWORDS, "properties", "required", "items", "propertyNames")
ALL_KEYWORDS = (*RESPONSE_KEYWORDS, *CONSTRAINTS, "additionalProperties")


@attrs.frozen
class Schema:
    """A schema, independent of its spelling.

    Attributes:
        target: Where its `$ref` leads.
        python_name: Its attribute, argument or class; None where Python has no name for it.
        class_name: The class of its values, if they have one of their own.
        enum: The values that have names.
        open: Whether other values than those are valid.
        closed: Whether only the named properties are valid.
        own: The JSON Schema that it is without its children.
        lenient: The same in a response.
        children: The schemas of its properties by name, of its items as `[]`, of other properties as `.*`.
    """

    pointer: Pointer
    target: Pointer
    python_name: str | None
    class_name: str | None
    required: bool
    types: frozenset[str]
    enum: tuple[JSON, ...]
    open: bool
    constraints: dict[str, JSON]
    closed: bool
    annotations: dict[str, JSON]
    own: JSON
    lenient: JSON
    children: dict[str, Schema]

    def type(self) -> JSON:
        """Return its type or types as in JSON Schema; `any` where it has none."""
        named = sorted(self.types, key=lambda name: (name == "null", name)) or ["any"]
        return named[0] if len(named) == 1 else named

    def hint(self) -> str:
        """Return its type in Python, roughly."""
        if "[]" in self.children:
            return f"list[{self.children['[]'].hint()}]"
        return self.class_name or " | ".join(PYTHON[name] for name in sorted(self.types)) or "Any"

    def as_property(self) -> JSON:
        """Return its type, constraints and values, and whether it is required."""
        enum = {"enum": list(self.enum)} if self.enum else {}
        return {"type": self.type(), **self.constraints, **enum, "required": self.required}


def read_schema(
    document: Document,
    pointer: Pointer,
    python_name: str | None = None,
    *,
    required: bool = False,
    ancestors: frozenset[Pointer] = frozenset(),
) -> Schema:
    """Read a schema and its children, a recursive one once. Raises: DocumentError."""
    branches = list(alternatives(document, pointer, ancestors))
    target = document.follow(pointer)
    own = normalize(document, target, OWN_KEYWORDS)
    schemas = [normalize(document, branch, OWN_KEYWORDS) for branch in branches]
    values = (value for schema in schemas for value in as_array(schema.get("enum")))
    class_name = next(filter(None, (class_of(document, branch) for branch in branches)), None)
    # What stands beside a `$ref` goes before what the `$ref` leads to.
    content = as_object(document.get(target)) | as_object(document.get(pointer))
    annotations = {key: content.get(key) for key in ("description", "examples", "default")}
    return Schema(
        pointer=pointer,
        target=target,
        python_name=python_name or class_name,
        class_name=class_name,
        required=required,
        types=frozenset(str(name) for schema in (own, *schemas) for name in types(schema)),
        enum=tuple(dict.fromkeys(value for value in values if isinstance(value, str | int | float))),
        open=any("enum" not in schema and schema.get("type") != "null" for schema in schemas),
        constraints={key: schema[key] for schema in schemas for key in COMPARED if key in schema},
        closed=any(as_object(document.get(branch)).get("additionalProperties") is False for branch in branches),
        annotations={**annotations, "deprecated": content.get("deprecated") or None},
        own=own,
        lenient=normalize(document, target, LENIENT_KEYWORDS),
        children=dict(read_children(document, target, branches, python_name, ancestors | set(branches))),
    )


def read_children(
    document: Document, target: Pointer, branches: list[Pointer], python_name: str | None, ancestors: frozenset[Pointer]
) -> Iterator[tuple[str, Schema]]:
    """Read the schemas directly within a schema and its branches."""
    schemas = [as_object(document.get(branch)) for branch in branches]
    needed = [set(map(str, as_array(schema.get("required")))) for schema in schemas if schema.get("type") != "null"]
    # A value is valid under each branch of an allOf, but under one branch of an anyOf, which may require less.
    every_branch = "allOf" in as_object(document.get(target))
    required = set[JSON]().union(*needed) if every_branch or not needed else set[JSON].intersection(*needed)
    for branch, schema in zip(branches, schemas, strict=True):
        properties, owner = as_object(schema.get("properties")), class_of(document, branch)
        for name in properties:
            argument = f"{owner}.{attribute(name, properties)}" if owner else None
            pointer = (*branch, "properties", name)
            yield name, read_schema(document, pointer, argument, required=name in required, ancestors=ancestors)
        if as_object(schema.get("items")):
            yield "[]", read_schema(document, (*branch, "items"), python_name, ancestors=ancestors)
        is_object = "properties" in schema or "object" in types(schema)
        if is_object and schema.get("additionalProperties") is not False:
            yield ".*", read_schema(document, (*branch, "additionalProperties"), python_name, ancestors=ancestors)


def alternatives(document: Document, pointer: Pointer, ancestors: frozenset[Pointer]) -> Iterator[Pointer]:
    """Find the branches of a schema's anyOf, oneOf and allOf, or the schema itself."""
    pointer = document.follow(pointer)
    content = document.get(pointer)
    # Releases of the service before 0.84 publish objects of its schema library, which have a `def`.
    # A schema that is missing accepts all values: that of additionalProperties.
    if not isinstance(content, dict | bool | None) or "def" in as_object(content):
        raise DocumentError(f"{json_pointer(pointer)} is not a schema")
    if pointer in ancestors:
        return
    branches = [subschema for subschema in document.subschemas(pointer) if isinstance(subschema[-1], int)]
    for branch in branches:
        yield from alternatives(document, branch, ancestors | {pointer})
    if not branches or "properties" in as_object(content):
        yield pointer


def normalize(
    document: Document, pointer: Pointer, keywords: tuple[str, ...], ancestors: frozenset[Pointer] = frozenset()
) -> dict[str, JSON]:
    """Return some keywords of a schema in JSON Schema 2020-12, without `$ref`s."""
    pointer = document.follow(pointer)
    if pointer in ancestors:
        return {}
    if document.get(pointer) is False:
        return {"not": {}}
    content = as_object(document.get(pointer))
    schema = {keyword: content[keyword] for keyword in keywords if content.get(keyword) is not None}
    for bound in ("minimum", "maximum"):
        # In OpenAPI 3.0, exclusiveMinimum is a boolean beside minimum.
        exclusive = f"exclusive{bound.capitalize()}"
        if schema.get(exclusive) is True:
            schema[exclusive] = schema.pop(bound)
        elif schema.get(exclusive) is False:
            del schema[exclusive]

    def nested(*keys: str | int) -> dict[str, JSON]:
        return normalize(document, (*pointer, *keys), keywords, ancestors | {pointer})

    if "properties" in schema:
        schema["properties"] = {name: nested("properties", name) for name in as_object(schema["properties"])}
    for keyword in schema.keys() & set(COMBINATIONS):
        schema[keyword] = [nested(keyword, index) for index, _ in enumerate(as_array(schema[keyword]))]
    for keyword in ("items", "additionalProperties") if "properties" in keywords else ():
        if as_object(content.get(keyword)):
            schema[keyword] = nested(keyword)
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    elif "enum" in schema:
        schema["enum"] = as_array(schema["enum"])
    if "enum" in schema and "type" not in schema and all(isinstance(value, str | None) for value in schema["enum"]):
        schema["type"] = ["string", *["null"] * (None in schema["enum"])]
    if "enum" in schema and None not in schema["enum"]:
        schema["type"] = [name for name in types(schema) if name != "null"]
    if content.get("nullable"):
        schema["type"] = [*types(schema), "null"]
        schema |= {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema


def satisfiable(schema: JSON) -> bool:
    """Return whether a value may satisfy a schema; False is proved."""
    try:
        return jsonschema_rs.canonicalize(schema).satisfiability() != jsonschema_rs.canonical.Satisfiability.NO
    except ValueError:  # It is invalid.
        return True


def prove(old: JSON, new: JSON) -> tuple[str, str]:
    """Return whether a new schema accepts all values of an old one, and the reverse: yes, no or unknown."""
    before, after = (json.dumps(schema, sort_keys=True) for schema in (old, new))
    return accepts(after, before), accepts(before, after)


@functools.cache  # many operations use one component
def accepts(schema: str, other: str) -> str:
    """Return whether a schema, as JSON, accepts all values of another: yes, no or unknown."""
    if schema == other:
        return "yes"
    try:
        pair = [jsonschema_rs.canonicalize(json.loads(text), validate_formats=True) for text in (schema, other)]
        return str(pair[0].covers(pair[1]))
    except ValueError:  # One of them is invalid or recursive.
        return "unknown"
