"""The stand-in: a service in memory, in process or behind a socket, that can be told to fail."""

from __future__ import annotations

import collections
import contextlib
import threading
from collections.abc import Generator, Iterable, Mapping
from typing import Any, Self

import httpx

from . import _server
from ._service import Service, framework_envelope

Failure = int | tuple[int, Mapping[str, str]] | httpx.Response | type[httpx.RequestError] | httpx.RequestError
"""An answer to give instead: a status, one with headers, a whole response, or the error of a broken connection."""


class StandIn:
    """A stand-in for the service, with projects in memory.

    Attributes:
        requests: The requests that came in, oldest first.
        base_url: The address to give to a client.
        transport: What to give to an `httpx.Client` or `httpx.AsyncClient` for calls in process.

    Args:
        projects: Any number of projects; what a project lacks, its id too, is made up.
    """

    def __init__(self, projects: Iterable[Mapping[str, Any]] = ({},)) -> None:
        self._service = Service(list(projects))
        self._failures: collections.deque[Failure] = collections.deque()
        self._lock = threading.Lock()
        self.requests: list[httpx.Request] = []
        self.base_url: str = "https://activepieces.test/api"
        self.transport: _Transport = _Transport(self)

    @property
    def projects(self) -> list[dict[str, Any]]:
        """The projects as they are, as the service returns them; change one, and the service has it so."""
        return self._service.projects

    @property
    def api_key(self) -> str:
        """The key of the platform's owner; set it, and the one before is no longer known."""
        return self._service.api_key

    @api_key.setter
    def api_key(self, key: str) -> None:
        self._service.api_key = key

    @property
    def member_key(self) -> str:
        """The key of somebody who may change the projects, but does not own the platform."""
        return self._service.member_key

    def fail(self, *failures: Failure) -> None:
        """Give these answers to the next requests, one each and in this order, and change nothing for them."""
        self._failures.extend(failures)

    @contextlib.contextmanager
    def serve(self, port: int = 0) -> Generator[Self]:
        """Serve the same over a socket on 127.0.0.1: on a free port, where none is given.

        A broken connection is then one that is closed without an answer, and a time-out one that stays silent.
        """
        before = self.base_url
        with _server.serve(self.answer, port) as address:
            self.base_url = f"{address}/api"
            try:
                yield self
            finally:
                self.base_url = before

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request whose body is read.

        Raises: httpx.RequestError, where `fail` asked for one.
        """
        with self._lock:
            # A copy, since the client goes on with the request as it pleases.
            self.requests.append(
                httpx.Request(
                    request.method,
                    request.url,
                    headers=request.headers,
                    content=request.content,
                    extensions=dict(request.extensions),
                )
            )
            if self._failures:
                return _fail(self._failures.popleft(), request)
            # The target is the path as it was on the wire, where the URL has it tidied up.
            target: bytes = request.extensions.get("target", request.url.raw_path)
            return self._service.answer(request.method, target.decode("latin-1"), request.headers, request.content)


def _fail(failure: Failure, request: httpx.Request) -> httpx.Response:
    if isinstance(failure, type):
        raise failure("the stand-in was told to fail", request=request)
    if isinstance(failure, httpx.RequestError):
        raise failure
    if isinstance(failure, httpx.Response):
        return failure
    status, headers = failure if isinstance(failure, tuple) else (failure, None)
    return httpx.Response(status, headers=headers, json=framework_envelope(status))


class _Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers in process, for both kinds of client."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._stand_in.answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self._stand_in.answer(request)
