"""Transports other than httpx's: every guarantee holds."""

from __future__ import annotations

import contextlib
import functools
import gc
import socket
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport, SyncHttpxTransport

from activepieces_client import (
    Activepieces,
    ActivepiecesError,
    APIConnectionError,
    APITimeoutError,
    AsyncActivepieces,
    NotFoundError,
    RequestValidationError,
    ServerError,
)
from activepieces_client.models import Project

from .support import raw_server
from .support.leaks import API_KEY, no_leak
from .support.updates import ID, project_json

NOW = b"Retry-After: 0"

Call = Callable[..., Project]
"""Updates a project through one engine; the arguments are those of `update`."""


class Engine:
    """One way to make connections, and the kind of client that uses it."""

    def __init__(self, kind: str, make_transport: Callable[[Path], Any], *, unix: bool = False) -> None:
        self.kind = kind
        self.make_transport = make_transport
        self.unix = unix

    @contextlib.contextmanager
    def serve(self, folder: Path, handle: raw_server.Handler) -> Generator[tuple[raw_server.Server, Call]]:
        """Serve, and give the call that goes there."""
        path = folder / "socket"
        with raw_server.serve(handle, path if self.unix else None) as server:
            call = self._update_sync if self.kind == "sync" else self._update_async
            yield server, functools.partial(call, server.base_url, path)

    def _update_sync(self, base_url: str, path: Path, body: Any, **options: Any) -> Project:
        with no_leak(), httpx.Client(transport=self.make_transport(path)) as http_client:
            client = Activepieces(API_KEY, base_url=base_url, http_client=http_client)
            return client.projects.update(ID, body, **options)

    def _update_async(self, base_url: str, path: Path, body: Any, **options: Any) -> Project:
        async def run() -> Project:
            async with httpx.AsyncClient(transport=self.make_transport(path)) as http_client:
                client = AsyncActivepieces(API_KEY, base_url=base_url, http_client=http_client)
                return await client.projects.update(ID, body, **options)

        with no_leak():
            return anyio.run(run, backend=self.kind)


ENGINES = {
    "uds": Engine("sync", lambda path: httpx.HTTPTransport(uds=str(path)), unix=True),
    "uds-asyncio": Engine("asyncio", lambda path: httpx.AsyncHTTPTransport(uds=str(path)), unix=True),
    "uds-trio": Engine("trio", lambda path: httpx.AsyncHTTPTransport(uds=str(path)), unix=True),
    "pyreqwest": Engine("sync", lambda _: make_pyreqwest()),
    "pyreqwest-asyncio": Engine("asyncio", lambda _: make_async_pyreqwest()),
}


# By default it follows redirects itself, which httpx cannot see.


def make_pyreqwest() -> SyncHttpxTransport:
    return SyncHttpxTransport(SyncClientBuilder().follow_redirects(enable=False).build())


def make_async_pyreqwest() -> HttpxTransport:
    return HttpxTransport(ClientBuilder().follow_redirects(enable=False).build())


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


class Script:
    """Handles the requests of each connection in turn, and keeps them."""

    def __init__(self, *steps: Callable[[socket.socket], object]) -> None:
        self.requests: list[bytes] = []
        self._steps = list(steps)

    def __call__(self, connection: socket.socket) -> None:
        while self._steps and (request := raw_server.read_request(connection)):
            self.requests.append(request)
            self._steps.pop(0)(connection)


def ok(connection: socket.socket) -> None:
    raw_server.respond(connection, project_json(displayName="Acme"))


def unavailable(connection: socket.socket) -> None:
    raw_server.respond(connection, b"{}", NOW, status=b"503 Service Unavailable")


def broken(connection: socket.socket) -> None:
    """Break the connection without a response."""
    connection.shutdown(socket.SHUT_RDWR)


def broken_in_the_body(connection: socket.socket) -> None:
    """Break the connection within the body."""
    connection.sendall(raw_server.HEAD % 1000 + b"{")
    connection.shutdown(socket.SHUT_RDWR)


