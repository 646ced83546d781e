"""At most 8 connections for each client: 10 updates hang a default server."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import Activepieces, APITimeoutError, AsyncActivepieces
from activepieces_client.models import Project

from .support import raw_server
from .support.updates import ID, project_json

BODY: dict[str, Any] = {}
MOST = 8

# `nox -s rollout` has 10,000.
GATHERED = int(os.environ.get("GATHERED_UPDATES", "500"))


class Gauge:
    """Responds to requests after a time, and counts those in flight."""

    def __init__(self, seconds: float = 0, expected: int = 1) -> None:
        self.requests = 0
        self.most = 0
        self._in_flight = 0
        self._seconds = seconds
        self._expected, self._reached = expected, threading.Event()
        self._content = project_json()
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket) -> None:
        while raw_server.read_request(connection):
            with self._lock:
                self.requests += 1
                self._in_flight += 1
                self.most = max(self.most, self._in_flight)
                if self.most >= self._expected:
                    self._reached.set()
            self._reached.wait(timeout=10)
            time.sleep(self._seconds)
            with self._lock:
                self._in_flight -= 1
            raw_server.respond(connection, self._content)


def update_at_once(kind: str, base_url: str, number: int, **options: Any) -> None:
    """Make so many updates at once with one client: in as many threads or tasks."""
    if kind == "sync":
        with Activepieces("sk-1", base_url=base_url, **options) as client, ThreadPoolExecutor(number) as pool:
            for update in [pool.submit(client.projects.update, ID, BODY) for _ in range(number)]:
                assert update.result().id == ID
        return

    async def run() -> None:
        async with (
            AsyncActivepieces("sk-1", base_url=base_url, **options) as client,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(number):
                tasks.start_soon(client.projects.update, ID, BODY)

    anyio.run(run, backend=kind)


def test_own_connections_send_our_headers(kind: str) -> None:
    heads: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        heads.append(raw_server.read_request(connection).lower())
        raw_server.respond(connection, project_json())

    with raw_server.serve(handle) as server:
        update_at_once(kind, server.base_url, 1)
    (head,) = heads
    assert b"\r\naccept-encoding: gzip\r\n" in head
    assert b"\r\nuser-agent: activepieces-client/" in head


def test_50_updates_at_once_are_at_most_8_in_flight(kind: str) -> None:
    gauge = Gauge(0.01, MOST)
    with raw_server.serve(gauge) as server:
        update_at_once(kind, server.base_url, 50)
        assert server.connections <= MOST
        assert server.open_connections(at_most=0) == 0
    assert gauge.requests == 50
    assert gauge.most == MOST


def test_second_thread_and_loop_are_within_the_limit() -> None:
    gauge = Gauge(0.01, MOST)
    with raw_server.serve(gauge) as server, Activepieces("sk-1", base_url=server.base_url) as client:
        with ThreadPoolExecutor(20) as first, ThreadPoolExecutor(20) as second:
            updates = [pool.submit(client.projects.update, ID, BODY) for _ in range(20) for pool in (first, second)]
            for update in updates:
                update.result()
        assert server.connections <= MOST
    assert gauge.most == MOST


def test_updates_in_a_row_use_one_connection(kind: str) -> None:
    gauge = Gauge()
    with raw_server.serve(gauge) as server:
        if kind == "sync":
            with Activepieces("sk-1", base_url=server.base_url) as client:
                for _ in range(5):
                    client.projects.update(ID, BODY)
        else:

            async def run() -> None:
                async with AsyncActivepieces("sk-1", base_url=server.base_url) as client:
                    for _ in range(5):
                        await client.projects.update(ID, BODY)

            anyio.run(run, backend=kind)
        assert server.connections == 1
    assert gauge.requests == 5


def test_all_gathered_updates_end() -> None:
    async def run() -> list[Project]:
        # Far longer than they take; with work that grows as the square of their number, they take minutes.
        async with AsyncActivepieces("sk-1", base_url=server.base_url) as client, asyncio.timeout(30 + GATHERED / 100):
            return await asyncio.gather(*(client.projects.update(ID, BODY) for _ in range(GATHERED)))

    gauge = Gauge()
    with raw_server.serve(gauge) as server:
        assert len(asyncio.run(run())) == GATHERED
    assert gauge.requests == GATHERED
    assert gauge.most <= MOST


def test_waiting_for_a_connection_does_not_count(kind: str) -> None:
    # The calls that have all connections take longer than the one that waits has for everything, and for `pool`.
    waiting = httpx.Timeout(1, write=0.1, pool=0.1)
    numbers = itertools.count()
    respond = Gauge()

    def slow_at_first(connection: socket.socket) -> None:
        if next(numbers) < MOST:
            raw_server.read_request(connection)
            all_are_here.wait(timeout=30)
            time.sleep(2.5)
            raw_server.respond(connection, project_json())
        respond(connection)

    all_are_here = threading.Barrier(MOST + 1)
    with raw_server.serve(slow_at_first) as server:
        if kind == "sync":
            with Activepieces("sk-1", base_url=server.base_url) as client, ThreadPoolExecutor(MOST) as pool:
                holding = [pool.submit(client.projects.update, ID, BODY) for _ in range(MOST)]
                all_are_here.wait(timeout=30)
                assert client.projects.update(ID, BODY, timeout=waiting, max_retries=0).id == ID
                for update in holding:
                    update.result()
        else:

            async def run() -> None:
                async with (
                    AsyncActivepieces("sk-1", base_url=server.base_url) as client,
                    anyio.create_task_group() as tasks,
                ):
                    for _ in range(MOST):
                        tasks.start_soon(client.projects.update, ID, BODY)
                    await anyio.to_thread.run_sync(functools.partial(all_are_here.wait, timeout=30))
                    assert (await client.projects.update(ID, BODY, timeout=waiting, max_retries=0)).id == ID

            anyio.run(run, backend=kind)
        assert server.connections == MOST


def test_timed_out_calls_give_their_connections_back(kind: str) -> None:
    numbers = itertools.count()
    respond = Gauge()

    def silent_at_first(connection: socket.socket) -> None:
        if next(numbers) < MOST:
            raw_server.wait_for_the_end(connection)
        else:
            respond(connection)

    options: dict[str, Any] = {"timeout": httpx.Timeout(1, read=0.2), "max_retries": 0}
    with raw_server.serve(silent_at_first) as server:
        if kind == "sync":
            with Activepieces("sk-1", base_url=server.base_url) as client, ThreadPoolExecutor(MOST) as pool:
                for update in [pool.submit(client.projects.update, ID, BODY, **options) for _ in range(MOST)]:
                    assert isinstance(update.exception(), APITimeoutError)
                assert client.projects.update(ID, BODY).id == ID
        else:

            async def run() -> None:
                async with AsyncActivepieces("sk-1", base_url=server.base_url) as client:
                    async with anyio.create_task_group() as tasks:
                        for _ in range(MOST):
                            tasks.start_soon(time_out, client)
                    assert (await client.projects.update(ID, BODY)).id == ID

            async def time_out(client: AsyncActivepieces) -> None:
                with pytest.raises(APITimeoutError):
                    await client.projects.update(ID, BODY, **options)

            anyio.run(run, backend=kind)


# httpx does not close the generator of a body that trio cancels.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled_calls_give_their_connections_back(backend: str) -> None:
    async def run() -> None:
        async with AsyncActivepieces("sk-1", base_url=server.base_url) as client:
            for delay in range(0, 20, 2):  # before, while and after they have a connection
                with anyio.move_on_after(delay / 1000):
                    async with anyio.create_task_group() as tasks:
                        for _ in range(2 * MOST):
                            tasks.start_soon(client.projects.update, ID, BODY)
            with anyio.fail_after(20):
                async with anyio.create_task_group() as tasks:
                    for _ in range(2 * MOST):
                        tasks.start_soon(client.projects.update, ID, BODY)

    with raw_server.serve(Gauge(0.005)) as server:
        anyio.run(run, backend=backend)


def test_http_client_may_have_more_connections() -> None:
    gauge = Gauge(0.05, MOST + 1)
    with (
        raw_server.serve(gauge) as server,
        httpx.Client(limits=httpx.Limits(max_connections=16)) as http_client,
        ThreadPoolExecutor(16) as pool,
    ):
        client = Activepieces("sk-1", base_url=server.base_url, http_client=http_client)
        update = functools.partial(client.projects.update, ID, BODY)
        for future in [pool.submit(update) for _ in range(64)]:
            future.result()
        assert MOST < server.connections <= 16
