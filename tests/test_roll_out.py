"""Roll-outs: outcomes, concurrency, and the rules of the block."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from activepieces_client import (
    APIStatusError,
    ConfigurationError,
    NotAppliedError,
    NotFoundError,
    RequestValidationError,
    ServerError,
    UpdateOutcome,
)
from activepieces_client.bulk import Failed, RollOut, Updated
from activepieces_client.testing import StandIn

from .support.roll_outs import projects, renames, roll_out
from .support.updates import async_client, sync_client

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.fixture
def service() -> StandIn:
    return StandIn(projects(40))


# Outcomes


def test_each_update_has_its_outcome(service: StandIn, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    result = roll_out(kind, service, renames(service))
    assert result.indexes == list(range(40))
    for outcome in result.outcomes:
        assert isinstance(outcome, Updated)
        assert outcome.error is None
        assert outcome.project.id == outcome.project_id == service.projects[outcome.index]["id"]
        assert outcome.project.display_name == f"Name {outcome.index}"
    assert [project["displayName"] for project in service.projects] == [f"Name {n}" for n in range(40)]
    assert result.stopped is None
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_roll_out_over_a_socket(kind: str) -> None:
    with StandIn(projects(40)).serve() as service:
        result = roll_out(kind, service, renames(service))
    assert result.indexes == list(range(40))
    assert result.errors == []


def test_no_updates_have_no_outcomes(service: StandIn, kind: str) -> None:
    assert roll_out(kind, service, []).outcomes == []


def test_failure_stops_no_other_update(service: StandIn, kind: str) -> None:
    first = service.projects[0]["id"]
    updates: list[Any] = [(first, {"displayName": "a/b"}), ("nowhere", {}), (first, {"displayName": "Fine"}), (5, {})]
    result = roll_out(kind, service, updates, concurrency=1)
    failed = {outcome.index: outcome for outcome in result.outcomes if isinstance(outcome, Failed)}
    assert {index: type(outcome.error) for index, outcome in failed.items()} == {
        0: RequestValidationError,
        1: NotFoundError,
        3: RequestValidationError,
    }
    assert failed[1].project is None
    assert failed[1].project_id == "nowhere"
    assert result.indexes == [0, 1, 2, 3]
    assert len(service.requests) == 2


def test_update_that_returns_nothing_has_an_outcome() -> None:
    def update(project_id: str, body: Any) -> Any:
        """Return what an operation returns whose success is 204."""

    with RollOut(update, dict, [("p1", {}), ("p2", {})], 4, 8, 2) as outcomes:
        assert sorted((outcome.index, outcome.project, outcome.error) for outcome in outcomes) == [
            (0, None, None),
            (1, None, None),
        ]


def test_options_are_those_of_an_update(service: StandIn, kind: str) -> None:
    first = service.projects[0]
    first["type"] = "PERSONAL"
    update = (first["id"], {"displayName": "Ignored"})
    assert roll_out(kind, service, [update]).errors == [NotAppliedError]
    assert roll_out(kind, service, [update], check_applied=False).errors == []
    roll_out(kind, service, [(first["id"], {})], timeout=7)
    assert set(service.requests[-1].extensions["timeout"].values()) == {7}


@pytest.mark.parametrize(("max_retries", "errors"), [(None, []), (1, []), (0, [ServerError])])
def test_max_retries_of_an_update(kind: str, max_retries: int | None, errors: list[type[APIStatusError]]) -> None:
    service = StandIn(projects(3))
    first, second, third = renames(service)
    handle, third_is_sent, failed = service.handle, threading.Event(), threading.Event()

    def fail_second_after_first(request: httpx.Request) -> httpx.Response:
        if third[0] in request.url.path:
            third_is_sent.set()  # of two in flight, the first has ended
        if second[0] in request.url.path and not failed.is_set():
            failed.set()
            assert third_is_sent.wait(20)
            return httpx.Response(503, headers={"retry-after": "0"})
        return handle(request)

    service.handle = fail_second_after_first  # type: ignore[method-assign]
    options: dict[str, Any] = {} if max_retries is None else {"max_retries": max_retries}
    with service.serve():
        result = roll_out(kind, service, [first, second, third], concurrency=2, **options)
    assert result.indexes == [0, 1, 2]
    assert result.errors == errors


# Settings


@pytest.mark.parametrize("concurrency", [0, -1, True, 2.0, "4", None])
def test_invalid_concurrency_raises(service: StandIn, kind: str, concurrency: Any) -> None:
    with pytest.raises(ConfigurationError, match="concurrency must be an integer from 1 up"):
        roll_out(kind, service, renames(service), concurrency=concurrency)
    assert service.requests == []


def test_concurrency_above_the_connections_raises(kind: str) -> None:
    with StandIn().serve() as service:
        with pytest.raises(
            ConfigurationError, match=r"at most 8, the connections of the client.*http_client"
        ) as caught:
            roll_out(kind, service, renames(service), concurrency=9)
        assert "can hang a default server" in str(caught.value)
        assert roll_out(kind, service, renames(service), concurrency=8).errors == []
        assert len(service.requests) == 1


def test_http_client_concurrency_may_be_higher(service: StandIn, kind: str) -> None:
    assert roll_out(kind, service, renames(service), concurrency=30).indexes == list(range(40))


# In flight


class Gauge:
    """Counts the updates in flight; the first ones wait for an expected number."""

    def __init__(self, service: StandIn, expected: int) -> None:
        self.most = self._now = 0
        self._expected, self._reached = expected, threading.Event()
        self._handle, self._lock = service.handle, threading.Lock()
        service.handle = self  # type: ignore[method-assign]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self.most >= self._expected:
                self._reached.set()
        self._reached.wait(timeout=10)
        time.sleep(0.01)  # for more than expected to show
        with self._lock:
            self._now -= 1
        return self._handle(request)


@pytest.mark.parametrize(("options", "most"), [({}, 4), ({"concurrency": 1}, 1), ({"concurrency": 8}, 8)])
def test_concurrency_is_what_is_in_flight(kind: str, options: dict[str, Any], most: int) -> None:
    service = StandIn(projects(40))
    gauge = Gauge(service, most)
    with service.serve():
        assert roll_out(kind, service, renames(service), **options).errors == []
    assert gauge.most == most


class Counter:
    """Yields updates without end, and counts those taken that had no outcome."""

    def __init__(self, service: StandIn) -> None:
        self.taken = self.outcomes = self.most_ahead = 0
        self._project_id = service.projects[0]["id"]

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        while True:
            self.taken += 1
            yield self._project_id, {}

    def on_outcome(self, outcomes: Any, _: UpdateOutcome) -> None:
        self.outcomes += 1
        self.most_ahead = max(self.most_ahead, self.taken - self.outcomes)
        if self.outcomes == 200:
            outcomes.stop()


def test_updates_are_taken_when_there_is_room(service: StandIn, kind: str) -> None:
    updates = Counter(service)
    result = roll_out(kind, service, updates, updates.on_outcome, concurrency=4)
    assert len(result.outcomes) == len(service.requests) == updates.taken <= 204
    assert updates.most_ahead <= 4


def test_failures_do_not_fill_the_memory(service: StandIn, kind: str) -> None:
    handle, numbers = service.handle, itertools.count()

    def fail_every_third(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and next(numbers) % 3 == 0:
            return httpx.Response(503, headers={"retry-after": "0"})
        return handle(request)

    service.handle = fail_every_third  # type: ignore[method-assign]
    updates = Counter(service)
    result = roll_out(kind, service, updates, updates.on_outcome, concurrency=4, max_retries=9)
    assert result.indexes == list(range(updates.taken))
    assert updates.most_ahead <= 12  # four in flight, and eight that wait for their retry


def test_nothing_is_sent_before_the_loop_asks(service: StandIn) -> None:
    with sync_client(service) as client, client.projects.update_many(renames(service)) as outcomes:
        assert service.requests == []
        next(outcomes)
    assert service.requests != []


# What is given


def test_updates_may_be_an_async_iterable(service: StandIn, backend: str) -> None:
    async def updates() -> AsyncIterator[tuple[str, dict[str, str]]]:
        for update in renames(service):
            await anyio.lowlevel.checkpoint()
            yield update

    assert roll_out(backend, service, updates()).indexes == list(range(40))


def test_error_of_the_updates_comes_after_the_outcomes(service: StandIn, kind: str) -> None:
    seen: list[UpdateOutcome] = []

    def updates() -> Iterator[tuple[str, dict[str, str]]]:
        yield from itertools.islice(renames(service), 10)
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        roll_out(kind, service, updates(), lambda _, outcome: seen.append(outcome))
    assert len(seen) == 10


def test_error_of_async_updates_follows_the_outcomes(service: StandIn, backend: str) -> None:
    seen: list[UpdateOutcome] = []

    async def updates() -> AsyncIterator[tuple[str, dict[str, str]]]:
        for update in itertools.islice(renames(service), 10):
            yield update
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        roll_out(backend, service, updates(), lambda _, outcome: seen.append(outcome))
    assert len(seen) == 10


@pytest.mark.parametrize("item", ["nonsense", ("p1",), 5, {"id": "p1", "body": {}}])
def test_update_that_is_no_pair_is_an_error(service: StandIn, kind: str, item: Any) -> None:
    seen: list[UpdateOutcome] = []
    updates: list[Any] = [(service.projects[0]["id"], {}), item]
    with pytest.raises(TypeError, match=r"pair of an id and a body, .*, not ."):
        roll_out(kind, service, updates, lambda _, outcome: seen.append(outcome))
    assert len(seen) == 1


def test_foreign_error_is_raised_and_ends_the_sending(service: StandIn, kind: str) -> None:
    reads = itertools.count()

    def read_key() -> str:
        if next(reads) == 0:
            raise ZeroDivisionError
        return service.api_key

    with pytest.raises(ZeroDivisionError):
        roll_out(kind, service, renames(service), client={"api_key": read_key}, concurrency=1)
    assert next(reads) == 1
    assert service.requests == []


def test_updates_have_the_context_of_the_loop(service: StandIn, kind: str) -> None:
    tenant = contextvars.ContextVar("tenant", default="nobody")
    seen: set[str] = set()

    def read_key() -> str:
        seen.add(tenant.get())
        threads.add(threading.current_thread().name.partition("_")[0])
        return service.api_key

    def updates() -> Iterator[tuple[str, dict[str, str]]]:
        tenant.set("acme")
        yield from renames(service)

    threads: set[str] = set()
    assert roll_out(kind, service, updates(), client={"api_key": read_key}).indexes == list(range(40))
    assert seen == {"acme"}
    assert threads == ({"activepieces-roll-out"} if kind == "sync" else {"MainThread"})


def test_sync_roll_out_works_in_an_event_loop(service: StandIn) -> None:
    async def cell() -> list[int]:
        return roll_out("sync", service, renames(service)).indexes

    assert asyncio.run(cell()) == list(range(40))


# Who iterates


def test_iterating_outside_of_the_block_raises(service: StandIn, backend: str) -> None:
    refused = pytest.raises(RuntimeError, match="iterated inside its with block")
    with sync_client(service) as client:
        outcomes = client.projects.update_many(renames(service))
        with refused:
            next(outcomes)
        with outcomes:
            pass
        with refused:
            next(outcomes)

    async def run() -> None:
        async_outcomes = async_client(service).projects.update_many(renames(service))
        with refused:
            await anext(async_outcomes)

    anyio.run(run, backend=backend)
    assert service.requests == []


def test_second_thread_raises(service: StandIn) -> None:
    errors: list[BaseException] = []

    def iterate() -> None:
        try:
            next(outcomes)
        except RuntimeError as error:
            errors.append(error)

    def updates() -> Iterator[tuple[str, dict[str, str]]]:
        thread = threading.Thread(target=iterate)  # while this thread is in next()
        thread.start()
        thread.join(timeout=30)
        yield from renames(service)

    with sync_client(service) as client, client.projects.update_many(updates()) as outcomes:
        assert len(list(outcomes)) == 40
    assert [str(error) for error in errors] == ["a roll-out is iterated by one thread or task at a time"]


def test_second_task_raises(service: StandIn, backend: str) -> None:
    async def run() -> None:
        async with async_client(service) as client, client.projects.update_many(updates()) as outcomes:

            async def iterate() -> None:
                with pytest.raises(RuntimeError, match="one thread or task at a time"):
                    await anext(outcomes)
                refused.set()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(iterate)
                assert len([outcome async for outcome in outcomes]) == 40

    async def updates() -> AsyncIterator[tuple[str, dict[str, str]]]:
        await refused.wait()
        for update in renames(service):
            yield update

    refused = anyio.Event()
    anyio.run(run, backend=backend)


# Stopping


def test_stopped_roll_out_ends_with_what_is_in_flight(service: StandIn, kind: str) -> None:
    result = roll_out(kind, service, renames(service), lambda outcomes, _: outcomes.stop(), concurrency=4)
    assert result.indexes == list(range(len(service.requests)))
    assert 1 <= len(result.outcomes) <= 4
    assert result.stopped is None


def test_stopping_outside_of_the_block_sends_nothing(service: StandIn, backend: str) -> None:
    with sync_client(service) as client:
        outcomes = client.projects.update_many(renames(service))
        outcomes.stop()
        with outcomes:
            assert list(outcomes) == []
        outcomes.stop()

    async def run() -> None:
        async with async_client(service) as client:
            outcomes = client.projects.update_many(renames(service))
            outcomes.stop()
            async with outcomes:
                assert [outcome async for outcome in outcomes] == []
            outcomes.stop()

    anyio.run(run, backend=backend)
    assert service.requests == []
