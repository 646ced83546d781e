"""The clients: their settings and their resources."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack

import attrs
import httpx

from ._auth import AsyncKeySource, BearerAuth, Key, KeySource, resolve_base_url
from ._connections import DEFAULT_TIMEOUT, Connections, Cookies, HttpClient, OwnAsyncClient, OwnClient
from ._guard import AsyncGuard, CallOptions, Guard, Policy, Timeout, finite
from ._projects import AsyncProjects, Projects
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from activepieces_api import AuthenticatedClient

Source = TypeVar("Source")


def _refuse(request: httpx.Request) -> httpx.Response:
    """End a request that would pass by the guard."""
    raise ConfigurationError(
        f"{request.method} {request.url.path} was not sent, since nothing would check it: use client.generated as "
        "it is, with the sync functions for Activepieces and the asyncio functions for AsyncActivepieces"
    )


class _Client(Generic[HttpClient, Source]):
    """What the two clients share: all but the input and output."""

    _make_http_client: Callable[[ssl.SSLContext, Cookies], HttpClient]

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
        from ._specification import specification  # noqa: PLC0415 - when it is first needed

        key, api_key = Key(api_key), None  # no traceback shall show it
        self._auth = BearerAuth(key)
        address = resolve_base_url(base_url, specification().first_server, allow_http=allow_http)
        self._connections: Connections[HttpClient] = Connections(self._make_http_client, http_client)
        timeout = finite(timeout, finite(self._connections.shared.timeout, DEFAULT_TIMEOUT))
        self._policy = Policy(specification(), address, timeout, max_retries)

    @functools.cached_property
    def generated(self) -> AuthenticatedClient:
        """The generated client, for calling the functions of `activepieces_api.api`: they have the same guarantees."""
        return self._guarded(self._policy)

    def _generated(self, *, raise_429: bool = False, **options: Unpack[CallOptions]) -> AuthenticatedClient:
        """Give the generated client for a call with options of its own."""
        if not (options or raise_429):
            return self.generated
        changes: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        changes["timeout"] = finite(options.get("timeout"), self._policy.timeout)
        return self._guarded(attrs.evolve(self._policy, **changes, raise_429=raise_429))

    def _guarded(self, policy: Policy) -> AuthenticatedClient:
        from activepieces_api import AuthenticatedClient  # noqa: PLC0415 - when it is first needed

        # The token stays empty: the guard adds the key, and the generated client shows its token.
        client = AuthenticatedClient(policy.base_url, token="", httpx_args={"transport": httpx.MockTransport(_refuse)})
        self._put_guard_into(client, policy)
        return client

    def _put_guard_into(self, client: AuthenticatedClient, policy: Policy) -> None:
        raise NotImplementedError


class Activepieces(_Client[httpx.Client, KeySource]):
    """The client.

    Args:
        api_key: The key, or a callable that returns it and is asked again when the service says 401; else
            ACTIVEPIECES_API_KEY; else the content of the file named by ACTIVEPIECES_API_KEY_FILE.
        base_url: The address of the API, with its /api; else ACTIVEPIECES_BASE_URL; else Activepieces Cloud.
        timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; else that of your `http_client`; else 30,
            and 5 for connecting. An attempt takes no longer than its phases together.
        max_retries: How often to repeat what may be repeated; 2 where not given.
        http_client: Your own `httpx.Client`, with its proxies, certificates, transport and hooks. It is not closed for
            you, and no redirect is followed, whatever it says.
        allow_http: Whether the address may be http, which shows the key to everyone on the way; loopback always may.

    Raises:
        ConfigurationError: No key, a key that no header can carry, or an address that is not https.
    """

    _make_http_client = OwnClient

    @functools.cached_property
    def projects(self) -> Projects:
        """The operations on projects."""
        return Projects(self._generated)

    def _put_guard_into(self, client: AuthenticatedClient, policy: Policy) -> None:
        # The generated functions call nothing of an httpx client but its method `request`.
        guard: Any = Guard(policy, self._connections, self._auth)
        client.set_httpx_client(guard)

    def close(self) -> None:
        """Close the connections; your own `http_client` stays open."""
        for http_client in self._connections.own():
            http_client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncActivepieces(_Client[httpx.AsyncClient, AsyncKeySource]):
    """The client for asyncio and trio; see Activepieces for the arguments.

    Args:
        api_key: As there; the callable may also be async.
        http_client: Your own `httpx.AsyncClient`.
    """

    _make_http_client = OwnAsyncClient

    @functools.cached_property
    def projects(self) -> AsyncProjects:
        """The operations on projects."""
        return AsyncProjects(self._generated)

    def _put_guard_into(self, client: AuthenticatedClient, policy: Policy) -> None:
        guard: Any = AsyncGuard(policy, self._connections, self._auth)
        client.set_async_httpx_client(guard)

    async def aclose(self) -> None:
        """Close the connections; your own `http_client` stays open."""
        for http_client in self._connections.own():
            await http_client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
