"""The rules that openapi.yaml keeps: valid OpenAPI, its house style, and no constraint that the client cannot hold."""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs

from document import CONSTRAINTS, JSON, Document, DocumentError, Pointer, elements, members

# The keywords that generator and guard both know, in the order in which a schema has them.
KEYWORDS = (
    *("$ref", "title", "type", "description", "deprecated", "required", "properties", "anyOf", "oneOf", "items"),
    *("additionalProperties", *CONSTRAINTS),
    *("enum", "const", "default", "examples"),
)
INSTEAD = {
    "nullable": "write type: [..., 'null']",
    "example": "write examples, a list",
    "format": "nothing checks a format: write a pattern",
    "allOf": "write the fields out, since closed objects cannot be combined",
}
EXTENSIONS = ("x-idempotent", "x-echoes-request")

Problem = tuple[Pointer, str]


def problems(document: Document) -> Iterator[Problem]:
    """Find every rule that a document breaks: where, and how."""
    # Each look takes for granted what the one before it found in order.
    for look in (_invalid, _all_schemas, _all_operations):
        found = list(look(document))
        yield from found
        if found:
            return


def _invalid(document: Document) -> Iterator[Problem]:
    """Hold a document against the schema of OpenAPI 3.1, which leaves open what stands in schemas."""
    odd = next(_not_json(document.content, ()), None)
    if odd:
        yield odd
        return
    # Only its data: importing openapi-spec-validator takes longer than all else here. `nox -s lint` runs it.
    package = importlib.util.find_spec("openapi_spec_validator")
    folder = ((package and package.submodule_search_locations) or [""])[0]
    schema = json.loads(Path(folder, "resources", "schemas", "v3.1", "schema.json").read_text(encoding="utf-8"))
    for error in jsonschema_rs.Draft202012Validator(schema, mask="this").iter_errors(document.content):
        yield tuple(error.instance_path), f"not valid OpenAPI 3.1: {error.message}"[:300]


def _not_json(node: JSON, pointer: Pointer) -> Iterator[Problem]:
    for key, part in members(node).items():
        if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance] - YAML has other keys
            yield pointer, f"the key {key} must be in quotes, since YAML reads it as {type(key).__name__}"
        yield from _not_json(part, (*pointer, key))
    for index, part in enumerate(elements(node)):
        yield from _not_json(part, (*pointer, index))
    if not isinstance(node, dict | list | str | int | float | None):
        yield pointer, f"the value must be in quotes, since YAML reads it as {type(node).__name__}"


def _all_schemas(document: Document) -> Iterator[Problem]:
    seen: set[Pointer] = set()
    for name in members(members(document.content.get("components")).get("schemas")):
        yield from _style(document, ("components", "schemas", name), seen)
    for operation in document.operations():
        try:
            for _, schema in document.schemas(operation):
                yield from _style(document, schema, seen)
        except DocumentError as error:
            yield operation, str(error)


def _all_operations(document: Document) -> Iterator[Problem]:
    if not re.fullmatch(r"\d+\.\d+\.\d+", document.content["info"]["version"]):
        yield ("info", "version"), "the package has this version, so it must be MAJOR.MINOR.PATCH"
    ids: set[str | None] = {None}
    seen: dict[str, set[Pointer]] = {"request": set(), "response": set()}
    for operation in document.operations():
        name = document.at(operation).get("operationId")
        if name in ids:
            yield operation, "the generated function is named by the operationId, so there must be one of its own"
        ids.add(name)
        yield from _operation(document, operation)
        for use, schema in document.schemas(operation):
            direction = "response" if use[0].isdigit() or use == "default" else "request"
            yield from _held(document, schema, direction, seen[direction])


