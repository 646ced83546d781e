"""Connections of the async client: each event loop has its own."""

from __future__ import annotations

import asyncio
import functools
import gc
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from activepieces_client import AsyncActivepieces
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.updates import ID, project_json

BODY: dict[str, Any] = {}
BACKENDS = ["asyncio", "trio"]

# A loop that ends before its client is closed leaves open sockets to the garbage collector, which warns of them.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning"
)


@pytest.fixture(autouse=True)
def collect_garbage() -> Iterator[None]:
    """Have those warnings here, and not in some later test."""
    yield
    gc.collect()


def run(backend: str, call: Callable[[], Awaitable[Any]]) -> Any:
    return anyio.run(call, backend=backend)


@pytest.mark.parametrize("first", BACKENDS)
@pytest.mark.parametrize("second", BACKENDS)
def test_second_loop_has_its_own_connections(first: str, second: str) -> None:
    with StandIn().serve() as service:
        client = AsyncActivepieces(service.api_key, base_url=service.base_url)
        update = functools.partial(client.projects.update, ID, BODY)
        assert run(first, update).id == ID
        assert run(second, update).id == ID
        run(second, client.aclose)
        assert len(service.requests) == 2


@pytest.mark.parametrize("used", BACKENDS)
@pytest.mark.parametrize("closing", BACKENDS)
def test_closing_in_another_loop_works(used: str, closing: str) -> None:
    with StandIn().serve() as service:
        client = AsyncActivepieces(service.api_key, base_url=service.base_url)
        run(used, functools.partial(client.projects.update, ID, BODY))
        run(closing, client.aclose)


def test_loop_that_is_still_open_keeps_its_connections() -> None:
    content = project_json()

    def handle(connection: socket.socket) -> None:
        while raw_server.read_request(connection):
            raw_server.respond(connection, content)

    with raw_server.serve(handle) as server, asyncio.Runner() as first, asyncio.Runner() as second:
        client = AsyncActivepieces("sk-1", base_url=server.base_url)
        for runner in (first, second, first, second):
            runner.run(client.projects.update(ID, BODY))
        assert server.connections == 2
        for runner in (first, second):
            runner.run(client.aclose())


def test_loops_in_24_threads_share_a_client() -> None:
    async def update_some() -> None:
        start.wait(30)
        await asyncio.gather(*(client.projects.update(ID, BODY) for _ in range(5)))

    start = threading.Barrier(24)
    with StandIn().serve() as service, ThreadPoolExecutor(24) as pool:
        client = AsyncActivepieces(service.api_key, base_url=service.base_url)
        for future in [pool.submit(lambda: asyncio.run(update_some())) for _ in range(24)]:
            future.result()
        asyncio.run(client.aclose())
        assert len(service.requests) == 120


@pytest.mark.parametrize("backend", BACKENDS)
def test_key_is_renewed_in_each_loop(backend: str) -> None:
    async def read_key() -> str:
        await anyio.sleep(0.01)
        return service.api_key

    async def update_some() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(client.projects.update, ID, BODY)

    with StandIn().serve() as service:
        client = AsyncActivepieces(read_key, base_url=service.base_url)
        for number in range(3):
            service.api_key = f"sk-{number}"
            run(backend, update_some)
        run(backend, client.aclose)
        keys = [request.headers["authorization"] for request in service.requests]
        assert [keys.count(f"Bearer sk-{number}") >= 4 for number in range(3)] == [True] * 3


def test_connections_of_ended_loops_are_given_up() -> None:
    content = project_json()

    def handle(connection: socket.socket) -> None:
        while raw_server.read_request(connection):
            raw_server.respond(connection, content)

    with raw_server.serve(handle) as server:
        client = AsyncActivepieces("sk-1", base_url=server.base_url)
        for _ in range(10):
            asyncio.run(client.projects.update(ID, BODY))
        gc.collect()
        assert server.connections == 10
        assert server.open_connections(at_most=1) <= 1
        asyncio.run(client.aclose())
