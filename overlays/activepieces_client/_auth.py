"""The address of the API, and the API key: its sources and its renewal."""

from __future__ import annotations

import codecs
import inspect
import os
import re
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import attrs
import httpx

from ._log import logger
from ._per_process import PerEventLoop, PerProcess
from .exceptions import ConfigurationError

KEY_VARIABLE = "ACTIVEPIECES_API_KEY"
KEY_FILE_VARIABLE = "ACTIVEPIECES_API_KEY_FILE"
BASE_URL_VARIABLE = "ACTIVEPIECES_BASE_URL"

ReadKey = Callable[[], object]
"""Returns a key, or an awaitable of one."""

_ASYNC = "api_key must not be async for Activepieces; AsyncActivepieces takes it"

# The characters of a header without spaces. The shape of a key is left open: platform keys and tokens differ.
_KEY = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def resolve_base_url(base_url: str | None, default: str, *, allow_http: bool) -> str:
    """Return the address: the argument, else the environment, else the default.

    Raises:
        ConfigurationError: It is not a usable URL, or it is http, but neither allowed nor loopback.
    """
    name = "base_url"
    if base_url is None:
        name, base_url = BASE_URL_VARIABLE, os.environ.get(BASE_URL_VARIABLE, default)
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError) as error:
        raise ConfigurationError(f"{name} is not a URL: {error}") from None
    if url.scheme not in ("https", "http") or not url.host or url.userinfo or re.search(r"[?#\s]", str(base_url)):
        raise ConfigurationError(f"{name} must be a URL without user, query, fragment and spaces, like {default}")
    if re.search(r"/v1/?$", url.path):
        raise ConfigurationError(f"{name} must end before /v1, which each operation adds; it is {base_url!r}")
    if url.scheme == "http" and not allow_http and not is_loopback(url):
        raise ConfigurationError(f"{name} must be https, since http shows the key to others; it is {base_url!r}")
    return str(url).rstrip("/")


def is_loopback(url: httpx.URL) -> bool:
    """Return whether an address is on this machine."""
    return bool(_LOOPBACK.fullmatch(url.host))


@attrs.frozen(repr=False)  # no traceback with locals shows the value
class Key:
    """An API key, or the argument `api_key`; keys are equal if their values are."""

    value: Any


class Credentials:
    """The key of a client, from a source that may give another one later.

    Args:
        name: The name of the source, for errors.
        read: The source.
        renewable: Whether the source can give another key.
        may_be_async: Whether `read` may be async.

    Raises:
        ConfigurationError: The source gives no key, or one that a header cannot carry.
    """

    def __init__(self, name: str, read: ReadKey, *, renewable: bool, may_be_async: bool) -> None:
        if not may_be_async and (inspect.iscoroutinefunction(read) or inspect.iscoroutinefunction(type(read).__call__)):
            raise ConfigurationError(_ASYNC)
        self._name, self._read_source, self._renewable = name, read, renewable
        self._key: Key | None = None
        # Under the lock, the first of many calls whose key is rejected reads the source; the others take its key.
        self._lock = PerProcess(threading.Lock)
        self._async_lock = PerEventLoop(anyio.Lock)

    def get(self) -> Key:
        """Return the key, which is read when it is first needed."""
        return self._key or self._read(None)

    async def get_async(self) -> Key:
        """Return the key, from a source that may be async."""
        return self._key or await self._read_async(None)

    def renew(self, rejected: Key | None) -> bool:
        """Return whether the source gives another key than the rejected one."""
        return self._renewable and self._read(rejected) != rejected

    async def renew_async(self, rejected: Key | None) -> bool:
        """Return whether the source, sync or async, gives another key."""
        return self._renewable and await self._read_async(rejected) != rejected

    def _read(self, rejected: Key | None) -> Key:
        with self._lock.get():
            if self._key is None or self._key == rejected:  # else another call has read it meanwhile
                self._key = self._validated(self._read_source())
            return self._key

    async def _read_async(self, rejected: Key | None) -> Key:
        async with self._async_lock.get():
            if self._key is None or self._key == rejected:
                value = self._read_source()
                self._key = self._validated(await value if inspect.isawaitable(value) else value)
            return self._key

    def _validated(self, value: object) -> Key:
        if isinstance(value, Coroutine):
            value.close()
            raise ConfigurationError(_ASYNC)
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            del value  # no traceback shall show it
            raise ConfigurationError(f"{self._name} gives no key that a header can carry")
        return Key(value)


def find_source(argument: Key) -> tuple[str, ReadKey]:
    """Return the name of a key source that is not a callable, and a function that reads it.

    It is the argument, else ACTIVEPIECES_API_KEY, else the content of the file named by ACTIVEPIECES_API_KEY_FILE.

    Raises:
        ConfigurationError: None of these is set.
    """
    if argument.value is not None:
        return "api_key", lambda: argument.value
    if os.environ.get(KEY_VARIABLE):
        found = Key(os.environ[KEY_VARIABLE])
        return KEY_VARIABLE, lambda: found.value
    if path := os.environ.get(KEY_FILE_VARIABLE):
        return KEY_FILE_VARIABLE, lambda: _read_file(Path(path))
    raise ConfigurationError(
        f"no API key: pass api_key, or set {KEY_VARIABLE}, or {KEY_FILE_VARIABLE} to the path of a file"
    )


_warned: set[Path] = set()


def _read_file(path: Path) -> str:
    try:
        content, mode = path.read_bytes(), path.stat().st_mode
    except OSError as error:
        raise ConfigurationError(f"{KEY_FILE_VARIABLE}: cannot read {path}: {type(error).__name__}") from None
    if os.name == "posix" and mode & 0o004 and path not in _warned:
        _warned.add(path)
        logger.warning("every user of this machine can read the key in %s: chmod 600", path)
    try:
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        encoding = "UTF-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "not UTF-8"
        raise ConfigurationError(f"{KEY_FILE_VARIABLE}: {path} is {encoding}: save it as UTF-8") from None
