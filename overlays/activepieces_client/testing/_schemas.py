"""The operations and schemas of openapi.yaml, and the service's words for violations."""

from __future__ import annotations

import functools
import importlib.resources
import json
import operator
import re
from collections.abc import Iterator, Set
from typing import Any

import jsonschema_rs

from .._specification import Operation, specification
from ._errors import framework_error
from ._javascript import NotJSON, is_array, is_object, type_of

# The keywords that `_violations` handles by itself, and those that the service does not validate.
_NOT_CONSTRAINTS = {
    *("type", "properties", "required", "items", "additionalProperties"),
    *("title", "description", "deprecated", "default", "examples"),
}
_MESSAGES = {
    "pattern": "Invalid string: must match pattern /{}/",
    "minLength": "Too small: expected string to have >={} characters",
    "maxLength": "Too big: expected string to have <={} characters",
    "minimum": "Too small: expected number to be >={}",
    "exclusiveMinimum": "Too small: expected number to be >{}",
    "maximum": "Too big: expected number to be <={}",
    # The maximum that every integer of Zod has.
    "maximum 9007199254740991": "Too big: expected int to be <={}",
}
_INFINITE = (float("inf"), float("-inf"))
# openapi.yaml is stricter than the service here: the service validates less than its database can store.
_LAXER_MAXIMUM = {2147483647: 9007199254740991}
_UNVALIDATED = {"createProject": {"maxConcurrentJobs": {"type": ["number", "null"]}}}

_MAX_PARAMETER = 100  # characters of a parameter in the path; the web framework has no route for more
_EXAMPLES: dict[str, Any] = {"string": "", "integer": 1, "number": 1, "boolean": False, "array": []}


def route(method: str, path: str) -> tuple[str, dict[str, str]]:
    """Return the operationId and the path parameters of a request.

    Raises:
        ErrorResponse: The route does not exist.
    """
    if re.search("%(?![0-9A-Fa-f]{2})", path):
        raise framework_error(400, f"'{path}' is not a valid url component", "FST_ERR_BAD_URL")
    for operation in specification().operations.values():
        parameters = operation.match(method, path.removesuffix("/"))
        if parameters is not None and all(len(value) <= _MAX_PARAMETER for value in parameters.values()):
            return operation.id, parameters
    raise framework_error(404, "Route not found")


@functools.cache
def body_schema(operation_id: str) -> dict[str, Any]:
    """Return the schema of the body of a request."""
    schema = _schema_of(_operation(operation_id).definition["requestBody"])
    return {**schema, "properties": schema["properties"] | _UNVALIDATED.get(operation_id, {})}


@functools.cache
def query_schema(operation_id: str) -> dict[str, Any]:
    """Return the schema of the query, with types only, as the service has it."""
    properties = {
        parameter["name"]: {
            key: _resolve(item) for key, item in parameter["schema"].items() if key in ("type", "items")
        }
        for parameter in _operation(operation_id).parameters
        if parameter["in"] == "query"
    }
    return {"type": "object", "properties": properties}


def response_example(operation_id: str) -> Any:
    """Return a success, made of the examples in its schema, with null if that is valid."""
    responses = _operation(operation_id).definition["responses"]
    return _example(_schema_of(next(responses[status] for status in responses if status.startswith("2"))))


def _operation(operation_id: str) -> Operation:
    return specification().operations[operation_id]


def _schema_of(content: dict[str, Any]) -> Any:
    return _resolve(content)["content"]["application/json"]["schema"]


@functools.cache
def _document() -> Any:
    return json.loads(importlib.resources.files("activepieces_api").joinpath("openapi.json").read_text("utf-8"))


def _resolve(node: Any, seen: Set[str] = frozenset()) -> Any:
    """Return a node of the document with each `$ref` replaced, and its properties in order."""
    if is_array(node):
        return [_resolve(item, seen) for item in node]
    if not is_object(node):
        return node
    if "$ref" not in node:
        return {key: _resolve(item, seen) for key, item in node.items()}
    reference: str = node["$ref"]
    target = functools.reduce(operator.getitem, reference.split("/")[1:], _document())
    # A schema inside itself is not validated.
    return {} if reference in seen else _resolve(target, seen | {reference})


def _example(schema: dict[str, Any]) -> Any:
    if "properties" in schema:
        return {name: _example(inner) for name, inner in schema["properties"].items()}
    if _is_valid({key: schema[key] for key in ("type", "anyOf", "enum") if key in schema}, None):
        return None
    examples = schema.get("examples") or [_example(branch) for branch in schema.get("anyOf", ())]
    empty: dict[str, Any] = {}
    return examples[0] if examples else _EXAMPLES.get(schema.get("type", ""), empty)


def parse(schema: dict[str, Any], value: Any, root: str = "body") -> Any:
    """Return a valid value without the properties that the service drops.

    It drops unknown ones at every level.

    Raises:
        ErrorResponse: The value is invalid.
    """
    violations = list(_violations(schema, value, f"{root}/"))
    if violations:
        raise framework_error(400, ", ".join(violations), "FST_ERR_VALIDATION")
    return _without_unknown(schema, value)


def _violations(schema: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    """Yield the violations in the words of Zod, the service's schema library.

    They are in the order of the schema.
    """
    if "anyOf" in schema and value is None and _is_valid(schema, None):
        return
    schema = next((branch for branch in schema.get("anyOf", ()) if branch.get("type") != "null"), schema)
    if "enum" in schema:
        if not _is_valid({"enum": schema["enum"]}, value):
            yield f"{path} Invalid option: expected one of " + "|".join(f'"{option}"' for option in schema["enum"])
        return
    if "type" in schema and (value in _INFINITE or not _is_valid({"type": schema["type"]}, value)):
        yield f"{path} Invalid input: expected {_expected(schema, value)}, received {type_of(value)}"
        return
    for keyword, given in schema.items():
        bound = _LAXER_MAXIMUM.get(given, given) if keyword == "maximum" else given
        if keyword not in _NOT_CONSTRAINTS and not _is_valid({keyword: bound}, value):
            yield f"{path} {_message(keyword, bound)}"
    prefix = path if path.endswith("/") else f"{path}/"
    if is_object(value):
        for name, inner in schema.get("properties", {}).items():
            if name in value or name in schema.get("required", ()):
                yield from _violations(inner, value.get(name, NotJSON.UNDEFINED), prefix + name)
    if is_array(value):
        for index, item in enumerate(value):
            yield from _violations(schema.get("items", {}), item, f"{prefix}{index}")


def _is_valid(schema: dict[str, Any], value: Any) -> bool:
    return not isinstance(value, NotJSON) and jsonschema_rs.is_valid(schema, value)


def _message(keyword: str, bound: Any) -> str:
    if keyword == "pattern" and "@" in bound:
        return "Invalid email address"
    message = _MESSAGES.get(f"{keyword} {bound}") or _MESSAGES.get(keyword, "Invalid input")
    return message.format(bound)


def _expected(schema: dict[str, Any], value: Any) -> str:
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    expected: str = next(name for name in types if name != "null")
    if expected == "integer":
        return "int" if type_of(value) == "number" and value not in _INFINITE else "number"
    return "record" if expected == "object" and "properties" not in schema else expected


def _without_unknown(schema: dict[str, Any], value: Any) -> Any:
    if "properties" not in schema or not is_object(value):
        return value
    properties = schema["properties"]
    return {name: _without_unknown(properties[name], item) for name, item in value.items() if name in properties}
