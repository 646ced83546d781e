"""Calls every generated function, and prints what was guarded: a program, run with the package of another document.

What is valid comes from another implementation of JSON Schema, and what is sent from a transport.
"""

from __future__ import annotations

import asyncio
import json
import typing
from collections import Counter
from collections.abc import Callable, Iterator
from enum import Enum
from importlib import import_module
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, cast

import httpx
import jsonschema  # type: ignore[import-untyped]  # it brings no types
from hypothesis import find, settings
from hypothesis import strategies as st
from tools.spec.document import Document, as_array, as_object
from tools.spec.names import argument as argument_name
from tools.spec.operation import Element, Operation, operations

from activepieces_client import (
    Activepieces,
    APIStatusError,
    AsyncActivepieces,
    RequestValidationError,
    ResponseValidationError,
    ServerError,
)

TEXT = files("activepieces_api").joinpath("openapi.json").read_text("utf-8")
DOCUMENT = Document.parse(TEXT, "openapi.json")
WRONG: list[Any] = [5, "odd text", None, [], {}, True]
# What a call raised, or None where it returned.
Outcome = type[BaseException] | None


def valid(schema: Any, value: Any) -> bool:
    """Judge a value by a schema of the document."""
    whole = {**schema, "components": DOCUMENT.content["components"]}
    judged: bool = cast(Any, jsonschema).Draft202012Validator(whole).is_valid(value)
    return judged


def example(schema: Any, depth: int = 0) -> Any:
    """Return a valid value: every property near the root, what is required below."""
    if "$ref" in schema:
        schema = DOCUMENT.get(DOCUMENT.follow(tuple(schema["$ref"].split("/")[1:])))
        return example(schema, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for branches in (schema.get("anyOf"), schema.get("oneOf")):
        if branches:
            return next((value for branch in branches if valid(schema, value := example(branch, depth))), None)
    types = (
        as_array(schema["type"]) or [schema["type"]]
        if "type" in schema
        else ["object" if "properties" in schema else "null"]
    )
    match str(types[0]):
        case "object":
            required, properties = schema.get("required", []), schema.get("properties", {})
            chosen = properties if depth < 2 else required
            members = {name: example(properties[name], depth + 1) for name in chosen}
            return {
                name: value for name, value in members.items() if name in required or valid(properties[name], value)
            }
        case "array":
            count = max(schema.get("minItems", 0), depth < 2)
            return [example(schema.get("items", {}), depth + 1) for _ in range(count)]
        case "string" if "pattern" in schema:
            texts = st.from_regex(schema["pattern"], alphabet=st.characters(codec="ascii"))
            return find(texts, lambda text: valid(schema, text), settings=settings(database=None))
        case "string":
            return "a" * max(schema.get("minLength", 0), 1)
        case "integer" | "number":
            return next(number for number in (1, 10, 100, 1000, 0, -1) if valid(schema, number))
        case "boolean":
            return True
        case _:
            return None


def broken(value: Any) -> Iterator[Any]:
    """Yield values of other types, with a property of another type, too few and too many."""
    yield from (wrong for wrong in WRONG if wrong is not None)  # which httpx takes for no body
    if isinstance(value, dict):
        members = as_object(value)
        for name in members:
            yield {key: inner for key, inner in members.items() if key != name}
            for wrong in WRONG:
                yield {**members, name: wrong}
        yield {**members, "oddProperty": 5}


def argument(kind: Any, value: Any) -> Any:
    """Return a parameter as its function takes it: an enum for its value."""
    for inner in [kind, *typing.get_args(kind)]:
        if typing.get_origin(inner) is list and isinstance(value, list):
            return [argument(typing.get_args(inner)[0], item) for item in as_array(value)]
        if isinstance(inner, type) and issubclass(inner, Enum):
            return inner(value)
    return value


class Caller:
    """Calls a generated function, sync and async, and counts what is sent."""

    def __init__(self) -> None:
        self.response = httpx.Response(500)
        self.requests: list[tuple[str, str, str]] = []
        transport = httpx.MockTransport(self.handle)
        options: dict[str, Any] = {"base_url": "https://host/api", "max_retries": 0}
        self.sync = Activepieces("sk-1", http_client=httpx.Client(transport=transport), **options)
        self.asynchronous = AsyncActivepieces("sk-1", http_client=httpx.AsyncClient(transport=transport), **options)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.method, request.url.path, request.headers["authorization"]))
        return httpx.Response(self.response.status_code, content=self.response.content, headers=self.response.headers)

    def call(self, module: Any, arguments: dict[str, Any], response: httpx.Response) -> Outcome:
        """Return what both functions raise alike."""
        self.response = response
        self.requests.clear()
        outcomes: list[Outcome] = []

        async def asynchronous() -> object:
            return await module.asyncio_detailed(client=self.asynchronous.generated, **arguments)

        calls: list[Callable[[], object]] = [
            lambda: module.sync_detailed(client=self.sync.generated, **arguments),
            lambda: asyncio.run(asynchronous()),
        ]
        for call in calls:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - what it is, is what is judged
                outcomes.append(type(error))
            else:
                outcomes.append(None)
        assert outcomes[0] is outcomes[1], outcomes
        return outcomes[0]


