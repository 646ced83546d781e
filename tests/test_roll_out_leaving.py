"""Leaving a roll-out: no thread or task stays, and nothing more is sent."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from activepieces_client import Activepieces, AsyncActivepieces, RateLimitError
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.roll_outs import projects, renames
from .support.updates import async_client, project_json, sync_client

UPDATES: list[tuple[str, dict[str, Any]]] = [(f"p{number}", {}) for number in range(100)]


class Slow:
    """A server that counts updates, and responds after some seconds.

    It responds to none before `together` of them have arrived.
    """

    def __init__(self, seconds: float, together: int = 1) -> None:
        self.requests = 0
        self.started = threading.Semaphore(0)
        self._seconds = seconds
        self._together, self._arrived = together, threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        while raw_server.read_request(connection):
            self.requests += 1
            self.started.release()
            if self.requests >= self._together:
                self._arrived.set()
            self._arrived.wait(20)
            time.sleep(self._seconds)
            raw_server.respond(connection, project_json())


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("activepieces-roll-out")]


@pytest.fixture(autouse=True)
def no_threads() -> Iterator[None]:
    yield
    assert threads() == []


@pytest.fixture
def handler() -> Slow:
    return Slow(0.05, together=4)


@pytest.fixture
def slow_server(handler: Slow) -> Iterator[raw_server.Server]:
    with raw_server.serve(handler) as server:
        yield server
        sent = handler.requests
        time.sleep(0.2)  # in which four workers would send a dozen
        assert handler.requests == sent


def leave_by_break(*_: object) -> bool:
    return True


def leave_by_error(*_: object) -> bool:
    raise ZeroDivisionError


LEAVE: list[Callable[..., bool]] = [leave_by_break, leave_by_error]


@pytest.mark.parametrize("leave", LEAVE)
def test_leaving_the_loop_joins_its_threads(
    handler: Slow, slow_server: raw_server.Server, leave: Callable[..., bool]
) -> None:
    with Activepieces("sk-1", base_url=slow_server.base_url) as client:
        try:
            with client.projects.update_many(UPDATES, check_applied=False) as outcomes:
                for outcome in outcomes:
                    assert len(threads()) == 4
                    if leave(outcome):
                        break
        except ZeroDivisionError:
            assert leave is leave_by_error
        assert threads() == []
        assert 4 <= handler.requests <= 8


# httpx does not close its generator of a body if trio cancels it.
LEFT_BY_TRIO = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@LEFT_BY_TRIO
@pytest.mark.parametrize("leave", LEAVE)
def test_leaving_an_async_loop_cancels_its_tasks(backend: str, leave: Callable[..., bool]) -> None:
    requests: list[bytes] = []

    def silent_after_the_first(connection: socket.socket) -> None:
        while request := raw_server.read_request(connection):
            requests.append(request)
            if len(requests) > 1:
                raw_server.wait_for_the_end(connection)
            raw_server.respond(connection, project_json())

    async def run() -> None:
        async with AsyncActivepieces("sk-1", base_url=server.base_url) as client:
            try:
                async with client.projects.update_many(UPDATES, check_applied=False) as outcomes:
                    async for outcome in outcomes:
                        if leave(outcome):
                            break
            except ZeroDivisionError:
                assert leave is leave_by_error
            if backend == "asyncio":
                assert asyncio.all_tasks() == {asyncio.current_task()}
            await anyio.sleep(0.2)  # in which a server reads what was sent before
            assert len(requests) <= 5

    start = time.monotonic()
    with raw_server.serve(silent_after_the_first) as server:
        anyio.run(run, backend=backend)
        assert server.open_connections(at_most=0) == 0
    assert time.monotonic() - start < 20  # and not the 30 s of the read timeout


def test_leaving_without_a_loop(service: StandIn, backend: str) -> None:
    async def run() -> None:
        async with async_client(service) as client, client.projects.update_many(UPDATES):
            pass

    with sync_client(service) as client, client.projects.update_many(UPDATES):
        pass
    anyio.run(run, backend=backend)
    assert service.requests == []


@LEFT_BY_TRIO
def test_cancellation_cancels_what_is_in_flight(backend: str) -> None:
    async def cancel_when_all_are_in_flight(scope: anyio.CancelScope) -> None:
        for _ in range(4):
            await anyio.to_thread.run_sync(functools.partial(read.acquire, timeout=20))
        scope.cancel()

    async def run() -> None:
        async with (
            anyio.create_task_group() as tasks,
            AsyncActivepieces("sk-1", base_url=server.base_url) as client,
        ):
            with anyio.CancelScope() as scope:
                tasks.start_soon(cancel_when_all_are_in_flight, scope)
                async with client.projects.update_many(UPDATES) as outcomes:
                    async for _ in outcomes:
                        pytest.fail("the server is silent")
            assert scope.cancelled_caught

    def silent(connection: socket.socket) -> None:
        requests.append(raw_server.read_request(connection))
        read.release()
        raw_server.wait_for_the_end(connection)

    requests: list[bytes] = []
    read = threading.Semaphore(0)
    start = time.monotonic()
    with raw_server.serve(silent) as server:
        anyio.run(run, backend=backend)
        assert server.open_connections(at_most=0) == 0
    assert len(requests) == 4
    assert time.monotonic() - start < 20  # and not the 30 s of the read timeout


@LEFT_BY_TRIO
def test_cancelled_updates_have_ended_after_the_block(service: StandIn, backend: str) -> None:
    scopes: list[anyio.CancelScope] = []
    ended: list[str] = []

    async def read_key() -> str:
        scopes[0].cancel()
        try:
            await anyio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.05)
            ended.append("read_key")
        return service.api_key

    async def run() -> None:
        async with async_client(service, api_key=read_key) as client:
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                async with client.projects.update_many(UPDATES) as outcomes:
                    async for _ in outcomes:
                        pytest.fail("there is no key")
            assert ended == ["read_key"]

    anyio.run(run, backend=backend)
    assert service.requests == []


def test_cancelled_task_of_asyncio_leaves_nothing() -> None:
    async def run() -> None:
        async with AsyncActivepieces("sk-1", base_url=server.base_url) as client:

            async def work() -> None:
                async with client.projects.update_many(UPDATES, concurrency=2) as outcomes:
                    async for _ in outcomes:
                        pytest.fail("no response comes in time")

            task = asyncio.create_task(work())
            await asyncio.to_thread(slow.started.acquire)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert asyncio.all_tasks() == {asyncio.current_task()}

    slow = Slow(1)
    with raw_server.serve(slow) as server:
        asyncio.run(run())


CTRL_C = """
import threading
from activepieces_client import Activepieces

