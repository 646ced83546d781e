"""The operations of the document, and the validation of their requests.

The document is the JSON that `nox -s regenerate` writes beside the generated code. Every constraint comes from there;
none stands in this package too.
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

from ._comparison import Echo, differences, echo
from ._json import Location, is_object, json_path, shorten, to_json
from ._validation import Schema, find
from .exceptions import ConfigurationError, Difference, RequestValidationError, Violation

# The members of a request, by the arguments of httpx.Client.request that carry them.
_MEMBERS = {"params": "query", "headers": "header", "cookies": "cookie", "json": "body"}

# A number or a boolean, as the path and the headers carry them.
_LITERAL = re.compile(r"true|false|-?\d{1,15}(\.\d{1,15})?")

# Empty, `.` or `..`, or with one of these beside a slash or a backslash.
_NOT_ONE_SEGMENT = re.compile(r"(.*[/\\])?\.{0,2}([/\\].*)?", re.DOTALL)

_PARAMETER = re.compile(r"{(.*?)}")
# What the generated functions leave unquoted in the value of a path parameter, and the quoted rest.
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
        self._parameters = [*path_item.get("parameters", []), *self.definition.get("parameters", [])]
        self._document = document

    @functools.cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """The parameters.

        One of the operation replaces that of the path item with its name.
        """
        resolved = (_resolve(parameter, self._document) for parameter in self._parameters)
        return list({(parameter["in"], parameter["name"]): parameter for parameter in resolved}.values())

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
    def _sent_as_text(self) -> list[tuple[str, str]]:
        """The numbers and booleans that the path and the headers carry as text."""
        members = self.request.definition["properties"]
        return [
            (member, name)
            for member in members.keys() & {"path", "header"}
            for name, schema in members[member]["properties"].items()
            if schema.get("type") in ("boolean", "integer", "number")
        ]

    @functools.cached_property
    def responses(self) -> dict[str, Schema | None]:
        """The schema of each success, by status; None where its body is not JSON."""
        schemas = {
            status: _json_schema(_resolve(response, self._document))
            for status, response in self.definition["responses"].items()
            if status.startswith(("2", "default"))
        }
        return {status: Schema(schema, self._document) if schema else None for status, schema in schemas.items()}

    def response(self, status: int) -> Schema | None:
        """Return the schema of a response; None where its body is not JSON.

        Raises:
            LookupError: The document has no such response.
        """
        key = next((key for key in (str(status), f"{status // 100}XX") if key in self.responses), "default")
        return self.responses[key]

    @functools.cached_property
    def _echo(self) -> Echo | None:
        successes = [schema.definition for schema in self.responses.values() if schema]
        return echo(self.request.definition["properties"]["body"], successes[0]) if successes else None

    def differences(self, path: dict[str, str], requested: Any, returned: Any) -> list[Difference]:
        """Return what a response does not show as requested.

        Only operations marked `x-echoes-request` are compared.

        Args:
            path: The path parameters of the request.
            requested: Its body.
            returned: The body of the response.
        """
        if not self.definition.get("x-echoes-request") or not is_object(returned):
            return []
        # Where a server or proxy responds once too often, each later call gets the response to another.
        found = [
            Difference(f"path.{name}", value, returned[name])
            for name, value in path.items()
            if returned.get(name, value) != value
        ]
        return [*found, *differences(self._echo, requested, returned)]

    @functools.cached_property
    def _path_pattern(self) -> re.Pattern[str]:
        return re.compile(_QUOTED.join(map(re.escape, _PARAMETER.split(self.path)[::2])), re.ASCII)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the path parameters; None for a request to another operation."""
        match = self._path_pattern.fullmatch(path)
        if match is None or method.upper() != self.method:
            return None
        return dict(zip(_PARAMETER.findall(self.path), map(unquote, match.groups()), strict=True))

    def validate(self, request: Mapping[str, object]) -> Any:
        """Return a copy of a request as plain JSON.

        Raises:
            RequestValidationError: With every violation.
        """
        found: dict[Location, str] = {}
        plain = to_json(request, found.__setitem__)
        # Not a constraint of the service: behind some proxies, such a value addresses something else.
        for name, value in plain.get("path", {}).items():
            if _NOT_ONE_SEGMENT.fullmatch(str(value)):
                found["path", name] = f"{shorten(value)} is not one segment of a path"
        violations = [*found.items(), *(item for item in self.request.violations(plain) if item[0] not in found)]
        if violations:
            raise RequestValidationError([Violation(_request_path(where), message) for where, message in violations])
        return plain

    def validate_arguments(self, path: Mapping[str, str], arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Validate a request as httpx takes it.

        Args:
            path: The path parameters.
            arguments: Those of `httpx.Client.request`.

        Returns:
            The arguments, with the body as plain JSON.
        """
        members = {"path": path, **{_MEMBERS[name]: arguments[name] for name in _MEMBERS if name in arguments}}
        for member, name in self._sent_as_text:
            if _LITERAL.fullmatch(str(members.get(member, {}).get(name))):
                members[member] = {**members[member], name: json.loads(members[member][name])}
        valid = self.validate(members)
        return {**arguments, **({"json": valid["body"]} if "body" in valid else {})}


class Specification:
    """The whole document."""

    def __init__(self, document: dict[str, Any]) -> None:
        # The package has the version of its document.
        self.user_agent = f"activepieces-client/{document['info']['version']} python-httpx/{httpx.__version__}"
        self.first_server: str = document["servers"][0]["url"]
        self.operations: dict[str, Operation] = {}
        # By the segments of their paths that come before the first parameter; there may be hundreds.
        self._by_start: dict[str, list[Operation]] = {}
        # `/projects/archived` before `/projects/{id}`: the first match counts. `regenerate` refuses other overlaps.
        for path, path_item in sorted(document["paths"].items(), key=lambda item: item[0].count("{")):
            for method in path_item.keys() & {"get", "put", "post", "delete", "options", "head", "patch", "trace"}:
                operation = Operation(method, path, path_item, document)
                self.operations[operation.id] = operation
                self._by_start.setdefault(path.partition("{")[0].rpartition("/")[0], []).append(operation)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """Return the operation that a request belongs to, and its path parameters.

        Raises:
            ConfigurationError: The document has no such operation.
        """
        start = path
        while start:
            start = start.rpartition("/")[0]
            for operation in self._by_start.get(start, ()):
                values = operation.match(method, path)
                if values is not None:
                    return operation, values
        raise ConfigurationError(f"the document has no operation {method.upper()} {path}, so nothing was sent")


@functools.cache
def specification() -> Specification:
    """Read the document, once and when it is first needed: not on import."""
    text = importlib.resources.files("activepieces_api").joinpath("openapi.json").read_text(encoding="utf-8")
    return Specification(json.loads(text))


def _resolve(node: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Follow the references to a parameter, a body or a response."""
    while "$ref" in node:
        node = find(document, tuple(node["$ref"].split("/")[1:]))
    return node


def _json_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a body; None where it is not JSON.

    `regenerate` refuses other media types of JSON.
    """
    schema: dict[str, Any] | None = body.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _request_path(location: Location) -> str:
    """Return the JSONPath of a violation.

    In the body it starts at its root, elsewhere at the member of the request.
    """
    member, *rest = location or ("request",)
    return json_path(tuple(rest), "$" if member == "body" else str(member))
