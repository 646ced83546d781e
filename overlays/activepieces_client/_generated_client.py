"""The generated client, with the guarded httpx clients.

What its `with_…` methods return has them too.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import httpx

from activepieces_api import AuthenticatedClient

from ._http import AsyncGuardedClient, GuardedClient
from .exceptions import ConfigurationError


@attrs.define
class SyncGeneratedClient(AuthenticatedClient):
    """For the functions `sync` and `sync_detailed`."""

    make: Callable[..., GuardedClient] = attrs.field(kw_only=True, repr=False)

    def get_httpx_client(self) -> httpx.Client:
        """Return the httpx client that the functions call."""
        if self._client is None:
            self._client = self.make(headers=self._headers, cookies=self._cookies, timeout=self._timeout)
        return self._client

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Refuse: nothing would validate what is sent."""
        raise ConfigurationError("client.generated of Activepieces is for sync and sync_detailed; nothing was sent")


@attrs.define
class AsyncGeneratedClient(AuthenticatedClient):
    """For the functions `asyncio` and `asyncio_detailed`."""

    make: Callable[..., AsyncGuardedClient] = attrs.field(kw_only=True, repr=False)

    def get_async_httpx_client(self) -> httpx.AsyncClient:
        """Return the httpx client that the functions call."""
        if self._async_client is None:
            self._async_client = self.make(headers=self._headers, cookies=self._cookies, timeout=self._timeout)
        return self._async_client

    def get_httpx_client(self) -> httpx.Client:
        """Refuse: nothing would validate what is sent."""
        raise ConfigurationError(
            "client.generated of AsyncActivepieces is for asyncio and asyncio_detailed; nothing was sent"
        )
