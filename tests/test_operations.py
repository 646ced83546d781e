"""Another specification: its operations and limits work at once, without a line of the overlay."""

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
    APIConnectionError,
    ConfigurationError,
    Difference,
    NotAppliedError,
    RequestValidationError,
    ResponseValidationError,
    ServerError,
)
from activepieces_client._specification import specification

from .support import strategies
from .tools.repository import Repository

NEW_OPERATION = """\
  /v1/projects/archived:
    post:
      operationId: archiveAll
      tags:
        - projects
      responses:
        '204':
          description: Done.
        '418':
          $ref: '#/components/responses/Conflict'
  /v1/projects/{id}/flows/{position}:
    parameters:
      - name: id
        in: path
        required: true
        schema:
          type: string
    get:
      operationId: readFlow
      tags:
        - flows
      parameters:
        - name: position
          in: path
          required: true
          schema:
            type: integer
            minimum: 1
        - name: limit
          in: query
          schema:
            type: integer
            maximum: 10
        - $ref: '#/components/parameters/Mode'
      responses:
        2XX:
          description: The flow.
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Metadata'
"""

PROGRAM = """
import httpx
from activepieces_api.api.projects import archive_all
from activepieces_api.api.flows import read_flow
from activepieces_api.models import Mode
from activepieces_client import Activepieces, APIConnectionError, APIStatusError, ConfigurationError
from activepieces_client import RequestValidationError, ServerError

answers, requests = [], []

def answer(request):
    requests.append((request.method, request.url.raw_path, request.headers["authorization"]))
    outcome = answers.pop(0)
    if isinstance(outcome, type):
        raise outcome("told to fail")
    return outcome

http_client = httpx.Client(transport=httpx.MockTransport(answer), cookies={"a": "1"})
client = Activepieces("sk-1", http_client=http_client).generated

answers = [httpx.ConnectError, httpx.Response(200, json={"name": "a flow"})]
flow = read_flow.sync("p1", 3, client=client, limit=10, x_mode=Mode.FAST)
assert flow["name"] == "a flow"
assert requests == [("GET", b"/api/v1/projects/p1/flows/3?limit=10", "Bearer sk-1")] * 2, requests

answers = [httpx.Response(204)]
assert archive_all.sync_detailed(client=client).status_code == 204
assert requests[-1][:2] == ("POST", b"/api/v1/projects/archived")

guard = client.get_httpx_client()
answers = [httpx.Response(204)]
sent = guard.request(method="post", url="/v1/projects/archived", cookies={"b": "2"}).request
assert sent.headers["Cookie"] == "a=1; b=2", sent.headers
try:
    guard.request(method="post", url="/v1/nowhere")
except ConfigurationError as error:
    assert "POST /v1/nowhere" in str(error)
else:
    raise SystemExit("no error for an unknown path")

answers = [httpx.Response(418, json={"code": "TEAPOT", "params": {}})]
try:
    archive_all.sync_detailed(client=client)
except APIStatusError as raised:
    assert (raised.status_code, raised.code) == (418, "TEAPOT")
else:
    raise SystemExit("no error for 418")

for outcome, error in ((httpx.Response(503), ServerError), (httpx.ReadTimeout, APIConnectionError)):
    answers = [outcome]
    try:
        read_flow.sync("p1", 3, client=client, x_mode=Mode.FAST)
    except error as raised:
        assert raised.attempts == 1, "an operation that is not marked safe was repeated"
    else:
        raise SystemExit(f"no {error}")

count = len(requests)
bad = (("p1", 0, 10, "path.position"), ("", 1, 10, "path.id"), ("p1", 1, 11, "query.limit"))
for id, position, limit, place in bad:
    try:
        read_flow.sync(id, position, client=client, limit=limit, x_mode=Mode.FAST)
    except RequestValidationError as error:
        assert [problem.path for problem in error.problems] == [place], error
    else:
        raise SystemExit(f"{place} was not refused")

try:
    guard.request(method="get", url="/v1/projects/p1/flows/first", headers={"X-Mode": "fast"})
except RequestValidationError as error:
    assert [problem.path for problem in error.problems] == ["path.position"], error
else:
    raise SystemExit("not refused: a word for a number")
missing, odd = 'header: "X-Mode" is a required property', 'header["X-Mode"]: "odd" is not one of "fast", "slow"'
for headers, problem in (({}, missing), ({"X-Mode": "odd"}, odd)):
    try:
        guard.request(method="get", url="/v1/projects/p1/flows/1", headers=headers)
    except RequestValidationError as error:
        assert problem in str(error), error
    else:
        raise SystemExit(f"not refused: {problem}")
assert len(requests) == count
"""


