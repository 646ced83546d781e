"""The connections of attempts: 8 of the client, or those of the `http_client` that you pass."""

from __future__ import annotations

import contextlib
import os
import threading
import urllib.request
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Generic, TypeVar

import anyio
import attrs
import httpx

from ._auth import is_loopback
from ._http import parse_cookies, redact
from ._per_process import PerEventLoop, PerProcess
from .exceptions import ConfigurationError

# An update holds one of the 10 database connections of a default server and waits for a second one, without a timeout:
# ten updates in flight hang the server.
MAX_CONNECTIONS = 8

_LIMITS = httpx.Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS)

# The headers that httpx gives every client: those of your `http_client` take their place.
_DEFAULT_HEADERS = httpx.Client(transport=httpx.BaseTransport()).headers


@attrs.frozen
class SyncPool:
    """A transport, and a context manager that waits while too many attempts are in flight."""

    transport: httpx.BaseTransport
    slots: AbstractContextManager[object]


@attrs.frozen
class AsyncPool:
    """The async form of `SyncPool`."""

    transport: httpx.AsyncBaseTransport
    slots: AbstractAsyncContextManager[object]


Pool = TypeVar("Pool", SyncPool, AsyncPool)


class Connections(Generic[Pool]):
    """Gives each attempt its pool.

    Attributes:
        maximum: The number of connections; None for an `http_client`, which does not show it.
        via: The proxy of the environment, for errors; empty without one.
        closed: Whether the client is closed.
    """

    def __init__(self, pool: Callable[[], Pool], maximum: int | None = None, via: str = "") -> None:
        self._pool: Callable[[], Pool] = pool
        self.maximum, self.via, self.closed = maximum, via, False

    def get(self) -> Pool:
        """Return the pool of this process and event loop.

        Raises:
            ConfigurationError: The client is closed.
        """
        if self.closed:
            raise ConfigurationError("the client is closed")
        return self._pool()


def connect(http_client: httpx.Client | None, base_url: str) -> Connections[SyncPool]:
    """Return the connections of a sync client.

    Raises:
        ConfigurationError: `http_client` is of another type or closed, or the environment is invalid.
    """
    if http_client is not None:
        _validate(http_client, httpx.Client)
        pool = SyncPool(_ClientTransport(http_client), contextlib.nullcontext())
        return Connections(lambda: pool)

    def make() -> SyncPool:
        transport = httpx.HTTPTransport(verify=context, limits=_LIMITS, proxy=proxy)
        return SyncPool(transport, threading.BoundedSemaphore(MAX_CONNECTIONS))

    with _naming_the_environment():
        context = httpx.create_ssl_context()
        proxy, via = _environment_proxy(httpx.URL(base_url))
        return Connections(PerProcess(make).get, MAX_CONNECTIONS, via)


def connect_async(http_client: httpx.AsyncClient | None, base_url: str) -> Connections[AsyncPool]:
    """Return the connections of an async client.

    Raises:
        ConfigurationError: `http_client` is of another type or closed, or the environment is invalid.
    """
    if http_client is not None:
        _validate(http_client, httpx.AsyncClient)
        pool = AsyncPool(_AsyncClientTransport(http_client), contextlib.nullcontext())
        return Connections(lambda: pool)

    def make() -> AsyncPool:
        transport = httpx.AsyncHTTPTransport(verify=context, limits=_LIMITS, proxy=proxy)
        return AsyncPool(transport, anyio.Semaphore(MAX_CONNECTIONS, fast_acquire=True))

    with _naming_the_environment():
        context = httpx.create_ssl_context()
        proxy, via = _environment_proxy(httpx.URL(base_url))
        make()  # an invalid proxy shows here, and not at the first call
        return Connections(PerEventLoop(make).get, MAX_CONNECTIONS, via)


class _ClientTransport(httpx.BaseTransport):
    """Sends through an `http_client`, which its owner closes."""

    def __init__(self, http_client: httpx.Client) -> None:
        self._http_client = http_client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with _rebuilt(self._http_client, request) as copy:
            response = self._http_client.send(copy, auth=None, follow_redirects=False, stream=True)
            redact(response.next_request)
            return response


class _AsyncClientTransport(httpx.AsyncBaseTransport):
    """The async form of `_ClientTransport`."""

    def __init__(self, http_client: httpx.AsyncClient) -> None:
        self._http_client = http_client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _rebuilt(self._http_client, request) as copy:
            response = await self._http_client.send(copy, auth=None, follow_redirects=False, stream=True)
            redact(response.next_request)
            return response


@contextlib.contextmanager
def _rebuilt(http_client: httpx.Client | httpx.AsyncClient, request: httpx.Request) -> Generator[httpx.Request]:
    """Yield a request as the `http_client` builds it, with its headers, cookies and parameters added."""
    if http_client.is_closed:
        raise ConfigurationError("http_client is closed")
    standard = {**_DEFAULT_HEADERS, "host": request.url.netloc.decode("ascii")}.items()
    headers = [item for item in request.headers.multi_items() if item not in standard and item[0] != "cookie"]
    copy = http_client.build_request(
        request.method,
        request.url,
        params=request.url.params or None,
        headers=headers,
        cookies=parse_cookies(request),
        content=request.content,
        extensions=dict(request.extensions),
    )
    try:
        yield copy
    finally:
        redact(copy)


def _validate(http_client: object, kind: type[httpx.Client | httpx.AsyncClient]) -> None:
    if not isinstance(http_client, kind):
        given = type(http_client)
        name = f"{given.__module__}.{given.__name__}".removeprefix("builtins.")
        later = "; httpx2 follows once openapi-python-client supports it" if name.startswith("httpx2") else ""
        raise ConfigurationError(f"http_client must be an httpx.{kind.__name__}, not {name}{later}")
    if http_client.is_closed:
        raise ConfigurationError("http_client is closed")


def _environment_proxy(base_url: httpx.URL) -> tuple[str | None, str]:
    """Return the proxy that the environment names for an address, and its description for errors.

    The key would go to an http proxy in clear text, so a proxy is never used for loopback.
    """
    proxies = urllib.request.getproxies()
    name = base_url.scheme if base_url.scheme in proxies else "all"
    address = f"{base_url.host}:{base_url.port or (443 if base_url.scheme == 'https' else 80)}"
    if name not in proxies or is_loopback(base_url) or urllib.request.proxy_bypass(address):
        return None, ""
    url = httpx.URL(proxies[name] if "://" in proxies[name] else f"http://{proxies[name]}")
    # Without its user and password.
    return str(url), f" through the proxy {url.scheme}://{url.netloc.decode('ascii')} ({name.upper()}_PROXY)"


@contextlib.contextmanager
def _naming_the_environment() -> Generator[None]:
    """Name the variables that may be at fault, since httpx does not say which one it cannot use."""
    variables = "SSL_CERT_FILE", "SSL_CERT_DIR", "ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"
    try:
        yield
    except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:
        names = [name for name in os.environ if name.upper() in variables] or ["the system's certificates"]
        raise ConfigurationError(f"httpx cannot use {' or '.join(names)}: {error}") from None
