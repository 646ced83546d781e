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
from activepieces_client._specification import specification
from activepieces_client.testing import StandIn

from .support.pooled import Pooled
from .support.roll_outs import projects, renames, roll_out
from .support.updates import stand_in_at

pytestmark = pytest.mark.usefixtures("short_pauses")

CONCURRENCY = 4
MAX_FAILURES = 10
# Before one update at a time probes a server that is healthy.
MOST_ROUNDS = 4


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
    # As many pauses as by default, a tenth as long: they take 4 s.
    for name, seconds in (("FIRST_PAUSE", 0.025), ("MAX_PAUSE", 0.8)):
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


def test_busy_server_fails_none(kind: str) -> None:
    service = StandIn(projects(60))
    handle, lock, numbers = service.handle, threading.Lock(), itertools.count()

    def refuse_some(request: httpx.Request) -> httpx.Response:
        with lock:
            refuse = request.method == "POST" and next(numbers) % 10 in (3, 4)
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
    assert len(moments) == 42  # with one for the server's health
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
    assert len(taken) <= MOST_ROUNDS * concurrency + MAX_FAILURES
    assert len(sent(service)) <= MOST_ROUNDS * concurrency + MAX_FAILURES


def sent(service: StandIn) -> list[httpx.Request]:
    """Return the updates that a service received."""
    return [request for request in service.requests if request.method == "POST"]


# The server's health


def health(service: StandIn, *responses: Any) -> None:
    """Respond to requests for the server's health in turn, and to all others with the last one."""
    left = list(responses)

    def respond(_: httpx.Request) -> httpx.Response:
        response = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(response, type):
            raise response("a failure of the test")
        return httpx.Response(response, json={"status": "Healthy" if response == 200 else "Unhealthy"})

    service.handlers["getHealth"] = respond


def fail_every(service: StandIn, number: int, *failures: Any) -> None:
    """Let each so many-th update fail."""
    handle, numbers, turn = service.handle, itertools.count(), threading.Lock()

    def handle_some(request: httpx.Request) -> httpx.Response:
        with turn:
            if request.method == "POST" and (count := next(numbers)) % number == number - 1:
                service.fail(failures[count % len(failures)])
            return handle(request)

    service.handle = handle_some  # type: ignore[method-assign]


def test_wrong_key_of_a_healthy_server_stops_soon(kind: str) -> None:
    service = StandIn(projects(100))
    service.api_key, key = "sk-other", service.api_key
    result = roll_out(kind, service, renames(service), client={"api_key": key})
    assert type(result.stopped) is AuthenticationError
    assert len(sent(service)) <= CONCURRENCY + 6


def test_unhealthy_server_is_waited_for(kind: str) -> None:
    service = StandIn(projects(40))
    health(service, 503, 503, httpx.ConnectError, 503, 200)
    service.fail(*[(401, "INVALID_BEARER_TOKEN")] * CONCURRENCY)
    with service.serve():
        result = roll_out(kind, service, renames(service))
    assert (result.indexes, result.errors, result.stopped) == (list(range(40)), [], None)
    assert 40 < len(sent(service)) <= 40 + CONCURRENCY


def test_hanging_server_is_named_with_the_remedy(kind: str) -> None:
    service = StandIn(projects(40))
    health(service, httpx.ReadTimeout)
    service.handlers["updateProject"] = raise_timeout
    result = roll_out(kind, service, renames(service))
    assert type(result.stopped) is APITimeoutError
    assert "the server hangs" in str(result.stopped)
    assert "select pg_terminate_backend(pid)" in str(result.stopped)
    assert len(sent(service)) == CONCURRENCY
    assert len(service.requests) == CONCURRENCY + 2


