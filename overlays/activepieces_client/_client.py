"""The clients: settings in, resources out."""

from __future__ import annotations

import functools
import inspect
import math
from typing import TYPE_CHECKING, NoReturn, Self

import attrs
import httpx

from ._auth import AsyncKeySource, BearerAuth, KeySource, Secret, resolve_base_url
from ._call import CallOptions, Settings, Timeout, finite
from ._connections import DEFAULT_TIMEOUT, MAX_CONNECTIONS, AsyncPool, Connections, SyncPool, async_pools, sync_pools
from ._generated import AsyncGenerated, SyncGenerated
from ._http import AsyncGuardedClient, GuardedClient
from ._log import set_up_logging
from ._projects import AsyncProjects, Projects
from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from activepieces_api import AuthenticatedClient


class _Client:
    """What both clients have: their settings."""

    _base_url = ""

    def __init__(
        self,
        api_key: Secret,
        base_url: str | None,
        timeout: Timeout | None,
        max_retries: int,
        http_client: httpx.Client | httpx.AsyncClient | None,
        *,
        allow_http: bool,
    ) -> None:
        from ._specification import specification  # noqa: PLC0415 - read for the first client, and not on import

        set_up_logging()
        document = specification()
        self._base_url = resolve_base_url(base_url, document.first_server, allow_http=allow_http)
        self._auth = BearerAuth(api_key)
        of_http_client = finite(http_client.timeout, DEFAULT_TIMEOUT) if http_client else DEFAULT_TIMEOUT
        limits = finite(_timeout(timeout) or of_http_client, of_http_client)
        self._settings = Settings(document, self._base_url, limits, _max_retries(max_retries))

    def _settings_for(self, options: CallOptions) -> Settings:
        """Return the settings of a call with options of its own."""
        timeout, max_retries = _timeout(options.timeout), options.max_retries
        return attrs.evolve(
            self._settings,
            timeout=finite(timeout, self._settings.timeout) if timeout else self._settings.timeout,
            max_retries=self._settings.max_retries if max_retries is None else _max_retries(max_retries),
            check_applied=options.check_applied,
        )

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client cannot be copied or pickled: it has a key and connections")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._base_url!r})"


class Activepieces(_Client):
    """The client.

    Args:
        api_key: The key, or a callable that returns it and is called again when the service rejects the key; else
            ACTIVEPIECES_API_KEY; else the content of the file named by ACTIVEPIECES_API_KEY_FILE.
        base_url: The address of the API, with its /api; else ACTIVEPIECES_BASE_URL; else Activepieces Cloud.
        timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; else that of your `http_client`; else 30,
            and 5 to connect. An attempt takes at most its phases together.
        max_retries: How often to retry what may be retried; 2 by default.
        http_client: Your own `httpx.Client`, with its proxies, certificates, transport and hooks. It is not closed for
            you, and no redirect is followed, whatever it says.
        allow_http: Whether the address may be http, which shows the key to everyone on the way; loopback always may.

    Raises:
        ConfigurationError: An argument or an environment variable is missing or invalid.
    """

    def __init__(
        self,
        api_key: KeySource | None = None,
        *,
        base_url: str | None = None,
        timeout: Timeout | None = None,
        max_retries: int = 2,
        http_client: httpx.Client | None = None,
        allow_http: bool = False,
    ) -> None:
        secret, api_key = Secret(api_key), None  # no traceback shall show it
        if inspect.iscoroutinefunction(secret.value) or inspect.iscoroutinefunction(
            getattr(secret.value, "__call__", None)  # noqa: B004 - an object whose call is async
        ):
            raise ConfigurationError("api_key must not be async for Activepieces; AsyncActivepieces takes it")
        self._connections: Connections[SyncPool] = Connections(sync_pools(http_client))
        self._owns_http_client = http_client is None
        super().__init__(secret, base_url, timeout, max_retries, http_client, allow_http=allow_http)

    @functools.cached_property
    def projects(self) -> Projects:
        """The operations on projects."""
        usual, options_of_usual = self._generated(CallOptions()), CallOptions()
        return Projects(
            lambda options: usual if options == options_of_usual else self._generated(options),
            MAX_CONNECTIONS if self._owns_http_client else None,
        )

    @functools.cached_property
    def generated(self) -> AuthenticatedClient:
        """The generated client, for the functions of `activepieces_api.api`: they have the same guarantees."""
        return self._generated(CallOptions())

    def _generated(self, options: CallOptions) -> AuthenticatedClient:
        # The token stays empty, since the generated client shows it; BearerAuth has the key.
        make = functools.partial(GuardedClient, self._settings_for(options), self._connections, self._auth)
        return SyncGenerated(self._base_url, token="", make=make)

    def close(self) -> None:
        """Close the connections; your own `http_client` stays open."""
        if self._owns_http_client and not self._connections.closed:
            self._connections.get().http_client.close()
        self._connections.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncActivepieces(_Client):
    """The client for asyncio and trio; see Activepieces for the other arguments and what is raised.

    It may be used in several event loops, one after the other or at once: each has connections of its own.

    Args:
        api_key: As there; the callable may also be async.
        http_client: Your own `httpx.AsyncClient`.
    """

    def __init__(
        self,
        api_key: AsyncKeySource | None = None,
        *,
        base_url: str | None = None,
        timeout: Timeout | None = None,
        max_retries: int = 2,
        http_client: httpx.AsyncClient | None = None,
        allow_http: bool = False,
    ) -> None:
        secret, api_key = Secret(api_key), None  # no traceback shall show it
        self._connections: Connections[AsyncPool] = Connections(async_pools(http_client))
        self._owns_http_client = http_client is None
        super().__init__(secret, base_url, timeout, max_retries, http_client, allow_http=allow_http)

    @functools.cached_property
    def projects(self) -> AsyncProjects:
        """The operations on projects."""
        usual, options_of_usual = self._generated(CallOptions()), CallOptions()
        return AsyncProjects(
            lambda options: usual if options == options_of_usual else self._generated(options),
            MAX_CONNECTIONS if self._owns_http_client else None,
        )

    @functools.cached_property
    def generated(self) -> AuthenticatedClient:
        """The generated client, for the functions of `activepieces_api.api`: they have the same guarantees."""
        return self._generated(CallOptions())

    def _generated(self, options: CallOptions) -> AuthenticatedClient:
        # The token stays empty, since the generated client shows it; BearerAuth has the key.
        make = functools.partial(AsyncGuardedClient, self._settings_for(options), self._connections, self._auth)
        return AsyncGenerated(self._base_url, token="", make=make)

    async def aclose(self) -> None:
        """Close the connections of this event loop; your own `http_client` stays open."""
        if self._owns_http_client and not self._connections.closed:
            await self._connections.get().http_client.aclose()
        self._connections.closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _timeout(value: Timeout | None) -> httpx.Timeout | None:
    """Return a timeout argument as httpx has it; None where it is not given."""
    if value is None:
        return None
    phases: list[object] = list(value.as_dict().values()) if isinstance(value, httpx.Timeout) else [value or math.nan]
    for phase in phases:
        if phase is not None and (
            isinstance(phase, bool) or not isinstance(phase, int | float) or not 0 < phase < math.inf
        ):
            raise ConfigurationError(f"timeout must be seconds above 0, or an httpx.Timeout; it is {value!r}")
    return httpx.Timeout(value)


def _max_retries(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"max_retries must be an integer from 0 up; it is {value!r}")
    return value
