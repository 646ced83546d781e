"""Faults on the wire: each call ends in time, with one exception.

After each fault the server works again. The same client, whose pool has one connection, then gets its own response,
no other connection is open, and none is once the client is closed.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import random
import socket
import ssl
import struct
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import anyio.from_thread
import attrs
import httpx
import pytest
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport, SyncHttpxTransport

from activepieces_client import (
    Activepieces,
    ActivepiecesError,
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncActivepieces,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
)
from activepieces_client.models import Project

from .support import raw_server
from .support.certificates import server_context
from .support.leaks import API_KEY, no_leak
from .support.updates import ID, project_json

Step = Callable[[socket.socket], object]
"""The next action of the server on a connection."""

PROJECT = project_json()
OK = b"HTTP/1.1 200 OK\r\n"
OK_PROJECT = OK + b"Content-Length: %d\r\n\r\n" % len(PROJECT) + PROJECT

# In some requests: more than the buffers of two sockets take, so that it is not sent before the server reads it.
LARGE: dict[str, Any] = {"metadata": {"notes": "x" * 8 * 2**20}}

# Made once: it takes longer than a call.
SSL_CONTEXT = httpx.create_ssl_context()

# Seconds that no call takes, not even the slow ones on a busy machine; those on an idle one take less than a second.
BOUND = 30.0


def send(content: bytes) -> Step:
    return lambda connection: connection.sendall(content)


def drip(content: bytes) -> Step:
    """Send a byte each 20 ms."""
    return lambda connection: raw_server.drip(connection, content, seconds=0.02)


def flood(content: bytes) -> Step:
    """Send the same again and again, until the client goes."""

    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(content * 1000)

    return flood


def respond(status: bytes, *headers: bytes, body: bytes = b"") -> Step:
    """Send a response with its length."""
    return send(b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body), b"", body]))


close = socket.socket.close
silence = raw_server.wait_for_the_end


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_some(connection: socket.socket) -> None:
    connection.recv(10)


def start_tls(context: ssl.SSLContext, connection: socket.socket) -> None:
    context.wrap_socket(connection, server_side=True)


@attrs.frozen
class Fault:
    """A fault, and how the call ends.

    Attributes:
        error: The exception; None if a project is returned.
        on_connect: The steps of the server with each connection before it reads a request.
        on_request: Its steps once it has read a request, with its body.
        body: The body of the request.
        timeout: The timeout of each phase, or of all, in seconds.
        max_retries: How often to retry.
        headers: Whether the headers of the response do not end, for which the sync client has no deadline.
        message: A part of the message.
        attributes: Attributes of the exception.
        attempts: How often the client tried.
        read: How many requests the server read; None for any number.
        least: How long the call takes at least, in seconds.
        next_error: The exception of the next call, before the server is called once more.
    """

    error: type[ActivepiecesError] | None
    on_connect: tuple[Step, ...] = ()
    on_request: tuple[Step, ...] = ()
    body: Mapping[str, Any] = {}
    timeout: float | httpx.Timeout = 5.0
    max_retries: int = 1
    headers: bool = False
    message: str = ""
    attributes: Mapping[str, Any] = {}
    attempts: int = 1
    read: int | None = -1
    least: float = 0.0
    next_error: type[ActivepiecesError] | None = None


# Long enough for a busy machine to accept the connection and read the request within.
SLOW: dict[str, Any] = {"timeout": httpx.Timeout(1, write=0.1, pool=0.1), "max_retries": 0}
DRIPPED: dict[str, Any] = {**SLOW, "least": 1.2}  # the sync client may end a read timeout before the deadline
SILENT = httpx.Timeout(1, read=0.3)
UNREAD: dict[str, Any] = {"attempts": 2, "read": 0}

FAULTS: dict[str, Fault] = {
    # No response: such an attempt is retried, since the operation is idempotent.
    "reset before the request": Fault(APIConnectionError, (reset,), **UNREAD),
    "closed before the request": Fault(APIConnectionError, (close,), **UNREAD),
    "reset during the request": Fault(APIConnectionError, (read_some, reset), body=LARGE, **UNREAD),
    "closed during the request": Fault(APIConnectionError, (read_some, close), body=LARGE, **UNREAD),
    "request that is not read": Fault(
        APITimeoutError, (silence,), body=LARGE, timeout=httpx.Timeout(1, write=0.15), **UNREAD
    ),
    "reset after the request": Fault(APIConnectionError, on_request=(reset,), attempts=2),
    "closed after the request": Fault(
        APIConnectionError, on_request=(close,), message="RemoteProtocolError", attempts=2
    ),
    "reset in the head": Fault(APIConnectionError, on_request=(send(OK + b"Conte"), reset), attempts=2),
    "closed in the head": Fault(APIConnectionError, on_request=(send(OK + b"Conte"), close), attempts=2),
    "reset in the body": Fault(APIConnectionError, on_request=(send(OK_PROJECT[:-9]), reset), attempts=2),
    "closed in the body": Fault(
        APIConnectionError, on_request=(send(OK_PROJECT[:-9]), close), message="RemoteProtocolError", attempts=2
    ),
    "silent after the request": Fault(
        APITimeoutError, on_request=(silence,), timeout=SILENT, message="ReadTimeout", attempts=2
    ),
    "silent in the head": Fault(
        APITimeoutError, on_request=(send(OK + b"Conte"), silence), timeout=SILENT, message="ReadTimeout", attempts=2
    ),
    "silent in the body": Fault(
        APITimeoutError, on_request=(send(OK_PROJECT[:-9]), silence), timeout=SILENT, message="ReadTimeout", attempts=2
    ),
    "dripped head": Fault(APITimeoutError, on_request=(drip(OK + b"X-Slow: 1\r\n" * 99),), headers=True, **DRIPPED),
    "dripped body": Fault(APITimeoutError, on_request=(send(OK + b"\r\n"), drip(PROJECT)), **DRIPPED),
    "endless body": Fault(
        ResponseValidationError,
        on_request=(send(OK + b"Content-Length: 1000000000000\r\n\r\n"), flood(b" " * 100)),
        message="is larger than 100 MiB",
    ),
    "endless chunks": Fault(
        APITimeoutError,
        on_request=(send(OK + b"Transfer-Encoding: chunked\r\n\r\n"), flood(b"1\r\n \r\n")),
        **DRIPPED,
    ),
    "endless interim responses": Fault(
        APITimeoutError, on_request=(flood(b"HTTP/1.1 102 Wait\r\n\r\n"),), headers=True, **DRIPPED
    ),
    "dripped body that is closed in time": Fault(
        APIConnectionError,
        on_request=(send(OK + b"Content-Length: 99\r\n\r\n"), drip(b'{"id"'), close),
        message="RemoteProtocolError",
        timeout=5,
        max_retries=0,
    ),
    # A response that is not HTTP, or contradicts itself.
    "another protocol's greeting": Fault(
        APIConnectionError,
        on_request=(send(b"SSH-2.0-OpenSSH_9.9\r\n"), close),
        message="RemoteProtocolError",
        attempts=2,
    ),
    "endless header": Fault(
        APIConnectionError, on_request=(send(OK + b"X-A: "), flood(b"a")), message="RemoteProtocolError", attempts=2
    ),
    "two lengths": Fault(
        APIConnectionError,
        on_request=(send(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n"),),
        message="RemoteProtocolError",
        attempts=2,
    ),
    "negative length": Fault(
        APIConnectionError,
        on_request=(send(OK + b"Content-Length: -2\r\n\r\n{}"),),
        message="RemoteProtocolError",
        attempts=2,
    ),
    "NUL in the head": Fault(
        APIConnectionError,
        on_request=(send(OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\n{}"),),
        message="RemoteProtocolError",
        attempts=2,
    ),
    "chunk without a length": Fault(
        APIConnectionError,
        on_request=(send(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),),
        message="RemoteProtocolError",
        attempts=2,
    ),
    "chunks without the last": Fault(
        APIConnectionError,
        on_request=(send(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"), close),
        message="RemoteProtocolError",
        attempts=2,
    ),
    "body longer than its length": Fault(None, on_request=(send(OK_PROJECT + b"\r\n}}}"),)),
    # httpcore takes the bytes left in its buffer for the next response. This row fails once it does not.
    "second response without a request": Fault(
        None,
        on_request=(send(OK_PROJECT + b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"),),
        next_error=NotFoundError,
    ),
    "body up to the end of the connection": Fault(None, on_request=(send(b"HTTP/1.0 200 OK\r\n\r\n" + PROJECT), close)),
    "such a body cut short": Fault(
        ResponseValidationError,
        on_request=(send(b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"id"'), close),
        message="is not JSON",
        attributes={"reached": True},
    ),
    "gzip": Fault(None, on_request=(respond(b"200 OK", b"Content-Encoding: gzip", body=gzip.compress(PROJECT)),)),
    "uncompressed project that claims to be gzip": Fault(
        APIConnectionError,
        on_request=(respond(b"200 OK", b"Content-Encoding: gzip", body=PROJECT),),
        message="DecodingError",
        attempts=2,
    ),
    "project that claims to be HTML": Fault(
        None, on_request=(respond(b"200 OK", b"Content-Type: text/html", body=PROJECT),)
    ),
    "HTML that claims to be JSON": Fault(
        ResponseValidationError,
        on_request=(respond(b"200 OK", b"Content-Type: application/json", body=b"<html>"),),
        message="is not JSON",
        attributes={"reached": True},
    ),
    "HTML": Fault(
        ResponseValidationError,
        on_request=(respond(b"200 OK", b"Content-Type: text/html", body=b"<html>"),),
        message="does base_url end in /api?",
        attributes={"reached": False},
    ),
    "another encoding of characters": Fault(
        None, on_request=(respond(b"200 OK", b"Content-Type: application/json; charset=utf-7", body=PROJECT),)
    ),
    # Statuses; those of the service are in test_errors.py.
    "interim responses before the project": Fault(
        None,
        on_request=(send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK_PROJECT),),
    ),
    "101 Switching Protocols": Fault(
        APIConnectionError,
        on_request=(send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),),
        message="RemoteProtocolError",
        attempts=2,
    ),
    "204 No Content": Fault(
        ResponseValidationError, on_request=(send(b"HTTP/1.1 204 No Content\r\n\r\n"),), message="204"
    ),
    "206 Partial Content": Fault(
        ResponseValidationError, on_request=(respond(b"206 Partial Content", body=PROJECT),), message="206"
    ),
    "307 to another origin": Fault(
        APIStatusError,
        on_request=(respond(b"307 Temporary Redirect", b"Location: http://127.0.0.1:9/"),),
        message="is not followed",
        attributes={"status_code": 307},
    ),
    "303, which would change the method": Fault(
        APIStatusError,
        on_request=(respond(b"303 See Other", b"Location: http://127.0.0.1:9/"),),
        message="is not followed",
        attributes={"status_code": 303},
    ),
    "redirect to no URL": Fault(
        APIConnectionError,
        on_request=(respond(b"301 Moved Permanently", b"Location: https://[::"),),
        message="Invalid URL in location header",
        attempts=2,
    ),
    "redirect without a location": Fault(
        APIStatusError, on_request=(respond(b"302 Found"),), message="Found", attributes={"status_code": 302}
    ),
    "304 Not Modified": Fault(
        APIStatusError, on_request=(send(b"HTTP/1.1 304 Not Modified\r\n\r\n"),), attributes={"status_code": 304}
    ),
    "413 before the body is read": Fault(
        PayloadTooLargeError,
        (read_some, respond(b"413 Payload Too Large", b"Connection: close")),
        body=LARGE,
        read=None,
    ),
    "520 with HTML": Fault(
        ServerError,
        on_request=(respond(b"520 ", b"Retry-After: 0", body=b"<html>"),),
        attributes={"status_code": 520, "code": None},
        attempts=2,
    ),
    "999": Fault(
        ServerError, on_request=(respond(b"999 ", b"Retry-After: 0"),), attributes={"status_code": 999}, attempts=2
    ),
    "500 whose body stops": Fault(
        APITimeoutError, on_request=(send(b"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n{"), silence), **SLOW
    ),
    "429 with Retry-After": Fault(
        RateLimitError,
        on_request=(respond(b"429 Too Many Requests", b"Retry-After: 0.5"),),
        attributes={"retry_after": 0.5},
        attempts=2,
        least=0.5,
    ),
    "429 without Retry-After": Fault(
        RateLimitError,
        on_request=(respond(b"429 Too Many Requests"),),
        attributes={"retry_after": None},
        attempts=2,
    ),
    "two Retry-After": Fault(
        RateLimitError,
        on_request=(respond(b"429 Too Many Requests", b"Retry-After: 1", b"Retry-After: 2"),),
        attributes={"retry_after": None},
        attempts=2,
    ),
}


class Server:
    """A server that has a fault until it is well, and keeps the requests it read."""

    def __init__(self, fault: Fault) -> None:
        self.well = False
        self.requests: list[bytes] = []
        self._fault = fault

    def handle(self, connection: socket.socket) -> None:
        self._do(() if self.well else self._fault.on_connect, connection)
        while request := raw_server.read_request(connection):
            self.requests.append(request)
            self._do((send(OK_PROJECT),) if self.well else self._fault.on_request, connection)

    def _do(self, steps: tuple[Step, ...], connection: socket.socket) -> None:
        for step in steps:
            step(connection)


Call = Callable[..., Project]


def httpcore_client() -> httpx.Client:
    return httpx.Client(limits=httpx.Limits(max_connections=1), follow_redirects=True, verify=SSL_CONTEXT)


def async_httpcore_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(limits=httpx.Limits(max_connections=1), follow_redirects=True, verify=SSL_CONTEXT)


# pyreqwest follows redirects by itself, and httpx cannot see it.


def pyreqwest_client() -> httpx.Client:
    engine = SyncClientBuilder().max_connections(1).follow_redirects(enable=False).build()
    return httpx.Client(transport=SyncHttpxTransport(engine), follow_redirects=True)


def async_pyreqwest_client() -> httpx.AsyncClient:
    engine = ClientBuilder().max_connections(1).follow_redirects(enable=False).build()
    return httpx.AsyncClient(transport=HttpxTransport(engine), follow_redirects=True)


HttpClients = tuple[Callable[[], httpx.Client], Callable[[], httpx.AsyncClient]]

# Each has a pool of one connection.
HTTPCORE: HttpClients = httpcore_client, async_httpcore_client
PYREQWEST: HttpClients = pyreqwest_client, async_pyreqwest_client


@contextlib.contextmanager
def calling(kind: str, base_url: str, http_clients: HttpClients | None) -> Generator[Call]:
    """Make a client of a kind, with or without an httpx client; yield its `update`."""
    with contextlib.ExitStack() as stack:
        if kind == "sync":
            http_client = stack.enter_context(http_clients[0]()) if http_clients else None
            client = stack.enter_context(
                Activepieces(API_KEY, base_url=base_url, http_client=http_client, allow_http=True)
            )
            yield functools.partial(client.projects.update, ID, check_applied=False)
            return
        portal = stack.enter_context(anyio.from_thread.start_blocking_portal(kind))
        async_http_client = None
        if http_clients:
            async_http_client = portal.call(http_clients[1])
            stack.enter_context(portal.wrap_async_context_manager(async_http_client))
        async_client = AsyncActivepieces(API_KEY, base_url=base_url, http_client=async_http_client, allow_http=True)
        stack.enter_context(portal.wrap_async_context_manager(async_client))

        def update(body: Mapping[str, Any], **options: Any) -> Project:
            call = functools.partial(async_client.projects.update, ID, body, check_applied=False, **options)
            return portal.call(call)

        yield update


def check_call(fault: Fault, update: Call, server: Server) -> None:
    """Check how a call ends."""
    error: ActivepiecesError | None = None
    start = time.monotonic()
    try:
        with no_leak():
            update(fault.body, timeout=fault.timeout, max_retries=fault.max_retries)
    except ActivepiecesError as raised:
        error = raised
    seconds = time.monotonic() - start

    assert type(error) is (fault.error or type(None)), error
    assert fault.message in str(error)
    assert {name: getattr(error, name) for name in fault.attributes} == fault.attributes
    assert getattr(error, "attempts", 1) == fault.attempts
    if fault.read is not None:
        assert len(server.requests) == (fault.attempts if fault.read < 0 else fault.read)
    assert fault.least <= seconds < BOUND


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", min)


# trio does not close the async generators of a body when it cancels them.
LEFT_BY_TRIO = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@LEFT_BY_TRIO
@pytest.mark.usefixtures("debug_logs")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_fault_of_a_server(fault: Fault, kind: str) -> None:
    faulty = Server(fault)
    with raw_server.serve(faulty.handle) as server:
        if fault.headers and kind == "sync":
            pytest.skip("the sync client has no deadline for headers")
        with calling(kind, server.base_url, HTTPCORE) as update:
            check_call(fault, update, faulty)
            faulty.well = True
            if fault.next_error:
                with pytest.raises(fault.next_error):
                    update({})
            assert update({}).id == ID
            assert server.open_connections(at_most=1) == 1
        assert server.open_connections(at_most=0) == 0


# pyreqwest decompresses bodies by itself, takes 101 for a response, and has no timeout for one phase alone.
# If it is cancelled at a deadline, async pyreqwest raises an exception that is not from httpx.
SILENCES = ("request that is not read", "silent after the request", "silent in the head", "silent in the body")
NOT_ON_ASYNC_PYREQWEST = {*SILENCES, "dripped body", "endless chunks", "500 whose body stops"}
ON_PYREQWEST: dict[str, dict[str, Any]] = {
    **{name: {"timeout": 0.2} for name in SILENCES},
    "101 Switching Protocols": {"error": APIStatusError, "attempts": 1},
}


@pytest.mark.usefixtures("debug_logs")
@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if not fault.headers])
@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_fault_on_another_engine(name: str, kind: str) -> None:
    if kind == "asyncio" and name in NOT_ON_ASYNC_PYREQWEST:
        pytest.skip("if it is cancelled at the deadline, it raises an exception that is not from httpx")
    fault = attrs.evolve(FAULTS[name], message="", **ON_PYREQWEST.get(name, {}))  # its messages are its own
    faulty = Server(fault)
    with raw_server.serve(faulty.handle) as server, calling(kind, server.base_url, PYREQWEST) as update:
        check_call(fault, update, faulty)
        faulty.well = True
        assert update({}).id == ID
        # That of 101 stays open, and the others do until the engine is garbage.
        most = 1 + (name == "101 Switching Protocols")
        assert server.open_connections(at_most=most) <= most


# Faults of calls to another address than that of the server; `{port}` is its port.

Elsewhere = tuple[str, dict[str, str], Fault]

ELSEWHERE: dict[str, Elsewhere] = {
    "nobody listens": ("http://127.0.0.1:9/api", {}, Fault(APIConnectionError, message="ConnectError", **UNREAD)),
    "name that does not resolve": (
        "https://nowhere.invalid/api",
        {},
        Fault(APIConnectionError, message="ConnectError", **UNREAD),
    ),
    "no TLS": (
        "https://127.0.0.1:{port}/api",
        {},
        Fault(
            APIConnectionError,
            (read_some, send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), close),
            message="SSL_CERT_FILE",
            read=0,
        ),
    ),
    "closed in the TLS handshake": (
        "https://127.0.0.1:{port}/api",
        {},
        Fault(APIConnectionError, (read_some, close), message="ConnectError", **UNREAD),
    ),
    "silent in the TLS handshake": (
        "https://127.0.0.1:{port}/api",
        {},
        Fault(APITimeoutError, (silence,), timeout=0.1, message="ConnectTimeout", **UNREAD),
    ),
    "proxy that refuses to connect": (
        "https://flows.test/api",
        {"HTTPS_PROXY": "http://127.0.0.1:{port}"},
        Fault(APIConnectionError, on_request=(respond(b"403 Forbidden"),), message="403 Forbidden"),
    ),
    "proxy that refuses a request": (
        "http://flows.test/api",
        {"HTTP_PROXY": "http://127.0.0.1:{port}"},
        Fault(
            APIStatusError,
            on_request=(respond(b"407 Proxy Authentication Required"),),
            attributes={"status_code": 407},
        ),
    ),
    "proxy that is not there": (
        "https://flows.test/api",
        {"HTTPS_PROXY": "http://127.0.0.1:9"},
        Fault(APIConnectionError, message="ConnectError", **UNREAD),
    ),
    "proxy that is silent": (
        "https://flows.test/api",
        {"HTTPS_PROXY": "http://127.0.0.1:{port}"},
        Fault(APITimeoutError, on_request=(silence,), timeout=0.1, attempts=2),
    ),
}


@LEFT_BY_TRIO
@pytest.mark.usefixtures("debug_logs")
@pytest.mark.parametrize("own", [True, False], ids=["default", "http_client"])
@pytest.mark.parametrize(("url", "environment", "fault"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_fault_on_the_way(
    monkeypatch: pytest.MonkeyPatch, kind: str, url: str, environment: dict[str, str], fault: Fault, own: bool
) -> None:
    faulty = Server(fault)
    with raw_server.serve(faulty.handle) as server:
        for name, value in environment.items():
            monkeypatch.setenv(name, value.format(port=server.port))
        with calling(kind, url.format(port=server.port), None if own else HTTPCORE) as update:
            check_call(fault, update, faulty)
            faulty.requests.clear()
            check_call(fault, update, faulty)
            assert server.open_connections(at_most=1) <= 1
        assert server.open_connections(at_most=0) == 0


@LEFT_BY_TRIO
@pytest.mark.usefixtures("debug_logs")
def test_certificate_of_an_unknown_authority(kind: str, tmp_path: Path) -> None:
    start = functools.partial(start_tls, server_context(tmp_path))
    fault = Fault(APIConnectionError, (start,), message="SSL_CERT_FILE", read=0)
    faulty = Server(fault)
    with raw_server.serve(faulty.handle) as server:
        with calling(kind, server.base_url.replace("http:", "https:"), HTTPCORE) as update:
            check_call(fault, update, faulty)
        assert server.open_connections(at_most=0) == 0