def raise_timeout(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("a failure of the test", request=request)


def test_older_server_is_probed_with_an_update(kind: str) -> None:
    service = StandIn(projects(40))
    health(service, 404)
    service.fail(*[503] * CONCURRENCY, 404, 503)
    with service.serve():
        result = roll_out(kind, service, renames(service), concurrency=1)
    assert (result.indexes, result.errors, result.stopped) == (list(range(40)), [], None)


def test_fault_of_one_update_delays_no_other(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activepieces_client.bulk._schedule.FIRST_PAUSE", 30.0)
    service = StandIn(projects(100))
    fail_every(service, 6, 502, httpx.RemoteProtocolError, (429, {"retry-after": "0"}))
    start = time.monotonic()
    with service.serve():
        indexes: list[int] = []

        def note(outcomes: Any, outcome: UpdateOutcome) -> None:
            indexes.append(outcome.index)
            if len(indexes) > 80:
                outcomes.stop()  # before the last retries, which wait

        result = roll_out(kind, service, renames(service), note)
    assert len(indexes) > 80
    assert result.stopped is None
    assert time.monotonic() - start < 20


def test_update_that_always_fails_stops_no_other(kind: str) -> None:
    service = StandIn(projects(60))
    broken = {project["id"] for project in service.projects[5:11]}
    handle = service.handle

    def fail_broken(request: httpx.Request) -> httpx.Response:
        if request.url.path.rpartition("/")[2] in broken:
            return httpx.Response(500, json={"statusCode": 500, "code": "UNKNOWN", "message": "no"})
        return handle(request)

    service.handle = fail_broken  # type: ignore[method-assign]
    with service.serve():
        result = roll_out(kind, service, renames(service))
    assert result.indexes == list(range(60))
    assert result.errors == [ServerError] * 6
    assert result.stopped is None


def test_update_that_is_not_idempotent_is_not_retried(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specification().operations["updateProject"], "idempotent", False)
    service = StandIn(projects(8))
    service.fail(503)
    assert roll_out(kind, service, renames(service), concurrency=1).errors == [ServerError]
    assert len(sent(service)) == 8


def test_frozen_clock_does_not_keep_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    service = StandIn(projects(8))
    health(service, 503, 200)
    service.fail(503)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(time, "time", lambda: now)
    assert roll_out("sync", service, renames(service), concurrency=1).errors == []


def test_error_of_a_hook_during_a_health_request(kind: str) -> None:
    def check_health(_: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    service = StandIn(projects(8))
    service.handlers["getHealth"] = check_health
    service.fail(503)
    with pytest.raises(ZeroDivisionError):
        roll_out(kind, service, renames(service), concurrency=1)
    assert len(sent(service)) == 1


def test_silent_server_stops_the_roll_out(kind: str) -> None:
    service = StandIn(projects(100))
    service.handlers["updateProject"] = raise_timeout
    result = roll_out(kind, service, renames(service))
    assert type(result.stopped) is APITimeoutError
    assert len(sent(service)) <= MOST_ROUNDS * CONCURRENCY + MAX_FAILURES


@pytest.mark.parametrize(
    ("respond", "error"),
    [
        (respond(404, json=envelope("ENTITY_NOT_FOUND")), NotFoundError),
        (respond(409, json={"statusCode": 409, "message": "no"}), ConflictError),
        (respond(409, json=envelope("VALIDATION")), ConflictError),
        (respond(403, json={"code": "PERMISSION_DENIED", "params": {"projectId": "p"}}), PermissionDeniedError),
        (respond(500, json={"statusCode": 500, "code": "22003", "message": "out of range"}), ServerError),
        (respond(500, json={"statusCode": 500, "code": "23505", "message": "duplicate"}), ServerError),
    ],
)
def test_errors_about_the_updates_stop_nothing(kind: str, respond: Cause, error: type[ActivepiecesError]) -> None:
    service = StandIn(projects(40))
    respond(service)
    result = roll_out(kind, service, renames(service))
    assert result.indexes == list(range(40))
    assert result.errors == [error] * 40
    assert result.stopped is None


def test_address_without_a_server_fails_soon(kind: str) -> None:
    start = time.monotonic()
    result = roll_out(kind, stand_in_at("http://127.0.0.1:9/api"), [("p1", {})])
    assert type(result.stopped) is APIConnectionError
    assert result.errors == [APIConnectionError]
    assert time.monotonic() - start < 30
