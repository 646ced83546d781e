"""Many updates at once: each has its outcome, whatever goes wrong, and however the loop ends."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import (
    Activepieces,
    AsyncActivepieces,
    NotFoundError,
    RateLimitError,
    RequestValidationError,
    ServerError,
    UpdateOutcome,
)
from activepieces_client.testing import StandIn

from .support import raw_server

Collect = Callable[..., list[UpdateOutcome]]
Each = Callable[[Any, UpdateOutcome], object]
Answer = Callable[[httpx.Request], httpx.Response]


def nothing(*_: object) -> None:
    """Do nothing with an outcome."""


def collect_sync(
    service: StandIn, updates: Any, each: Each = nothing, client: dict[str, Any] | None = None, **options: Any
) -> list[UpdateOutcome]:
    told: list[UpdateOutcome] = []
    with Activepieces(service.api_key, base_url=service.base_url, **(client or {})) as activepieces:
        outcomes = activepieces.projects.update_many(updates, **options)
        for outcome in outcomes:
            told.append(outcome)
            each(outcomes, outcome)
    return told


def collect_async(backend: str) -> Collect:
    def collect(
        service: StandIn, updates: Any, each: Each = nothing, client: dict[str, Any] | None = None, **options: Any
    ) -> list[UpdateOutcome]:
        told: list[UpdateOutcome] = []

        async def run() -> None:
            async with AsyncActivepieces(service.api_key, base_url=service.base_url, **(client or {})) as activepieces:
                outcomes = activepieces.projects.update_many(updates, **options)
                async for outcome in outcomes:
                    told.append(outcome)
                    each(outcomes, outcome)

        anyio.run(run, backend=backend)
        return told

    return collect


@pytest.fixture(params=["sync", "asyncio", "trio"])
def collect(request: pytest.FixtureRequest) -> Collect:
    """Iterate over a roll-out three times: sync, under asyncio and under trio."""
    kind: str = request.param
    return collect_sync if kind == "sync" else collect_async(kind)


@pytest.fixture
def served() -> Iterator[StandIn]:
    with StandIn(times(40)).serve() as service:
        yield service


def times(number: int) -> list[dict[str, Any]]:
    """So many projects, or bodies, with nothing said of them."""
    return [{} for _ in range(number)]


def numbered(number: int) -> list[tuple[str, dict[str, Any]]]:
    return [(f"p{n}", body) for n, body in enumerate(times(number))]


def renames(service: StandIn) -> Iterator[tuple[str, dict[str, str]]]:
    for number, project in enumerate(service.projects):
        yield project["id"], {"displayName": f"Name {number}"}


def test_each_update_has_its_outcome(served: StandIn, collect: Collect, caplog: pytest.LogCaptureFixture) -> None:
    told = collect(served, renames(served))
    assert sorted(outcome.index for outcome in told) == list(range(40))
    for outcome in told:
        assert outcome.project
        assert outcome.error is None
        assert outcome.project.id == outcome.project_id == served.projects[outcome.index]["id"]
        assert outcome.project.display_name == f"Name {outcome.index}"
    assert [project["displayName"] for project in served.projects] == [f"Name {n}" for n in range(40)]
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def test_nothing_to_do_is_done_at_once(served: StandIn, collect: Collect) -> None:
    assert collect(served, []) == []


def test_one_failure_stops_nothing_else(served: StandIn, collect: Collect) -> None:
    first = served.projects[0]["id"]
    updates: list[Any] = [(first, {"displayName": "a/b"}), ("nowhere", {}), (first, {"displayName": "Fine"}), (5, {})]
    told = {outcome.index: outcome for outcome in collect(served, updates, concurrency=1)}
    assert isinstance(told[0].error, RequestValidationError)
    assert isinstance(told[1].error, NotFoundError)
    assert told[2].project
    assert isinstance(told[3].error, RequestValidationError)
    assert len(served.requests) == 2


def test_options_are_those_of_an_update(served: StandIn, collect: Collect) -> None:
    served.fail(503)
    (told,) = collect(served, [(served.projects[0]["id"], {})], max_retries=0)
    assert isinstance(told.error, ServerError)
    served.projects[0]["type"] = "PERSONAL"
    (told,) = collect(served, [(served.projects[0]["id"], {"displayName": "Ignored"})], check_applied=False)
    assert told.project


def test_there_is_a_concurrency(served: StandIn, collect: Collect) -> None:
    with pytest.raises(ValueError, match="concurrency") as caught:
        collect(served, [], concurrency=0)
    assert str(caught.value) == "concurrency must be at least 1"


def test_updates_are_taken_only_when_there_is_room(served: StandIn, collect: Collect) -> None:
    taken: list[int] = []
    most = 0

    def endless() -> Iterator[tuple[str, dict[str, Any]]]:
        for number in itertools.count():
            taken.append(number)
            yield served.projects[0]["id"], {}

    def each(outcomes: Any, outcome: UpdateOutcome) -> None:
        nonlocal most
        told.append(outcome)
        most = max(most, len(taken) - len(told))
        if len(told) == 200:
            outcomes.stop()

    told: list[UpdateOutcome] = []
    collect(served, endless(), each, concurrency=4)
    assert len(told) == len(taken) == len(served.requests) <= 204
    assert most <= 4


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_updates_may_be_async(served: StandIn, backend: str) -> None:
    async def updates() -> AsyncIterator[tuple[str, dict[str, str]]]:
        for update in renames(served):
            await anyio.sleep(0.001)
            yield update

    assert len(collect_async(backend)(served, updates())) == 40


def test_an_error_of_the_updates_comes_after_what_was_in_flight(served: StandIn, collect: Collect) -> None:
    told: list[UpdateOutcome] = []

    def each(_: Any, outcome: UpdateOutcome) -> None:
        told.append(outcome)

    def updates() -> Iterator[tuple[str, dict[str, str]]]:
        yield from itertools.islice(renames(served), 10)
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        collect(served, updates(), each)
    assert len(told) == 10

    with pytest.raises(ValueError, match="unpack"):
        collect(served, [(served.projects[0]["id"], {}), "nonsense"], each)
    assert len(told) == 11


def test_an_error_that_is_none_of_ours_is_raised_and_starts_nothing_new(collect: Collect) -> None:
    calls = itertools.count()

    def key() -> str:
        if next(calls) == 0:
            raise ZeroDivisionError
        return "sk-1"

    service = StandIn()
    service.api_key = key  # type: ignore[assignment]
    with pytest.raises(ZeroDivisionError):
        collect(service, numbered(100), concurrency=1)
    assert next(calls) == 1


def test_after_such_an_error_the_loop_goes_on_with_what_was_in_flight(served: StandIn) -> None:
    def key() -> str:
        raise ZeroDivisionError

    with Activepieces(key, base_url=served.base_url) as client:
        outcomes = client.projects.update_many(renames(served), concurrency=1)
        with pytest.raises(ZeroDivisionError):
            list(outcomes)
        assert list(outcomes) == []
        assert outcomes.in_flight == {0: served.projects[0]["id"]}


def limited(most: int, seconds: float, headers: dict[str, str]) -> tuple[StandIn, list[int]]:
    """Make a service that takes so many requests in each span of time, and says 429 to the others."""
    service = StandIn(times(60))
    answer, lock, spans, statuses = service.handle, threading.Lock(), dict[int, int](), list[int]()

    def answer_some(request: httpx.Request) -> httpx.Response:
        span = int(time.monotonic() / seconds)
        with lock:
            spans[span] = spans.get(span, 0) + 1
            late = spans[span] > most
            statuses.append(429 if late else 200)
        return httpx.Response(429, headers=headers, json={}) if late else answer(request)

    service.handle = answer_some  # type: ignore[method-assign]
    return service, statuses


@pytest.mark.parametrize("headers", [{"retry-after": "1"}, {}], ids=["Retry-After", "no word of how long"])
def test_a_429_slows_all_down_and_fails_none(collect: Collect, headers: dict[str, str]) -> None:
    service, statuses = limited(12, 0.5, headers)
    with service.serve():
        told = collect(service, renames(service), max_retries=0)
    assert all(outcome.project for outcome in told)
    assert len(told) == statuses.count(200) == 60
    # Each of 48 updates repeating for itself would have been refused more often.
    assert statuses.count(429) < 40


def test_after_a_429_nothing_is_sent_until_the_service_wants_it(served: StandIn, collect: Collect) -> None:
    served.fail((429, {"retry-after": "1"}))
    moments: list[float] = []
    answer = served.handle

    def timed(request: httpx.Request) -> httpx.Response:
        moments.append(time.monotonic())
        return answer(request)

    served.handle = timed  # type: ignore[method-assign]
    with served.serve():
        assert all(outcome.project for outcome in collect(served, renames(served), concurrency=2))
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert sum(gap > 0.9 for gap in gaps) == 1
    assert len(moments) == 41


def test_it_speeds_up_again_after_a_429(collect: Collect) -> None:
    service = StandIn(times(120))
    answer, lock, busy = service.handle, threading.Lock(), 0
    seen: list[int] = []

    def count(request: httpx.Request) -> httpx.Response:
        nonlocal busy
        with lock:
            busy += 1
            seen.append(busy)
            refuse = len(seen) == 9
        time.sleep(0.05)  # much longer than the client needs to start another, also on a busy machine
        with lock:
            busy -= 1
        return httpx.Response(429, headers={"retry-after": "0"}, json={}) if refuse else answer(request)

    service.handle = count  # type: ignore[method-assign]
    with service.serve():
        assert all(outcome.project for outcome in collect(service, renames(service), concurrency=8))
    assert max(seen[-60:]) > 5  # half of eight, and one that is just about to end


def counted(service: StandIn, refused: dict[int, float]) -> list[int]:
    """Note what is in flight at each request; those that are refused are so after so many seconds."""
    answer, lock, busy = service.handle, threading.Lock(), 0
    seen: list[int] = []

    def count(request: httpx.Request) -> httpx.Response:
        nonlocal busy
        with lock:
            seconds = refused.get(len(seen))
            busy += 1
            seen.append(busy)
        time.sleep(0.2 if seconds is None else seconds)
        with lock:
            busy -= 1
        return answer(request) if seconds is None else httpx.Response(429, headers={"retry-after": "0"}, json={})

    service.handle = count  # type: ignore[method-assign]
    return seen


def in_flight_at_each(refused: dict[int, float], updates: int, concurrency: int, given: int = 1000) -> list[int]:
    """Roll out, and count what is in flight at each request.

    So many updates are given at once, and the others from 0.1 seconds on.
    """
    service = StandIn(times(updates))
    seen = counted(service, refused)

    def some() -> Iterator[tuple[str, dict[str, str]]]:
        for number, rename in enumerate(renames(service)):
            if number == given:
                time.sleep(0.1)
            yield rename

    with service.serve():
        assert all(outcome.project for outcome in collect_sync(service, some(), concurrency=concurrency))
    return seen


def test_a_429_halves_what_may_be_in_flight_and_each_success_adds_a_little() -> None:
    # The second refusal is of an update that was sent before the first one was known.
    seen = in_flight_at_each({0: 0.1, 1: 0.15}, updates=60, concurrency=8)
    assert max(seen[8:16]) == 4
    assert 5 <= max(seen[16:24]) <= 6
    assert max(seen) == max(seen[-10:]) == 8


def test_what_is_halved_is_what_was_in_flight() -> None:
    seen = in_flight_at_each({0: 0.08}, updates=12, concurrency=16, given=4)
    assert max(seen[6:8]) == 2


def test_the_pauses_grow_where_the_service_says_nothing_of_how_long(
    served: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    most: list[float] = []

    def no_time(_: float, longest: float) -> float:
        most.append(longest)
        return 0

    monkeypatch.setattr("random.uniform", no_time)
    answers = [429] * 3 + [200] + [429] * 6
    answer, statuses = served.handle, iter(answers)
    served.handle = lambda request: (  # type: ignore[method-assign]
        answer(request) if next(statuses) == 200 else httpx.Response(429, json={})
    )
    with served.serve():
        first, second = collect_sync(served, itertools.islice(renames(served), 2), concurrency=1)
    assert first.project
    assert isinstance(second.error, RateLimitError)
    assert most == [0.5, 1, 2, 0.5, 1, 2, 4, 8, 8]
    assert list(statuses) == []


@pytest.mark.parametrize(("concurrency", "requests"), [(1, 6), (2, 7), (8, 7)])
def test_five_refusals_with_no_other_in_flight_are_enough(served: StandIn, concurrency: int, requests: int) -> None:
    served.fail(*[(429, {"retry-after": "0"})] * 20)
    (told,) = collect_sync(served, itertools.islice(renames(served), 1), concurrency=concurrency)
    assert isinstance(told.error, RateLimitError)
    assert len(served.requests) == requests


def test_a_pause_ends_where_the_roll_out_is_stopped(served: StandIn) -> None:
    served.fail((429, {"retry-after": "3600"}))
    with Activepieces(served.api_key, base_url=served.base_url) as client:
        outcomes = client.projects.update_many(renames(served), concurrency=1)
        threading.Timer(0.2, outcomes.stop).start()
        assert [type(outcome.error) for outcome in outcomes] == [RateLimitError]
        assert outcomes.in_flight == {}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_pause_of_an_async_roll_out_ends_too(served: StandIn, backend: str) -> None:
    async def run() -> None:
        async with (
            AsyncActivepieces(served.api_key, base_url=served.base_url) as client,
            anyio.create_task_group() as group,
        ):
            outcomes = client.projects.update_many(renames(served), concurrency=1)

            async def stop() -> None:
                await anyio.sleep(0.2)
                outcomes.stop()

            group.start_soon(stop)
            assert [type(outcome.error) async for outcome in outcomes] == [RateLimitError]
            assert outcomes.in_flight == {}

    served.fail((429, {"retry-after": "3600"}))
    anyio.run(run, backend=backend)


def test_16_are_in_flight_at_once_where_nothing_is_said(collect: Collect) -> None:
    service = StandIn(times(34))
    seen = counted(service, refused={})
    with service.serve():
        assert all(outcome.project for outcome in collect(service, renames(service)))
    assert max(seen) == 16


def test_threads_and_tasks_have_the_context_of_the_loop(served: StandIn, collect: Collect) -> None:
    tenant = contextvars.ContextVar("tenant", default="nobody")
    asked: set[str] = set()
    threads: set[str] = set()

    def key() -> str:
        asked.add(tenant.get())
        threads.add(threading.current_thread().name.partition("_")[0])
        return api_key

    def updates() -> Iterator[tuple[str, dict[str, str]]]:
        tenant.set("acme")
        yield from renames(served)

    api_key, served.api_key = served.api_key, key  # type: ignore[assignment]
    assert len(collect(served, updates())) == 40
    assert asked == {"acme"}
    assert threads == ({"activepieces-roll-out"} if collect is collect_sync else {"MainThread"})


def test_a_service_that_says_nothing_but_429_is_given_up(served: StandIn, collect: Collect) -> None:
    served.fail(*[(429, {"retry-after": "0"})] * 1000)
    told = collect(served, list(renames(served))[:3])
    assert [type(outcome.error) for outcome in told] == [RateLimitError] * 3
    assert len(served.requests) < 40


def slow(seconds: float, started: threading.Semaphore | None = None) -> raw_server.Handler:
    body = json.dumps(StandIn().projects[0]).encode()

    def handle(connection: socket.socket) -> None:
        while raw_server.read_request(connection):
            if started:
                started.release()
            time.sleep(seconds)
            connection.sendall(raw_server.HEAD % len(body) + body)

    return handle


def test_leaving_the_loop_sends_nothing_new_and_another_loop_tells_the_rest() -> None:
    with raw_server.serve(slow(0.05)) as server, Activepieces("sk-1", base_url=server.base_url) as client:
        taken = iter(range(100))
        outcomes = client.projects.update_many(((f"p{n}", {}) for n in taken), concurrency=4)
        for _ in outcomes:
            break
        first_untaken = next(taken)
        time.sleep(0.2)
        assert next(taken) == first_untaken + 1
        assert len(outcomes.in_flight) == 3
        outcomes.close()
        expected = set(outcomes.in_flight.values())
        assert {outcome.project_id for outcome in outcomes} == expected
        assert outcomes.in_flight == {}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_leaving_an_async_loop_leaves_no_trace(backend: str) -> None:
    async def run(base_url: str) -> None:
        async with AsyncActivepieces("sk-1", base_url=base_url) as client:
            async for _ in client.projects.update_many(numbered(9), concurrency=4):
                break
            outcomes = client.projects.update_many(numbered(9), concurrency=4)
            async for _ in outcomes:
                outcomes.stop()
            assert outcomes.in_flight == {}
            await anyio.sleep(0.1)

    with raw_server.serve(slow(0.02)) as server:
        anyio.run(run, server.base_url, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancellation_cancels_what_is_in_flight_and_tells_which(backend: str) -> None:
    async def run(base_url: str) -> None:
        async with AsyncActivepieces("sk-1", base_url=base_url) as client:
            outcomes = client.projects.update_many(numbered(9), concurrency=4)
            start = time.monotonic()
            with anyio.move_on_after(0.2):
                async for _ in outcomes:
                    pytest.fail("no answer comes in time")
            assert time.monotonic() - start < 1
            assert outcomes.in_flight == {0: "p0", 1: "p1", 2: "p2", 3: "p3"}
            assert [outcome async for outcome in outcomes] == []

    with raw_server.serve(slow(3)) as server:
        anyio.run(run, server.base_url, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_when_a_cancelled_loop_has_ended_nothing_of_it_runs(served: StandIn, backend: str) -> None:
    ended: list[str] = []

    async def key() -> str:
        try:
            await anyio.sleep(3)
            return served.api_key
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)
            ended.append("the source of keys")

    async def run() -> None:
        async with AsyncActivepieces(key, base_url=served.base_url) as client:
            with anyio.move_on_after(0.1):
                async for _ in client.projects.update_many(numbered(9), concurrency=4):
                    pytest.fail("no answer comes in time")
            assert ended == ["the source of keys"]

    anyio.run(run, backend=backend)


def test_a_cancelled_task_of_asyncio_is_one_too() -> None:
    async def run(base_url: str) -> None:
        async with AsyncActivepieces("sk-1", base_url=base_url) as client:
            outcomes = client.projects.update_many(numbered(9), concurrency=2)
            task = asyncio.ensure_future(anext(outcomes))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert outcomes.in_flight == {0: "p0", 1: "p1"}

    with raw_server.serve(slow(3)) as server:
        asyncio.run(run(server.base_url))


def test_a_sync_roll_out_works_where_a_loop_runs(served: StandIn) -> None:
    async def cell() -> list[UpdateOutcome]:
        return collect_sync(served, renames(served))

    assert len(asyncio.run(cell())) == 40


@pytest.mark.skipif(os.name == "nt", reason="there are other signals there")
def test_ctrl_c_stops_the_loop_and_the_rest_is_told() -> None:
    program = """
