"""The clients: their settings, their resources, and the life of their connections."""

from __future__ import annotations

from types import TracebackType
from typing import Self, cast

import attrs
import httpx

from activepieces_api import AuthenticatedClient

from ._auth import AsyncKeySource, BearerAuth, Key, KeySource, resolve_base_url
from ._exceptions import ConfigurationError
from ._guard import AsyncGuard, Guard, Policy
from ._projects import AsyncProjects, Projects

# Seconds for each phase: sending, waiting for the next bytes, waiting for a free connection; connecting.
DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
DEFAULT_MAX_RETRIES = 2


class _Unguarded(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Where a request ends up that would pass by the guard."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise ConfigurationError(
            f"{request.method} {request.url.path} was not sent, since nothing would check it: use client.generated as "
            "it is, with the sync functions for Activepieces and the asyncio functions for AsyncActivepieces"
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


def _finite(timeout: float | httpx.Timeout | None, default: httpx.Timeout) -> httpx.Timeout:
    """Take each phase that has no limit from the default, since no call may wait for ever."""
    limits = {phase: limit for phase, limit in httpx.Timeout(timeout).as_dict().items() if limit is not None}
    return httpx.Timeout(**{**default.as_dict(), **limits})


class _Client:
    """What the two clients share: all but the input and output."""

    def __init__(
        self,
        key: Key,
        base_url: str | None,
        timeout: float | httpx.Timeout | None,
        max_retries: int,
        http_client: httpx.Client | httpx.AsyncClient,
    ) -> None:
        self._auth = BearerAuth(key)
        own_timeout = _finite(http_client.timeout, DEFAULT_TIMEOUT)
        self._policy = Policy(
            base_url=resolve_base_url(base_url),
            build_request=http_client.build_request,
            timeout=_finite(timeout, own_timeout),
            max_retries=max_retries,
        )

    @property
    def generated(self) -> AuthenticatedClient:
        """The generated client, for calling the functions of `activepieces_api.api`: they have the same guarantees."""
        return self.with_options()

    def with_options(
        self,
        *,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int | None = None,
        check_applied: bool = True,
    ) -> AuthenticatedClient:
        """Make a generated client with settings of its own.

        Args:
            timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; the client's where not given.
            max_retries: How often to repeat; the client's where not given.
            check_applied: Whether an answer that does not have what was asked is a NotAppliedError.
        """
        policy = attrs.evolve(
            self._policy,
            timeout=_finite(timeout, self._policy.timeout),
            max_retries=self._policy.max_retries if max_retries is None else max_retries,
            check_applied=check_applied,
        )
        # The token stays empty: the guard adds the key, and the generated client shows its token.
        client = AuthenticatedClient(policy.base_url, token="", httpx_args={"transport": _Unguarded()})
        self._put_guard_into(client, policy)
        return client

    def _put_guard_into(self, client: AuthenticatedClient, policy: Policy) -> None:
        raise NotImplementedError


class Activepieces(_Client):
    """The client.

    Args:
        api_key: The key, or a callable that returns it and is asked again when the service says 401; else
            ACTIVEPIECES_API_KEY; else the content of the file named by ACTIVEPIECES_API_KEY_FILE.
        base_url: The address of the API, with its /api; else ACTIVEPIECES_BASE_URL; else Activepieces Cloud.
        timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; 30, and 5 for connecting, where not given.
        max_retries: How often to repeat what may be repeated.
        http_client: Your own `httpx.Client`, with its proxies, certificates, transport, hooks and timeout; it is not
            closed for you.

    Raises:
        ConfigurationError: No key, a key that no header can carry, or an address that is not https (loopback excepted).
    """

    def __init__(
        self,
        api_key: KeySource | None = None,
        *,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.Client | None = None,
    ) -> None:
        key, api_key = Key(api_key), None  # no traceback shall show it
        self._owns_http_client = http_client is None
        self._http_client = http_client or httpx.Client(timeout=DEFAULT_TIMEOUT)
        super().__init__(key, base_url, timeout, max_retries, self._http_client)
        self.projects = Projects(self)

    def _put_guard_into(self, client: AuthenticatedClient, policy: Policy) -> None:
        # The generated functions call nothing of an httpx client but its method `request`.
        client.set_httpx_client(cast(httpx.Client, Guard(policy, self._http_client, self._auth)))

    def close(self) -> None:
        """Close the connections; your own `http_client` stays open."""
        if self._owns_http_client:
            self._http_client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncActivepieces(_Client):
    """The client for asyncio and trio; see Activepieces for the arguments.

    Args:
        api_key: As there; the callable may also be async.
        http_client: Your own `httpx.AsyncClient`.
    """

    def __init__(
        self,
        api_key: AsyncKeySource | None = None,
        *,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        key, api_key = Key(api_key), None  # no traceback shall show it
        self._owns_http_client = http_client is None
        self._http_client = http_client or httpx.AsyncClient(timeout=DEFAULT_TIMEOUT)
        super().__init__(key, base_url, timeout, max_retries, self._http_client)
        self.projects = AsyncProjects(self)

    def _put_guard_into(self, client: AuthenticatedClient, policy: Policy) -> None:
        client.set_async_httpx_client(cast(httpx.AsyncClient, AsyncGuard(policy, self._http_client, self._auth)))

    async def aclose(self) -> None:
        """Close the connections; your own `http_client` stays open."""
        if self._owns_http_client:
            await self._http_client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
