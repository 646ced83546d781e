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

import attrs
import jsonschema_rs
from jsonschema_rs import ValidationErrorKind

import activepieces_api.models

from ._exceptions import ConfigurationError, Difference, Problem, RequestValidationError
from ._json import Keys, equal, is_object, json_path, shorten, to_json

# Stands for the value in the validator's messages, so that a long one can be shown short.
_MASK = "\0"


class Schema:
    """A JSON Schema (2020-12, with patterns as in ECMA-262) of the specification."""

    def __init__(self, definition: dict[str, Any], document: dict[str, Any]) -> None:
        self.name: str = definition.get("$ref", "").rpartition("/")[2]
        # A reference that leads back to itself stays one, so the components come along.
        self.definition = jsonschema_rs.dereference({**definition, "components": document.get("components", {})})
        self._validator = jsonschema_rs.Draft202012Validator(self.definition, mask=_MASK)

    def violations(self, value: Any) -> Iterator[tuple[Keys, str]]:
        """Find every rule that a JSON value breaks: where, and how."""
        errors = list(self._validator.iter_errors(value))
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
        return vars(activepieces_api.models)[self.name].from_dict(value)


def _find(document: Any, keys: list[str | int] | list[str]) -> Any:
    return functools.reduce(lambda node, key: node[key], keys, document)


def _unknown(name: str, known: Mapping[str, Any]) -> str:
    # Compared without case, since the usual slip is displayname for displayName.
    names = {candidate.lower(): candidate for candidate in known}
    nearest = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean {shorten(names[nearest[0]])}?" if nearest else f"known are {', '.join(known)}"
    return f"is not a field of this object; {hint}"


def _position(value: Any, keys: Keys) -> list[int]:
    """Say where a place in a JSON value stands, so that places sort as the value has them."""
    positions: list[int] = []
    for key in keys:
        positions.append(key if isinstance(key, int) else [*value, key].index(key))
        value = value[key] if positions[-1] < len(value) else {}
    return positions


@attrs.frozen
class Parameter:
    """A parameter of an operation: in the path, the query, a header or a cookie."""

    name: str
    location: str
    required: bool
    schema: Schema

    def problems(self, values: Mapping[str, object]) -> Iterator[Problem]:
        """Find every rule that the parameter breaks, among the values of its location."""
        root = f"{self.location}.{self.name}"
        value = values.get(self.name)
        if self.name not in values:
            yield from [Problem(root, "is required")] * self.required
        elif self.location == "path" and not {"", ".", ".."}.isdisjoint(re.split(r"[/\\]", str(value))):
            # No limit of the service: behind some proxies, such a value is the address of something else.
            yield Problem(root, f"{shorten(value)} is not one segment of a path")
        else:
            found: list[tuple[Keys, str]] = []
            plain = to_json(value, lambda keys, message: found.append((keys, message)))
            # A text may also be that of a number or a boolean.
            readings = [plain, _literal(plain)] if isinstance(plain, str) else [plain]
            violations = min((list(self.schema.violations(reading)) for reading in readings), key=bool)
            yield from (Problem(json_path(keys, root), message) for keys, message in found or violations)


def _literal(text: str) -> Any:
    return json.loads(text) if re.fullmatch(r"true|false|-?\d{1,15}(\.\d{1,15})?", text) else text


