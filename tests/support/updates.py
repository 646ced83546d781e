"""Update a project in the same way with every kind of client."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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


def call(
    kind: str, service: StandIn, method: str, *arguments: Any, client: dict[str, Any] | None = None, **options: Any
) -> Any:
    """Call a method of `projects` with a kind of client; a list has every project."""

    async def run() -> Any:
        async with async_client(service, **(client or {})) as activepieces:
            result = getattr(activepieces.projects, method)(*arguments, **options)
            return [project async for project in result] if method == "list" else await result

    with no_leak():
        if kind != "sync":
            return anyio.run(run, backend=kind)
        with sync_client(service, **(client or {})) as activepieces:
            result = getattr(activepieces.projects, method)(*arguments, **options)
            return list(result) if method == "list" else result


def call_at_once(
    kind: str, service: StandIn, number: int, method: str, *arguments: Any, client: dict[str, Any], **options: Any
) -> list[Any]:
    """Call a method of one client in so many threads or tasks, and return the results."""
    results: list[Any] = []

    async def run() -> None:
        async def work() -> None:
            results.append(await getattr(activepieces.projects, method)(*arguments, **options))

        async with async_client(service, **client) as activepieces, anyio.create_task_group() as tasks:
            for _ in range(number):
                tasks.start_soon(work)

    if kind == "sync":
        with sync_client(service, **client) as activepieces, ThreadPoolExecutor(number) as pool:
            bound = functools.partial(getattr(activepieces.projects, method), *arguments, **options)
            results += [future.result() for future in [pool.submit(bound) for _ in range(number)]]
    else:
        anyio.run(run, backend=kind)
    return results


def update_with(kind: str) -> Update:
    """Return the update of a kind of client."""

    def update(service: StandIn, project_id: str, body: Any, **options: Any) -> Project:
        project: Project = call(kind, service, "update", project_id, body, **options)
        return project

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
