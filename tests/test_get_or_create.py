"""get_or_create: one project for one external id, whatever happens at the same time or on the wire."""

from __future__ import annotations

import functools
import itertools
import random
import socket
import threading
from typing import Any

import httpx
import pytest

from activepieces_client import (
    ActivepiecesError,
    APIStatusError,
    PayloadTooLargeError,
    RateLimitError,
    RequestValidationError,
    ServerError,
)
from activepieces_client.models import ColorName, ProjectIconUpdate
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.updates import ID, call, call_at_once, stand_in_at
from .test_faults import FAULTS, LEFT_BY_TRIO, Fault

ICON = ProjectIconUpdate(color=ColorName.PINK)
NEW: dict[str, Any] = {"external_id": "customer-1", "display_name": "Acme"}
NOW = {"retry-after": "0"}


@pytest.fixture
def service() -> StandIn:
    return StandIn([])


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", min)


def database_error(code: str) -> httpx.Response:
    return httpx.Response(500, json={"statusCode": 500, "code": code, "message": "of the database"})


def sent(service: StandIn) -> list[str]:
    return [request.method for request in service.requests]


def test_project_that_exists_is_returned_as_it_is(kind: str) -> None:
    service = StandIn([{"externalId": "customer-1", "displayName": "Mine"}])
    project, created = call(kind, service, "get_or_create", **NEW, icon=ICON)
    assert (project.id, project.display_name, created) == (ID, "Mine", False)
    assert sent(service) == ["GET"]


def test_missing_project_is_created(service: StandIn, kind: str) -> None:
    project, created = call(kind, service, "get_or_create", **NEW, metadata={"tier": "gold"}, max_concurrent_jobs=3)
    assert (project.external_id, project.display_name, created) == ("customer-1", "Acme", True)
    assert (project.metadata.to_dict(), project.max_concurrent_jobs) == ({"tier": "gold"}, 3)
    assert sent(service) == ["GET", "POST"]


def test_properties_that_create_drops_are_updated(service: StandIn, kind: str) -> None:
    project, created = call(kind, service, "get_or_create", **NEW, icon=ICON, releases_enabled=True)
    assert (project.icon.color, project.releases_enabled, created) == (ColorName.PINK, True, True)
    assert [sorted(request.json) for request in service.requests[1:]] == [
        ["displayName", "externalId"],
        ["icon", "releasesEnabled"],
    ]


@pytest.mark.parametrize("body", [{"display_name": "a/b"}, {"icon": {}}, {"max_concurrent_jobs": "many"}])
def test_invalid_property_sends_nothing(service: StandIn, kind: str, body: dict[str, Any]) -> None:
    with pytest.raises(RequestValidationError):
        call(kind, service, "get_or_create", **NEW | body)
    assert service.requests == []


class Racing(StandIn):
    """A service in which the first eight searches all end before the first create."""

    def __init__(self) -> None:
        super().__init__([])
        self._searches, self._barrier = itertools.count(), threading.Barrier(8)

    def handle(self, request: httpx.Request) -> httpx.Response:
        response = super().handle(request)
        if request.method == "GET" and next(self._searches) < 8:
            self._barrier.wait(timeout=30)
        return response


def test_50_calls_at_once_end_with_one_project(kind: str) -> None:
    with Racing().serve() as service:
        results = call_at_once(kind, service, 50, "get_or_create", client={}, **NEW, icon=ICON)
    assert len(results) == 50
    assert {project.id for project, _ in results} == {project["id"] for project in service.projects}
    assert [created for _, created in results].count(True) == len(service.projects) == 1
    assert sum(b"externalId" in request.content for request in service.requests) >= 8


# Failures of a create


def test_project_of_another_platform_is_named(service: StandIn, kind: str) -> None:
    service.handlers["createProject"] = lambda _: database_error("23505")
    with pytest.raises(ServerError, match='the external id "customer-1" is taken'):
        call(kind, service, "get_or_create", **NEW)
    assert sent(service) == ["GET", "POST", "GET"]


def test_value_that_the_database_rejects_is_sent_once(service: StandIn, kind: str) -> None:
    service.handlers["createProject"] = lambda _: database_error("22P02")
    with pytest.raises(ServerError, match="22P02"):
        call(kind, service, "get_or_create", **NEW)
    assert sent(service) == ["GET", "POST"]


