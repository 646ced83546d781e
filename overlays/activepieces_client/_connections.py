"""The httpx client that calls go through.

It is yours, or one of its own with as many connections as a server stands.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Generic, TypeVar

import attrs
import httpx

from ._per_process import PerEventLoop, PerProcess
from .exceptions import ConfigurationError

# An update holds one of the 10 database connections of a default server and waits for a second one, without a timeout:
# ten at once hang the server for good.
MAX_CONNECTIONS = 8

_LIMITS = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)

# What httpx reads in the environment.
_VARIABLES = "SSL_CERT_FILE", "SSL_CERT_DIR", "ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"


@attrs.frozen
class SyncPool:
    """An httpx client, and the context manager in which an attempt uses it.

    That waits where too many attempts are made at once.
    """

    http_client: httpx.Client
    slots: AbstractContextManager[object]


@attrs.frozen
class AsyncPool:
    """The same for async."""

    http_client: httpx.AsyncClient
    slots: AbstractAsyncContextManager[object]


Pool = TypeVar("Pool", SyncPool, AsyncPool)


class Connections(Generic[Pool]):
    """Gives each call its pool.

    Attributes:
        own: Whether the httpx client is its own, which is closed with it.
        maximum: How many connections there are; None where the httpx client is yours, which does not say.
        closed: Whether it is closed.
    """

    def __init__(self, pool: Callable[[], Pool], *, own: bool) -> None:
        self._pool: Callable[[], Pool] = pool
        self.own, self.closed = own, False
        self.maximum = MAX_CONNECTIONS if own else None

    def get(self) -> Pool:
        """Return the pool of this process and event loop.

        Raises:
            ConfigurationError: The client or its http_client is closed.
        """
        pool = self._pool()
        if self.closed or pool.http_client.is_closed:
            raise ConfigurationError(f"{'the client' if self.closed else 'http_client'} is closed")
        return pool


class AsyncSlots:
    """A number of slots, for which tasks wait.

    A semaphore of anyio by itself costs a turn of the event loop each time.
    """

    def __init__(self) -> None:
        import anyio  # noqa: PLC0415 - the sync client does not need it

        self._semaphore, self._none_free = anyio.Semaphore(MAX_CONNECTIONS), anyio.WouldBlock

    async def __aenter__(self) -> None:
        try:
            self._semaphore.acquire_nowait()
        except self._none_free:
            await self._semaphore.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._semaphore.release()


def connect(http_client: httpx.Client | None, headers: dict[str, str]) -> Connections[SyncPool]:
    """Return the connections of a sync client; its own httpx client has the headers."""
    if http_client is not None:
        _check(http_client, httpx.Client)
        yours = SyncPool(http_client, contextlib.nullcontext())
        return Connections(lambda: yours, own=False)

    def make() -> SyncPool:
        from ._transport import DeadlineTransport  # noqa: PLC0415 - httpcore, with trio, doubles the time of an import

        # The fallback for an address that has no proxy in the environment; the client mounts those itself.
        mounts = {"all://*": DeadlineTransport(context, _LIMITS)}
        client = httpx.Client(headers=headers, verify=context, limits=_LIMITS, mounts=mounts)
        return SyncPool(client, threading.BoundedSemaphore(MAX_CONNECTIONS))

    with _naming_the_environment():
        context = httpx.create_ssl_context()
        return Connections(PerProcess(make).get, own=True)


def connect_async(http_client: httpx.AsyncClient | None, headers: dict[str, str]) -> Connections[AsyncPool]:
    """Return the connections of an async client; otherwise as `connect`."""
    if http_client is not None:
        _check(http_client, httpx.AsyncClient)
        yours = AsyncPool(http_client, contextlib.nullcontext())
        return Connections(lambda: yours, own=False)

    def make() -> AsyncPool:
        return AsyncPool(httpx.AsyncClient(headers=headers, verify=context, limits=_LIMITS), AsyncSlots())

    with _naming_the_environment():
        context = httpx.create_ssl_context()
        httpx.AsyncClient(verify=context)  # so that what is wrong with the environment shows here
        return Connections(PerEventLoop(make).get, own=True)


def _check(http_client: object, kind: type[httpx.Client | httpx.AsyncClient]) -> None:
    if not isinstance(http_client, kind):
        raise ConfigurationError(f"http_client must be an httpx.{kind.__name__}; it is a {type(http_client).__name__}")
    if http_client.is_closed:
        raise ConfigurationError("http_client is closed")


@contextlib.contextmanager
def _naming_the_environment() -> Generator[None]:
    """Name the variables of which httpx cannot read one: it does not say which."""
    try:
        yield
    except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:
        names = [name for name in os.environ if name.upper() in _VARIABLES] or ["the system's certificates"]
        raise ConfigurationError(f"httpx cannot use {' or '.join(names)}: {error}") from None
