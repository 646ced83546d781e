"""The httpx clients that the generated functions call: `request` makes a whole call, with every guarantee.

Whether and when something is sent is decided in `_call`; here it is carried out, sync and async.
"""

from __future__ import annotations

import time
import zlib
from typing import Any

import httpx

from ._auth import BearerAuth
from ._call import Outcome, Renewal, Settings, Step, call
from ._connections import AsyncPool, Connections, SyncPool
from ._deadline import TOO_LONG, check_deadline, deadline_in
from .exceptions import COMPRESSED_EXTENSION, ConfigurationError

# Bytes; what a response may decompress to that is compressed, although the request does not accept that.
MAX_DECOMPRESSED = 64 * 2**20


class GuardedClient(httpx.Client):
    """An `httpx.Client` whose `request` validates, signs, limits in time, retries, and raises this package's errors.

    It has no connections: it sends through the httpx client of a pool, to whose headers and cookies it adds its own.
    What would pass by `request`, such as `stream`, is refused.
    """

    def __init__(
        self,
        settings: Settings,
        connections: Connections[SyncPool],
        auth: BearerAuth,
        *,
        headers: dict[str, str] | None = None,
        cookies: dict[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
    ) -> None:
        timeout = timeout or settings.timeout
        super().__init__(
            base_url=settings.base_url, cookies=cookies, timeout=timeout, transport=httpx.MockTransport(_refuse)
        )
        # Without those that httpx gives every client: they are the pool's.
        self.headers.clear()
        self.headers.update(headers)
        self._settings, self._connections, self._bearer = settings, connections, auth

    def request(self, method: str, url: httpx.URL | str, **arguments: Any) -> httpx.Response:
        """Call an operation of the document; `url` is relative to the address of the API."""
        pool = self._connections.get()
        steps = call(self._settings, self, pool, method, str(url), arguments)
        outcome: Outcome = None
        while not isinstance(step := steps.send(outcome), httpx.Response):
            outcome = self._carry_out(step, pool)
        return step

    def _carry_out(self, step: Step, pool: SyncPool) -> Outcome:
        if isinstance(step, httpx.Request):
            return self._send(step, pool)
        if isinstance(step, Renewal):
            return self._bearer.renew(step.rejected)
        time.sleep(step.seconds)
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
                return _plain(response, response.content, raw=False)
            chunks: list[bytes] = []
            for chunk in response.iter_raw():
                check_deadline()
                chunks.append(chunk)
            return _plain(response, b"".join(chunks), raw=True)
        finally:
            response.close()
            _redact(response.next_request)


class AsyncGuardedClient(httpx.AsyncClient):
    """The same as an `httpx.AsyncClient`, under asyncio and trio."""

    def __init__(
        self,
        settings: Settings,
        connections: Connections[AsyncPool],
        auth: BearerAuth,
        *,
        headers: dict[str, str] | None = None,
        cookies: dict[str, str] | None = None,
        timeout: httpx.Timeout | None = None,
    ) -> None:
        timeout = timeout or settings.timeout
        super().__init__(
            base_url=settings.base_url, cookies=cookies, timeout=timeout, transport=httpx.MockTransport(_refuse)
        )
        self.headers.clear()
        self.headers.update(headers)
        self._settings, self._connections, self._bearer = settings, connections, auth

    async def request(self, method: str, url: httpx.URL | str, **arguments: Any) -> httpx.Response:
        """Call an operation of the document; `url` is relative to the address of the API."""
        pool = self._connections.get()
        steps = call(self._settings, self, pool, method, str(url), arguments)
        outcome: Outcome = None
        while not isinstance(step := steps.send(outcome), httpx.Response):
            outcome = await self._carry_out(step, pool)
        return step

    async def _carry_out(self, step: Step, pool: AsyncPool) -> Outcome:
        import anyio  # noqa: PLC0415 - the sync client does not need it

        if isinstance(step, httpx.Request):
            return await self._send(step, pool)
        if isinstance(step, Renewal):
            return await self._bearer.renew_async(step.rejected)
        await anyio.sleep(step.seconds)
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
                return _plain(response, response.content, raw=False)
            return _plain(response, b"".join([chunk async for chunk in response.aiter_raw()]), raw=True)
        finally:
            await response.aclose()
            _redact(response.next_request)


def _refuse(request: httpx.Request) -> httpx.Response:
    raise ConfigurationError(
        f"{request.method} {request.url.path} was not sent, since nothing would validate it: use client.generated with "
        "the functions of activepieces_api.api"
    )


def _redact(request: httpx.Request | None) -> None:
    """Take the key out of a request, which lives on in responses, errors and hooks."""
    if request is not None:
        request.headers["Authorization"] = "[redacted]"


def _seconds(request: httpx.Request) -> float:
    """Return what an attempt may take: its timeouts together, each of which starts anew with every byte."""
    timeouts: dict[str, float] = request.extensions["timeout"]
    return sum(timeouts.values())


def _plain(response: httpx.Response, content: bytes, *, raw: bool) -> httpx.Response:
    """Return a response whose body is read: what the generated parser takes, and errors keep."""
    headers = response.headers
    extensions = {
        name: value for name, value in response.extensions.items() if name in ("http_version", "reason_phrase")
    }
    if encoding := headers.get("Content-Encoding"):
        headers = headers.copy()
        del headers["Content-Encoding"]
        decompressed = _decompress(content, encoding) if raw else content
        if decompressed is None:
            extensions[COMPRESSED_EXTENSION] = encoding
        else:
            content = decompressed
    return _PlainResponse(
        response.status_code, headers=headers, content=content, request=response.request, extensions=extensions
    )


class _PlainResponse(httpx.Response):
    """A response that parses its JSON once, for validation and for the generated parser."""

    _parsed: tuple[Any] | None = None

    def json(self, **kwargs: Any) -> Any:
        """Return the body as JSON; with arguments, as those of `json.loads` have it."""
        if kwargs:
            return super().json(**kwargs)
        if self._parsed is None:
            self._parsed = (super().json(),)
        return self._parsed[0]


def _decompress(content: bytes, encoding: str) -> bytes | None:
    """Return a decompressed body; None where it is beyond the bound, since a kilobyte can swell to gigabytes."""
    decompressor = zlib.decompressobj(wbits=47)  # gzip and zlib, told apart by their first bytes
    try:
        decompressed = decompressor.decompress(content, MAX_DECOMPRESSED)
    except zlib.error:
        return None
    return decompressed if decompressor.eof and encoding.lower() in ("gzip", "x-gzip", "deflate") else None
