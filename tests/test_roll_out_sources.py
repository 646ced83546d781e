"""The source of a roll-out's updates, and errors that others raise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from activepieces_client import ActivepiecesError, ConfigurationError
from activepieces_client.bulk import Failed, UpdateOutcome
from activepieces_client.testing import StandIn

from .support.roll_outs import projects, renames
from .support.updates import async_client, sync_client

Item = tuple[str, dict[str, Any]]


@pytest.fixture
def service() -> StandIn:
    return StandIn(projects(12))


def test_cancelled_wait_for_the_source_is_an_error(service: StandIn) -> None:
    async def source() -> AsyncIterator[Item]:
        for number, update in enumerate(renames(service)):
            if number == 3:
                await asyncio.sleep(0.2)
            yield update

    found: list[int] = []

    async def run() -> None:
        async with async_client(service) as client, client.projects.update_many(source()) as outcomes:
            while True:
                try:
                    async with asyncio.timeout(0.1):
                        found.append((await anext(outcomes)).index)
                except TimeoutError:
                    continue

    with pytest.raises(TypeError, match="the wait for it was cancelled, and its source with it"):
        asyncio.run(run())
    assert sorted(found) == [0, 1, 2]


def test_stop_of_a_source_sends_nothing_more(service: StandIn) -> None:
    with sync_client(service) as client:

        def source() -> Iterator[Item]:
            updates = renames(service)
            yield next(updates)
            outcomes.stop()
            yield next(updates)

        outcomes = client.projects.update_many(source(), concurrency=1)
        with outcomes:
            assert [outcome.index for outcome in outcomes] == [0]
    assert len(service.requests) == 1


def test_error_of_a_hook_comes_after_the_outcomes(service: StandIn) -> None:
    def hook(response: httpx.Response) -> None:
        if response.request.url.path.endswith("2"):
            raise OSError("the hook")

    http_client = httpx.Client(transport=service.transport, event_hooks={"response": [hook]})
    found: list[int] = []
    client = sync_client(service, http_client=http_client)
    with client.projects.update_many(renames(service), concurrency=4) as outcomes:
        with pytest.raises(OSError, match="the hook"):
            found.extend(outcome.index for outcome in outcomes)
        assert list(outcomes) == []
    assert len(found) == len(service.requests) - 1


@pytest.mark.usefixtures("short_pauses")
def test_unreadable_key_stops_the_roll_out(service: StandIn) -> None:
    with sync_client(service, api_key=lambda: "") as client, client.projects.update_many(renames(service)) as outcomes:
        found = list(outcomes)
    assert all(isinstance(outcome, Failed) for outcome in found)
    assert isinstance(outcomes.stopped, ConfigurationError)
    assert {request.url.path for request in service.requests} <= {"/api/v1/health"}


@pytest.mark.parametrize("options", [{"timeout": -1}, {"max_retries": -1}, {"max_retries": "2"}])
def test_invalid_options_raise_at_once(service: StandIn, options: Any) -> None:
    with sync_client(service) as client, pytest.raises(ConfigurationError, match=next(iter(options))):
        client.projects.update_many(renames(service), **options)


@pytest.mark.anyio
async def test_error_of_an_async_source_follows_the_outcomes(service: StandIn) -> None:
    async def source() -> AsyncIterator[Item]:
        yield next(renames(service))
        raise OSError("the source")

    found: list[UpdateOutcome] = []
    async with async_client(service) as client, client.projects.update_many(source()) as outcomes:
        with pytest.raises(OSError, match="the source"):
            await collect(outcomes, found)
    assert [outcome.index for outcome in found] == [0]


async def collect(outcomes: AsyncIterator[UpdateOutcome], found: list[UpdateOutcome]) -> None:
    async for outcome in outcomes:
        found.append(outcome)  # noqa: PERF401 - also those that come before an error


def test_closing_between_attempts_is_an_error(service: StandIn) -> None:
    http_client = httpx.Client(transport=service.transport)
    service.fail((503, {"retry-after": "0"}))

    def close(_: httpx.Response) -> None:
        http_client.close()

    http_client.event_hooks = {"response": [close]}
    with sync_client(service, http_client=http_client) as client, pytest.raises(ActivepiecesError, match="closed"):
        client.projects.update(service.projects[0]["id"], {})
    assert len(service.requests) == 1
