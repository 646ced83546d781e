"""The deadline of an attempt: the sum of its timeouts, whatever the server sends.

The sync client has it for the body of a response, and the async client for the headers too.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import Activepieces, APITimeoutError
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.updates import ID, Update, project_json, stand_in_at, update_with

# A deadline of 2.2 s. The dripped bytes alone take 3 s, and then comes the rest: a client without a deadline has its
# response, and one with a read timeout alone as well, since a second passes between two bytes on no machine.
TIMEOUT = httpx.Timeout(1, write=0.1, pool=0.1)
DEADLINE = 2.2
DRIPPED, STEP = 60, 0.05


# trio does not close the async generators of a body when it cancels them.
LEFT_BY_TRIO = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

# What a test allows an attempt at most; the head drips for 33 s.
BOUND = 20.0


def drip_head(connection: socket.socket) -> None:
    """Send a head in 33 s, each byte within the read timeout."""
    raw_server.drip(connection, b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 60, STEP)


def drip_body(connection: socket.socket, status: bytes = b"200 OK") -> None:
    """Send a body slowly, each byte within the read timeout."""
    content = project_json()
    connection.sendall((raw_server.HEAD % len(content)).replace(b"200 OK", status))
    raw_server.drip(connection, content[:DRIPPED], STEP)
    connection.sendall(content[DRIPPED:])


def test_dripped_body_ends_at_the_deadline(update: Update) -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        drip_body(connection)

    with raw_server.serve(handle) as server, pytest.raises(APITimeoutError):
        update(stand_in_at(server.base_url), ID, {}, timeout=TIMEOUT, max_retries=0)


def test_dripped_body_on_a_connection_opened_before() -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        raw_server.respond(connection, b"{}")
        raw_server.read_request(connection)
        drip_body(connection)

    with raw_server.serve(handle) as server, httpx.Client() as http_client:
        http_client.get(server.base_url)
        client = Activepieces("sk-1", base_url=server.base_url, http_client=http_client, max_retries=0)
        with pytest.raises(APITimeoutError):
            client.projects.update(ID, {}, timeout=TIMEOUT)
        assert server.connections == 1


class DrippingTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport without sockets, as users write them for tests and gateways."""

    def __init__(self, status: int) -> None:
        self.closed = 0
        self._status = status

    def handle_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - httpx's signature
        return httpx.Response(self._status, stream=DrippingStream(self))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - httpx's signature
        return httpx.Response(self._status, stream=DrippingStream(self))


class DrippingStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body in pieces of one byte, and then the rest."""

    def __init__(self, transport: DrippingTransport) -> None:
        self._transport = transport
        content = project_json()
        self._chunks = [*(content[index : index + 1] for index in range(DRIPPED)), content[DRIPPED:]]

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            time.sleep(STEP)
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            await anyio.sleep(STEP)
            yield chunk

    def close(self) -> None:
        self._transport.closed += 1

    async def aclose(self) -> None:
        self._transport.closed += 1


@LEFT_BY_TRIO
@pytest.mark.parametrize("status", [200, 403])  # the body of a 403 says whether to renew the key
def test_dripped_body_of_any_transport_is_closed(update: Update, kind: str, status: int) -> None:
    transport = DrippingTransport(status)
    http_client: Any = (httpx.Client if kind == "sync" else httpx.AsyncClient)(transport=transport)
    client: dict[str, Any] = {"http_client": http_client, "api_key": lambda: "sk-1"}
    with pytest.raises(APITimeoutError, match="the attempt took longer than its timeouts together"):
        update(StandIn(), ID, {}, client=client, timeout=TIMEOUT, max_retries=0)
    assert transport.closed == 1


def test_deadline_begins_anew_with_each_attempt(update: Update) -> None:
    requests: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        requests.append(raw_server.read_request(connection))
        if len(requests) == 1:
            drip_body(connection)
        else:
            raw_server.respond(connection, project_json())

    with raw_server.serve(handle) as server:
        assert update(stand_in_at(server.base_url), ID, {}, timeout=TIMEOUT, max_retries=5).id == ID
    assert len(requests) >= 2  # more if the machine is busy


def test_body_in_time_is_read_to_its_end(update: Update) -> None:
    content = project_json()

    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        connection.sendall(raw_server.HEAD % len(content))
        raw_server.drip(connection, content[:5])
        connection.sendall(content[5:])

    with raw_server.serve(handle) as server:  # a deadline of 8 s for half a second of dripping
        assert update(stand_in_at(server.base_url), ID, {}, timeout=2).id == ID


def test_connection_of_a_timed_out_attempt_is_closed() -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        drip_body(connection, b"503 Service Unavailable")

    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url, max_retries=0) as client:
        with pytest.raises(APITimeoutError):
            client.projects.update(ID, {}, timeout=TIMEOUT)
        assert server.open_connections(at_most=0) == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_dripped_head_ends_at_the_deadline(backend: str) -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        drip_head(connection)

    start = time.monotonic()
    with raw_server.serve(handle) as server, pytest.raises(APITimeoutError):
        update_with(backend)(stand_in_at(server.base_url), ID, {}, timeout=TIMEOUT, max_retries=0)
    assert DEADLINE <= time.monotonic() - start < BOUND


@pytest.mark.parametrize("phase", ["read", "write"])
def test_each_phase_has_its_own_timeout(phase: str) -> None:
    body = {"metadata": {"notes": "x" * 20_000_000}} if phase == "write" else {}

    def handle(connection: socket.socket) -> None:
        if phase == "read":
            raw_server.wait_for_the_end(connection)
        else:
            done.wait(60)

    done = threading.Event()
    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url, max_retries=0) as client:
        start = time.monotonic()
        with pytest.raises(APITimeoutError, match="^WriteTimeout" if phase == "write" else "^ReadTimeout"):
            client.projects.update(ID, body, timeout=httpx.Timeout(10, **{phase: 0.2}))
        assert time.monotonic() - start < 10
        done.set()


def test_key_source_may_use_http_client_without_limit() -> None:
    with StandIn().serve() as service, httpx.Client(timeout=None) as http_client:

        def read_key() -> str:
            headers = {"authorization": f"Bearer {service.api_key}"}
            response = http_client.post(f"{service.base_url}/v1/projects/{ID}", json={}, headers=headers)
            statuses.append(response.status_code)
            return service.api_key

        statuses: list[int] = []
        sources: list[Any] = [service.api_key, read_key]
        for source in sources:  # the second finds the connection of the first
            client = Activepieces(source, base_url=service.base_url, http_client=http_client)
            assert client.projects.update(ID, {}, timeout=2).id == ID
        assert statuses == [200]
