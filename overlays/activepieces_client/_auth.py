"""Where address and API key come from, and how the key gets into requests."""

from __future__ import annotations

import inspect
import os
import re
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import httpx

from ._per_process import PerEventLoop, PerProcess
from .exceptions import ConfigurationError, error_envelope

if TYPE_CHECKING:
    import anyio

KEY_VARIABLE = "ACTIVEPIECES_API_KEY"
KEY_FILE_VARIABLE = "ACTIVEPIECES_API_KEY_FILE"
BASE_URL_VARIABLE = "ACTIVEPIECES_BASE_URL"

# The request extension that says which key an attempt was sent with: the read of the source that gave it.
READ_EXTENSION = "activepieces_key_read"

KeySource = str | Callable[[], str]
AsyncKeySource = str | Callable[[], str] | Callable[[], Awaitable[str]]

_ASYNC = "api_key must not be async for Activepieces; AsyncActivepieces takes it"

# What a header can carry, less spaces. The shape of a key is left open: platform keys and sign-in tokens differ.
_KEY = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def resolve_base_url(base_url: str | None, default: str, *, allow_http: bool) -> str:
    """Return the address: the argument, else the environment, else the default.

    Raises:
        ConfigurationError: It is not https, loopback excepted, or is more than an address.
    """
    name = "base_url"
    if base_url is None:
        name, base_url = BASE_URL_VARIABLE, os.environ.get(BASE_URL_VARIABLE, default)
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError) as error:
        raise ConfigurationError(f"{name} is not a URL: {error}") from None
    if url.scheme not in ("https", "http") or not url.host or url.userinfo or re.search("[?#]", str(base_url)):
        raise ConfigurationError(f"{name} must be a URL without user, query and fragment, like {default}")
    if url.scheme == "http" and not allow_http and not _LOOPBACK.fullmatch(url.host):
        raise ConfigurationError(f"{name} must be https, since http shows the key to others; it is {base_url!r}")
    return str(url).rstrip("/")


def is_rejected_key(outcome: object) -> bool:
    """Return whether the response is to a key that is no longer valid.

    That is 401, and 403 with SESSION_EXPIRED.
    """
    match outcome:
        case httpx.Response(status_code=401):
            return True
        case httpx.Response(status_code=403):
            return error_envelope(outcome).get("code") == "SESSION_EXPIRED"
        case _:
            return False


@attrs.frozen(eq=False)
class Secret:
    """An argument that no traceback with locals shows."""

    value: AsyncKeySource | None = attrs.field(repr=False)


@attrs.frozen(eq=False)
class Key:
    """A key, and which reads of its source gave it, counted from 1.

    Attributes:
        first_read: The first read that gave this key.
        last_read: The last read, which may have given the same key again.
    """

    value: str = attrs.field(repr=False)
    first_read: int
    last_read: int


class BearerAuth(httpx.Auth):
    """Adds `Authorization: Bearer <key>`; renews a key that the service rejects.

    The key is the argument, else ACTIVEPIECES_API_KEY, else the content of the file named by ACTIVEPIECES_API_KEY_FILE.

    Raises:
        ConfigurationError: There is no key, or one that no header can carry.
    """

    def __init__(self, api_key: Secret, *, may_be_async: bool) -> None:
        self._key: Key | None = None
        self._name, self._source = _find_source(api_key)
        if not may_be_async and _is_async(self._source):
            raise ConfigurationError(_ASYNC)
        # Under the lock, the first of many calls whose key is rejected reads the source; the others see that it was.
        self._lock = PerProcess(threading.Lock)
        self._async_lock = PerEventLoop(_make_async_lock)
        if not callable(api_key.value):
            self._accept(self._source())
        self._renewable = callable(api_key.value) or self._name == KEY_FILE_VARIABLE

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send a request with the key, which is read before the first one."""
        yield _add_key(request, self._key or self._read(after=0))

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Do the same with a source that may be async."""
        yield _add_key(request, self._key or await self._read_async(after=0))

    def renew(self, rejected_read: int) -> bool:
        """Read the source again, and return whether that gave another key.

        It is not read where another call has done so since the rejected key was read.

        Args:
            rejected_read: The read that gave the rejected key.
        """
        return self._renewable and self._read(rejected_read).first_read > rejected_read

    async def renew_async(self, rejected_read: int) -> bool:
        """Do the same with a source that may be async."""
        return self._renewable and (await self._read_async(rejected_read)).first_read > rejected_read

    def _read(self, after: int) -> Key:
        with self._lock.get():
            return self._read_since(after) or self._accept(self._source())

    async def _read_async(self, after: int) -> Key:
        async with self._async_lock.get():
            return self._read_since(after) or self._accept(await self._read_source())

    async def _read_source(self) -> object:
        value = self._source()
        return await value if inspect.isawaitable(value) else value

    def _read_since(self, read: int) -> Key | None:
        return self._key if self._key and self._key.last_read > read else None

    def _accept(self, value: object) -> Key:
        if isinstance(value, Coroutine):
            value.close()
            raise ConfigurationError(_ASYNC)
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            del value  # no traceback shall show it
            raise ConfigurationError(f"{self._name} gives no key that a header can carry")
        read = self._key.last_read + 1 if self._key else 1
        same = self._key and self._key.value == value
        self._key = Key(value, self._key.first_read if self._key and same else read, read)
        return self._key


def _add_key(request: httpx.Request, key: Key) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {key.value}"
    request.extensions[READ_EXTENSION] = key.last_read
    return request


def _make_async_lock() -> anyio.Lock:
    import anyio  # noqa: PLC0415 - the sync client does not need it

    return anyio.Lock()


def _is_async(source: Callable[..., object]) -> bool:
    return inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(type(source).__call__)


def _find_source(api_key: Secret) -> tuple[str, Callable[[], str | Awaitable[str]]]:
    """Return the name of the key source, and a function that reads it."""
    source = api_key.value
    if callable(source):
        return "api_key()", source
    if source is not None:
        return "api_key", lambda: source
    if key := os.environ.get(KEY_VARIABLE):
        return KEY_VARIABLE, lambda: key
    if path := os.environ.get(KEY_FILE_VARIABLE):
        return KEY_FILE_VARIABLE, lambda: _read_file(path)
    raise ConfigurationError(
        f"no API key: pass api_key, or set {KEY_VARIABLE}, or {KEY_FILE_VARIABLE} to the path of a file"
    )


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{KEY_FILE_VARIABLE}: cannot read {path}: {type(error).__name__}") from None