class Operation:
    """One operation: what a request to it and an answer from it must look like."""

    def __init__(self, method: str, path: str, path_item: dict[str, Any], document: dict[str, Any]) -> None:
        def resolve(node: dict[str, Any]) -> dict[str, Any]:
            return resolve(_find(document, node["$ref"].split("/")[1:])) if "$ref" in node else node

        def json_schema(owner: dict[str, Any]) -> Schema | None:
            media_type = resolve(owner).get("content", {}).get("application/json", {})
            return Schema(media_type["schema"], document) if "schema" in media_type else None

        self.definition: dict[str, Any] = path_item[method]
        self.id: str = self.definition["operationId"]
        self.method = method.upper()
        self.safe_to_repeat: bool = self.definition.get("x-safe-to-repeat", False)
        self._path_names = re.findall(r"{(.*?)}", path)
        self._path_pattern = re.compile("([^/]*)".join(map(re.escape, re.split(r"{.*?}", path))))
        self.parameters = [
            Parameter(item["name"], item["in"], item.get("required", False), Schema(item["schema"], document))
            for item in map(resolve, [*path_item.get("parameters", []), *self.definition.get("parameters", [])])
        ]
        self.body = json_schema(self.definition.get("requestBody", {}))
        self.answers = {
            status: json_schema(answer)
            for status, answer in self.definition["responses"].items()
            if status == "default" or status.startswith("2")
        }

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Read the path parameters of a request to this operation; None where it is a request to another."""
        match = self._path_pattern.fullmatch(path)
        if match is None or method.upper() != self.method:
            return None
        return dict(zip(self._path_names, map(unquote, match.groups()), strict=True))

    def answer(self, status: int) -> Schema | None:
        """Find the schema of the answer with a status of success; None where there is no JSON in it.

        Raises: LookupError where the specification has no such answer.
        """
        key = next((key for key in (str(status), f"{status // 100}XX") if key in self.answers), "default")
        return self.answers[key]

    def check_body(self, body: object) -> tuple[Any, list[Problem]]:
        """Copy a body as plain JSON, and list every rule that it breaks, in the order in which it has them."""
        found: list[tuple[Keys, str]] = []
        plain = to_json(body, lambda keys, message: found.append((keys, message)))
        places = {keys for keys, _ in found}
        violations = self.body.violations(plain) if self.body else ()
        found += [violation for violation in violations if violation[0] not in places]
        found.sort(key=lambda problem: _position(plain, problem[0]))
        return plain, [Problem(json_path(keys), message) for keys, message in found]

    def check_request(self, path_values: Mapping[str, str], arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check a request, given as its path parameters and the arguments of `httpx.Client.request`.

        Returns: The arguments, with the body as plain JSON.
        Raises: RequestValidationError, with every problem of the parameters and the body.
        """
        locations = {"query": "params", "header": "headers", "cookie": "cookies"}
        values = {"path": path_values, **{place: arguments.get(name, {}) for place, name in locations.items()}}
        problems = [problem for item in self.parameters for problem in item.problems(values[item.location])]
        checked = dict(arguments)
        if "json" in arguments:
            checked["json"], more = self.check_body(arguments["json"])
            problems += more
        if problems:
            raise RequestValidationError(problems)
        return checked

    def differences(self, asked: Any, actual: Any) -> list[Difference]:
        """List what was asked and is not so, wherever the answer has a field of the request's name."""
        if not self.definition.get("x-echoes-request") or not self.body:
            return []
        return list(_differences(self.body.definition, asked, actual, ()))


def _differences(schema: dict[str, Any], asked: Any, actual: Any, keys: Keys) -> Iterator[Difference]:
    # An object with named fields is changed field by field; any other value is replaced whole.
    if schema.get("additionalProperties") is False and is_object(asked) and is_object(actual):
        for name in (name for name in asked if name in actual):
            yield from _differences(schema["properties"][name], asked[name], actual[name], (*keys, name))
    elif not equal(asked, actual):
        yield Difference(json_path(keys), asked, actual)


class Specification:
    """The whole document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.version: str = document["info"]["version"]
        self.first_server: str = document["servers"][0]["url"]
        self.operations = [
            Operation(method, path, path_item, document)
            # A path without parameters comes before a template that would take it too, as OpenAPI has it.
            for path, path_item in sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
            for method in path_item.keys() & {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
        ]

    def operation_of(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """Find the operation that a request belongs to, and its path parameters."""
        for operation in self.operations:
            values = operation.match(method, path)
            if values is not None:
                return operation, values
        raise ConfigurationError(f"the specification has no operation {method.upper()} {path}")

    def operation(self, operation_id: str) -> Operation:
        """Find an operation by its operationId."""
        return next(operation for operation in self.operations if operation.id == operation_id)


@functools.cache
def specification() -> Specification:
    """Read the specification; once, when it is first needed, and not on import."""
    text = importlib.resources.files("activepieces_api").joinpath("openapi.json").read_text(encoding="utf-8")
    return Specification(json.loads(text))
