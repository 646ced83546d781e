"""Roll-outs among failures: busy and restarting servers, lasting causes."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from activepieces_client import (
    ActivepiecesError,
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
    UpdateOutcome,
)
from activepieces_client.testing import StandIn

from .support.pooled import Pooled
from .support.roll_outs import projects, renames, roll_out
from .support.updates import stand_in_at

pytestmark = pytest.mark.usefixtures("short_pauses")

CONCURRENCY = 4
MAX_FAILURES = 10


@pytest.mark.parametrize("options", [{}, {"concurrency": 8}], ids=["default", "8"])
def test_default_server_survives(kind: str, options: dict[str, Any]) -> None:
    service = Pooled(60)
    with service.serve():
        result = roll_out(kind, service, renames(service), **options)
    assert result.indexes == list(range(60))
    assert result.errors == []
    assert not service.hung


def test_default_server_does_not_survive_16_in_flight() -> None:
    service = Pooled(60, seconds=0.05, patience=0.5)
    limits = httpx.Limits(max_connections=16)
    with service.serve(), httpx.Client(limits=limits) as http_client:
        roll_out("sync", service, renames(service), client={"http_client": http_client}, concurrency=16)
    assert service.hung


def test_restarting_server_is_waited_for(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # As many pauses as by default, a tenth as long: they take 4.7 s.
    for name, seconds in (("FIRST_PAUSE", 0.05), ("MAX_OUTAGE_PAUSE", 0.8)):
        monkeypatch.setattr(f"activepieces_client.bulk._schedule.{name}", seconds)
    service = StandIn(projects(60))
    before, after = contextlib.ExitStack(), contextlib.ExitStack()

    def on_outcome(_: object, outcome: UpdateOutcome) -> None:
        seen.append(outcome)
        if len(seen) == 10:
            before.close()
            timer.start()

    seen: list[UpdateOutcome] = []
    with before, after:
        base_url = before.enter_context(service.serve()).base_url
        again = service.serve(int(base_url.rpartition(":")[2].removesuffix("/api")))
        timer = threading.Timer(0.5, after.enter_context, [again])
        result = roll_out(kind, service, renames(service), on_outcome, client={"base_url": base_url})
        timer.join()
    assert result.indexes == list(range(60))
    assert result.errors == []
    assert result.stopped is None
    assert [project["displayName"] for project in service.projects] == [f"Name {n}" for n in range(60)]


def test_busy_server_slows_down_and_fails_none(kind: str) -> None:
    service = StandIn(projects(60))
    handle, lock, numbers = service.handle, threading.Lock(), itertools.count()

    def refuse_some(request: httpx.Request) -> httpx.Response:
        with lock:
            refuse = next(numbers) % 10 in (3, 4)
        return httpx.Response(429, headers={"retry-after": "0"}) if refuse else handle(request)

    service.handle = refuse_some  # type: ignore[method-assign]
    with service.serve():
        result = roll_out(kind, service, renames(service), max_retries=9)
    assert result.indexes == list(range(60))
    assert result.errors == []


def test_retry_after_pauses_all(kind: str) -> None:
    service = StandIn(projects(40))
    moments: list[float] = []
    handle = service.handle

    def note(request: httpx.Request) -> httpx.Response:
        moments.append(time.monotonic())
        return handle(request)

    service.handle = note  # type: ignore[method-assign]
    service.fail((429, {"retry-after": "1"}))
    with service.serve():
        assert roll_out(kind, service, renames(service), concurrency=2).errors == []
    assert len(moments) == 41
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    # One more was in flight when the server asked for the pause, and one more may have started before it was read.
    assert any(gap > 0.9 for gap in gaps[:3])


# Causes that fail all


def no_connection(service: StandIn) -> None:
    service.base_url = "http://127.0.0.1:9/api"


def web_page(service: StandIn) -> None:
    service.base_url = service.base_url.removesuffix("/api")


def respond(status: int, **content: Any) -> Callable[[StandIn], None]:
    """Respond to every request with the same."""

    def respond(service: StandIn) -> None:
        service.handlers["updateProject"] = lambda _: httpx.Response(status, **content)

    return respond


def envelope(code: str) -> dict[str, Any]:
    """Return the service's envelope of an error."""
    return {"code": code, "params": {}}


