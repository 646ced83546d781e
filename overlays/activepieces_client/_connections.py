"""The httpx client that calls go through: yours, or one of its own with as many connections as a server stands."""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import MappingProxyType
from typing import Generic, TypeVar

import attrs
import httpx

from ._deadline import DeadlineTransport
from ._scopes import PerEventLoop, PerProcess
from .exceptions import ConfigurationError

# An update holds one of the 10 database connections of a default server and waits for a second one, without a timeout:
# ten at once hang the server for good.
MAX_CONNECTIONS = 8

LIMITS = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)

# Seconds to send, to wait for the next bytes, to wait for a free connection; to connect.
DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=5.0)

HttpClient = TypeVar("HttpClient", httpx.Client, httpx.AsyncClient)
Slots = TypeVar("Slots")


@attrs.frozen
class Pool(Generic[HttpClient, Slots]):
    """An httpx client, and how it is used.

    Attributes:
        http_client: The client.
        slots: The context manager in which an attempt uses it, which waits where too many do.
        headers: What a request needs beside the headers of the client.
    """

    http_client: HttpClient
    slots: Slots
    headers: dict[str, str] = attrs.field(factory=dict[str, str])


SyncPool = Pool[httpx.Client, AbstractContextManager[object]]
AsyncPool = Pool[httpx.AsyncClient, AbstractAsyncContextManager[object]]
AnyPool = TypeVar("AnyPool", SyncPool, AsyncPool)


class Connections(Generic[AnyPool]):
    """Gives each call its pool."""

    def __init__(self, pool: Callable[[], AnyPool]) -> None:
        self._pool: Callable[[], AnyPool] = pool
        self.closed = False

    def get(self) -> AnyPool:
        """Return the pool of this process and event loop.

        Raises:
            ConfigurationError: The client or its http_client is closed.
        """
        pool = self._pool()
        if self.closed or pool.http_client.is_closed:
            name = "the client" if self.closed else "http_client"
            raise ConfigurationError(f"{name} is closed, so nothing was sent")
        return pool


class AsyncSlots:
    """A number of slots for tasks, without the turn of the event loop that a semaphore of anyio takes each time."""

    def __init__(self, number: int) -> None:
        import anyio  # noqa: PLC0415 - the sync client does not need it

        self._semaphore, self._none_free = anyio.Semaphore(number), anyio.WouldBlock

    async def __aenter__(self) -> None:
        try:
            self._semaphore.acquire_nowait()
        except self._none_free:
            await self._semaphore.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._semaphore.release()


def sync_pools(http_client: httpx.Client | None) -> Callable[[], SyncPool]:
    """Return what gives a sync call its pool."""
    if http_client is not None:
        pool = SyncPool(_checked(http_client, httpx.Client), contextlib.nullcontext(), _headers(http_client.headers))
        return lambda: pool
    context = _ssl_context()

    def make() -> SyncPool:
        # The fallback for an address that has no proxy in the environment; the client mounts those itself.
        mounts = {"all://*": DeadlineTransport(context, LIMITS)}
        with _environment_of_httpx():
            client = httpx.Client(headers=_headers(), verify=context, limits=LIMITS, mounts=mounts)
        return SyncPool(client, threading.BoundedSemaphore(MAX_CONNECTIONS))

    return PerProcess(make).get


def async_pools(http_client: httpx.AsyncClient | None) -> Callable[[], AsyncPool]:
    """Return what gives an async call its pool."""
    if http_client is not None:
        pool = AsyncPool(
            _checked(http_client, httpx.AsyncClient), contextlib.nullcontext(), _headers(http_client.headers)
        )
        return lambda: pool
    context = _ssl_context()

    def make_client() -> httpx.AsyncClient:
        with _environment_of_httpx():
            return httpx.AsyncClient(headers=_headers(), verify=context, limits=LIMITS)

    make_client()  # so that what is wrong with the environment shows here, and not in the first call
    return PerEventLoop(lambda: AsyncPool(make_client(), AsyncSlots(MAX_CONNECTIONS))).get


def _headers(of_http_client: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Return the headers of every request; a User-Agent of your own stays."""
    from ._specification import specification  # noqa: PLC0415 - not on import

    # A compressed response is not limited by its size on the wire.
    headers = {"Accept-Encoding": "identity"}
    if of_http_client.get("User-Agent", "python-httpx/").startswith("python-httpx/"):
        headers["User-Agent"] = f"activepieces-client/{specification().version} python-httpx/{httpx.__version__}"
    return headers


def _checked(http_client: HttpClient, kind: type[HttpClient]) -> HttpClient:
    if not isinstance(http_client, kind):  # pyright: ignore[reportUnnecessaryIsInstance] - of users without types
        raise ConfigurationError(f"http_client must be an httpx.{kind.__name__}; it is a {type(http_client).__name__}")
    if http_client.is_closed:
        raise ConfigurationError("http_client is closed")
    return http_client


def _ssl_context() -> ssl.SSLContext:
    folders = os.environ.get("SSL_CERT_DIR", "").split(os.pathsep)
    if folders != [""] and not any(map(os.path.isdir, folders)):
        raise ConfigurationError("SSL_CERT_DIR names no folder")  # OpenSSL says nothing, and trusts nobody
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        name = "SSL_CERT_FILE" if os.environ.get("SSL_CERT_FILE") else "SSL_CERT_DIR"
        raise ConfigurationError(f"{name}: no certificates can be read from it: {error}") from None


@contextlib.contextmanager
def _environment_of_httpx() -> Iterator[None]:
    """Name the variable that httpx cannot read: it says only what is wrong with its value, if that."""
    try:
        yield
    except (httpx.InvalidURL, ImportError, ValueError) as error:
        proxies = {name.upper(): value for name, value in os.environ.items() if name.upper().endswith("_PROXY")}
        name = next((name for name in proxies if name != "NO_PROXY" and not _is_proxy(proxies[name])), "NO_PROXY")
        raise ConfigurationError(f"{name} cannot be used: {error}") from None


def _is_proxy(url: str) -> bool:
    try:
        httpx.HTTPTransport(proxy=url).close()
    except (httpx.InvalidURL, ImportError, ValueError):
        return False
    return True
