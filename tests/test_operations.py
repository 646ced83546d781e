"""Operations of another document, which need no code in the overlay."""

from __future__ import annotations

import copy
import importlib.resources
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client import (
    Activepieces,
    ConfigurationError,
    Difference,
    NotAppliedError,
    RequestValidationError,
    ResponseValidationError,
)
from activepieces_client._specification import specification

from .support import strategies


def header(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "schema": schema}


def object_with(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def text_like(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern}


def json_content(schema: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


METADATA_LIST = {"type": "array", "items": {"$ref": "#/components/schemas/Metadata"}}
CARD = object_with(kind={"const": "card"}, number={"type": "string", "maxLength": 4})
TRANSFER = object_with(kind={"const": "transfer"}, number={"type": "integer"})
SORTS = [text_like("^up"), text_like("^down")]
PATHS: dict[str, Any] = {
    "/v1/projects/{id}/flows/{position}": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 2}}],
        "get": {
            "operationId": "readFlow",
            "parameters": [
                {"name": "position", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}},
                {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                {"name": "sort", "in": "query", "schema": {"anyOf": SORTS}},
                {"name": "order", "in": "query", "schema": {"anyOf": [*SORTS, {"type": "integer"}]}},
                {"name": "page", "in": "query", "schema": {"anyOf": [*SORTS, {"type": "null"}]}},
                {"$ref": "#/components/parameters/Mode"},
                header("X-Share", type="number", maximum=1),
                header("X-Dry", type="boolean"),
                header("X-Note", type="string", maxLength=4),
                {"name": "session", "in": "cookie", "schema": {"type": "string", "maxLength": 3}},
            ],
            "responses": {"2XX": json_content("Metadata"), "201": {}, "404": {}},
        },
        "put": {"operationId": "replaceFlow", "responses": {"default": json_content("Tree")}},
    },
    "/v1/projects/{id}/table": {
        "get": {
            "operationId": "readTable",
            "parameters": [header("X-Page", type="integer")],
            "responses": {"200": {}},
        }
    },
    "/v1/notes": {
        "put": {
            "operationId": "replaceNotes",
            "x-echoes-request": True,
            "requestBody": json_content("Metadata"),
            "responses": {"200": json_content("Metadata")},
        }
    },
    "/v1/things": {
        method: {"operationId": f"{method}Things", "responses": {"204": {}}}
        for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    },
    "/v1/projects/~all": {"post": {"operationId": "archiveEach", "responses": {"204": {}}}},  # `~` sorts after `{`
    "/v1/projects/archived": {"post": {"operationId": "archiveAll", "responses": {"204": {}}}},
    "/v1/flags": {
        "put": {
            "operationId": "replaceFlags",
            "deprecated": True,
            "requestBody": json_content("Flags"),
            "responses": {"200": {"content": {"application/json": {"schema": METADATA_LIST}}}},
        }
    },
    "/v1/settings": {
        "put": {
            "operationId": "replaceSettings",
            "x-echoes-request": True,
            "requestBody": json_content("Settings"),
            "responses": {"200": json_content("Metadata")},
        }
    },
    "/v1/locks": {
        "put": {
            "operationId": "replaceLocks",
            "x-echoes-request": True,
            "requestBody": json_content("Empty"),
            "responses": {"200": json_content("Metadata")},
        }
    },
    "/v1/icons": {
        method: {"operationId": f"{method}Icon", "requestBody": json_content(schema), "responses": {"204": {}}}
        for method, schema in (("put", "Icon"), ("post", "NullableIcon"), ("patch", "EitherIcon"))
    },
}
COMPONENTS: dict[str, dict[str, Any]] = {
    "parameters": {"Mode": {**header("X-Mode", **{"$ref": "#/components/schemas/Mode"}), "required": True}},
    "schemas": {
        "Mode": {"type": "string", "enum": ["fast", "slow"]},
        "Settings": {
            **object_with(icon={**object_with(color={}, shape={}), "additionalProperties": False}),
            "additionalProperties": False,
        },
        # A generated model that takes any object, here with a property that may be null.
        "Metadata": object_with(icon={"anyOf": [object_with(color={}), {"type": "null"}]}),
        "Empty": {"type": "object", "additionalProperties": False},
        "Icon": object_with(icon={"$ref": "#/components/schemas/ProjectIconUpdate"}),
        "NullableIcon": object_with(
            icon={"anyOf": [{"$ref": "#/components/schemas/ProjectIconUpdate"}, {"type": "null"}]}
        ),
        "EitherIcon": object_with(icon={"anyOf": [object_with(a={"type": kind}) for kind in ("string", "boolean")]}),
        "Flags": object_with(
            old={"type": "string", "deprecated": True},
            plan=object_with(old={"type": "string", "deprecated": True}),
            card={"oneOf": [CARD, TRANSFER]},
        ),
        "Tree": {
            "type": "object",
            "properties": {
                "left": {"$ref": "#/components/schemas/Tree"},
                "mode": {"$ref": "#/components/schemas/Mode"},
            },
        },
    },
}
MODE = {"X-Mode": "fast"}
OF_NO_BRANCH = "is not valid under any of the schemas listed in the 'anyOf' keyword"

