"""The stand-in: the service in memory, in process or behind a socket."""

from __future__ import annotations

import collections
import contextlib
import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from ._errors import framework_envelope, service_error
from ._releases import NEWEST, RELEASES
from ._server import Server
from ._service import Service

Failure = int | tuple[int, Mapping[str, str] | str] | httpx.Response | type[httpx.RequestError] | httpx.RequestError
"""The outcome of a request; docs/reference/testing.md lists the forms."""


class ReceivedRequest(httpx.Request):
    """A request that the stand-in received."""

    @property
    def json(self) -> Any:
        """The body as JSON; None without a body."""
        return json.loads(self.content) if self.content else None


class StandIn(Service):
    """A stand-in for the service, with projects in memory.

    Attributes:
        requests: The requests received, oldest first.
        api_key: The key of an admin of the platform; setting it revokes the one before.
        base_url: The address to give to a client.
        transport: The `transport` of an `httpx.Client` or `httpx.AsyncClient` for calls in process.
        member_key: The key of a member who may update the projects, and is not an admin of the platform.
        email: The address with which an admin of the platform signs in.
        password: The admin's password.
        tokens: The valid tokens of the admin's sign-ins; without them, the admin has to sign in again.
        healthy: Whether `GET /v1/health` finds a database. False is a 503; None is a server that hangs.
        handlers: Functions from an `httpx.Request` to an `httpx.Response`, by operationId. Each replaces the
            stand-in's own behaviour for that operation, if it has one.

    Args:
        projects: Projects, with any of their properties; the others are made up, the id too.
        release: The release of the service to behave as: "0.92", "0.88" or "0.83".

    Raises:
        ValueError: The release does not exist, or its projects lack the property.
    """

    def __init__(self, projects: Iterable[Mapping[str, Any]] = ({},), *, release: str = NEWEST) -> None:
        if release not in RELEASES:
            raise ValueError(f"unknown release {release!r}; known are {', '.join(RELEASES)}")
        super().__init__(projects, RELEASES[release])
        self._failures: collections.deque[Failure] = collections.deque()
        self._lock = threading.RLock()
        self.requests: list[ReceivedRequest] = []
        self.base_url: str = "https://activepieces.test/api"
        self.transport: _Transport = _Transport(self)

    @property
    def projects(self) -> list[dict[str, Any]]:
        """The projects as the service returns them; you may change them at any time."""
        return self._projects.all

    def fail(self, *failures: Failure) -> None:
        """Make the next requests fail, one each, in this order. `GET /v1/health` follows `healthy` instead.

        They change no project. `fail(503, (429, {"retry-after": "1"}), (403, "SESSION_EXPIRED"), httpx.ReadTimeout)`
        returns three errors, the third in the service's envelope, and lets the fourth request time out.
        """
        self._failures.extend(failures)

    def serve(self, port: int = 0) -> contextlib.AbstractContextManager[StandIn]:
        """Serve over a socket on 127.0.0.1; port 0 is any free one.

        If `fail` was given a connection error, the connection closes without a response. If it was given a timeout,
        the server does not respond until serving ends.
        """
        return _Serving(self, self._release.body_limit, port)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Handle a request whose body has been read.

        Raises:
            httpx.RequestError: `fail` was given one.
        """
        with self._lock:
            # A copy: the client may change the request afterwards.
            received = ReceivedRequest(
                request.method,
                request.url,
                headers=request.headers,
                content=request.content,
                extensions=dict(request.extensions),
            )
            self.requests.append(received)
            # The target as it was sent: httpx normalizes the path of a URL.
            target: bytes = request.extensions.get("target", request.url.raw_path)
            if self._failures and not target.endswith(b"/v1/health"):
                return _fail(self._failures.popleft(), request)
            return self.respond(received, target.decode("latin-1"))


def _fail(failure: Failure, request: httpx.Request) -> httpx.Response:
    match failure:
        case type():
            raise failure("a failure of the stand-in", request=request)
        case httpx.RequestError():
            raise failure
        case httpx.Response():
            return failure
        case (status, str(code)):
            return httpx.Response(status, json=service_error(status, code).envelope)
        case (status, headers):
            return httpx.Response(status, headers=headers, json=framework_envelope(status))
        case status:
            return httpx.Response(status, json=framework_envelope(status))


class _Serving(contextlib.AbstractContextManager[StandIn]):
    """The context manager of `serve`.

    Not a generator: one that is never left would wait for threads at exit.
    """

    def __init__(self, stand_in: StandIn, body_limit: int, port: int) -> None:
        self._stand_in = stand_in
        self._body_limit = body_limit
        self._port = port

    def __enter__(self) -> StandIn:
        self._before = self._stand_in.base_url
        self._server = Server(self._stand_in.handle, self._body_limit, self._port)
        self._stand_in.base_url = f"http://127.0.0.1:{self._server.start()}/api"
        return self._stand_in

    def __exit__(self, *_: object) -> None:
        self._stand_in.base_url = self._before
        self._server.stop()


class _Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for both kinds of client, in process."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._stand_in.handle(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._stand_in.handle(request)