def test_a_new_operation_has_every_guarantee(tmp_path: Path) -> None:
    repository = Repository.copy(tmp_path)
    repository.edit("\ncomponents:\n", f"{NEW_OPERATION}\ncomponents:\n")
    mode = {"name": "X-Mode", "in": "header", "required": True, "schema": {"$ref": "#/components/schemas/Mode"}}
    schemas = {"Mode": {"type": "string", "enum": ["fast", "slow"]}}
    repository.merge({"components": {"parameters": {"Mode": mode}, "schemas": schemas}})
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    repository.python(PROGRAM)


LIMITS = {
    "note": {"type": "string", "minLength": 2, "maxLength": 3},
    "seats": {"type": "integer", "minimum": 1},
    "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
}
REFUSED = """
import httpx
from activepieces_client.testing import StandIn

service = StandIn()
headers = {"authorization": f"Bearer {service.api_key}"}
url = f"{service.base_url}/v1/projects/{service.projects[0]['id']}"
client = httpx.Client(transport=service.transport, headers=headers)
for field, value, message in (
    ("note", "a", "Too small: expected string to have >=2 characters"),
    ("note", "abcd", "Too big: expected string to have <=3 characters"),
    ("seats", 0, "Too small: expected number to be >=1"),
    ("tags", [], "Invalid input"),
):
    answer = client.post(url, json={field: value}).json()
    assert answer["message"] == f"body/{field} {message}", answer
"""


def test_the_stand_in_knows_every_kind_of_limit(tmp_path: Path) -> None:
    repository = Repository.copy(tmp_path)
    fields: dict[str, Any] = {
        name: {**limit, "description": "A field.", "examples": []} for name, limit in LIMITS.items()
    }
    repository.merge({"components": {"schemas": {"UpdateProjectRequest": {"properties": fields}}}})
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    repository.python(REFUSED)


def header(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "schema": schema}


