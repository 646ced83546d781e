"""A program that calls every generated function of another document, and prints which calls were guarded.

Another implementation of JSON Schema decides which requests are valid. A transport records the sent requests.
"""

from __future__ import annotations

import asyncio
import json
import typing
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from importlib.resources import files
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import attrs
import httpx
import jsonschema  # type: ignore[import-untyped]  # it brings no types
from hypothesis import find, settings
from hypothesis import strategies as st
from tools.spec.document import Document, as_array, as_object, types
from tools.spec.names import argument
from tools.spec.operation import Operation, operations

from activepieces_client import (
    Activepieces,
    APIStatusError,
    AsyncActivepieces,
    RequestValidationError,
    ResponseValidationError,
    ServerError,
)

DOCUMENT = Document.parse(files("activepieces_api").joinpath("openapi.json").read_text("utf-8"), "openapi.json")
WRONG: list[Any] = [5, "odd text", [], {}, True, None]
UNDOCUMENTED = 299
NO_SEGMENTS = ("", "a/../b")  # none of them is one segment of a path


@attrs.frozen
class Call:
    """How a call ended: the plain JSON that both functions returned, or their error, and the requests sent."""

    returned: Any
    raised: type[Exception] | None
    requests: list[tuple[str, str, dict[str, Any]]]


def valid(schema: Any, value: Any) -> bool:
    """Judge a value by a schema of the document."""
    whole = {**schema, "components": DOCUMENT.content["components"]}
    judged: bool = cast(Any, jsonschema).Draft202012Validator(whole).is_valid(value)
    return judged


