"""The transports in which every call happens: they perform its steps, add the key and keep the deadline."""

from __future__ import annotations

import time
from typing import NoReturn

import anyio
import httpx

from ._auth import Credentials, Key
from ._call import Outcome, Renew, Send, Settings, call, finite_limits
from ._connections import AsyncPool, Connections, SyncPool
from ._http import redact
from .exceptions import ActivepiecesError, ConfigurationError, ResponseValidationError, describe

MAX_BODY = 100 * 1024 * 1024
"""The most bytes of a decompressed response."""

_TOO_LONG = "the attempt took longer than its timeouts together"


class _Guard(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Rejects the calls that the other guard is for.

    Closing a guard closes nothing: the connections belong to the client.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Reject a sync call."""
        _reject(request, "AsyncActivepieces is for asyncio and asyncio_detailed")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Reject an async call."""
        _reject(request, "Activepieces is for sync and sync_detailed")


class GuardTransport(_Guard):
    """An httpx transport that validates, adds the key, keeps the deadline, retries, and raises the client's errors."""

    def __init__(self, settings: Settings, connections: Connections[SyncPool], credentials: Credentials) -> None:
        self._settings, self._connections, self._credentials = settings, connections, credentials

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make a whole call."""
        request.read()
        steps = call(self._settings, request)
        key: Key | None = None
        outcome: Outcome = None
        try:
            while True:
                step = steps.send(outcome)
                if isinstance(step, Send):
                    key = self._credentials.get() if step.with_key else None
                    outcome = self._attempt(request, key)
                elif isinstance(step, Renew):
                    outcome = self._credentials.renew(key)
                else:
                    time.sleep(step)
                    outcome = None
        except StopIteration as end:
            response: httpx.Response = end.value
            return response
        except ActivepiecesError as error:
            raise error.with_traceback(None) from error.__cause__  # frames of this package help nobody

    def _attempt(self, request: httpx.Request, key: Key | None) -> httpx.Response | httpx.RequestError:
        pool, timeout = self._connections.get(), _timeout(request)
        try:
            with pool.slots:
                _sign(request, key)
                # The last wait for bytes must begin a read timeout before the deadline, since it may take as long.
                latest = time.monotonic() + sum(timeout.values()) - timeout["read"]
                response = pool.transport.handle_request(request)
                try:
                    content = bytearray()
                    for chunk in response.iter_bytes():
                        _append(content, chunk, response, request)
                        if time.monotonic() > latest:
                            return httpx.ReadTimeout(_TOO_LONG)
                    return _whole(response, content, request)
                finally:
                    response.close()
        except httpx.RequestError as error:
            return error
        finally:
            redact(request)


class AsyncGuardTransport(_Guard):
    """The async form of `GuardTransport`, under asyncio and trio."""

    def __init__(self, settings: Settings, connections: Connections[AsyncPool], credentials: Credentials) -> None:
        self._settings, self._connections, self._credentials = settings, connections, credentials

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make a whole call."""
        await request.aread()
        steps = call(self._settings, request)
        key: Key | None = None
        outcome: Outcome = None
        try:
            while True:
                step = steps.send(outcome)
                if isinstance(step, Send):
                    key = await self._credentials.get_async() if step.with_key else None
                    outcome = await self._attempt(request, key)
                elif isinstance(step, Renew):
                    outcome = await self._credentials.renew_async(key)
                else:
                    await anyio.sleep(step)
                    outcome = None
        except StopIteration as end:
            response: httpx.Response = end.value
            return response
        except ActivepiecesError as error:
            raise error.with_traceback(None) from error.__cause__  # frames of this package help nobody

    async def _attempt(self, request: httpx.Request, key: Key | None) -> httpx.Response | httpx.RequestError:
        pool, timeout = self._connections.get(), _timeout(request)
        try:
            async with pool.slots:
                _sign(request, key)
                with anyio.move_on_after(sum(timeout.values())):
                    response = await pool.transport.handle_async_request(request)
                    try:
                        content = bytearray()
                        async for chunk in response.aiter_bytes():
                            _append(content, chunk, response, request)
                        return _whole(response, content, request)
                    finally:
                        await response.aclose()
        except httpx.RequestError as error:
            return error
        finally:
            redact(request)
        return httpx.ReadTimeout(_TOO_LONG)


def _reject(request: httpx.Request, reason: str) -> NoReturn:
    raise ConfigurationError(f"client.generated of {reason}; {describe(request)} was not sent")


def _timeout(request: httpx.Request) -> dict[str, float]:
    """Return the seconds of each phase, and put them into the request, which may lack a limit."""
    limits = request.extensions["timeout"] = finite_limits(request.extensions["timeout"])
    return limits


def _sign(request: httpx.Request, key: Key | None) -> None:
    if key:
        request.headers["Authorization"] = f"Bearer {key.value}"
    else:
        request.headers.pop("Authorization", None)


def _append(content: bytearray, chunk: bytes, response: httpx.Response, request: httpx.Request) -> None:
    content += chunk
    if len(content) > MAX_BODY:
        whole = _whole(response, bytearray(), request)
        raise ResponseValidationError("is larger than 100 MiB", whole, reached=response.is_success)


def _whole(response: httpx.Response, content: bytearray, request: httpx.Request) -> httpx.Response:
    """Return a response whose body is read, for the generated parser and for errors."""
    headers, extensions = response.headers, dict(response.extensions)
    extensions.pop("network_stream", None)
    if "Content-Encoding" in headers:  # which has been decoded
        headers = httpx.Headers(headers)
        del headers["Content-Encoding"]
        headers.pop("Content-Length", None)
    return httpx.Response(
        response.status_code, headers=headers, content=bytes(content), request=request, extensions=extensions
    )
