"""Update a project in the same way with every kind of client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

import anyio
import httpx

from activepieces_client import Activepieces, AsyncActivepieces
from activepieces_client.models import Project
from activepieces_client.testing import StandIn

from .leaks import no_leak

ID = "pRjEctId0000000000001"
"""The id of the first project of a stand-in."""


class Update(Protocol):
    """Update a project of a stand-in; `client` has arguments for the client."""

    def __call__(
        self, service: StandIn, project_id: str, body: Any, *, client: dict[str, Any] | None = None, **options: Any
    ) -> Project: ...


def settings(service: StandIn, http_client: Callable[..., Any], given: dict[str, Any] | None) -> dict[str, Any]:
    """Return arguments of a client for a stand-in, served or called in process."""
    settings = {"api_key": service.api_key, "base_url": service.base_url, **(given or {})}
    if service.base_url.startswith("https://activepieces.test"):
        settings.setdefault("http_client", http_client(transport=service.transport))
    return settings


def sync_client(service: StandIn, **given: Any) -> Activepieces:
    """Return a client for a stand-in."""
    return Activepieces(**settings(service, httpx.Client, given))


def async_client(service: StandIn, **given: Any) -> AsyncActivepieces:
    """Return an async client for a stand-in."""
    return AsyncActivepieces(**settings(service, httpx.AsyncClient, given))


def update_sync(
    service: StandIn, project_id: str, body: Any, *, client: dict[str, Any] | None = None, **options: Any
) -> Project:
    with no_leak(), sync_client(service, **(client or {})) as activepieces:
        return activepieces.projects.update(project_id, body, **options)


def update_async(backend: str) -> Update:
    def update(
        service: StandIn, project_id: str, body: Any, *, client: dict[str, Any] | None = None, **options: Any
    ) -> Project:
        async def run() -> Project:
            async with async_client(service, **(client or {})) as activepieces:
                return await activepieces.projects.update(project_id, body, **options)

        with no_leak():
            return anyio.run(run, backend=backend)

    return update


def stand_in_at(base_url: str) -> StandIn:
    """Return a stand-in whose address is that of another server, for `Update`."""
    service = StandIn()
    service.base_url = base_url
    return service


def project_json(**changes: Any) -> bytes:
    """Return the first project of a stand-in, as the body of a response."""
    return json.dumps({**StandIn().projects[0], **changes}).encode()


def project_response(service: StandIn, *without: str, **changes: Any) -> httpx.Response:
    """Return a response with the first project, changed, and without some properties."""
    project = {**service.projects[0], **changes}
    return httpx.Response(200, json={name: value for name, value in project.items() if name not in without})