def example(schema: Any, depth: int = 0) -> Any:
    """Return a valid value: each property near the root, those that are required below."""
    if "$ref" in schema:
        return example(DOCUMENT.get(tuple(schema["$ref"].split("/")[1:])), depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        return next((value for branch in branches if valid(schema, value := example(branch, depth))), None)
    match str([*types(schema), "object" if "properties" in schema else "null"][0]):
        case "object":
            required, properties = as_array(schema.get("required")), as_object(schema.get("properties"))
            members = {name: example(properties[name], depth + 1) for name in (properties if depth < 2 else required)}
            return {name: value for name, value in members.items() if value is not None or name in required}
        case "array":
            count = max(schema.get("minItems", 0), depth < 2)
            return [example(schema.get("items", {}), depth + 1) for _ in range(count)]
        case "string" if "pattern" in schema:
            texts = st.from_regex(schema["pattern"], alphabet=st.characters(codec="ascii"))
            return find(texts, lambda text: valid(schema, text), settings=settings(database=None, derandomize=True))
        case "string":
            return "a" * max(schema.get("minLength", 0), 1)
        case "integer" | "number":
            return next(number for number in (1, 10, 100, 1000, 0, -1) if valid(schema, number))
        case "boolean":
            return True
        case _:
            return None


def variations(value: Any) -> Iterator[Any]:
    """Yield values of other types, and objects with a property missing, unknown or of another type."""
    yield from WRONG
    if isinstance(value, dict):
        members = as_object(value)
        for name in members:
            yield {key: inner for key, inner in members.items() if key != name}
            yield from ({**members, name: wrong} for wrong in WRONG)
        yield {**members, "oddProperty": 5}


def as_argument(kind: Any, value: Any) -> Any:
    """Return a JSON value as a generated function takes it: a model, an enum, a list of them, or plain."""
    kinds: list[Any] = [kind, *typing.get_args(kind)]
    for inner in kinds:
        if typing.get_origin(inner) is list and isinstance(value, list):
            return [as_argument(typing.get_args(inner)[0], item) for item in as_array(value)]
        if is_enum(inner) and value in list(inner):
            return inner(value)
        if hasattr(inner, "from_dict") and isinstance(value, dict):
            model: Any = inner.from_dict(as_object(value))
            if model.to_dict() == value:
                return model
    return cast(Any, value)


def is_enum(kind: Any) -> bool:
    """Return whether a type is that of an enum."""
    return isinstance(kind, type) and issubclass(kind, Enum)


def as_invalid_argument(kind: Any, value: Any) -> Any:
    """Return stand-ins for a model, an enum or a list, from which generated code reads any JSON value."""
    kinds = [kind, *typing.get_args(kind)]
    items = [typing.get_args(inner)[0] for inner in kinds if typing.get_origin(inner) is list]
    if items and isinstance(value, list):
        return [as_invalid_argument(items[0], item) for item in as_array(value)]
    if any(hasattr(inner, "to_dict") or is_enum(inner) for inner in kinds):
        return SimpleNamespace(to_dict=lambda: value, value=value)
    return value


def plain(value: Any) -> Any:
    """Return the result of a function as plain JSON."""
    if isinstance(value, list):
        return [plain(item) for item in as_array(value)]
    return value.to_dict() if hasattr(value, "to_dict") else value.value if isinstance(value, Enum) else value


class Caller:
    """Calls generated functions, sync and async, and keeps the sent requests."""

    def __init__(self) -> None:
        self.response = httpx.Response(500)
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        transport = httpx.MockTransport(self.handle)
        self.sync = Activepieces(
            "sk-1", base_url="https://host/api", http_client=httpx.Client(transport=transport)
        ).generated
        self.asynchronous = AsyncActivepieces(
            "sk-1", base_url="https://host/api", http_client=httpx.AsyncClient(transport=transport)
        ).generated

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Keep a request before its key is redacted."""
        carried = {
            "query": request.url.params.multi_items(),
            "header": request.headers.copy(),
            "cookie": request.headers.get("cookie", ""),
            "body": json.loads(request.content or "null"),
        }
        self.requests.append((request.method, request.url.path, carried))
        return httpx.Response(self.response.status_code, content=self.response.content, headers=self.response.headers)

    def call(self, module: ModuleType, arguments: dict[str, Any], response: httpx.Response) -> Call:
        """Call both functions of a module; fail if they differ."""
        self.response, self.requests = response, []
        sync, asynchronous = (
            self.outcome(lambda: module.sync_detailed(client=self.sync, **arguments)),
            self.outcome(lambda: asyncio.run(module.asyncio_detailed(client=self.asynchronous, **arguments))),
        )
        assert sync == asynchronous, (sync, asynchronous)
        half = len(self.requests) // 2
        assert self.requests[:half] == self.requests[half:]
        return Call(*sync, self.requests[:half])

    def outcome(self, call: typing.Callable[[], Any]) -> tuple[Any, type[Exception] | None]:
        """Return the result and the error of a call."""
        try:
            return plain(call().parsed), None
        except Exception as error:  # noqa: BLE001 - the caller judges it
            return None, type(error)


class Proof:
    """The properties proved of one operation.

    Attributes:
        counts: How many calls of each kind ended as they must, and how many values could not be made invalid.
    """

    def __init__(self, caller: Caller, operation: Operation) -> None:
        self.caller, self.operation = caller, operation
        self.counts: Counter[str] = Counter()
        self.module = import_module(f"activepieces_api.{operation.python_name}")
        self.kinds = typing.get_type_hints(self.module.sync_detailed)
        self.requests = {
            element.value: DOCUMENT.get(element.schema)
            for element in operation.elements()
            if element.schema and element.kind in ("parameter", "body")
        }
        self.values = {value: example(schema) for value, schema in self.requests.items()}
        self.parameters = [value for value in self.values if value != "$"]

    def name(self, value: str) -> str:
        """Return the argument of a parameter such as `query.limit`, or of the body, `$`."""
        location, _, name = value.partition(".")
        return argument(name, location) if name else "body"

    def call(self, response: httpx.Response, changed: dict[str, Any] | None = None) -> Call:
        """Call with valid arguments, of which some are changed."""
        values = {self.name(value): plain_value for value, plain_value in self.values.items()}
        arguments = {name: as_argument(self.kinds[name], plain_value) for name, plain_value in values.items()}
        return self.caller.call(self.module, arguments | (changed or {}), response)

    def call_invalid(self, value: str, wrong: Any) -> Call:
        """Call with arguments of which one is of any JSON."""
        name = self.name(value)
        return self.call(httpx.Response(500), {name: as_invalid_argument(self.kinds[name], wrong)})

    def expect(self, kind: str, call: Call, raised: type[Exception] | None, detail: object = "") -> None:
        """Fail unless a call raised the expected error and sent the expected number of requests, 0 if invalid."""
        sent = 0 if raised is RequestValidationError else 1
        assert (call.raised, len(call.requests)) == (raised, sent), f"{kind} {detail}: {call}"
        self.counts[kind] += 1

    def prove(self) -> Counter[str]:
        """Call with valid and invalid requests and responses."""
        self.prove_request()
        self.prove_responses()
        self.prove_body()
        self.prove_parameters()
        self.counts["operations"] += 1
        self.counts["operations without anything invalid"] += not (self.counts["body"] or self.counts["parameter"])
        return self.counts

    def prove_request(self) -> None:
        """Compare the sent request with the arguments, and expect no retry."""
        call = self.call(httpx.Response(500))
        self.expect("valid request", call, ServerError)
        (method, path, carried), expected_path = call.requests[0], self.operation.path
        expected_query: list[tuple[str, str]] = []
        for value in self.parameters:
            location, name = value.split(".", 1)
            texts = [text(item) for item in as_array(self.values[value]) or [self.values[value]]]
            match location:
                case "path":
                    expected_path = expected_path.replace(f"{{{name}}}", texts[0])
                case "query":
                    expected_query += [(name, item) for item in texts]
                case "header":
                    assert carried["header"][name] == ",".join(texts), (name, carried)
                case _:
                    assert f"{name}={texts[0]}" in carried["cookie"], (name, carried)
        assert (method, path) == (self.operation.method.upper(), f"/api{expected_path}")
        assert sorted(carried["query"]) == sorted(expected_query), (carried, expected_query)
        assert carried["header"]["authorization"] == "Bearer sk-1"
        assert carried["body"] == self.values.get("$")

    def prove_responses(self) -> None:
        """Respond as documented, undocumented, and with content that is not JSON."""
        self.expect("error", self.call(httpx.Response(418)), APIStatusError)
        statuses = self.operation.responses
        if not statuses.keys() & {"default", "2XX"}:
            self.expect("undocumented status", self.call(httpx.Response(UNDOCUMENTED)), ResponseValidationError)
        for element in self.operation.elements():
            if element.kind != "status" or element.direction != "response":
                continue
            status = int(element.name.replace("X", "0"))
            if not element.schema:
                self.expect("response", self.call(httpx.Response(status)), None)
                continue
            schema = DOCUMENT.get(element.schema)
            value = example(schema)
            assert valid(schema, value), value
            call = self.call(httpx.Response(status, json=value))
            self.expect("response", call, None, value)
            assert call.returned == value, (call.returned, value)
            self.expect("not JSON", self.call(httpx.Response(status, html="<html>")), ResponseValidationError)
            for wrong in WRONG:
                if not valid(schema, wrong):
                    call = self.call(httpx.Response(status, json=wrong))
                    self.expect("invalid response", call, ResponseValidationError, wrong)
            for variation in variations(value):
                call = self.call(httpx.Response(status, json=variation))
                assert call.raised in (None, ResponseValidationError), (variation, call)

    def prove_body(self) -> None:
        """Send bodies that are valid and that are not, as the other implementation judges."""
        required = bool(as_object(DOCUMENT.get(self.operation.body or ())).get("required"))
        for wrong in variations(self.values["$"]) if "$" in self.values else ():
            if self.is_no_list("$", wrong):
                continue
            call = self.call_invalid("$", wrong)
            # httpx sends no body for null.
            if required if wrong is None else not valid(self.requests["$"], wrong):
                self.expect("body", call, RequestValidationError, wrong)
            else:
                self.expect("valid body", call, ServerError, wrong)

    def prove_parameters(self) -> None:
        """Send parameters that are invalid, one at a time."""
        for value in self.parameters:
            # The generated function drops null, and writes headers and cookies as text.
            candidates = {"path": NO_SEGMENTS, "query": [*WRONG[:-1], ["odd text"]]}.get(value.partition(".")[0], ())
            for wrong in candidates:
                if wrong in NO_SEGMENTS or not (valid(self.requests[value], wrong) or self.is_no_list(value, wrong)):
                    self.expect("parameter", self.call_invalid(value, wrong), RequestValidationError, (value, wrong))

    def is_no_list(self, value: str, wrong: Any) -> bool:
        """Return whether the generated function itself cannot iterate over a value that should be a list."""
        return isinstance(self.values[value], list) and not isinstance(wrong, list)


def text(value: Any) -> str:
    """Return a value as a URL or a header carries it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    """Prove every operation, except those of openapi.yaml, which have other tests."""
    counts: Counter[str] = Counter()
    failures: list[str] = []
    caller = Caller()
    own = {operation.route for operation in operations(Document.read())}
    for operation in operations(DOCUMENT):
        if operation.route not in own:
            try:
                counts += Proof(caller, operation).prove()
            except Exception as error:  # noqa: BLE001 - every operation is looked at
                failures.append(f"{operation}: {type(error).__name__}: {error}"[:900])
    print(json.dumps({"counts": counts, "failures": failures}))  # noqa: T201 - a program