def _operation(document: Document, operation: Pointer) -> Iterator[Problem]:
    """What the guard takes for granted of an operation."""
    for owner in (operation[:-1], operation):
        if "servers" in document.at(owner):
            yield (*owner, "servers"), "the client has one address: servers stand at the top of the document"
    for name, value in document.at(operation).items():
        if name.startswith("x-") and (name not in EXTENSIONS or not isinstance(value, bool)):
            yield (*operation, name), f"the client knows {' and '.join(EXTENSIONS)}, each true or false"
    in_path = set[str]()
    for place in document.parameters(operation):
        parameter = members(document.at(place))
        in_path |= {parameter["name"]} if parameter["in"] == "path" else set()
        for key in parameter.keys() & {"content", "style", "explode", "allowReserved", "allowEmptyValue"}:
            yield (*place, key), f"neither generator nor guard knows `{key}` of a parameter"
    if in_path != set(re.findall(r"{(.*?)}", str(operation[1]))):
        yield operation, f"the path must have the parameters that are defined for it: {', '.join(in_path) or 'none'}"
    if "requestBody" in document.at(operation):
        body = document.follow((*operation, "requestBody"))
        for media_type in document.at(body)["content"].keys() - {"application/json"}:
            yield (*body, "content", media_type), "the guard checks application/json, and nothing else"


def _style(document: Document, pointer: Pointer, seen: set[Pointer]) -> Iterator[Problem]:
    """How a schema is written: its keywords, their order, and a name for what becomes a class."""
    schema = members(document.at(pointer))
    if pointer in seen:
        return
    seen.add(pointer)
    for keyword in schema.keys() - set(KEYWORDS):
        yield (
            (*pointer, keyword),
            f"the client cannot hold `{keyword}`" + (f": {INSTEAD[keyword]}" if keyword in INSTEAD else ""),
        )
    known = [keyword for keyword in schema if keyword in KEYWORDS]
    for first, second in itertools.pairwise(known):
        if KEYWORDS.index(first) > KEYWORDS.index(second):
            yield (*pointer, second), f"`{second}` comes before `{first}`, as keys have one order"
    if "$ref" in schema:
        if len(schema) > 1:
            yield pointer, "the generator does not read what stands beside a $ref"
        try:
            document.follow(pointer)
        except DocumentError as error:
            yield (*pointer, "$ref"), str(error)
        return
    if len(pointer) != 3 and ("properties" in schema or "enum" in schema or "object" in _types(schema)):
        yield pointer, "an object or an enum becomes a class: give it a name under components.schemas"
    if unknown := set(elements(schema.get("required"))) - members(schema.get("properties")).keys():
        yield (*pointer, "required"), f"required, but not among the properties: {', '.join(map(str, unknown))}"
    try:
        jsonschema_rs.Draft202012Validator(
            {key: value for key, value in schema.items() if key not in ("properties", "anyOf", "oneOf", "items")}
            | {"additionalProperties": True}
        )
    except (jsonschema_rs.ValidationError, ValueError) as error:
        keys = elements(list(getattr(error, "instance_path", [])))
        yield (*pointer, *keys), f"not valid JSON Schema: {str(error).partition(chr(10))[0]}"[:300]
    for part in document.parts(pointer):
        yield from _style(document, part, seen)


def _held(document: Document, pointer: Pointer, direction: str, seen: set[Pointer]) -> Iterator[Problem]:
    """What the guard and the generated models need of a schema, by the direction in which its values go."""
    pointer = document.follow(pointer)
    if pointer in seen:
        return
    seen.add(pointer)
    schema = members(document.at(pointer))
    closed = schema.get("additionalProperties") is False
    if direction == "request":
        if "default" in schema:
            yield (*pointer, "default"), "the generated class would send this default with every request"
        if ("properties" in schema and not closed) or (
            "object" in _types(schema) and "additionalProperties" not in schema
        ):
            yield pointer, "a request object is closed (additionalProperties: false), or says what else it takes"
    elif closed:
        yield (*pointer, "additionalProperties"), "a response object is open: the service adds fields without notice"
    elif "enum" in schema:
        yield pointer, "an enum in a response is open: `anyOf` of its name and of its type"
    for part in document.parts(pointer):
        if direction == "request" or not _open_enum(document, pointer, part):
            yield from _held(document, part, direction, seen)


def _open_enum(document: Document, pointer: Pointer, part: Pointer) -> bool:
    """Whether a part of a schema is an enum that stands beside the type of its values."""
    enum = members(document.at(document.follow(part)))
    branches = elements(members(document.at(pointer)).get("anyOf"))
    return "enum" in enum and any(
        "enum" not in branch and branch.get("type") == enum.get("type") for branch in branches
    )


def _types(schema: dict[str, JSON]) -> list[JSON]:
    return elements(schema.get("type")) or [schema.get("type")]
