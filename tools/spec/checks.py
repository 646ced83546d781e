"""What `nox -s regenerate` refuses, since it would make a wrong client."""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs

from .document import JSON, Document, DocumentError, Pointer, as_array, as_object, did_you_mean, types
from .names import argument, constant, snake_case
from .operation import DIRECTIONS, EXTENSIONS, Operation, operations, schemas
from .schema import CONSTRAINTS

# The keywords that generator and client both know, in the order in which house style has them.
KEYWORDS = (
    *("$ref", "type", "description", "deprecated", "required", "properties", "anyOf", "oneOf", "items"),
    *("additionalProperties", *CONSTRAINTS),
    *("enum", "const", "default", "examples"),
)
INSTEAD = {
    "nullable": ": write type: [..., 'null']",
    "example": ": write examples, a list",
    "format": ": nothing checks a format, so write a pattern",
    "allOf": ": closed objects cannot be combined, so write the properties out",
    "title": ": it would name the class, so remove it",
    "$defs": ": schemas stand under components",
    **dict.fromkeys(("readOnly", "writeOnly"), ": write one schema for requests and one for responses"),
    **dict.fromkeys(("discriminator", "externalDocs", "xml"), ": no value depends on it, so remove it"),
}
# What a generated class, and its from_dict and to_dict, call their own.
TAKEN = {"additional_keys", "additional_properties", "cls", "d", "field_dict", "from_dict", "src_dict", "to_dict"}
OF_ONE_TYPE = {"properties": "object", "required": "object", "additionalProperties": "object", "items": "array"}
TYPES = ["string", "integer", "number", "boolean", "object", "array", "null"]

Problem = tuple[Pointer, str]
"""Where the document is wrong; the reason, and the fix."""


def problems(document: Document) -> list[Problem]:
    """Find what would make a wrong client.

    Each check relies on those before it, so the first with a problem is the last.
    """
    for check in (_values, _openapi, _schemas, _document, _operations):
        # What several operations share is checked for each.
        if found := dict.fromkeys(check(document)):
            return list(found)
    return []


def _nodes(node: JSON, pointer: Pointer = ()) -> Iterator[tuple[Pointer, JSON]]:
    yield pointer, node
    children: dict[Any, JSON] = as_object(node) or dict(enumerate(as_array(node)))
    for key, child in children.items():
        # A $ref within an example is a value.
        if key not in ("example", "examples"):
            yield from _nodes(child, (*pointer, key))


def _values(document: Document) -> Iterator[Problem]:
    for pointer, node in _nodes(document.content):
        for key in as_object(node):
            if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance] - YAML has other keys
                yield pointer, f"the key {key} must be in quotes, since YAML reads it as {type(key).__name__}"
        if not isinstance(node, dict | list | str | int | float | None):
            yield pointer, f"the value must be in quotes, since YAML reads it as {type(node).__name__}"
        try:
            document.follow(pointer)
        except DocumentError as error:
            yield (*pointer, "$ref"), str(error)
        if pointer[:1] == ("paths",) and len(pointer) == 2 and "$ref" in as_object(node):
            yield (*pointer, "$ref"), "the generator drops a path item by $ref: write it out here"


def _openapi(document: Document) -> Iterator[Problem]:
    # Importing openapi-spec-validator takes longer than all checks, so only its schema is read. `nox -s lint` runs it.
    package = importlib.util.find_spec("openapi_spec_validator")
    folder = ((package and package.submodule_search_locations) or [""])[0]
    schema = json.loads(Path(folder, "resources", "schemas", "v3.1", "schema.json").read_text(encoding="utf-8"))
    known = sorted({name for _, node in _nodes(schema) for name in as_object(as_object(node).get("properties"))})
    for error in jsonschema_rs.Draft202012Validator(schema, mask="this").iter_errors(document.content):
        place = tuple(error.instance_path)
        if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.UnevaluatedProperties):
            for name in error.kind.unexpected:
                yield (*place, name), f"OpenAPI 3.1 has no `{name}` here{did_you_mean(name, known)}"
        else:
            yield place, f"not valid OpenAPI 3.1: {error.message}"[:300]


def _schemas(document: Document) -> Iterator[Problem]:
    for pointer in schemas(document):
        yield from _schema(document, pointer)