def answer_with(schema: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


PATHS: dict[str, Any] = {
    "/v1/projects/{id}/flows/{position}": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 2}}],
        "get": {
            "operationId": "readFlow",
            "parameters": [
                {"name": "position", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}},
                {"$ref": "#/components/parameters/Mode"},
                header("X-Share", type="number", maximum=1),
                header("X-Dry", type="boolean"),
                header("X-Note", type="string", maxLength=4),
                {"name": "session", "in": "cookie", "schema": {"type": "string", "maxLength": 3}},
            ],
            "responses": {"2XX": answer_with("Metadata"), "201": {}, "404": {}},
        },
        "put": {"operationId": "replaceFlow", "responses": {"default": answer_with("Tree")}},
    },
    "/v1/projects/{id}.csv": {
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
            "requestBody": answer_with("Metadata"),
            "responses": {"200": answer_with("Metadata")},
        }
    },
    "/v1/things": {
        method: {"operationId": f"{method}Things", "responses": {"204": {}}}
        for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    },
    "/v1/projects/archived": {"post": {"operationId": "archiveAll", "responses": {"204": {}}}},
}
COMPONENTS: dict[str, dict[str, Any]] = {
    "parameters": {"Mode": {**header("X-Mode", **{"$ref": "#/components/schemas/Mode"}), "required": True}},
    "schemas": {
        "Mode": {"type": "string", "enum": ["fast", "slow"]},
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
UNREADABLE = "the service accepted the request, but its answer cannot be read"

Request = Callable[..., httpx.Response]


@pytest.fixture
def answers() -> list[httpx.Response | type[httpx.TransportError]]:
    """What is answered, in order; nothing in it where something that must be refused was sent."""
    return []


@pytest.fixture
def request_(
    answers: list[httpx.Response | type[httpx.TransportError]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Request]:
    """Make requests with a client that has another specification."""
    document = copy.deepcopy(strategies.DOCUMENT)
    document["paths"] |= PATHS
    for name, parts in COMPONENTS.items():
        document["components"].setdefault(name, {}).update(parts)
    (tmp_path / "openapi.json").write_text(json.dumps(document), "utf-8")

    def answer(_: httpx.Request) -> httpx.Response:
        outcome = answers.pop(0)
        if isinstance(outcome, type):
            raise outcome("told to fail")
        return outcome

    def files(_: str) -> Path:
        return tmp_path

    with monkeypatch.context() as patched:
        patched.setattr(importlib.resources, "files", files)
        specification.cache_clear()
        specification()
    http_client = httpx.Client(
        transport=httpx.MockTransport(answer), cookies={"a": "1"}, params={"team": "1"}, headers={"X-Team": "platform"}
    )
    client = Activepieces("sk-1", base_url="https://activepieces.test/api", http_client=http_client)
    yield client.generated.get_httpx_client().request
    specification.cache_clear()


def test_each_part_of_a_request_goes_out(request_: Request, answers: list[Any]) -> None:
    answers += [httpx.Response(200, json={}), httpx.Response(200, json={})]
    url = "/v1/projects/p%201/flows/3"
    sent = request_(
        method="get", url=url, params={"limit": 10}, headers={**MODE, "X-Share": "0.5"}, cookies={"session": "b"}
    ).request
    assert sent.method == "GET"
    assert sent.url == "https://activepieces.test/api/v1/projects/p%201/flows/3?team=1&limit=10"
    assert sent.headers["Cookie"] == "a=1; session=b"
    assert [sent.headers[name] for name in ("X-Mode", "X-Share", "X-Team")] == ["fast", "0.5", "platform"]
    assert sent.headers["Accept-Encoding"] == "identity"
    # What is of one call is not of the next.
    sent = request_(method="get", url=url, headers=MODE).request
    assert (sent.url.query, sent.headers["Cookie"], "X-Share" in sent.headers) == (b"team=1", "a=1", False)


@pytest.mark.parametrize(
    ("path", "arguments", "problems"),
    [
        ("p1/flows/0", {"headers": MODE}, ["path.position: 0 is less than the minimum of 1"]),
        ("p1/flows/first", {"headers": MODE}, ['path.position: "first" is not of type "integer"']),
        ("p1/flows/1.5", {"headers": MODE}, ['path.position: 1.5 is not of type "integer"']),
        ("p1/flows/-12", {"headers": MODE}, ["path.position: -12 is less than the minimum of 1"]),
        ("p1/flows/true", {"headers": MODE}, ['path.position: true is not of type "integer"']),
        ("1/flows/1", {"headers": MODE}, ['path.id: "1" is shorter than 2 characters']),
        ("a%2F../flows/1", {"headers": MODE}, ['path.id: "a/.." is not one segment of a path']),
        (
            "p1/flows/1",
            {"headers": MODE, "params": {"limit": 11}},
            ["query.limit: 11 is greater than the maximum of 10"],
        ),
        (
            "p1/flows/1",
            {"headers": MODE, "cookies": {"session": "long"}},
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
def test_each_part_of_a_request_is_checked(
    request_: Request, path: str, arguments: dict[str, Any], problems: list[str]
) -> None:
    with pytest.raises(RequestValidationError) as caught:
        request_(method="get", url=f"/v1/projects/{path}", **arguments)
    assert [str(problem) for problem in caught.value.problems] == problems


@pytest.mark.parametrize("headers", [{"X-Dry": "false"}, {"X-Share": "-1"}, {"X-Note": "1"}, {"X-Note": "true"}])
def test_what_a_header_has_to_be_text_for_is_read_as_what_it_is(
    request_: Request, answers: list[Any], headers: dict[str, str]
) -> None:
    answers.append(httpx.Response(200, json={}))
    assert request_(method="get", url="/v1/projects/p1/flows/1", headers={**MODE, **headers}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("post", "/v1/projects/archived", 204),
        ("POST", "/v1/projects/archived", 204),
        ("get", "/v1/projects/p1.csv", 200),
    ],
)
def test_an_operation_is_found_by_its_path(
    request_: Request, answers: list[Any], method: str, path: str, status: int
) -> None:
    answers.append(httpx.Response(status))
    assert request_(method=method, url=path).status_code == status


@pytest.mark.parametrize("method", PATHS["/v1/things"])
def test_an_operation_has_any_method(request_: Request, answers: list[Any], method: str) -> None:
    answers.append(httpx.Response(204))
    assert request_(method=method, url="/v1/things").request.method == method.upper()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/v1/projects/archived"),
        ("get", "/v1/projects/p1xcsv"),
        ("get", "/v1/nowhere"),
        ("patch", "nowhere"),
        ("put", "/v1/projects/a/b/flows/1"),
    ],
)
def test_what_is_no_operation_is_not_sent(request_: Request, method: str, path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        request_(method=method, url=path)
    assert str(caught.value) == f"the specification has no operation {method.upper()} {path}"


def test_an_answer_has_the_schema_of_its_status_or_of_its_class_or_of_all(
    request_: Request, answers: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    flow: dict[str, Any] = {"method": "get", "url": "/v1/projects/p1/flows/1", "headers": MODE}
    tree: dict[str, Any] = {"method": "put", "url": "/v1/projects/p1/flows/1"}

    answers += [
        httpx.Response(200, json={"a": 1}),
        httpx.Response(201, content=b"nothing"),
        httpx.Response(299, json={}),
    ]
    assert request_(**flow).json() == {"a": 1}
    assert request_(**flow).json() is None
    assert request_(**flow).json() == {}
    answers.append(httpx.Response(202, json={"left": {"left": {"mode": "fast"}}}))
    assert request_(**tree).json() == {"left": {"left": {"mode": "fast"}}}
    assert caplog.messages == []

    for status, content, call, message in (
        (200, b"[", flow, "the answer is not JSON, so the API may not have been reached: does base_url end in /api?"),
        (
            200,
            b"",
            {"method": "post", "url": "/v1/projects/archived"},
            "the specification has no answer with this status",
        ),
        (
            299,
            b'{"left": {"left": {"mode": "odd"}}}',
            tree,
            f'{UNREADABLE}\n  $.left.left.mode: "odd" is not one of "fast", "slow"',
        ),
    ):
        answers.append(httpx.Response(status, content=content))
        with pytest.raises(ResponseValidationError) as caught:
            request_(**call)
        method, path = call["method"].upper(), call["url"]
        assert str(caught.value) == f"{message} ({method} /api{path}, status {status})"


def test_a_body_of_names_of_its_own_is_replaced_whole(request_: Request, answers: list[Any]) -> None:
    answers += [httpx.Response(200, json={"a": 1}), httpx.Response(200, json={"a": 1, "b": 2})]
    assert request_(method="put", url="/v1/notes", json={"a": 1}).json() == {"a": 1}
    with pytest.raises(NotAppliedError) as caught:
        request_(method="put", url="/v1/notes", json={"a": 1})
    assert caught.value.fields == (Difference("$", {"a": 1}, {"a": 1, "b": 2}),)


@pytest.mark.parametrize(
    ("outcome", "error", "times"),
    [
        (503, ServerError, 1),
        (httpx.ReadTimeout, APIConnectionError, 1),
        (httpx.ReadError, APIConnectionError, 1),
        (httpx.RemoteProtocolError, APIConnectionError, 1),
        (httpx.ConnectError, APIConnectionError, 3),
        (httpx.PoolTimeout, APIConnectionError, 3),
    ],
)
def test_what_is_not_marked_as_safe_is_repeated_only_where_nothing_was_sent(
    request_: Request,
    answers: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    outcome: Any,
    error: type[APIConnectionError | ServerError],
    times: int,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    answers += [httpx.Response(outcome) if isinstance(outcome, int) else outcome] * 3
    with pytest.raises(error) as caught:
        request_(method="post", url="/v1/projects/archived")
    assert (caught.value.attempts, len(answers), len(waits)) == (times, 3 - times, times - 1)
