"""The clients: Activepieces and AsyncActivepieces."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Generic, NoReturn, Self, TypeVar, Unpack

import httpx

from ._auth import AsyncKeySource, BearerAuth, KeySource, Secret, resolve_base_url
from ._call import DEFAULT_TIMEOUT, CallOptions, Settings, Timeout
from ._connections import AsyncPool, Connections, SyncPool, connect, connect_async
from ._generated_client import AsyncGeneratedClient, SyncGeneratedClient
from ._http import AsyncGuardedClient, GuardedClient
from ._log import set_up_logging
from ._projects import AsyncProjects, Projects

if TYPE_CHECKING:
    from activepieces_api import AuthenticatedClient

Source = TypeVar("Source", bound=AsyncKeySource)
HttpClient = TypeVar("HttpClient", httpx.Client, httpx.AsyncClient)
Pool = TypeVar("Pool", SyncPool, AsyncPool)


class _Client(Generic[Source, HttpClient, Pool]):
    """What both clients have: all but the I/O."""

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
        from ._specification import specification  # noqa: PLC0415 - read for the first client, and not on import

        secret, api_key = Secret(api_key), None  # no traceback shall show it
        set_up_logging()
        document = specification()
        self.base_url = resolve_base_url(base_url, document.first_server, allow_http=allow_http)
        # Uncompressed, since the size of a compressed response says nothing about what it becomes.
        headers = {"Accept-Encoding": "identity", "User-Agent": document.user_agent}
        self._connections: Connections[Pool] = self._connect(http_client, headers)
        if http_client and not http_client.headers.get("User-Agent", "").startswith("python-httpx/"):
            del headers["User-Agent"]  # you have set your own
        self._auth = BearerAuth(secret, may_be_async=isinstance(self, AsyncActivepieces))
        if timeout is None:
            timeout = http_client.timeout if http_client else DEFAULT_TIMEOUT
        # Its own httpx client sends the headers by itself; to yours they are given with each request.
        per_request = {} if self._connections.own else headers
        self._settings = Settings(document, self.base_url, timeout, max_retries, headers=per_request)

    def _connect(self, http_client: HttpClient | None, headers: dict[str, str]) -> Connections[Pool]:
        raise NotImplementedError

    @functools.cached_property
    def generated(self) -> AuthenticatedClient:
        """The generated client, for the functions of `activepieces_api.api`.

        Calls through it have the same guarantees.
        """
        return self._make_generated(self._settings)

    @functools.cached_property
    def _without_options(self) -> AuthenticatedClient:
        # Another one than `generated`, which whoever has it may close.
        return self._make_generated(self._settings)

    def _client_with(self, **options: Unpack[CallOptions]) -> AuthenticatedClient:
        return self._make_generated(self._settings.evolve(**options)) if options else self._without_options

    def _make_generated(self, settings: Settings) -> AuthenticatedClient:
        raise NotImplementedError

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client cannot be copied or pickled: it has a key and connections")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"


class Activepieces(_Client[KeySource, httpx.Client, SyncPool]):
    """A client for one Activepieces platform, which threads may share.

    Args:
        api_key: The key, or a callable that returns it and is called again when the service rejects the key; else
            ACTIVEPIECES_API_KEY; else the content of the file named by ACTIVEPIECES_API_KEY_FILE.
        base_url: The address of the API, with its /api; else ACTIVEPIECES_BASE_URL; else Activepieces Cloud.
        timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; else that of your `http_client`; else 30,
            and 5 to connect. An attempt takes at most its phases together.
        max_retries: How often to retry what may be retried; 2 by default.
        http_client: Your own `httpx.Client`, with its proxies, certificates, transport and hooks. It is not closed for
            you, no redirect is followed, whatever it says, and its limits are yours: more than 8 updates at a time can
            hang a default server. Without one, a client has 8 connections.
        allow_http: Whether the address may be http, which shows the key to everyone on the way; loopback always may.

    Raises:
        ConfigurationError: An argument or an environment variable is missing or invalid.
    """

    def _connect(self, http_client: httpx.Client | None, headers: dict[str, str]) -> Connections[SyncPool]:
        return connect(http_client, headers)

    @functools.cached_property
    def projects(self) -> Projects:
        """The operations on projects."""
        return Projects(self._client_with, self._connections.maximum)

    def _make_generated(self, settings: Settings) -> AuthenticatedClient:
        # The token stays empty, since the generated client shows it; BearerAuth has the key.
        make = functools.partial(GuardedClient, self._connections, self._auth, settings)
        return SyncGeneratedClient(settings.base_url, token="", make=make)

    def close(self) -> None:
        """Close the connections; your own `http_client` stays open."""
        if self._connections.own and not self._connections.closed:
            self._connections.get().http_client.close()
        self._connections.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncActivepieces(_Client[AsyncKeySource, httpx.AsyncClient, AsyncPool]):
    """A client for asyncio and trio, which tasks may share.

    Event loops may share it too: each has connections of its own.

    Args:
        api_key: The key, or a callable, which may be async; otherwise as for `Activepieces`.
        base_url: As for `Activepieces`.
        timeout: As for `Activepieces`.
        max_retries: As for `Activepieces`.
        http_client: Your own `httpx.AsyncClient`; otherwise as for `Activepieces`.
        allow_http: As for `Activepieces`.

    Raises:
        ConfigurationError: An argument or an environment variable is missing or invalid.
    """

    def _connect(self, http_client: httpx.AsyncClient | None, headers: dict[str, str]) -> Connections[AsyncPool]:
        return connect_async(http_client, headers)

    @functools.cached_property
    def projects(self) -> AsyncProjects:
        """The operations on projects."""
        return AsyncProjects(self._client_with, self._connections.maximum)

    def _make_generated(self, settings: Settings) -> AuthenticatedClient:
        # The token stays empty, since the generated client shows it; BearerAuth has the key.
        make = functools.partial(AsyncGuardedClient, self._connections, self._auth, settings)
        return AsyncGeneratedClient(settings.base_url, token="", make=make)

    async def aclose(self) -> None:
        """Close the connections of this event loop; your own `http_client` stays open."""
        if self._connections.own and not self._connections.closed:
            await self._connections.get().http_client.aclose()
        self._connections.closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
