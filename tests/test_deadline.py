"""An attempt ends at its deadline, whatever the server sends and whoever opened the connection."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import Activepieces, APITimeoutError
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.updates import Update, project_json, stand_in_at

ID = "pRjEctId0000000000001"

# An attempt has four phases of 0.15 s, so its deadline is 0.6 s. The dripped bytes alone take 3 s, and then comes the
# rest: a client without a deadline has its response, and one with a read timeout alone as well.
TIMEOUT = 0.15
DRIPPED, STEP = 60, 0.05


def drip_body(connection: socket.socket, status: bytes = b"200 OK") -> None:
    """Respond with a body that comes slowly, but never so slowly that the read timeout ends it."""
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


def test_dripped_body_on_a_connection_that_was_open_before() -> None:
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
    """A transport without sockets, such as one that somebody writes for a test or a gateway."""

    def __init__(self, status: int) -> None:
        self.closed = 0
        self._status = status

    def handle_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - httpx's signature
        return httpx.Response(self._status, stream=DrippingStream(self))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - as above
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


# trio warns of the async generator above, which the deadline leaves where it is.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("status", [200, 403])  # the body of a 403 says whether to renew the key
def test_dripped_body_of_any_transport_ends_and_is_closed(update: Update, kind: str, status: int) -> None:
    transport = DrippingTransport(status)
    http_client: Any = (httpx.Client if kind == "sync" else httpx.AsyncClient)(transport=transport)
    client: dict[str, Any] = {"http_client": http_client, "api_key": lambda: "sk-1"}
    with pytest.raises(APITimeoutError):
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
    assert len(requests) >= 2  # more where the machine is busy


def test_body_that_comes_in_time_is_read_to_its_end(update: Update) -> None:
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