Request = Callable[..., httpx.Response]

SENT: list[httpx.Request] = []
"""The requests that reached the transport of the `http_client`."""


@pytest.fixture
def responses() -> list[httpx.Response | type[httpx.TransportError]]:
    """The next responses, in order; a request beyond them fails the test."""
    return []


@pytest.fixture
def request_(
    responses: list[httpx.Response | type[httpx.TransportError]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Request]:
    """Make requests with a client that has another document."""
    document = copy.deepcopy(strategies.DOCUMENT)
    document["paths"] |= PATHS
    for name, parts in COMPONENTS.items():
        document["components"].setdefault(name, {}).update(parts)
    (tmp_path / "openapi.json").write_text(json.dumps(document), "utf-8")

    def handle(request: httpx.Request) -> httpx.Response:
        SENT.append(request)
        outcome = responses.pop(0)
        if isinstance(outcome, type):
            raise outcome("of the test")
        return outcome

    def files(_: str) -> Path:
        return tmp_path

    with monkeypatch.context() as patched:
        patched.setattr(importlib.resources, "files", files)
        specification.cache_clear()
        specification()
    http_client = httpx.Client(
        transport=httpx.MockTransport(handle), cookies={"a": "1"}, params={"team": "1"}, headers={"X-Team": "platform"}
    )
    client = Activepieces("sk-1", base_url="https://activepieces.test/api", http_client=http_client)
    yield client.generated.get_httpx_client().request
    specification.cache_clear()


def test_every_kind_of_parameter_is_sent(request_: Request, responses: list[Any]) -> None:
    responses += [httpx.Response(200, json={}), httpx.Response(200, json={})]
    url = "/v1/projects/p%201/flows/3"
    headers = {**MODE, "X-Share": "0.5", "Cookie": "session=b"}
    request_(method="get", url=url, params={"limit": 10}, headers=headers)
    sent = SENT[-1]
    assert sent.method == "GET"
    assert sent.url == "https://activepieces.test/api/v1/projects/p%201/flows/3?team=1&limit=10"
    assert sent.headers["Cookie"] == "a=1; session=b"
    assert [sent.headers[name] for name in ("X-Mode", "X-Share", "X-Team")] == ["fast", "0.5", "platform"]
    # The parameters of one call are not sent with the next.
    request_(method="get", url=url, headers=MODE)
    sent = SENT[-1]
    assert (sent.url.query, sent.headers["Cookie"], "X-Share" in sent.headers) == (b"team=1", "a=1", False)


@pytest.mark.parametrize(
    ("path", "arguments", "violations"),
    [
        ("p1/flows/0", {"headers": MODE}, ["path.position: 0 is less than the minimum of 1"]),
        ("p1/flows/first", {"headers": MODE}, ['path.position: "first" is not of type "integer"']),
        ("p1/flows/1.5", {"headers": MODE}, ['path.position: 1.5 is not of type "integer"']),
        ("p1/flows/-12", {"headers": MODE}, ["path.position: -12 is less than the minimum of 1"]),
        ("p1/flows/true", {"headers": MODE}, ['path.position: true is not of type "integer"']),
        ("p1/flows/1", {"headers": MODE, "params": {"sort": 5}}, [f'query.sort: "5" {OF_NO_BRANCH}']),
        (
            "p1/flows/1",
            {"headers": MODE, "params": {"limit": [1, 2]}},
            ['query.limit: an array is not of type "integer"'],
        ),
        (
            "p1/flows/1",
            {"headers": MODE, "params": {"ids": ["1", "x"]}},
            ['query.ids[1]: "x" is not of type "integer"'],
        ),
        *(
            ("p1/flows/1", {"headers": MODE, "params": {name: "left"}}, [f'query.{name}: "left" {OF_NO_BRANCH}'])
            for name in ("sort", "order", "page")
        ),
        ("1/flows/1", {"headers": MODE}, ['path.id: "1" is shorter than 2 characters']),
        ("a%2F../flows/1", {"headers": MODE}, ['path.id: "a/.." is not one segment of a path']),
        (
            "p1/flows/1",
            {"headers": MODE, "params": {"limit": 11}},
            ["query.limit: 11 is greater than the maximum of 10"],
        ),
        (
            "p1/flows/1",
            {"headers": {**MODE, "Cookie": "session=long"}},
            ['cookie.session: "long" is longer than 3 characters'],
        ),
        ("p1/flows/1", {"headers": {}}, ['header: "X-Mode" is a required property']),
        ("p1/flows/1", {"headers": {"X-Mode": "odd"}}, ['header["X-Mode"]: "odd" is not one of "fast", "slow"']),
        (
            "p1/flows/1",
            {"headers": {**MODE, "X-Share": "1.5"}},
            ['header["X-Share"]: 1.5 is greater than the maximum of 1'],
        ),
        ("p1/flows/1", {"headers": {**MODE, "X-Dry": "True"}}, ['header["X-Dry"]: "True" is not of type "boolean"']),
        (
            "p1/flows/1",
            {"headers": {**MODE, "X-Note": "12345"}},
            ['header["X-Note"]: "12345" is longer than 4 characters'],
        ),
        (
            "p1/flows/0",
            {"params": {"limit": 11}, "headers": {"X-Mode": "odd"}},
            [
                "path.position: 0 is less than the minimum of 1",
                "query.limit: 11 is greater than the maximum of 10",
                'header["X-Mode"]: "odd" is not one of "fast", "slow"',
            ],
        ),
    ],
)
def test_every_kind_of_parameter_is_validated(
    request_: Request, path: str, arguments: dict[str, Any], violations: list[str]
) -> None:
    with pytest.raises(RequestValidationError) as caught:
        request_(method="get", url=f"/v1/projects/{path}", **arguments)
    assert [str(violation) for violation in caught.value.violations] == violations


@pytest.mark.parametrize("headers", [{"X-Dry": "false"}, {"X-Share": "-1"}, {"X-Note": "1"}, {"X-Note": "true"}])
def test_header_is_read_as_its_type(request_: Request, responses: list[Any], headers: dict[str, str]) -> None:
    responses.append(httpx.Response(200, json={}))
    assert request_(method="get", url="/v1/projects/p1/flows/1", headers={**MODE, **headers}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("post", "/v1/projects/archived", 204),
        ("POST", "/v1/projects/archived", 204),
        ("post", "/v1/projects/~all", 204),
        ("get", "/v1/projects/p1/table", 200),
    ],
)
def test_operation_is_found_by_method_and_path(
    request_: Request, responses: list[Any], method: str, path: str, status: int
) -> None:
    responses.append(httpx.Response(status))
    assert request_(method=method, url=path).status_code == status