@pytest.mark.parametrize(("status", "error"), [(503, ServerError), (429, RateLimitError)])
def test_last_failure_of_a_create_is_raised(
    service: StandIn, kind: str, status: int, error: type[APIStatusError]
) -> None:
    service.handlers["createProject"] = lambda _: httpx.Response(status, headers=NOW)
    with pytest.raises(error):
        call(kind, service, "get_or_create", **NEW)
    assert sent(service) == ["GET", *["POST", "GET"] * 3, "POST"]


@pytest.mark.parametrize(("retry_after", "seconds"), [("7", 7.0), ("3600", 60.0)])
def test_create_waits_its_retry_after(service: StandIn, waits: list[float], retry_after: str, seconds: float) -> None:
    empty = httpx.Response(200, json={"data": [], "next": None, "previous": None})
    service.fail(empty, (503, {"retry-after": retry_after}))
    assert call("sync", service, "get_or_create", **NEW)[1]
    assert waits == [seconds]


def test_create_lost_to_another_program_is_not_updated(service: StandIn, kind: str) -> None:
    def lose(_: httpx.Request) -> httpx.Response:
        service.projects.append({**StandIn().projects[0], "externalId": "customer-1"})
        return database_error("23505")

    service.handlers["createProject"] = lose
    project, created = call(kind, service, "get_or_create", **NEW, icon=ICON)
    assert (project.id, created) == (ID, False)
    assert sent(service) == ["GET", "POST", "GET"]


# Faults on the wire


class Proxy:
    """A proxy in front of a stand-in, which has a fault at one of the requests, and loses responses to others.

    Args:
        service: The stand-in.
        fault: The fault.
        number: The request that has it; the first is 0.
        reaches: Whether the service carries that request out.
        lost: The request whose response is lost.
    """

    def __init__(self, service: StandIn, fault: Fault, number: int, *, reaches: bool, lost: int = -1) -> None:
        self._service, self._fault, self._number, self._reaches, self._lost = service, fault, number, reaches, lost
        self._numbers = itertools.count()

    def handle(self, connection: socket.socket) -> None:
        number = next(self._numbers)  # each request has its connection
        faulty = number == self._number
        if faulty and self._fault.on_connect:
            for step in self._fault.on_connect:
                step(connection)
            return
        received = raw_server.read_request(connection)
        if received and (not faulty or self._reaches):
            response = self._service.handle(parse(received))
            if not faulty and number != self._lost:
                status = b"%d -" % response.status_code
                raw_server.respond(connection, response.content, b"Connection: close", status=status)
        for step in self._fault.on_request if faulty else ():
            step(connection)


def parse(received: bytes) -> httpx.Request:
    head, _, body = received.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    method, target, _ = line.split()
    headers = [(name, value) for name, _, value in (field.partition(": ") for field in fields)]
    return httpx.Request(method, f"http://127.0.0.1{target}", headers=headers, content=body)


# find, create, update; and find again, after a create whose response was lost
REQUESTS: list[dict[str, Any]] = [
    {"number": 0, "reaches": False},
    {"number": 1, "reaches": False},
    {"number": 1, "reaches": True},
    {"number": 2, "reaches": False},
    {"number": 2, "reaches": False, "lost": 1},
]
REAL = {name: fault for name, fault in FAULTS.items() if fault.error}
# Statuses that a proxy means: the same request would have them again.
MEANT = APIStatusError, PayloadTooLargeError
# An attempt ends after 1.1 s.
TIMEOUT = httpx.Timeout(0.1, read=0.8)


@LEFT_BY_TRIO
@pytest.mark.parametrize(("number", "name"), list(enumerate(REAL)), ids=REAL)
def test_fault_never_makes_two_projects(number: int, name: str) -> None:
    fault = REAL[name]
    # Each kind has every third fault, since all kinds share the logic.
    kind = "asyncio" if fault.headers else ["sync", "asyncio", "trio"][number % 3]
    for request in REQUESTS:
        service = StandIn([])
        with raw_server.serve(Proxy(service, fault, **request).handle) as server:
            options = {**NEW, "icon": ICON, "timeout": TIMEOUT}
            get_or_create = functools.partial(call, kind, stand_in_at(server.base_url), "get_or_create", **options)
            error: ActivepiecesError | None = None
            try:
                project, created = get_or_create()
            except ActivepiecesError as raised:
                error = raised
                project, created = get_or_create()
            # If the first search fails, nothing was done.
            assert error is None or request["number"] == 0 or type(error) in MEANT, (request, error)
            assert error or (created and project.icon.color is ColorName.PINK), request
        assert [found["id"] for found in service.projects] == [project.id], request
