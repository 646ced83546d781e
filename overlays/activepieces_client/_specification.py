"""The operations of the document, and the validation of their requests.

The document is the JSON that `nox -s regenerate` writes beside the generated code. Every constraint comes from there.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx
import jsonschema_rs

from ._comparison import Echo, differences, echo
from ._deprecation import deprecated, warn
from ._http import parse_cookies
from ._json import Location, is_object, json_path, parse_json, shorten, to_json
from ._validation import Schema, find
from .exceptions import ConfigurationError, Difference, RequestValidationError, Violation

# A number or a boolean, as the path, the query and the headers carry it.
_LITERAL = re.compile(r"true|false|-?(0|[1-9]\d{0,300})(\.\d{1,300})?([eE][+-]?\d{1,3})?", re.ASCII)

# Empty, `.` or `..`, or with one of these beside a slash or a backslash.
_NOT_ONE_SEGMENT = re.compile(r"(.*[/\\])?\.{0,2}([/\\].*)?", re.DOTALL)

_PARAMETER = re.compile(r"{(.*?)}")
# The value of a path parameter, as the generated functions quote it.
_QUOTED = r"([\w.~%-]*)"


class Operation:
    """One operation of the document.

    A request is one JSON value with the members path, query, header, cookie and body, validated by one schema.
    """

    def __init__(self, method: str, path: str, path_item: dict[str, Any], document: dict[str, Any]) -> None:
        self.definition: dict[str, Any] = path_item[method]
        self.id: str = self.definition["operationId"]
        self.method = method.upper()
        self.path = path
        self.idempotent: bool = self.definition.get("x-idempotent", False)
        self.secured = bool(self.definition.get("security", document.get("security")))
        self._parameters = [*path_item.get("parameters", []), *self.definition.get("parameters", [])]
        self._document = document

    @functools.cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """The parameters.

        A parameter of the operation replaces the one of the same name in the path item.
        """
        resolved = (_resolve(parameter, self._document) for parameter in self._parameters)
        return list({(parameter["in"], parameter["name"]): parameter for parameter in resolved}.values())

    @functools.cached_property
    def _has_json(self) -> bool:
        return bool(self.request.definition["properties"]["body"])

    @functools.cached_property
    def request(self) -> Schema:
        """The schema of a request."""
        body = _resolve(self.definition.get("requestBody", {}), self._document)
        members: dict[str, Any] = {"body": _json_schema(body) or {}}
        for parameter in self.parameters:
            member = members.setdefault(parameter["in"], {"properties": {}, "required": []})
            member["properties"][parameter["name"]] = parameter["schema"]
            member["required"] += [parameter["name"]] * parameter.get("required", False)
        required = ["body"] if body.get("required") else []
        return Schema({"properties": members, "required": required}, self._document)

    @functools.cached_property
    def responses(self) -> dict[str, Schema | None]:
        """The schema of each success, by status; None if its body is not JSON."""
        schemas = {
            status: _json_schema(_resolve(response, self._document))
            for status, response in self.definition["responses"].items()
            if status.startswith(("2", "default"))
        }
        return {status: Schema(schema, self._document) if schema else None for status, schema in schemas.items()}

    def response(self, status: int) -> Schema | None:
        """Return the schema of a response; None if its body is not JSON.

        Raises:
            LookupError: The document has no such response.
        """
        key = next((key for key in (str(status), f"{status // 100}XX") if key in self.responses), "default")
        return self.responses[key]

    @functools.cached_property
    def _echo(self) -> Echo | None:
        successes = [schema.definition for schema in self.responses.values() if schema]
        return echo(self.request.definition["properties"]["body"], successes[0]) if successes else None

    def differences(self, members: Mapping[str, Any], returned: Any) -> list[Difference]:
        """Return the requested values that a response does not show.

        Only operations marked `x-echoes-request` are compared.

        Args:
            members: The request, as `read` returns it.
            returned: The body of the response.
        """
        if not self.definition.get("x-echoes-request") or not is_object(returned):
            return []
        # If a server or proxy sends one response too many, each later call gets the response to another one.
        found = [
            Difference(f"path.{name}", value, returned[name])
            for name, value in members.get("path", {}).items()
            if returned.get(name, value) != value
        ]
        return [*found, *differences(self._echo, members.get("body"), returned)]

    @functools.cached_property
    def _path_pattern(self) -> re.Pattern[str]:
        return re.compile(_QUOTED.join(map(re.escape, _PARAMETER.split(self.path)[::2])), re.ASCII)

    def properties(self) -> dict[str, Any]:
        """Return the schemas of the properties of the body, by name."""
        properties: dict[str, Any] = self.request.definition["properties"]["body"].get("properties", {})
        return properties

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the path parameters; None for a request to another operation."""
        match = self._path_pattern.fullmatch(path)
        if match is None or method != self.method:
            return None
        return dict(zip(_PARAMETER.findall(self.path), map(unquote, match.groups()), strict=True))

    def validate(self, members: Mapping[str, object]) -> Any:
        """Return a copy of a request as plain JSON.

        Raises:
            RequestValidationError: The request is invalid; `violations` has every violation.
        """
        found: dict[Location, str] = {}
        plain = to_json(members, found.__setitem__)
        self._raise_violations(plain, found)
        return plain

    def read(self, request: httpx.Request, path: Mapping[str, str]) -> dict[str, Any]:
        """Return a request of httpx as the members path, query, header, cookie and body, which are valid.

        Raises:
            RequestValidationError: The request is invalid; `violations` has every violation.
        """
        found: dict[Location, str] = {}

        def report(location: Location, message: str) -> None:
            found["body", *location] = message

        schemas = self.request.definition["properties"]
        members: dict[str, Any] = {member: {} for member in ("path", "query", "header", "cookie") if member in schemas}
        for parameter in self.parameters:
            member, name = parameter["in"], parameter["name"]
            if texts := _texts(request, path, member, name):
                members[member][name] = _parse(schemas[member]["properties"][name], texts)
        if self._has_json and request.content:
            try:
                members["body"] = parse_json(request.content, report)
            except (ValueError, RecursionError):
                report((), "is not JSON")
        self._raise_violations(members, found)
        if self._has_deprecated:
            names = [self.id] if self.definition.get("deprecated") else []
            for name in [*names, *map(_request_path, deprecated(self.request.definition, members))]:
                warn(f"{self.id}: {name} is deprecated")
        return members

    @functools.cached_property
    def _has_deprecated(self) -> bool:
        return '"deprecated": true' in json.dumps([self.definition, self.request.definition])

    def _raise_violations(self, members: Mapping[str, Any], found: dict[Location, str]) -> None:
        # Not a constraint of the service: behind some proxies, such a value addresses something else.
        for name, value in members.get("path", {}).items():
            if _NOT_ONE_SEGMENT.fullmatch(str(value)):
                found["path", name] = f"{shorten(value)} is not one segment of a path"
        violations = [*found.items(), *(item for item in self.request.violations(members) if item[0] not in found)]
        if violations:
            raise RequestValidationError(
                [Violation(_request_path(location), message) for location, message in violations]
            )