class Proof:
    """What is proved of one operation."""

    def __init__(self, caller: Caller, operation: Operation, counts: Counter[str]) -> None:
        self.caller = caller
        self.operation = operation
        self.counts = counts
        package, function = operation.python_name.rsplit(".", 1)
        self.module = import_module(f"activepieces_api.{package}.{function}")
        self.kinds = typing.get_type_hints(self.module.sync_detailed)
        elements = list(operation.elements())
        self.parameters = [element for element in elements if element.kind == "parameter" and element.schema]
        self.body = next((element for element in elements if element.kind == "body" and element.schema), None)
        self.statuses = [element for element in elements if element.kind == "status"]

    def schema(self, element: Element) -> Any:
        assert element.schema
        return DOCUMENT.get(element.schema)

    def arguments(self) -> tuple[dict[str, Any], str]:
        """Return valid arguments, and the path that they give."""
        arguments: dict[str, Any] = {}
        path = self.operation.path
        for element in self.parameters:
            value = example(self.schema(element))
            location, name = element.value.split(".", 1)
            if location == "path":
                path = path.replace(f"{{{name}}}", str(value))
            name = argument_name(name, location)
            arguments[name] = argument(self.kinds[name], value)
        if self.body:
            arguments["body"] = self.as_body(example(self.schema(self.body)))
        return arguments, path

    def as_body(self, value: Any) -> Any:
        """Return a body as its function takes it: a model, which may be of any JSON."""
        kinds = [self.kinds["body"], *typing.get_args(self.kinds["body"])]
        if any(hasattr(kind, "to_dict") for kind in kinds):
            return SimpleNamespace(to_dict=lambda: value)
        return argument(self.kinds["body"], value)

    def expect(self, what: str, outcome: Outcome, expected: Outcome, sent: int) -> None:
        """Fail unless an outcome is as expected, and as many requests were sent, sync and async."""
        found = outcome, len(self.caller.requests)
        assert found == (expected, 2 * sent), f"{self.operation}: {what}: {found}"
        self.counts[what.partition(" ")[0]] += 1

    def responses(self) -> Iterator[tuple[httpx.Response, Outcome, str]]:
        """Yield responses, and what a call must raise for each."""
        yield httpx.Response(500), ServerError, "status 500"
        yield httpx.Response(418), APIStatusError, "status 418"
        for element in self.statuses:
            if element.direction != "response":
                continue
            status = int(element.name.replace("X", "0"))
            if not element.schema:
                yield httpx.Response(status), None, f"response without JSON {status}"
                continue
            schema = self.schema(element)
            yield httpx.Response(status, json=example(schema)), None, f"response {status} {example(schema)}"
            for wrong in WRONG:
                if not valid(schema, wrong):
                    yield httpx.Response(status, json=wrong), ResponseValidationError, f"invalid response {wrong}"

    def prove(self) -> None:
        """Call with valid and invalid arguments and responses."""
        arguments, path = self.arguments()
        for response, expected, what in self.responses():
            self.expect(what, self.caller.call(self.module, arguments, response), expected, 1)
            request = self.operation.method.upper(), f"/api{path}", "Bearer sk-1"
            assert self.caller.requests == [request, request], self.caller.requests
        if self.body:
            schema = self.schema(self.body)
            for value in broken(example(schema)):
                outcome = self.call_with(arguments, body=self.as_body(value))
                expected, sent = (ServerError, 1) if valid(schema, value) else (RequestValidationError, 0)
                self.expect(f"body {json.dumps(value)}", outcome, expected, sent)
        for element in self.parameters:
            name = argument_name(*reversed(element.value.split(".", 1)))
            if not valid(self.schema(element), "odd text") and not isinstance(arguments[name], list):
                odd = SimpleNamespace(value="odd text") if isinstance(arguments[name], Enum) else "odd text"
                outcome = self.call_with(arguments, **{name: odd})
                self.expect(f"parameter {name}", outcome, RequestValidationError, 0)

    def call_with(self, arguments: dict[str, Any], **changed: Any) -> Outcome:
        """Call with arguments of which one is changed."""
        return self.caller.call(self.module, arguments | changed, httpx.Response(500))


def main() -> None:
    """Prove every operation that is not one of openapi.yaml, which has tests of its own."""
    counts: Counter[str] = Counter()
    failures: list[str] = []
    caller = Caller()
    own = {operation.route for operation in operations(Document.read())}
    for operation in operations(DOCUMENT):
        if operation.route not in own:
            try:
                Proof(caller, operation, counts).prove()
                counts["operations"] += 1
            except Exception as error:  # noqa: BLE001 - every operation is looked at
                failures.append(f"{operation}: {type(error).__name__}: {error}"[:600])
    print(json.dumps({"counts": counts, "failures": failures}))  # noqa: T201 - a program


if __name__ == "__main__":
    main()