@pytest.mark.parametrize("method", PATHS["/v1/things"])
def test_operation_of_any_method(request_: Request, responses: list[Any], method: str) -> None:
    responses.append(httpx.Response(204))
    assert request_(method=method, url="/v1/things").request.method == method.upper()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("patch", "/v1/projects/archived"),
        ("get", "/v1/projects/p1/tables"),
        ("get", "/v1/nowhere"),
        ("put", "/v1/projects/a/b/flows/1"),
    ],
)
def test_unknown_operation_is_not_sent(request_: Request, method: str, path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        request_(method=method, url=path)
    assert str(caught.value) == f"the document has no operation {method.upper()} {path}, so nothing was sent"


FLOW: dict[str, Any] = {"method": "get", "url": "/v1/projects/p1/flows/1", "headers": MODE}
TREE: dict[str, Any] = {"method": "put", "url": "/v1/projects/p1/flows/1"}


def test_response_schema_is_that_of_its_status_class(
    request_: Request, responses: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    responses += [
        httpx.Response(200, json={"a": 1}),
        httpx.Response(201, content=b"nothing"),
        httpx.Response(299, json={}),
        httpx.Response(202, json={"left": {"left": {"mode": "fast"}}}),
    ]
    assert request_(**FLOW).json() == {"a": 1}
    assert request_(**FLOW).content == b"nothing"  # a status whose body is not JSON
    assert request_(**FLOW).json() == {}
    assert request_(**TREE).json() == {"left": {"left": {"mode": "fast"}}}  # the default
    assert caplog.messages == []


UNREADABLE = "the service accepted the request, but its response cannot be read:"


@pytest.mark.parametrize(
    ("response", "call", "message"),
    [
        (
            httpx.Response(200, content=b"["),
            FLOW,
            "the API was not reached: the response is of no type and not JSON: does base_url end in /api?",
        ),
        (
            httpx.Response(200, content=b""),
            {"method": "post", "url": "/v1/projects/archived"},
            "the service accepted the request, but its response has a status that the document lacks",
        ),
        (
            httpx.Response(299, json={"left": {"left": {"mode": "odd"}}}),
            TREE,
            f'{UNREADABLE}\n  $.left.left.mode: "odd" is not one of "fast", "slow"',
        ),
        (
            httpx.Response(200, json=[]),
            {"method": "put", "url": "/v1/notes", "json": {}},
            f'{UNREADABLE}\n  $: [] is not of type "object"',
        ),
    ],
)
def test_unreadable_response_says_why(
    request_: Request, responses: list[Any], response: httpx.Response, call: dict[str, Any], message: str
) -> None:
    responses.append(response)
    with pytest.raises(ResponseValidationError) as caught:
        request_(**call)
    method, path = call["method"].upper(), call["url"]
    assert str(caught.value) == f"{message} ({method} /api{path}, status {response.status_code})"


def violations_of(request_: Request, method: str, body: Any) -> list[str]:
    with pytest.raises(RequestValidationError) as caught:
        request_(method=method, url="/v1/icons", json=body)
    return [str(violation) for violation in caught.value.violations]


@pytest.mark.parametrize("icon", [{}, {"color": "PINKK"}, {"colour": "PINK", "color": "PINK"}])
def test_violation_in_a_nullable_reference_is_precise(request_: Request, icon: Any) -> None:
    of_the_reference = violations_of(request_, "put", {"icon": icon})
    assert of_the_reference
    assert violations_of(request_, "post", {"icon": icon}) == of_the_reference


def test_value_of_no_branch_says_no_wrong_type(request_: Request) -> None:
    assert violations_of(request_, "patch", {"icon": {"a": 5}}) == [f"$.icon: an object {OF_NO_BRANCH}"]


def test_value_of_neither_type_names_both(request_: Request) -> None:
    assert violations_of(request_, "post", {"icon": 5}) == ['$.icon: 5 is not of type "object" or "null"']


@pytest.mark.parametrize("icon", [None, {"color": "PINK"}])
def test_valid_nullable_reference(request_: Request, responses: list[Any], icon: Any) -> None:
    responses.append(httpx.Response(204))
    assert request_(method="post", url="/v1/icons", json={"icon": icon}).status_code == 204


def test_free_form_body_is_compared_whole(request_: Request, responses: list[Any]) -> None:
    responses += [httpx.Response(200, json={"a": 1}), httpx.Response(200, json={"a": 1, "b": 2})]
    assert request_(method="put", url="/v1/notes", json={"a": 1}).json() == {"a": 1}
    with pytest.raises(NotAppliedError) as caught:
        request_(method="put", url="/v1/notes", json={"a": 1})
    assert caught.value.differences == (Difference("$", {"a": 1}, {"a": 1, "b": 2}),)


def test_body_without_properties_is_not_compared(request_: Request, responses: list[Any]) -> None:
    responses.append(httpx.Response(200, json={"icon": None}))
    assert request_(method="put", url="/v1/locks", json={}).status_code == 200


def test_properties_of_a_nullable_object_are_compared(request_: Request, responses: list[Any]) -> None:
    icon = {"color": "RED", "shape": "round"}  # of which the response has no shape
    responses += [httpx.Response(200, json={"icon": {"color": color}}) for color in ("RED", "BLUE")]
    assert request_(method="put", url="/v1/settings", json={"icon": icon}).status_code == 200
    with pytest.raises(NotAppliedError) as caught:
        request_(method="put", url="/v1/settings", json={"icon": icon})
    assert caught.value.differences == (Difference("$.icon.color", "RED", "BLUE"),)


def test_deprecation_names_the_line_that_uses_it(request_: Request, responses: list[Any]) -> None:
    responses.append(httpx.Response(200, json=[]))
    with pytest.warns(DeprecationWarning, match="is deprecated") as caught:
        request_(method="put", url="/v1/flags", json={"old": "x", "plan": {"old": "y"}})
    names = [str(warning.message).removeprefix("replaceFlags: ") for warning in caught]
    assert names == ["replaceFlags is deprecated", "$.old is deprecated", "$.plan.old is deprecated"]
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("card", "violation"),
    [
        ({"kind": "card", "number": "12345"}, '$.card.number: "12345" is longer than 4 characters'),
        ({"kind": "transfer", "number": "12345"}, '$.card.number: "12345" is not of type "integer"'),
        (
            {"kind": "cash", "pin": "1234"},
            "$.card: an object is not valid under any of the schemas",
        ),
    ],
)
def test_violation_is_of_the_branch_that_is_selected(request_: Request, card: Any, violation: str) -> None:
    with pytest.raises(RequestValidationError) as caught:
        request_(method="put", url="/v1/flags", json={"card": card})
    assert [str(found)[: len(violation)] for found in caught.value.violations] == [violation]
    assert "1234" not in str(caught.value) or "number" in card


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_odd_element_of_an_array_only_warns(
    request_: Request, responses: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    responses += [httpx.Response(200, json=[{}, {"icon": 5}]), httpx.Response(200, json=[{}, 5])]
    assert request_(method="put", url="/v1/flags", json={}).json() == [{}, {"icon": 5}]
    assert "$[*].icon" in caplog.text
    with pytest.raises(ResponseValidationError, match=r"\$\[1\]: 5 is not of type"):
        request_(method="put", url="/v1/flags", json={})