from activepieces_client import Activepieces
with Activepieces() as client:
    outcomes = client.projects.update_many(((f"p{n}", {}) for n in range(1000)), concurrency=4)
    told = []
    try:
        for outcome in outcomes:
            told.append(outcome.index)
    except KeyboardInterrupt:
        outcomes.stop()
        told += [outcome.index for outcome in outcomes]
print(sorted(told) == list(range(len(told))), len(told), outcomes.in_flight)
"""
    started = threading.Semaphore(0)
    with raw_server.serve(slow(0.1, started)) as server:
        env = {**os.environ, "ACTIVEPIECES_API_KEY": "sk-1", "ACTIVEPIECES_BASE_URL": server.base_url}
        process = subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, encoding="utf-8")
        for _ in range(6):
            assert started.acquire(timeout=20)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    whole, count, rest = said.split()
    assert (whole, rest) == ("True", "{}")
    assert 6 <= int(count) < 20


class CtrlC:
    """Ctrl-C at one instant: before the n-th line that a thread runs of our code for roll-outs."""

    def __init__(self, instant: int) -> None:
        self.lines_left = instant

    def __call__(self, frame: FrameType, event: str, _: object) -> CtrlC | None:
        if not frame.f_code.co_filename.endswith("_rollout.py"):
            return None
        if event == "line":
            self.lines_left -= 1
            if self.lines_left == 0:
                raise KeyboardInterrupt
        return self


def test_ctrl_c_at_any_instant_hangs_nothing_and_sends_nothing_twice(served: StandIn) -> None:
    for instant in itertools.count(1):
        ctrl_c, sent, told = CtrlC(instant), list[str](), list[str]()

        def answer(request: httpx.Request, sent: list[str] = sent) -> httpx.Response:
            sent.append(request.url.path.rpartition("/")[2])
            return served.handle(request)

        def roll_out(ctrl_c: CtrlC = ctrl_c, told: list[str] = told, answer: Answer = answer) -> None:
            http_client = httpx.Client(transport=httpx.MockTransport(answer))
            client = Activepieces(served.api_key, base_url=served.base_url, http_client=http_client)
            outcomes = client.projects.update_many(itertools.islice(renames(served), 4), concurrency=2)
            tracer = sys.gettrace()  # of the coverage
            sys.settrace(ctrl_c)
            try:
                told.extend(outcome.project_id for outcome in outcomes)
            except KeyboardInterrupt:
                sys.settrace(tracer)
                outcomes.stop()
                told.extend(outcome.project_id for outcome in outcomes)
            finally:
                sys.settrace(tracer)

        thread = threading.Thread(target=roll_out, daemon=True)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive(), f"it hangs after Ctrl-C at {instant}"
        for worker in threading.enumerate():
            if worker.name.startswith("activepieces-roll-out"):
                worker.join(timeout=5)
                assert not worker.is_alive(), f"a thread hangs after Ctrl-C at {instant}"
        assert len(sent) == len(set(sent)), f"sent twice after Ctrl-C at {instant}"
        assert len(told) == len(set(told)) >= len(sent) - 1, f"lost after Ctrl-C at {instant}"
        if ctrl_c.lines_left > 0:
            break
