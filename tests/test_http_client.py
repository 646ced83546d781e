"""The argument `http_client`: its type, its hooks, and the objects that they keep."""

from __future__ import annotations

import functools
import json
import pickle
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import (
    Activepieces,
    APIStatusError,
    AsyncActivepieces,
    ConfigurationError,
    ResponseValidationError,
    ServerError,
)
from activepieces_client.testing import StandIn

from .support.leaks import API_KEY
from .support.updates import ID, Update, sync_client

REDACTED = "[redacted]"


# Kind


def make_url(**_: object) -> str:
    """Return a value that is not a client."""
    return "https://proxy.example.com"


HTTPX2 = "httpx2.Client; httpx2 follows once openapi-python-client supports it"


def make_httpx2(**_: object) -> object:
    """Return a client of httpx2, as far as its type goes."""
    return type("Client", (), {"__module__": "httpx2"})()


@pytest.mark.parametrize(
    ("client", "make", "expected", "given"),
    [
        (Activepieces, httpx.AsyncClient, "httpx.Client", "httpx.AsyncClient"),
        (Activepieces, dict, "httpx.Client", "dict"),
        (Activepieces, make_httpx2, "httpx.Client", HTTPX2),
        (AsyncActivepieces, httpx.Client, "httpx.AsyncClient", "httpx.Client"),
        (AsyncActivepieces, make_url, "httpx.AsyncClient", "str"),
    ],
)
def test_http_client_of_another_type_is_rejected(
    service: StandIn, client: Any, make: Callable[..., Any], expected: str, given: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client("sk-1", base_url=service.base_url, http_client=make(transport=service.transport))
    assert str(caught.value) == f"http_client must be an {expected}, not {given}"


def test_subclass_of_httpx_client_is_accepted(service: StandIn) -> None:
    class Client(httpx.Client):
        """Such as the ones of other SDKs, or of a test framework."""

    with Client(transport=service.transport) as http_client:
        client = Activepieces(service.api_key, base_url=service.base_url, http_client=http_client)
        assert client.projects.update(ID, {}).id == ID


def test_http_client_keeps_its_settings(service: StandIn, update: Update, kind: str) -> None:
    make: Any = httpx.Client if kind == "sync" else httpx.AsyncClient
    http_client = make(
        transport=service.transport,
        headers={"x-team": "platform", "user-agent": "ours/1"},
        cookies={"node": "7"},
        params={"trace": "1"},
        timeout=7,
    )
    update(service, ID, {"displayName": "Acme"}, client={"http_client": http_client})

    (request,) = service.requests
    assert (request.headers["x-team"], request.headers["user-agent"]) == ("platform", "ours/1")
    assert (request.headers["cookie"], request.url.query) == ("node=7", b"trace=1")
    assert request.extensions["timeout"] == {"connect": 7, "read": 7, "write": 7, "pool": 7}
    assert not http_client.is_closed


def test_http_client_without_timeout_has_the_default(service: StandIn) -> None:
    http_client = httpx.Client(transport=service.transport, timeout=None)
    sync_client(service, http_client=http_client).projects.update(ID, {})
    assert service.requests[0].extensions["timeout"] == {"connect": 5, "read": 30, "write": 30, "pool": 30}


# Open and closed


@pytest.mark.parametrize("calls", [0, 1])
def test_closed_client_sends_nothing(kind: str, calls: int) -> None:
    def use() -> None:
        client = Activepieces(service.api_key, base_url=service.base_url)
        for _ in range(calls):
            client.projects.update(ID, {})
        client.close()
        client.close()
        client.projects.update(ID, {})

    async def use_async() -> None:
        client = AsyncActivepieces(service.api_key, base_url=service.base_url)
        for _ in range(calls):
            await client.projects.update(ID, {})
        await client.aclose()
        await client.aclose()
        await client.projects.update(ID, {})

    run = use if kind == "sync" else functools.partial(anyio.run, use_async, backend=kind)
    with StandIn().serve() as service, pytest.raises(ConfigurationError, match=r"^the client is closed$"):
        run()
    assert len(service.requests) == calls


def test_closing_leaves_the_http_client_open(service: StandIn) -> None:
    with httpx.Client(transport=service.transport) as http_client:
        with Activepieces(service.api_key, base_url=service.base_url, http_client=http_client) as client:
            client.projects.update(ID, {})
        assert not http_client.is_closed
        with pytest.raises(ConfigurationError, match=r"^the client is closed$"):
            client.projects.update(ID, {})
    assert len(service.requests) == 1


def test_http_client_without_user_agent_sends_none(service: StandIn) -> None:
    http_client = httpx.Client(transport=service.transport)
    del http_client.headers["User-Agent"]
    Activepieces(service.api_key, base_url=service.base_url, http_client=http_client).projects.update(ID, {})
    assert "user-agent" not in service.requests[0].headers


def test_closed_http_client_is_named(service: StandIn) -> None:
    http_client = httpx.Client(transport=service.transport)
    client = sync_client(service, http_client=http_client)
    client.projects.update(ID, {})
    http_client.close()
    for use in (lambda: client.projects.update(ID, {}), lambda: sync_client(service, http_client=http_client)):
        with pytest.raises(ConfigurationError, match=r"^http_client is closed$"):
            use()
    assert len(service.requests) == 1


# Hooks


def hooked(
    service: StandIn,
    kind: str,
    *,
    on_request: Callable[[httpx.Request], object] | None = None,
    on_response: Callable[[httpx.Response], object] | None = None,
    read: bool = False,
) -> dict[str, Any]:
    """Return arguments of a client with hooks; with `read`, they read the body first."""
    make: Any = httpx.Client if kind == "sync" else httpx.AsyncClient

    def request_hook(request: httpx.Request) -> None:
        if on_request:
            on_request(request)

    def response_hook(response: httpx.Response) -> None:
        if read:
            response.read()
        if on_response:
            on_response(response)

    async def async_request_hook(request: httpx.Request) -> None:
        request_hook(request)

    async def async_response_hook(response: httpx.Response) -> None:
        if read:
            await response.aread()
        if on_response:
            on_response(response)

    hooks: dict[str, list[Any]] = {"request": [request_hook], "response": [response_hook]}
    async_hooks: dict[str, list[Any]] = {"request": [async_request_hook], "response": [async_response_hook]}
    return {
        "http_client": make(transport=service.transport, event_hooks=hooks if kind == "sync" else async_hooks),
    }


@pytest.mark.parametrize("read", [False, True])
def test_response_in_a_hook_is_one_of_httpx(service: StandIn, update: Update, kind: str, read: bool) -> None:
    kept: list[httpx.Response] = []
    service.projects[0]["metadata"] = {"share": 0.1}
    update(service, ID, {}, client=hooked(service, kind, on_response=kept.append, read=read))
    (response,) = kept
    assert response.json(parse_float=Decimal)["metadata"] == {"share": Decimal("0.1")}
    assert response.json() == json.loads(response.content) == service.projects[0]
    assert response.is_closed
    again = pickle.loads(pickle.dumps(response))
    assert (again.status_code, again.content, again.json()) == (200, response.content, response.json())


def test_error_response_in_a_hook_is_one_of_httpx(service: StandIn, update: Update, kind: str) -> None:
    kept: list[httpx.Response] = []
    service.fail(500)
    with pytest.raises(ServerError):
        update(service, ID, {}, client=hooked(service, kind, on_response=kept.append), max_retries=0)
    assert kept[0].json()["statusCode"] == 500
    assert pickle.loads(pickle.dumps(kept[0])).content == kept[0].content


def test_changing_a_kept_body_changes_no_project(service: StandIn, update: Update, kind: str) -> None:
    kept: list[httpx.Response] = []
    project = update(service, ID, {}, client=hooked(service, kind, on_response=kept.append))
    kept[0].json()["displayName"] = "changed"
    assert kept[0].json()["displayName"] == project.display_name != "changed"


@pytest.mark.parametrize("read", [False, True])
def test_response_hook_runs_once_for_each_attempt(service: StandIn, update: Update, kind: str, read: bool) -> None:
    statuses: list[int] = []
    service.fail((503, {"retry-after": "0"}))
    note = hooked(service, kind, on_response=lambda response: statuses.append(response.status_code), read=read)
    update(service, ID, {}, client=note)
    assert statuses == [503, 200]


def test_request_hook_sees_the_key_and_adds_a_header(service: StandIn, update: Update, kind: str) -> None:
    def sign(request: httpx.Request) -> None:
        seen.append(request.headers["Authorization"] == f"Bearer {service.api_key}")
        request.headers["X-Signature"] = str(len(request.content))

    seen: list[bool] = []
    update(service, ID, {"displayName": "Acme"}, client=hooked(service, kind, on_request=sign))
    assert seen == [True]
    assert service.requests[0].headers["X-Signature"] == str(len(b'{"displayName":"Acme"}'))


def test_error_of_a_hook_passes_through(service: StandIn, update: Update, kind: str) -> None:
    def check(response: httpx.Response) -> None:
        response.raise_for_status()

    service.fail(404)
    with pytest.raises(httpx.HTTPStatusError) as caught:
        update(service, ID, {}, client=hooked(service, kind, on_response=check))
    assert len(service.requests) == 1
    assert caught.value.request.headers["Authorization"] == REDACTED
    assert API_KEY.encode() not in pickle.dumps(caught.value.request)


# What outlives a call has no key


def without_key(*outliving: httpx.Request | httpx.Response) -> None:
    for thing in outliving:
        request = thing.request if isinstance(thing, httpx.Response) else thing
        assert request.headers["Authorization"] == REDACTED
        assert API_KEY.encode() not in pickle.dumps(thing)


@pytest.mark.parametrize("status", [200, 500, 307])
def test_kept_request_and_response_have_no_key(service: StandIn, update: Update, kind: str, status: int) -> None:
    requests: list[httpx.Request] = []
    responses: list[httpx.Response] = []
    if status != 200:
        service.fail((status, {"location": "/login"}))
    try:
        client = hooked(service, kind, on_request=requests.append, on_response=responses.append)
        update(service, ID, {}, client=client, max_retries=0)
    except APIStatusError as error:
        without_key(error.request, error.response)
    assert len(requests) == len(responses) == 1
    without_key(*requests, *responses)


def test_neither_key_of_a_renewal_outlives_the_call(service: StandIn, update: Update, kind: str) -> None:
    requests: list[httpx.Request] = []
    responses: list[httpx.Response] = []
    keys = iter(["an-older-key", service.api_key])
    client = hooked(service, kind, on_request=requests.append, on_response=responses.append)
    update(service, ID, {}, client={**client, "api_key": lambda: next(keys)})
    assert [response.status_code for response in responses] == [401, 200]
    without_key(*requests, *responses, *responses[1].history)
    assert b"an-older-key" not in pickle.dumps([requests, responses])


def test_response_of_an_invalid_success_has_no_key(service: StandIn, update: Update) -> None:
    service.fail(httpx.Response(200, json={}))
    with pytest.raises(ResponseValidationError) as caught:
        update(service, ID, {})
    without_key(caught.value.response)
