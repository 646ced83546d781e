"""The routes and schemas of openapi.yaml, and the service's words for violations."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Set
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from ._errors import framework_error
from ._javascript import NotJSON, is_array, is_object, type_of

# The keywords that `_violations` handles by itself, and those that the service does not validate.
_NOT_CONSTRAINTS = {
    *("type", "properties", "required", "items", "additionalProperties"),
    *("components", "title", "description", "deprecated", "default", "examples"),
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
# openapi.yaml is stricter than the service, whose database stores 32 bits: its schema has the maximum of Zod.
_PUBLISHED = {("maximum", 2147483647): 9007199254740991}

_MAX_PARAMETER = 100  # characters of a parameter in the path; the web framework has no route for more

# Operations of the service that openapi.yaml leaves out; an update with an empty id leads to the first.
_UNDOCUMENTED = {
    "/v1/projects": {"post": {"operationId": "createProject"}},
    "/v1/projects/{id}": {"get": {"operationId": "getProject"}},
}


@functools.cache
def document() -> dict[str, Any]:
    """Return openapi.yaml as `nox -s regenerate` ships it."""
    text = importlib.resources.files("activepieces_api").joinpath("openapi.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


@functools.cache
def _operations() -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    """Return method, pattern of the path, and definition of each operation.

    A path without parameters comes first, as OpenAPI requires.
    """
    paths = [*_UNDOCUMENTED.items(), *document()["paths"].items()]
    return [
        (method, re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))), operation)
        for path, item in sorted(paths, key=lambda item: item[0].count("{"))
        for method, operation in item.items()
        if is_object(operation) and "operationId" in operation
    ]


def _operation(operation_id: str) -> dict[str, Any]:
    return next(operation for _, _, operation in _operations() if operation["operationId"] == operation_id)


def route(method: str, path: str) -> tuple[str, dict[str, str]]:
    """Return the operationId and the path parameters of a request.

    Raises:
        ErrorResponse: There is no such route.
    """
    if re.search("%(?![0-9A-Fa-f]{2})", path):
        raise framework_error(400, f"'{path}' is not a valid url component", "FST_ERR_BAD_URL")
    for known_method, pattern, operation in _operations():
        match = pattern.fullmatch(path.removesuffix("/"))
        if match and known_method == method.lower():
            parameters = {name: unquote(value) for name, value in match.groupdict().items()}
            if all(len(value) <= _MAX_PARAMETER for value in parameters.values()):
                return operation["operationId"], parameters
    raise framework_error(404, "Route not found")


def body_schema(operation_id: str) -> dict[str, Any]:
    """Return the schema of the body of a request."""
    content = _operation(operation_id)["requestBody"]["content"]
    schema: dict[str, Any] = _resolve(content["application/json"]["schema"])
    return schema


def query_schema(operation_id: str) -> dict[str, Any]:
    """Return the schema of the query, with types only, as the service has it."""
    properties = {
        parameter["name"]: {
            key: _resolve(item) for key, item in parameter["schema"].items() if key in ("type", "items")
        }
        for parameter in _operation(operation_id)["parameters"]
        if parameter["in"] == "query"
    }
    return {"type": "object", "properties": properties}


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
    if "enum" in schema:
        if not _is_valid({"enum": schema["enum"]}, value):
            yield f"{path} Invalid option: expected one of " + "|".join(f'"{option}"' for option in schema["enum"])
        return
    if "type" in schema and (value in _INFINITE or not _is_valid({"type": schema["type"]}, value)):
        yield f"{path} Invalid input: expected {_expected(schema, value)}, received {type_of(value)}"
        return
    for keyword, given in schema.items():
        bound = _PUBLISHED.get((keyword, given), given) if isinstance(given, int) else given
        if keyword not in _NOT_CONSTRAINTS and not _is_valid({keyword: bound}, value):
            message = _MESSAGES.get(f"{keyword} {bound}") or _MESSAGES.get(keyword, "Invalid input")
            yield f"{path} {message.format(bound)}"
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


def _expected(schema: dict[str, Any], value: Any) -> str:
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    expected: str = next(name for name in types if name != "null")
    if expected == "integer":
        return "int" if type_of(value) == "number" and value not in _INFINITE else "number"
    return "record" if expected == "object" and "properties" not in schema else expected


def _resolve(node: Any, seen: Set[str] = frozenset()) -> Any:
    """Return a schema with each `$ref` replaced, and its properties in order."""
    if is_array(node):
        return [_resolve(item, seen) for item in node]
    if not is_object(node):
        return node
    if "$ref" not in node:
        return {key: _resolve(item, seen) for key, item in node.items()}
    name = node["$ref"].rpartition("/")[2]
    # A schema inside itself is not validated.
    return {} if name in seen else _resolve(document()["components"]["schemas"][name], seen | {name})


def _without_unknown(schema: dict[str, Any], value: Any) -> Any:
    if "properties" not in schema or not is_object(value):
        return value
    properties = schema["properties"]
    return {name: _without_unknown(properties[name], item) for name, item in value.items() if name in properties}