class Specification:
    """The whole document."""

    def __init__(self, document: dict[str, Any]) -> None:
        # The package has the version of its document.
        self.user_agent = f"activepieces-client/{document['info']['version']} python-httpx/{httpx.__version__}"
        self.first_server: str = document["servers"][0]["url"]
        self.operations: dict[str, Operation] = {}
        # By the segments of their paths before the first parameter, since there may be hundreds of operations.
        self._by_start: dict[str, list[Operation]] = {}
        # `/projects/archived` before `/projects/{id}`: the first match counts. `regenerate` rejects other overlaps.
        for path, path_item in sorted(document["paths"].items(), key=lambda item: item[0].count("{")):
            for method in path_item.keys() & {"get", "put", "post", "delete", "options", "head", "patch", "trace"}:
                operation = Operation(method, path, path_item, document)
                self.operations[operation.id] = operation
                self._by_start.setdefault(path.partition("{")[0].rpartition("/")[0], []).append(operation)

    def find(self, base_url: str, request: httpx.Request) -> tuple[Operation, dict[str, str]]:
        """Return the operation that a request belongs to, and its path parameters.

        Raises:
            ConfigurationError: The document has no such operation, or the request is to another address.
        """
        url = str(request.url)
        if not url.startswith(f"{base_url}/"):
            raise ConfigurationError(
                f"{request.url.copy_with(query=None)} is not under {base_url}, so nothing was sent"
            )
        start = path = re.split("[?#]", url.removeprefix(base_url), maxsplit=1)[0]
        while start:
            start = start.rpartition("/")[0]
            for operation in self._by_start.get(start, ()):
                values = operation.match(request.method, path)
                if values is not None:
                    return operation, values
        raise ConfigurationError(f"the document has no operation {request.method} {path}, so nothing was sent")


@functools.cache
def specification() -> Specification:
    """Read the document once, when it is first needed rather than on import."""
    text = importlib.resources.files("activepieces_api").joinpath("openapi.json").read_text(encoding="utf-8")
    return Specification(json.loads(text))


def _resolve(node: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Follow the references to a parameter, a body or a response."""
    while "$ref" in node:
        node = find(document, tuple(node["$ref"].split("/")[1:]))
    return node


def _texts(request: httpx.Request, path: Mapping[str, str], member: str, name: str) -> list[str]:
    """Return each text that a request has for a parameter."""
    if member == "query":
        return request.url.params.get_list(name)
    texts = path if member == "path" else request.headers if member == "header" else parse_cookies(request)
    return [texts[name]] if name in texts else []


def _parse(schema: dict[str, Any], texts: list[str]) -> Any:
    """Return the value of a parameter, which the path, the query and the headers carry as texts."""
    types = _types(schema)
    if "array" in types:
        return [_parse(schema.get("items", {}), [text]) for text in texts]
    text, *more = texts
    if more:
        return texts
    if not types & {"boolean", "integer", "number"} or not _LITERAL.fullmatch(text):
        return text
    value = json.loads(text)
    # If it may be a string too, the schema decides.
    return text if "string" in types and not jsonschema_rs.is_valid(schema, value) else value


def _types(schema: dict[str, Any]) -> set[str]:
    """Return the types that a schema and its branches name."""
    types: str | list[str] = schema.get("type", [])
    branches = [branch for keyword in ("anyOf", "oneOf", "allOf") for branch in schema.get(keyword, [])]
    return {*([types] if isinstance(types, str) else types)}.union(*map(_types, branches))


def _json_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a body; None if it is not JSON.

    `regenerate` rejects other media types of JSON.
    """
    schema: dict[str, Any] | None = body.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _request_path(location: Location) -> str:
    """Return the JSONPath of a violation, from the root of the body or from another member of the request."""
    member, *rest = location or ("request",)
    return json_path(tuple(rest), "$" if member == "body" else str(member))
