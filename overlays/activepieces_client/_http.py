"""The httpx clients that the generated functions call.

Their `request` makes a whole call, with every guarantee.

Whether and when something is sent is decided in `_call`; here it is carried out, sync and async.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from typing import Any

import httpx

from ._auth import BearerAuth
from ._call import Outcome, Renewal, Settings, Step, call
from ._connections import AsyncPool, Connections, SyncPool
from ._deadline import TOO_LONG, check_deadline, deadline_in
from .exceptions import COMPRESSED_EXTENSION, ActivepiecesError, ConfigurationError


class GuardedClient(httpx.Client):
    """An `httpx.Client` whose `request` makes a whole call.

    It validates, adds the key, keeps the deadline, retries, and raises the package's errors.

    It has no connections: it sends through the httpx client of a pool. What would pass by `request` is refused, such as
    `stream`.
    """

    def __init__(
        self, connections: Connections[SyncPool], auth: BearerAuth, settings: Settings, **changes: object
    ) -> None:
        super().__init__(transport=httpx.MockTransport(_refuse))
        self._connections, self._bearer, self._settings = connections, auth, settings.evolve(**changes)

    def request(self, method: str, url: httpx.URL | str, **arguments: Any) -> httpx.Response:
        """Call an operation of the document; `url` is relative to the address of the API."""
        pool = self._connections.get()
        steps = call(self._settings, pool.http_client, method, str(url), _supported(arguments))
        outcome: Outcome = None
        try:
            while not isinstance(step := steps.send(outcome), httpx.Response):
                outcome = self._carry_out(step)
        except ActivepiecesError as error:
            raise error.with_traceback(None) from None  # where in this package it arose helps nobody
        return step

    def _carry_out(self, step: Step) -> Outcome:
        if isinstance(step, httpx.Request):
            return self._send(step, self._connections.get())  # which may have been closed since the last attempt
        if isinstance(step, Renewal):
            return self._bearer.renew(step.rejected_read)
        time.sleep(step)
        return None

    def _send(self, request: httpx.Request, pool: SyncPool) -> httpx.Response | httpx.RequestError:
        try:
            with pool.slots, deadline_in(_seconds(request)):
                return self._exchange(request, pool.http_client)
        except httpx.RequestError as error:
            return error
        finally:
            _redact(request)

    def _exchange(self, request: httpx.Request, http_client: httpx.Client) -> httpx.Response:
        response = http_client.send(request, auth=self._bearer, follow_redirects=False, stream=True)
        try:
            if response.is_stream_consumed:  # by a hook
                return _plain(response, response.content)
            chunks: list[bytes] = []
            with _httpx_errors():
                for chunk in response.iter_raw():
                    check_deadline()
                    chunks.append(chunk)
            return _plain(response, b"".join(chunks))
        finally:
            response.close()
            _redact(response.next_request)


class AsyncGuardedClient(httpx.AsyncClient):
    """The same as an `httpx.AsyncClient`, under asyncio and trio."""

    def __init__(
        self, connections: Connections[AsyncPool], auth: BearerAuth, settings: Settings, **changes: object
    ) -> None:
        super().__init__(transport=httpx.MockTransport(_refuse))
        self._connections, self._bearer, self._settings = connections, auth, settings.evolve(**changes)

    async def request(self, method: str, url: httpx.URL | str, **arguments: Any) -> httpx.Response:
        """Call an operation of the document; `url` is relative to the address of the API."""
        pool = self._connections.get()
        steps = call(self._settings, pool.http_client, method, str(url), _supported(arguments))
        outcome: Outcome = None
        try:
            while not isinstance(step := steps.send(outcome), httpx.Response):
                outcome = await self._carry_out(step)
        except ActivepiecesError as error:
            raise error.with_traceback(None) from None  # as above
        return step

    async def _carry_out(self, step: Step) -> Outcome:
        import anyio  # noqa: PLC0415 - the sync client does not need it

        if isinstance(step, httpx.Request):
            return await self._send(step, self._connections.get())  # as above
        if isinstance(step, Renewal):
            return await self._bearer.renew_async(step.rejected_read)
        await anyio.sleep(step)
        return None

    async def _send(self, request: httpx.Request, pool: AsyncPool) -> httpx.Response | httpx.RequestError:
        import anyio  # noqa: PLC0415 - as above

        try:
            async with pool.slots:
                with anyio.move_on_after(_seconds(request)) as scope:
                    try:
                        return await self._exchange(request, pool.http_client)
                    except anyio.get_cancelled_exc_class():
                        if scope.cancel_called:
                            # pyreqwest raises an exception of its own here, which the scope would let pass.
                            await anyio.lowlevel.checkpoint()
                        raise
        except httpx.RequestError as error:
            return error
        finally:
            _redact(request)
        return httpx.ReadTimeout(TOO_LONG)

    async def _exchange(self, request: httpx.Request, http_client: httpx.AsyncClient) -> httpx.Response:
        response = await http_client.send(request, auth=self._bearer, follow_redirects=False, stream=True)
        try:
            if response.is_stream_consumed:  # by a hook
                return _plain(response, response.content)
            with _httpx_errors():
                content = b"".join([chunk async for chunk in response.aiter_raw()])
            return _plain(response, content)
        finally:
            await response.aclose()
            _redact(response.next_request)


def _refuse(request: httpx.Request) -> httpx.Response:
    raise ConfigurationError(
        f"{request.method} {request.url.path} was not sent, since nothing would validate it: use client.generated with "
        "the functions of activepieces_api.api"
    )


def _supported(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a request that are set.

    Only those that the generated functions use are supported.
    """
    given = {name: value for name, value in arguments.items() if value not in (None, httpx.USE_CLIENT_DEFAULT)}
    for name in given.keys() - {"json", "params", "headers", "cookies"}:
        raise ConfigurationError(f"a request through client.generated has no {name}; nothing was sent")
    return given


@contextlib.contextmanager
def _httpx_errors() -> Generator[None]:
    """Raise what a transport raises while a body is read as httpx's error: some have exceptions of their own there."""
    try:
        yield
    except httpx.RequestError:
        raise
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error)) from error
    except Exception as error:
        raise httpx.ReadError(str(error)) from error


def _redact(request: httpx.Request | None) -> None:
    """Take the key out of a request, which lives on in responses, errors and hooks."""
    if request is not None:
        request.headers["Authorization"] = "[redacted]"


def _seconds(request: httpx.Request) -> float:
    """Return the most seconds that an attempt may take: the sum of its timeouts."""
    timeouts: dict[str, float] = request.extensions["timeout"]
    return sum(timeouts.values())


def _plain(response: httpx.Response, content: bytes) -> httpx.Response:
    """Return a response whose body is read, for the generated parser and for errors."""
    headers, extensions = response.headers, dict(response.extensions)
    extensions.pop("network_stream", None)
    if "Content-Encoding" in headers:
        # httpx would decompress it, without a limit.
        headers = headers.copy()
        extensions[COMPRESSED_EXTENSION] = headers.pop("Content-Encoding")
    return _PlainResponse(
        response.status_code, headers=headers, content=content, request=response.request, extensions=extensions
    )


class _PlainResponse(httpx.Response):
    """A response that parses its JSON once.

    Validation and the generated parser both read it.
    """

    _parsed: tuple[Any] | None = None

    def json(self, **options: Any) -> Any:
        """Return the body as JSON.

        With options of `json.loads`, the value is a new one.
        """
        if options:
            return super().json(**options)
        if self._parsed is None:
            self._parsed = (super().json(),)
        return self._parsed[0]
