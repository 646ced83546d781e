"""The specification as data: which operation a request belongs to, and whether request and answer keep its rules.

It is read from the JSON that `nox -s regenerate` writes beside the generated code. Every limit comes from there; no
limit stands in this package.
"""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind

import activepieces_api.models

from ._json import Keys, equal, is_object, json_path, shorten, to_json
from .exceptions import ConfigurationError, Difference, Problem, RequestValidationError

# What the arguments of httpx.Client.request are in a request.
_MEMBERS = {"params": "query", "headers": "header", "cookies": "cookie", "json": "body"}

# A number or a boolean, as the path and the headers carry them.
_LITERAL = re.compile(r"true|false|-?\d{1,15}(\.\d{1,15})?")

# Empty, `.` or `..`, or with one of these beside a slash or a backslash.
_NOT_ONE_SEGMENT = re.compile(r"(.*[/\\])?\.{0,2}([/\\].*)?", re.DOTALL)

_PARAMETER = re.compile(r"{(.*?)}")
_REFERENCE = re.compile(r'"\$ref": "#/components/schemas/(.*?)"')

# Stands for the value in the validator's messages, so that a long one can be shown short.
_MASK = "\0"


class Schema:
    """A JSON Schema (2020-12, with patterns as in ECMA-262) of the specification."""

    def __init__(self, definition: dict[str, Any], document: dict[str, Any]) -> None:
        self._name: str = definition.get("$ref", "").rpartition("/")[2]
        # A reference that leads back to itself stays one, so what is referred to comes along.
        whole = {**definition, "components": {"schemas": _referred(definition, document)}}
        self.definition: dict[str, Any] = jsonschema_rs.dereference(whole)
        self._validator = jsonschema_rs.Draft202012Validator(self.definition, mask=_MASK)

    def violations(self, value: Any) -> Iterator[tuple[Keys, str]]:
        """Find every rule that a JSON value breaks: where, and how."""
        try:
            errors = list(self._validator.iter_errors(value))
        except ValueError as reason:  # it gives up where a value that breaks a rule is some 255 levels deep
            yield (), f"cannot be checked: {reason}"
            return
        if not errors:
            return
        wrong_type = {tuple(error.instance_path) for error in errors if error.kind.name == "type"}
        for error in errors:
            keys, message = tuple(error.instance_path), error.message
            if isinstance(error.kind, ValidationErrorKind.AdditionalProperties):
                known = _find(self.definition, error.schema_path[:-1])["properties"]
                yield from (((*keys, name), _unknown(name, known)) for name in error.kind.unexpected)
            elif error.kind.name == "type" or keys not in wrong_type:
                if isinstance(error.kind, ValidationErrorKind.Enum):
                    message = f"{_MASK} is not one of {', '.join(map(shorten, error.kind.options))}"
                yield keys, message.replace(_MASK, shorten(error.instance))

    def model(self, value: Any) -> Any:
        """Build the generated model for a JSON value.

        Raises: LookupError, TypeError, ValueError or AttributeError where that cannot be done.
        """
        return vars(activepieces_api.models)[self._name].from_dict(value)


