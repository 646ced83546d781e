"""The schemas and paths of openapi.yaml as the service has them: what it knows, and how it words violations."""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Set
from typing import Any, Self
from urllib.parse import unquote

import jsonschema_rs

from ._errors import framework_error
from ._javascript import NotJSON, is_array, is_object, type_of

# The keywords whose parts are validated one by one, and those that validate nothing.
_STRUCTURE = {
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
    # The library's own bound of an integer.
    "maximum 9007199254740991": "Too big: expected int to be <={}",
}
_INFINITE = (float("inf"), float("-inf"))

_MAX_PARAMETER = 100  # characters of a parameter in the path; the web framework has no route for more
_PARAMETER = re.compile(r"{(.*?)}")

# Operations of the service that openapi.yaml leaves out.
_UNDOCUMENTED = {("post", "/v1/projects"): "createProject", ("get", "/v1/projects/{id}"): "getProject"}


@functools.cache
def document() -> dict[str, Any]:
    """Return openapi.yaml as `nox -s regenerate` ships it."""
    text = importlib.resources.files("activepieces_api").joinpath("openapi.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


@functools.cache
def _routes() -> list[tuple[str, re.Pattern[str], list[str], str]]:
    """List the operations: method, pattern of the path, parameters of the path, operationId."""
    operations = {
        (method, path): operation["operationId"]
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if is_object(operation) and "operationId" in operation
    }
    # A path without parameters comes before a template that matches it too, as OpenAPI has it.
    routes = sorted((_UNDOCUMENTED | operations).items(), key=lambda item: item[0][1].count("{"))
    return [
        (
            method,
            re.compile("([^/]+)".join(map(re.escape, _PARAMETER.split(path)[::2]))),
            _PARAMETER.findall(path),
            operation_id,
        )
        for (method, path), operation_id in routes
    ]


def route(method: str, path: str) -> tuple[str, dict[str, str]]:
    """Return the operationId and the path parameters of a request.

    Raises:
        ErrorResponse: There is no such route.
    """
    if re.search("%(?![0-9A-Fa-f]{2})", path):
        raise framework_error(400, f"'{path}' is not a valid url component", "FST_ERR_BAD_URL")
    for known_method, pattern, names, operation_id in _routes():
        match = pattern.fullmatch(path.removesuffix("/"))
        if match and known_method == method.lower():
            values = [unquote(value) for value in match.groups()]
            if max(map(len, values), default=0) <= _MAX_PARAMETER:
                return operation_id, dict(zip(names, values, strict=True))
    raise framework_error(404, "Route not found")


def _operation(operation_id: str) -> dict[str, Any]:
    items = document()["paths"].values()
    found: dict[str, Any] = next(
        operation
        for item in items
        for operation in item.values()
        if is_object(operation) and operation.get("operationId") == operation_id
    )
    return found


class Schema:
    """A schema of openapi.yaml, without what a release lacks.

    Args:
        definition: The schema.
        root: What messages call the value.
        lacks: The properties that the release does not know.
    """

    def __init__(self, definition: dict[str, Any], root: str = "body", lacks: Set[str] = frozenset()) -> None:
        self.definition = _resolve(definition, lacks)
        self._root = root

    @classmethod
    def body(cls, operation_id: str, lacks: Set[str]) -> Self:
        """Return the schema of the body of a request."""
        definition = _operation(operation_id)["requestBody"]["content"]["application/json"]["schema"]
        return cls(definition, lacks=lacks)

    @classmethod
    def query(cls, operation_id: str) -> Self:
        """Return the schema of the query, whose constraints are all the client's own."""
        properties = {
            parameter["name"]: {key: value for key, value in parameter["schema"].items() if key in ("type", "items")}
            for parameter in _operation(operation_id)["parameters"]
            if parameter["in"] == "query"
        }
        return cls({"type": "object", "properties": properties}, "querystring")

    def parse(self, value: Any) -> Any:
        """Return what the service knows of a valid value; it drops the rest at every level.

        Raises:
            ErrorResponse: The value is invalid.
        """
        violations = list(_violations(self.definition, value, self._root + "/"))
        if violations:
            raise framework_error(400, ", ".join(violations), "FST_ERR_VALIDATION")
        return known(self.definition, value)


def _violations(schema: dict[str, Any], value: Any, place: str) -> Iterator[str]:
    """Word the violations of a schema as the service's schema library (Zod) does, in the order of the schema."""
    if "enum" in schema:
        if not _is_valid({"enum": schema["enum"]}, value):
            yield f"{place} Invalid option: expected one of " + "|".join(f'"{option}"' for option in schema["enum"])
        return
    if "type" in schema and (value in _INFINITE or not _is_valid({"type": schema["type"]}, value)):
        yield f"{place} Invalid input: expected {_expected(schema, value)}, received {type_of(value)}"
        return
    for keyword, limit in schema.items():
        if keyword not in _STRUCTURE and not _is_valid({keyword: limit}, value):
            message = _MESSAGES.get(f"{keyword} {limit}") or _MESSAGES.get(keyword, "Invalid input")
            yield f"{place} {message.format(limit)}"
    prefix = place if place.endswith("/") else f"{place}/"
    if is_object(value):
        for name, part in schema.get("properties", {}).items():
            if name in value or name in schema.get("required", ()):
                yield from _violations(part, value.get(name, NotJSON.UNDEFINED), prefix + name)
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


def _resolve(schema: dict[str, Any], lacks: Set[str], prefix: str = "", seen: Set[str] = frozenset()) -> dict[str, Any]:
    """Follow the references of a schema and leave out the properties that a release lacks; the order stays."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in seen:
            return {}  # what a schema has of itself is not validated
        schema, seen = document()["components"]["schemas"][name], seen | {name}
    resolved = dict(schema)
    if "properties" in schema:
        resolved["properties"] = {
            name: _resolve(part, lacks, f"{prefix}{name}.", seen)
            for name, part in schema["properties"].items()
            if prefix + name not in lacks
        }
    if "items" in schema:
        resolved["items"] = _resolve(schema["items"], lacks, prefix, seen)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            resolved[keyword] = [_resolve(part, lacks, prefix, seen) for part in schema[keyword]]
    return resolved


def known(schema: dict[str, Any], value: Any) -> Any:
    """Drop the properties that a schema does not name, at every level."""
    if "properties" not in schema or not is_object(value):
        return value
    properties = schema["properties"]
    return {name: known(properties[name], item) for name, item in value.items() if name in properties}
