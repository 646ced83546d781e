"""sign_in as key source: when it signs in, how it fails, and that nothing shows the password."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import (
    ActivepiecesError,
    APIStatusError,
    ConfigurationError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
    sign_in,
)
from activepieces_client.testing import StandIn

from .support.leaks import PASSWORD
from .support.updates import ID, async_client, call, call_at_once, sync_client

NOW = {"retry-after": "0"}
SOURCE: dict[str, Any] = {"api_key": sign_in(StandIn().email, PASSWORD)}

pytestmark = pytest.mark.usefixtures("debug_logs")


def keys(service: StandIn) -> list[str | None]:
    """Return the key of each request."""
    return [request.headers.get("authorization") for request in service.requests]


def signed_in(token: str) -> httpx.Response:
    return httpx.Response(200, json={"token": token})


def test_first_call_signs_in_without_a_key(any_service: StandIn, kind: str) -> None:
    assert call(kind, any_service, "update", ID, {"displayName": "Acme"}, client=SOURCE).display_name == "Acme"
    assert keys(any_service) == [None, "Bearer stand-in.admin.token-1"]
    assert any_service.requests[0].json == {"email": any_service.email, "password": PASSWORD}


def test_all_calls_share_one_sign_in(kind: str) -> None:
    with StandIn().serve() as service:
        assert len(call_at_once(kind, service, 20, "update", ID, {}, client=SOURCE)) == 20
    assert keys(service) == [None, *["Bearer stand-in.admin.token-1"] * 20]


@pytest.mark.parametrize("rejection", [401, (403, "SESSION_EXPIRED")])
def test_rejected_token_signs_in_again(service: StandIn, kind: str, rejection: Any) -> None:
    service.fail(signed_in("old"), rejection)
    assert call(kind, service, "update", ID, {}, client=SOURCE).id == ID
    assert keys(service) == [None, "Bearer old", None, "Bearer stand-in.admin.token-1"]


def test_sign_in_does_not_block_the_event_loop(backend: str) -> None:
    turns = 0

    def slow(_: httpx.Request) -> httpx.Response:
        done.wait(30)
        return signed_in("slow")

    async def run() -> None:
        nonlocal turns
        async with async_client(service, **SOURCE) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.projects.get, ID)
            for _ in range(20):
                await anyio.sleep(0.01)
            turns = len(service.requests)
            service.tokens.add("slow")
            done.set()

    done = threading.Event()
    with StandIn().serve() as service:
        service.handlers["signIn"] = slow
        anyio.run(run, backend=backend)
    assert (turns, len(service.requests)) == (1, 2)


def test_address_of_the_sign_in_may_be_another(kind: str) -> None:
    with StandIn().serve() as elsewhere, StandIn().serve() as service:
        service.api_key = "stand-in.admin.token-1"
        source = sign_in(elsewhere.email, PASSWORD, base_url=elsewhere.base_url)
        assert call(kind, service, "get", ID, client={"api_key": source}).id == ID
    assert (keys(elsewhere), keys(service)) == ([None], ["Bearer stand-in.admin.token-1"])


def test_invalid_address_of_a_sign_in_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match="must be https"):
        sync_client(StandIn(), api_key=sign_in("a@example.com", PASSWORD, base_url="http://flows.example.com/api"))


# Failures


def test_wrong_credentials_fail_at_the_first_call(service: StandIn, kind: str) -> None:
    service.password = "another-password"
    service.handlers["signIn"] = lambda _: httpx.Response(401, json={"code": "INVALID_CREDENTIALS", "params": None})
    with pytest.raises(ConfigurationError) as caught:
        call(kind, service, "update", ID, {}, client=SOURCE)
    assert str(caught.value) == "sign_in: the service rejects the email or the password"
    assert keys(service) == [None]


@pytest.mark.parametrize("password", ["hunter2", "hunter2" * 10, "hunter2\udcff", b"hunter2hunter2", None])
def test_invalid_password_is_not_shown(service: StandIn, kind: str, password: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        call(kind, service, "update", ID, {}, client={"api_key": sign_in(service.email, password)})
    assert str(caught.value) == "sign_in: invalid password; nothing was sent"
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert service.requests == []


@pytest.mark.parametrize("email", ["nobody", "", 5, None])
def test_invalid_email_is_named(service: StandIn, kind: str, email: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^sign_in: invalid email; nothing was sent$"):
        call(kind, service, "update", ID, {}, client={"api_key": sign_in(email, PASSWORD)})
    assert service.requests == []


def test_429_of_a_sign_in_waits_once(service: StandIn, waits: list[float]) -> None:
    service.fail(*[(429, {"retry-after": "60"})] * 3)
    with pytest.raises(RateLimitError, match="sign-in, 2 attempts"):
        call("sync", service, "update", ID, {}, client=SOURCE)
    assert waits == [60.0]
    call("sync", service, "update", ID, {}, client=SOURCE)
    assert waits == [60.0, 60.0]


def fail_in_a_hook(_: object) -> None:
    raise ValueError("of a hook")


async def fail_in_an_async_hook(_: object) -> None:
    raise ValueError("of a hook")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (500, ServerError),
        (404, APIStatusError),
        (httpx.ReadError, ActivepiecesError),
        (httpx.ReadTimeout, ActivepiecesError),
        (httpx.ConnectError, ActivepiecesError),
        (f"<html>{PASSWORD}", ResponseValidationError),
        (f'{{"tokens": "{PASSWORD}"}}', ResponseValidationError),
        (f'{{"token": "{PASSWORD}\\n"}}', ConfigurationError),
        (None, ValueError),
    ],
    ids=repr,
)
def test_failed_sign_in_does_not_show_the_password(
    any_service: StandIn, kind: str, failure: Any, error: type[Exception]
) -> None:
    hooks = {"response": [fail_in_a_hook if kind == "sync" else fail_in_an_async_hook]}
    make: Any = httpx.Client if kind == "sync" else httpx.AsyncClient
    client = dict(SOURCE)
    if failure is None:
        client["http_client"] = make(transport=any_service.transport, event_hooks=hooks)
    else:
        any_service.fail(*(httpx.Response(200, text=failure) if isinstance(failure, str) else failure for _ in "12"))
    with pytest.raises(error):
        call(kind, any_service, "update", ID, {}, client={**client, "timeout": 0.3})


def test_representations_do_not_show_the_password(service: StandIn) -> None:
    client = sync_client(service, **SOURCE)
    client.projects.get(ID)
    for shown in (repr(SOURCE), repr(client), repr(vars(client)), repr(client.generated)):
        assert PASSWORD not in shown
