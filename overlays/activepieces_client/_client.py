"""The clients: Activepieces and AsyncActivepieces."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Generic, NoReturn, Self, TypeAlias, TypeVar

import attrs
import httpx

from activepieces_api import AuthenticatedClient

from ._async_projects import AsyncProjects
from ._auth import KEY_FILE_VARIABLE, Credentials, Key, ReadKey, find_source, resolve_base_url
from ._call import DEFAULT_TIMEOUT, CallOptions, Settings, Timeout
from ._connections import AsyncPool, Connections, SyncPool, connect, connect_async
from ._guard import AsyncGuardTransport, GuardTransport
from ._log import set_up_logging
from ._projects import Projects
from ._sign_in import SignIn
from ._specification import specification

KeySource: TypeAlias = str | SignIn | Callable[[], str]
AsyncKeySource: TypeAlias = KeySource | Callable[[], Awaitable[str]]

Source = TypeVar("Source", bound=AsyncKeySource)
HttpClient = TypeVar("HttpClient", httpx.Client, httpx.AsyncClient)
Pool = TypeVar("Pool", SyncPool, AsyncPool)


class _Client(Generic[Source, HttpClient, Pool]):
    """The parts of both clients that make no calls."""

    base_url: str = ""
    """The address of the API."""

    def __init__(
        self,
        api_key: Source | None = None,
        *,
        base_url: str | None = None,
        timeout: Timeout | None = None,
        max_retries: int = 2,
        http_client: HttpClient | None = None,
        allow_http: bool = False,
    ) -> None:
        argument, api_key = Key(api_key), None  # no traceback shall show it
        set_up_logging()
        document = specification()
        self._resolve = functools.partial(resolve_base_url, default=document.first_server, allow_http=allow_http)
        self.base_url = self._resolve(base_url)
        self._connections: Connections[Pool] = self._connect(http_client)
        # An http_client has headers and a timeout.
        self._headers = {} if http_client else {"User-Agent": document.user_agent, "Accept-Encoding": "gzip"}
        if timeout is None:
            timeout = http_client.timeout if http_client else DEFAULT_TIMEOUT
        self._settings = Settings(document, self.base_url, self._connections.via, timeout, max_retries)
        self._credentials = self._make_credentials(argument)

    def _make_credentials(self, argument: Key) -> Credentials:
        make = functools.partial(Credentials, may_be_async=isinstance(self, AsyncActivepieces))
        if isinstance(argument.value, SignIn):
            address = argument.value.base_url
            # At most one retry, since the service asks to wait a minute after 50 sign-ins.
            settings = attrs.evolve(
                self._settings, base_url=self._resolve(address) if address else self.base_url, max_retries=1
            )
            return make("sign_in()", self._sign_in(argument.value, settings), renewable=True)
        if callable(argument.value):
            return make("api_key()", argument.value, renewable=True)
        name, read = find_source(argument)
        credentials = make(name, read, renewable=name == KEY_FILE_VARIABLE)
        credentials.get()
        return credentials

    @functools.cached_property
    def generated(self) -> AuthenticatedClient:
        """The generated client, for the functions of `activepieces_api.api`.

        Calls through it have the same guarantees as those of `projects`.
        """
        return self._make_generated(self._settings)

    @functools.cached_property
    def _without_options(self) -> AuthenticatedClient:
        # Not `generated`, which its user may close.
        return self._make_generated(self._settings)

    def _client_with(self, method: str, options: CallOptions) -> AuthenticatedClient:
        return self._make_generated(self._settings.evolve(method, options)) if options else self._without_options

    def _make_generated(self, settings: Settings) -> AuthenticatedClient:
        # The token stays empty, since the generated client shows it: the guard adds the key.
        transport, headers = self._guard(settings), dict(self._headers)
        return AuthenticatedClient(
            settings.base_url, "", timeout=settings.timeout, headers=headers, httpx_args={"transport": transport}
        )

    def _connect(self, http_client: HttpClient | None) -> Connections[Pool]:
        raise NotImplementedError

    def _guard(self, settings: Settings) -> GuardTransport | AsyncGuardTransport:
        raise NotImplementedError

    def _sign_in(self, source: SignIn, settings: Settings) -> ReadKey:
        raise NotImplementedError

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client cannot be copied or pickled: it has a key and connections")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"


class Activepieces(_Client[KeySource, httpx.Client, SyncPool]):
    """A client for one Activepieces platform, which threads may share.

    Args:
        api_key: The key; a callable that returns it, and is called again if the service rejects the key; or
            `sign_in(…)`. By default ACTIVEPIECES_API_KEY, or else the content of the file that
            ACTIVEPIECES_API_KEY_FILE names.
        base_url: The address of the API, including /api; by default ACTIVEPIECES_BASE_URL, or else Activepieces Cloud.
        timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; by default that of the `http_client`, or
            else 30 seconds, and 5 to connect. An attempt takes at most the sum of its phases.
        max_retries: How often to retry a call.
        http_client: An `httpx.Client`, with its proxies, certificates, transport, headers and hooks. You close it. No
            redirect is followed, and its `auth` is not used. It decides how many connections there are: more than 8
            updates in flight can hang a default server. Without one, a client has 8 connections for each process.
        allow_http: Whether the address may be http, which shows the key to others on the network. Loopback always may.

    Raises:
        ConfigurationError: An argument or an environment variable is missing or invalid.
    """

    @functools.cached_property
    def projects(self) -> Projects:
        """The operations on projects."""
        return Projects(self._client_with, self._connections.maximum)

    def _connect(self, http_client: httpx.Client | None) -> Connections[SyncPool]:
        return connect(http_client, self.base_url)

    def _guard(self, settings: Settings) -> GuardTransport:
        return GuardTransport(settings, self._connections, self._credentials)

    def _sign_in(self, source: SignIn, settings: Settings) -> ReadKey:
        return lambda: source.read(self._make_generated(settings))

    def close(self) -> None:
        """Close the connections; an `http_client` stays open."""
        if not self._connections.closed:
            self._connections.get().transport.close()
        self._connections.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncActivepieces(_Client[AsyncKeySource, httpx.AsyncClient, AsyncPool]):
    """A client for one Activepieces platform under asyncio and trio, which tasks may share.

    Event loops may share it, since each has separate connections.

    Args:
        api_key: The key; a callable, which may be async, that returns it, and is called again if the service rejects
            the key; or `sign_in(…)`. By default ACTIVEPIECES_API_KEY, or else the content of the file that
            ACTIVEPIECES_API_KEY_FILE names.
        base_url: The address of the API, including /api; by default ACTIVEPIECES_BASE_URL, or else Activepieces Cloud.
        timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; by default that of the `http_client`, or
            else 30 seconds, and 5 to connect. An attempt takes at most the sum of its phases.
        max_retries: How often to retry a call.
        http_client: An `httpx.AsyncClient`, with its proxies, certificates, transport, headers and hooks. You close it.
            No redirect is followed, and its `auth` is not used. It decides how many connections there are: more than 8
            updates in flight can hang a default server. Without one, a client has 8 connections for each event loop.
        allow_http: Whether the address may be http, which shows the key to others on the network. Loopback always may.

    Raises:
        ConfigurationError: An argument or an environment variable is missing or invalid.
    """

    @functools.cached_property
    def projects(self) -> AsyncProjects:
        """The operations on projects."""
        return AsyncProjects(self._client_with, self._connections.maximum)

    def _connect(self, http_client: httpx.AsyncClient | None) -> Connections[AsyncPool]:
        return connect_async(http_client, self.base_url)

    def _guard(self, settings: Settings) -> AsyncGuardTransport:
        return AsyncGuardTransport(settings, self._connections, self._credentials)

    def _sign_in(self, source: SignIn, settings: Settings) -> ReadKey:
        return lambda: source.read_async(self._make_generated(settings))

    async def aclose(self) -> None:
        """Close the connections of this event loop; an `http_client` stays open."""
        if not self._connections.closed:
            await self._connections.get().transport.aclose()
        self._connections.closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