def _schema(document: Document, pointer: Pointer) -> Iterator[Problem]:
    """Check a schema, whatever the direction of its values."""
    schema = as_object(document.get(pointer))
    if not isinstance(document.get(pointer), dict | bool):
        yield pointer, "is not a schema: is it indented one level too little, or too much?"
    for keyword in schema.keys() - set(KEYWORDS):
        hint = INSTEAD.get(keyword) or did_you_mean(keyword, list(KEYWORDS))
        if keyword.startswith("x-"):
            hint = ": remove it"
        elif not hint and isinstance(schema[keyword], dict):
            hint = ": is it a property? Then indent it under `properties`"
        yield (*pointer, keyword), f"the client knows no keyword `{keyword}`{hint}"
    for name in types(schema):
        if name not in TYPES:
            hint = ": write 'null', in quotes" if name is None else did_you_mean(str(name), TYPES)
            yield (*pointer, "type"), f"there is no type {json.dumps(name)}{hint}"
    values = [value for value in as_array(schema.get("enum")) if value is not None]
    if {type(value) for value in values} not in (set(), {str}, {int}):
        yield (*pointer, "enum"), "an enum is a class of strings or of integers: write values of one type"
        values = []
    for name, count in Counter(constant(value, index) for index, value in enumerate(values)).items():
        if count > 1:
            yield (*pointer, "enum"), f"two values are `{name}` in Python: remove one"
    if "$ref" in schema:
        if len(schema) > 1:
            yield pointer, "the generator does not read what stands beside a $ref: remove it"
        return
    for keyword, kind in OF_ONE_TYPE.items():
        if keyword in schema and kind not in types(schema):
            yield (*pointer, keyword), f"the generator makes a class or a list of this: write type: {kind}"
    properties = as_object(schema.get("properties"))
    if unknown := [name for name in as_array(schema.get("required")) if name not in properties]:
        yield (*pointer, "required"), f"required, but not among the properties: {', '.join(map(str, unknown))}"
    for name, count in Counter(map(snake_case, properties)).items():
        if count > 1:
            same = [key for key in properties if snake_case(key) == name]
            also = document.line((*pointer, "properties", same[0]))
            yield ((*pointer, "properties", same[1]), f"is `{name}` in Python, like line {also}: rename one")
    for name in properties:
        if snake_case(name) in TAKEN:
            yield (*pointer, "properties", name), "the generated class has this name for itself: leave the property out"
    try:
        plain = {key: value for key, value in schema.items() if key in KEYWORDS}
        # What is nested has a turn of its own, and a type has been looked at.
        nested = {"properties": dict, "items": dict, "additionalProperties": dict, "anyOf": list, "oneOf": list}
        plain = {key: value for key, value in plain.items() if not isinstance(value, nested.get(key, ()))}
        jsonschema_rs.Draft202012Validator(plain | {"type": TYPES})
    except ValueError as error:
        keys = as_array(list(getattr(error, "instance_path", [])))
        yield (*pointer, *keys), f"not valid JSON Schema: {str(error).partition(chr(10))[0]}"[:300]