Cause = Callable[[StandIn], None]
CAUSES: dict[str, tuple[Cause, type[ActivepiecesError]]] = {
    "no connection": (no_connection, APIConnectionError),
    "wrong key": (respond(401, json=envelope("INVALID_BEARER_TOKEN")), AuthenticationError),
    "expired session": (respond(403, json=envelope("SESSION_EXPIRED")), PermissionDeniedError),
    "missing permission": (respond(403, json=envelope("PERMISSION_DENIED")), PermissionDeniedError),
    "database outage": (respond(500, json={"code": "ECONNREFUSED"}), ServerError),
    "maintenance page": (respond(503, html="<html>"), ServerError),
    "base_url without /api": (web_page, ResponseValidationError),
    "redirect to a login": (respond(302, headers={"location": "/login"}), APIStatusError),
    "404 of a proxy": (respond(404, html="<html>"), NotFoundError),
    "404 of an unknown route": (respond(404, json={"statusCode": 404, "message": "no route"}), NotFoundError),
    "404 of a gateway": (respond(404, json={"error": "no route"}), NotFoundError),
    "403 of a proxy": (respond(403, html="<html>"), PermissionDeniedError),
    "429 for ever": (respond(429), RateLimitError),
    "longest wait": (respond(503, headers={"retry-after": "301"}), ServerError),
}


@pytest.mark.parametrize(("cause", "error"), CAUSES.values(), ids=CAUSES.keys())
@pytest.mark.parametrize("concurrency", [1, CONCURRENCY, 8])
def test_cause_that_fails_all_stops_the_roll_out(
    kind: str, concurrency: int, cause: Cause, error: type[ActivepiecesError]
) -> None:
    service = StandIn(projects(100))
    taken: list[int] = []

    def updates() -> Iterator[tuple[str, dict[str, str]]]:
        for number, update in enumerate(renames(service)):
            taken.append(number)
            yield update

    cause(service)
    result = roll_out(kind, service, updates(), concurrency=concurrency)
    assert type(result.stopped) is error
    # Each that was taken has its outcome, and the others are unsent.
    assert set(result.errors) == {error}
    assert result.indexes == taken
    assert len(taken) <= concurrency + MAX_FAILURES
    assert len(service.requests) <= concurrency + MAX_FAILURES


def test_silent_server_stops_the_roll_out(kind: str) -> None:
    service = StandIn(projects(100))
    service.fail(*[httpx.ReadTimeout] * 100)
    result = roll_out(kind, service, renames(service))
    assert type(result.stopped) is APITimeoutError
    assert len(service.requests) <= CONCURRENCY + MAX_FAILURES


@pytest.mark.parametrize(
    ("respond", "error"),
    [
        (respond(404, json=envelope("ENTITY_NOT_FOUND")), NotFoundError),
        (respond(409, json={"statusCode": 409, "message": "no"}), ConflictError),
        (respond(409, json=envelope("VALIDATION")), ConflictError),
    ],
)
def test_errors_about_the_updates_stop_nothing(kind: str, respond: Cause, error: type[ActivepiecesError]) -> None:
    service = StandIn(projects(40))
    respond(service)
    result = roll_out(kind, service, renames(service))
    assert result.indexes == list(range(40))
    assert result.errors == [error] * 40
    assert result.stopped is None


def test_nothing_is_sent_after_the_roll_out_stopped(kind: str) -> None:
    service = StandIn(projects(100))
    service.fail(*[(401, "INVALID_BEARER_TOKEN")] * MAX_FAILURES)
    result = roll_out(kind, service, renames(service), concurrency=1)
    assert type(result.stopped) is AuthenticationError
    assert len(service.requests) == MAX_FAILURES  # the next one would have succeeded


def test_address_without_a_server_is_not_tried_for_long(kind: str) -> None:
    start = time.monotonic()
    result = roll_out(kind, stand_in_at("http://127.0.0.1:9/api"), [("p1", {})])
    assert type(result.stopped) is APIConnectionError
    assert result.errors == [APIConnectionError]
    assert time.monotonic() - start < 30