def test_update_through_an_engine(engine: Engine, tmp_path: Path) -> None:
    script = Script(ok)
    with engine.serve(tmp_path, script) as (_, call):
        assert call({"displayName": "Acme"}).display_name == "Acme"
    head, _, body = script.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/v1/projects/%s HTTP/1.1\r\n" % ID.encode())
    assert b"authorization: bearer %s\r\n" % API_KEY.encode() in head.lower() + b"\r\n"
    assert body == b'{"displayName":"Acme"}'


@pytest.mark.parametrize("failure", [unavailable, broken, broken_in_the_body])
def test_retry_through_an_engine(engine: Engine, tmp_path: Path, failure: Callable[[socket.socket], object]) -> None:
    script = Script(failure, ok)
    with engine.serve(tmp_path, script) as (_, call):
        assert call({"displayName": "Acme"}).display_name == "Acme"
    assert len(script.requests) == 2


@pytest.mark.parametrize("failure", [broken, broken_in_the_body])
def test_broken_connection_of_an_engine(
    engine: Engine, tmp_path: Path, failure: Callable[[socket.socket], object]
) -> None:
    with engine.serve(tmp_path, Script(failure)) as (_, call), pytest.raises(APIConnectionError) as caught:
        call({}, max_retries=0)
    assert caught.value.attempts == 1
    assert not isinstance(caught.value, APITimeoutError)


# httpcore leaves the socket that cannot connect to a path to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning")
def test_refused_connection_of_an_engine(engine: Engine, tmp_path: Path) -> None:
    with engine.serve(tmp_path, Script()) as (_, call):
        pass
    with pytest.raises(APIConnectionError):
        call({}, max_retries=0)
    gc.collect()


def test_errors_have_their_status(engine: Engine, tmp_path: Path) -> None:
    def not_found(connection: socket.socket) -> None:
        raw_server.respond(connection, b'{"code": "ENTITY_NOT_FOUND", "params": {}}', status=b"404 Not Found")

    with engine.serve(tmp_path, Script(not_found, unavailable)) as (_, call):
        with pytest.raises(NotFoundError, match="ENTITY_NOT_FOUND"):
            call({}, max_retries=0)
        with pytest.raises(ServerError, match="503"):
            call({}, max_retries=0)


def test_silent_server_times_out(engine: Engine, tmp_path: Path) -> None:
    if engine is ENGINES["pyreqwest-asyncio"]:
        pytest.skip("if it is cancelled at the deadline, it raises an exception that is not from httpx")
    with (
        engine.serve(tmp_path, Script(raw_server.wait_for_the_end)) as (_, call),
        pytest.raises(APITimeoutError),
    ):
        call({}, max_retries=0, timeout=0.1)


def test_dripped_body_ends_at_the_deadline(engine: Engine, tmp_path: Path) -> None:
    if engine is ENGINES["pyreqwest-asyncio"]:
        pytest.skip("if it is cancelled at the deadline, it raises an exception that is not from httpx")
    content = project_json()

    # Drip for 3 s, well after the deadline of 4 * 0.15 s. Then send the rest, for a client without a deadline.
    def drip(connection: socket.socket) -> None:
        connection.sendall(raw_server.HEAD % len(content))
        raw_server.drip(connection, content[:60], 0.05)
        connection.sendall(content[60:])

    with engine.serve(tmp_path, Script(drip)) as (_, call), pytest.raises(APITimeoutError):
        call({}, max_retries=0, timeout=0.15)


def test_invalid_request_opens_no_connection(engine: Engine, tmp_path: Path) -> None:
    with engine.serve(tmp_path, Script()) as (server, call):
        with pytest.raises(RequestValidationError):
            call({"displayName": "a/b"})
        assert server.connections == 0


def test_redirect_is_not_followed(engine: Engine, tmp_path: Path) -> None:
    def elsewhere(connection: socket.socket) -> None:
        raw_server.respond(connection, b"", b"Location: /api/elsewhere", status=b"307 Temporary Redirect")

    script = Script(elsewhere, ok)
    with engine.serve(tmp_path, script) as (_, call), pytest.raises(ActivepiecesError, match="redirect"):
        call({}, max_retries=0)
    assert len(script.requests) == 1