def _document(document: Document) -> Iterator[Problem]:
    """Check what the client relies on in the document as a whole."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", document.content["info"]["version"]):
        yield ("info", "version"), "the package has this version, so it must be MAJOR.MINOR.PATCH"
    if "{" in (document.get(("servers", 0, "url")) or "{"):
        yield ("servers",), "the first server is the default base URL: write one without variables first"
    for name, scheme in as_object(document.get(("components", "securitySchemes"))).items():
        if (scheme.get("type"), str(scheme.get("scheme")).lower()) != ("http", "bearer"):
            place = ("components", "securitySchemes", name)
            yield place, "the client sends a bearer token and nothing else: write type: http, scheme: bearer"


def _operations(document: Document) -> Iterator[Problem]:
    for first, second in itertools.combinations(operations(document), 2):
        if first.method == second.method and ambiguous(first.path, second.path):
            yield second.item, f"a request can match {first.path}, too: rename a segment"
    ids: dict[str, Pointer] = {}
    seen: dict[str, set[Pointer]] = {direction: set() for direction in DIRECTIONS}
    for operation in operations(document):
        place, name = (*operation.pointer, "operationId"), operation.content.get("operationId")
        if name is None:
            yield place, "there is no operationId, which names the function: write one"
        elif name in ids:
            yield place, f"the operationId names the function, and line {document.line(ids[name])} has the same"
        else:
            ids[name] = place
        yield from _operation(operation)
        for element in operation.elements():
            if element.schema:
                yield from _used(document, element.schema, element.direction, seen[element.direction], ())


def ambiguous(path: str, other: str) -> bool:
    """Return whether a request can match both templates, neither more specific."""
    segments, others = path.rstrip("/").split("/"), other.rstrip("/").split("/")
    if len(segments) != len(others):  # the client sends no empty parameter
        return False
    pairs = zip(segments, others, strict=True)
    differ = [(here.startswith("{"), there.startswith("{")) for here, there in pairs if here != there]
    return all(any(pair) for pair in differ) and len({pair for pair in differ if not all(pair)}) != 1


def _operation(operation: Operation) -> Iterator[Problem]:
    """Check what the client relies on in an operation."""
    document = operation.document
    for owner in (operation.item, operation.pointer):
        if "servers" in document.get(owner):
            yield (*owner, "servers"), "the client has one base URL: write servers at the top of the document"
    for name, value in operation.content.items():
        if name.startswith("x-") and (name not in EXTENSIONS or not isinstance(value, bool)):
            yield (*operation.pointer, name), f"the client knows {' and '.join(EXTENSIONS)}, each true or false"
    if re.search(r"[^/]{|}[^/]", operation.path):
        yield operation.item, "a parameter is a whole segment of a path, since a request could match another path, too"
    in_path = {name for place, name in operation.parameters if place == "path"}
    if in_path != set(re.findall(r"{(.*?)}", operation.path)):
        defined = ", ".join(sorted(in_path)) or "none"
        yield operation.pointer, f"the path must have the parameters that are defined for it: {defined}"
    for (location, name), pointer in operation.parameters.items():
        if location == "header" and name.lower() in ("accept", "authorization", "content-type"):
            yield (*pointer, "name"), f"the client sets the header {name} itself: remove the parameter"
        form = location in ("query", "cookie")
        defaults: dict[str, JSON] = {"style": "form" if form else "simple", "explode": form}
        defaults |= dict.fromkeys(("allowReserved", "allowEmptyValue"), False)
        for key, value in as_object(document.get(pointer)).items():
            if key == "content" or value != defaults.get(key, value):
                yield (*pointer, key), f"neither generator nor client knows this `{key}` of a parameter: remove it"
    for name, count in Counter(argument(name, location) for location, name in operation.parameters).items():
        if count > 1:
            yield operation.pointer, f"two parameters are `{name}` in Python: rename one"
    for owner in filter(None, (operation.body, *operation.successes.values())):
        content = as_object(document.get(owner).get("content"))
        for media_type in content.keys() - {"application/json"}:
            yield (*owner, "content", media_type), "the client reads and sends JSON: write application/json, alone"
        schema = document.get((*owner, "content", "application/json", "schema"))
        if not schema and (content.keys() == {"application/json"} or (owner == operation.body and not content)):
            yield owner, "the generator drops JSON without a schema: write one, which is not empty"
    schemes = as_object(document.get(("components", "securitySchemes")))
    for index, alternative in enumerate(as_array(operation.content.get("security"))):
        for name in as_object(alternative).keys() - schemes.keys():
            yield (*operation.pointer, "security", index, name), "there is no security scheme of this name"
    if not operation.successes:
        yield (*operation.pointer, "responses"), "there is no success: add a response with a status such as '200'"


def _used(
    document: Document, pointer: Pointer, direction: str, seen: set[Pointer], ancestors: tuple[Pointer, ...]
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
    is_object = "object" in types(schema)
    if direction == "request":
        if "default" in schema:
            yield (*pointer, "default"), "the generated class would send this default with every request: remove it"
        if ("properties" in schema and not closed) or (is_object and "additionalProperties" not in schema):
            yield (
                pointer,
                "a request object is closed (additionalProperties: false) or has a schema for the rest",
            )
    elif closed:
        reason = (
            "a response object is open, since the service adds properties: remove this; requests need their own schema"
        )
        yield (*pointer, "additionalProperties"), reason
    elif "oneOf" in schema:
        yield (*pointer, "oneOf"), "a response may match several branches, since they are open: write anyOf"
    elif "enum" in schema or "const" in schema:
        yield pointer, "an enum in a response is open: write `anyOf` of the enum and of its type"
    open_types = [branch.get("type") for branch in as_array(schema.get("anyOf")) if "enum" not in branch]
    for subschema in document.subschemas(pointer):
        enum = as_object(document.get(document.follow(subschema)))
        # An enum is open beside the type of its values.
        if direction == "request" or "enum" not in enum or enum.get("type") not in open_types:
            yield from _used(document, subschema, direction, seen, (*ancestors, pointer))
