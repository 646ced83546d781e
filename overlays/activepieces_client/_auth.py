"""Where the address and the key come from, and how the key gets into requests and into nothing else."""

from __future__ import annotations

import functools
import inspect
import os
import re
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import httpx

from .exceptions import ConfigurationError

if TYPE_CHECKING:
    import anyio

KEY_VARIABLE = "ACTIVEPIECES_API_KEY"
KEY_FILE_VARIABLE = "ACTIVEPIECES_API_KEY_FILE"
BASE_URL_VARIABLE = "ACTIVEPIECES_BASE_URL"

KeySource = str | Callable[[], str]
AsyncKeySource = str | Callable[[], str] | Callable[[], Awaitable[str]]

# What a header can carry, less spaces. The shape of a key is left open: platform keys and sign-in tokens differ.
_KEY = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def resolve_base_url(base_url: str | None, default: str, *, allow_http: bool) -> str:
    """Find the address: the argument, else the environment, else the default.

    Raises: ConfigurationError where it is not https, loopback excepted, or is more than an address.
    """
    address = os.environ.get(BASE_URL_VARIABLE, default) if base_url is None else base_url
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"base_url is not a URL: {error}") from None
    if url.scheme not in ("https", "http") or not url.host or url.userinfo or url.query or url.fragment:
        raise ConfigurationError("base_url must be an address alone, like https://flows.example.com/api")
    if url.scheme == "http" and not allow_http and not _LOOPBACK.fullmatch(url.host):
        raise ConfigurationError(f"base_url must be https, since http shows the key to others; it is {address!r}")
    return str(url).rstrip("/")


@attrs.frozen
class Key:
    """A key or its source, which no representation shows, and how often the source had been asked when it came."""

    value: Any = attrs.field(repr=False)
    generation: int = 0

    def signed(self, request: httpx.Request) -> httpx.Request:
        """Put the key into a request."""
        request.headers["Authorization"] = f"Bearer {self.value}"
        return request


class BearerAuth(httpx.Auth):
    """Adds `Authorization: Bearer <key>`; a key that can be renewed is asked for again after one 401.

    The key is the argument, else ACTIVEPIECES_API_KEY, else what the file named by ACTIVEPIECES_API_KEY_FILE holds.

    Raises: ConfigurationError where there is no key, or one that no header can carry.
    """

    def __init__(self, api_key: Key) -> None:
        self._key = Key(None)
        self._locks: dict[int, threading.Lock] = {}
        self._origin, self._source = _find_source(api_key)
        if not callable(api_key.value):
            self._obtain(0)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Carry out the flow, with a source that is called."""
        flow = self._flow(request)
        step = next(flow)
        while step is not None:
            step = flow.send(self._obtain(step) if isinstance(step, int) else (yield step))

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Carry out the flow, with a source that may be awaited."""
        flow = self._flow(request)
        step = next(flow)
        while step is not None:
            step = flow.send(await self._obtain_async(step) if isinstance(step, int) else (yield step))

    def _flow(self, request: httpx.Request) -> Generator[httpx.Request | int | None, Any, None]:
        """Decide: a number asks for a key of a later generation, a request is to be sent, None is the end."""
        key: Key = self._key if self._key.generation else (yield 0)
        response = _as_sent((yield key.signed(request)))
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            renewed: Key = yield key.generation
            if renewed.value != key.value:
                _as_sent((yield renewed.signed(request)))
        yield None

    @functools.cached_property
    def _async_lock(self) -> anyio.Lock:
        import anyio  # noqa: PLC0415 - when it is first needed

        return anyio.Lock()

    # Under the lock, the first of many calls that got 401 asks the source; the others find that it has been asked.

    def _obtain(self, generation: int) -> Key:
        # A lock for each process: one that is held while another thread forks stays locked in the child for ever.
        with self._locks.setdefault(os.getpid(), threading.Lock()):
            if self._key.generation == generation:
                self._take(Key(self._source(), generation + 1))
            return self._key

    async def _obtain_async(self, generation: int) -> Key:
        async with self._async_lock:
            if self._key.generation == generation:
                answer = self._source()
                self._take(Key(await answer if inspect.isawaitable(answer) else answer, generation + 1))
            return self._key

    def _take(self, key: Key) -> None:
        if not isinstance(key.value, str) or not _KEY.fullmatch(key.value):
            raise ConfigurationError(f"{self._origin} gives no key that a header can carry")
        self._key = key


def _as_sent(response: httpx.Response) -> httpx.Response:
    """Leave the body as it is on the wire: it was asked for uncompressed, and a kilobyte can swell to gigabytes."""
    if "Content-Encoding" in response.headers:
        del response.headers["Content-Encoding"]
    return response


def _find_source(api_key: Key) -> tuple[str, Callable[[], str | Awaitable[str]]]:
    """Find where keys come from, and its name; a source that is not a callable or a file gives the same key again."""
    value: AsyncKeySource | None = api_key.value
    if callable(value):
        return "api_key()", value
    if value is not None:
        return "api_key", lambda: value
    if KEY_VARIABLE in os.environ:
        key = os.environ[KEY_VARIABLE]
        return KEY_VARIABLE, lambda: key
    if path := os.environ.get(KEY_FILE_VARIABLE):
        return KEY_FILE_VARIABLE, lambda: _read_key(path)
    raise ConfigurationError(
        f"no API key: pass api_key, or set {KEY_VARIABLE}, or {KEY_FILE_VARIABLE} to a file's path"
    )


def _read_key(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{KEY_FILE_VARIABLE}: cannot read {path}: {type(error).__name__}") from None