def _referred(definition: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Collect the components that a schema needs, of hundreds that there may be."""
    schemas: dict[str, Any] = {}
    waiting = [definition]
    while waiting:
        named = _REFERENCE.findall(json.dumps(waiting.pop()))
        for name in set(named) - schemas.keys():
            schemas[name] = document["components"]["schemas"][name]
            waiting.append(schemas[name])
    return schemas


def _find(document: Any, keys: list[str | int] | list[str]) -> Any:
    return functools.reduce(lambda node, key: node[key], keys, document)


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    # Compared without case, since the usual slip is displayname for displayName.
    names = {candidate.lower(): candidate for candidate in known}
    nearest = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean {shorten(names[nearest[0]])}?" if nearest else f"known are {', '.join(known)}"
    return f"is not a field of this object; {hint}"


def _request_path(keys: Keys) -> str:
    """Write where a problem stands: the body is the root of its path, another member the start of it."""
    return json_path(keys[1:], "$" if keys[0] == "body" else str(keys[0]))


def _position(value: Any, keys: Keys) -> list[int]:
    """Say where a place in a JSON value stands, so that places sort as the value has them."""
    positions: list[int] = []
    for key in keys:
        positions.append(key if isinstance(key, int) else list(value).index(key))
        value = value[key]
    return positions


def _resolve(node: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Follow the references to a parameter, a body or a response."""
    while "$ref" in node:
        node = _find(document, node["$ref"].split("/")[1:])
    return node


def _json_schema(owner: dict[str, Any]) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = owner.get("content", {}).get("application/json", {}).get("schema")
    return schema


class Operation:
    """One operation: what a request to it and an answer from it must look like.

    A request is one JSON value, of the members path, query, header, cookie and body, and held against one schema.
    """

    def __init__(self, method: str, path: str, path_item: dict[str, Any], document: dict[str, Any]) -> None:
        self.definition: dict[str, Any] = path_item[method]
        self.id: str = self.definition["operationId"]
        self.method = method.upper()
        self.path = path
        self.safe_to_repeat: bool = self.definition.get("x-idempotent", False)
        self._parameters = [*path_item.get("parameters", []), *self.definition.get("parameters", [])]
        self._document = document

    @functools.cached_property
    def request(self) -> Schema:
        """The schema of a request."""
        body = _resolve(self.definition.get("requestBody", {}), self._document)
        members: dict[str, Any] = {"body": _json_schema(body) or {}}
        for parameter in (_resolve(parameter, self._document) for parameter in self._parameters):
            member = members.setdefault(parameter["in"], {"properties": {}, "required": []})
            member["properties"][parameter["name"]] = parameter["schema"]
            member["required"] += [parameter["name"]] * parameter.get("required", False)
        return Schema({"properties": members}, self._document)

    @functools.cached_property
    def _read_from_text(self) -> list[tuple[str, str]]:
        """The numbers and booleans that the path and the headers carry as text."""
        members = self.request.definition["properties"]
        return [
            (member, name)
            for member in members.keys() & {"path", "header"}
            for name, schema in members[member]["properties"].items()
            if schema.get("type") in ("boolean", "integer", "number")
        ]

    @functools.cached_property
    def answers(self) -> dict[str, Schema | None]:
        """The schema of each answer of success, by status; None where there is no JSON in it."""
        schemas = {
            key: _json_schema(_resolve(answer, self._document))
            for key, answer in self.definition["responses"].items()
            if key.startswith(("2", "default"))
        }
        return {key: Schema(schema, self._document) if schema else None for key, schema in schemas.items()}

    @functools.cached_property
    def _path_pattern(self) -> re.Pattern[str]:
        return re.compile("([^/]*)".join(map(re.escape, _PARAMETER.split(self.path)[::2])))

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Read the path parameters of a request to this operation; None where it is a request to another."""
        match = self._path_pattern.fullmatch(path)
        if match is None or method.upper() != self.method:
            return None
        return dict(zip(_PARAMETER.findall(self.path), map(unquote, match.groups()), strict=True))

    def answer(self, status: int) -> Schema | None:
        """Find the schema of the answer with a status of success; None where there is no JSON in it.

        Raises: LookupError where the specification has no such answer.
        """
        key = next((key for key in (str(status), f"{status // 100}XX") if key in self.answers), "default")
        return self.answers[key]

    def check(self, request: Mapping[str, object]) -> Any:
        """Copy a request as plain JSON.

        Raises: RequestValidationError, with every rule that it breaks, in the order in which it has them.
        """
        found: list[tuple[Keys, str]] = []
        plain = to_json(request, lambda keys, message: found.append((keys, message)))
        # No limit of the service: behind some proxies, such a value is the address of something else.
        for name, value in plain.get("path", {}).items():
            if _NOT_ONE_SEGMENT.fullmatch(str(value)):
                found.append((("path", name), f"{shorten(value)} is not one segment of a path"))
        places = {keys for keys, _ in found}
        found += [violation for violation in self.request.violations(plain) if violation[0] not in places]
        if found:
            found.sort(key=lambda problem: _position(plain, problem[0]))
            raise RequestValidationError([Problem(_request_path(keys), how) for keys, how in found])
        return plain

    def check_arguments(self, path_values: Mapping[str, str], arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check a request that is given as its path parameters and the arguments of `httpx.Client.request`.

        Returns: The arguments, with the body as plain JSON.
        """
        members = {"path": path_values, **{_MEMBERS[name]: arguments[name] for name in _MEMBERS if name in arguments}}
        for member, name in self._read_from_text:
            if _LITERAL.fullmatch(str(members.get(member, {}).get(name))):
                members[member] = {**members[member], name: json.loads(members[member][name])}
        checked = self.check(members)
        return {**arguments, **({"json": checked["body"]} if "body" in checked else {})}

    def differences(self, path_values: Mapping[str, str], asked: Any, actual: Any) -> list[Difference]:
        """List what was asked and is not so, wherever the answer has a field of the request's name."""
        if not self.definition.get("x-echoes-request"):
            return []
        # Where a server or proxy answers once too often, each call after that has the answer to another.
        there = actual if is_object(actual) else {}
        found = [
            Difference(f"path.{name}", value, there[name])
            for name, value in path_values.items()
            if there.get(name, value) != value
        ]
        if not equal(asked, actual):
            found += _differences(self.request.definition["properties"]["body"], asked, actual, ())
        return found


def _differences(schema: dict[str, Any], asked: Any, actual: Any, keys: Keys) -> Iterator[Difference]:
    """Name what differs in two values that do."""
    # An object with named fields is changed field by field; any other value is replaced whole.
    if schema.get("additionalProperties") is False and is_object(asked) and is_object(actual):
        for name, value in asked.items():
            if name in actual and not equal(value, actual[name]):
                yield from _differences(schema["properties"][name], value, actual[name], (*keys, name))
    else:
        yield Difference(json_path(keys), asked, actual)


class Specification:
    """The whole document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.version: str = document["info"]["version"]
        self.first_server: str = document["servers"][0]["url"]
        self.operations: dict[str, Operation] = {}
        # By the segments of their paths that come before the first parameter; there may be hundreds.
        self._by_start: dict[str, list[Operation]] = {}
        # A path without parameters comes before a template that would take it too, as OpenAPI has it.
        for path, path_item in sorted(document["paths"].items(), key=lambda item: item[0].count("{")):
            for method in path_item.keys() & {"get", "put", "post", "delete", "options", "head", "patch", "trace"}:
                operation = Operation(method, path, path_item, document)
                self.operations[operation.id] = operation
                self._by_start.setdefault(path.partition("{")[0].rpartition("/")[0], []).append(operation)

    def operation_of(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """Find the operation that a request belongs to, and its path parameters."""
        start = path
        while start:
            start = start.rpartition("/")[0]
            for operation in self._by_start.get(start, ()):
                values = operation.match(method, path)
                if values is not None:
                    return operation, values
        raise ConfigurationError(f"the specification has no operation {method.upper()} {path}")


@functools.cache
def specification() -> Specification:
    """Read the specification; once, when it is first needed, and not on import."""
    text = importlib.resources.files("activepieces_api").joinpath("openapi.json").read_text(encoding="utf-8")
    return Specification(json.loads(text))