with Activepieces() as client:
    indexes = []
    try:
        with client.projects.update_many(((f"p{n}", {}) for n in range(1000)), check_applied=False) as outcomes:
            for outcome in outcomes:
                assert outcome.error is None, outcome.error
                indexes.append(outcome.index)
    except KeyboardInterrupt:
        print(len(indexes), threading.active_count())
"""


@pytest.mark.skipif(os.name == "nt", reason="there are other signals there")
def test_ctrl_c_joins_the_threads_and_ends_the_sending() -> None:
    slow = Slow(0.1)
    with raw_server.serve(slow) as server:
        environment = {**os.environ, "ACTIVEPIECES_API_KEY": "sk-1", "ACTIVEPIECES_BASE_URL": server.base_url}
        with subprocess.Popen(
            [sys.executable, "-c", CTRL_C], env=environment, stdout=subprocess.PIPE, encoding="utf-8"
        ) as process:
            for _ in range(9):
                assert slow.started.acquire(timeout=60)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
    outcomes, active = map(int, output.split())
    assert active == 1
    assert 4 <= outcomes <= slow.requests <= outcomes + 8
    assert process.returncode == 0


# A pause ends, too.


def test_stop_ends_a_pause() -> None:
    with StandIn(projects(40)).serve() as service:
        service.fail(*[(429, {"retry-after": "200"})] * 40)
        with sync_client(service) as client, client.projects.update_many(renames(service), concurrency=1) as outcomes:
            timer = threading.Timer(1, outcomes.stop)
            timer.start()
            assert [type(outcome.error) for outcome in outcomes] == [RateLimitError]
            timer.join()
    assert len(service.requests) == 1


def test_stop_ends_a_pause_of_an_async_roll_out(backend: str) -> None:
    async def run() -> None:
        async with (
            async_client(service) as client,
            client.projects.update_many(renames(service), concurrency=1) as outcomes,
            anyio.create_task_group() as tasks,
        ):

            async def stop() -> None:
                await anyio.sleep(1)
                outcomes.stop()

            tasks.start_soon(stop)
            assert [type(outcome.error) async for outcome in outcomes] == [RateLimitError]

    with StandIn(projects(40)).serve() as service:
        service.fail(*[(429, {"retry-after": "200"})] * 40)
        anyio.run(run, backend=backend)
    assert len(service.requests) == 1
