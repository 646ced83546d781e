"""Retries: which failures, how many, and after what backoff."""

from __future__ import annotations

import random
import time
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ConflictError,
    RateLimitError,
    ServerError,
)
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, async_client, sync_client

NOW = {"retry-after": "0"}


def test_429_and_503_are_retried(service: StandIn, update: Update) -> None:
    service.fail((503, NOW), (429, NOW))
    assert update(service, ID, {"displayName": "Acme"}).display_name == "Acme"
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("statuses", "error"), [([503, 503, 502], ServerError), ([429, 429, 429], RateLimitError)], ids=["5xx", "429"]
)
def test_last_failure_is_raised(
    service: StandIn, update: Update, statuses: list[int], error: type[APIStatusError]
) -> None:
    service.fail(*[(status, NOW) for status in statuses])
    with pytest.raises(error, match=rf"{statuses[-1]}.*3 attempts") as caught:
        update(service, ID, {})
    assert caught.value.attempts == len(service.requests) == 3


def test_409_is_not_retried(service: StandIn, update: Update) -> None:
    service.fail((409, NOW))
    with pytest.raises(ConflictError, match="1 attempt"):
        update(service, ID, {})
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("status", "requests"), [(400, 1), (404, 1), (407, 1), (408, 2), (409, 1), (429, 2), (499, 1), (500, 2), (599, 2)]
)
def test_each_status_is_retried_or_not(service: StandIn, update: Update, status: int, requests: int) -> None:
    service.fail(*[(status, NOW)] * 2)
    with pytest.raises(APIStatusError):
        update(service, ID, {}, max_retries=1)
    assert len(service.requests) == requests


@pytest.mark.parametrize(
    ("failure", "requests"),
    [
        (httpx.ConnectError, 2),
        (httpx.ConnectTimeout, 2),
        (httpx.PoolTimeout, 2),
        (httpx.ReadTimeout, 2),
        (httpx.WriteTimeout, 2),
        (httpx.ReadError, 2),
        (httpx.RemoteProtocolError, 2),
        (httpx.DecodingError, 2),
        (httpx.ProxyError, 1),
        (httpx.UnsupportedProtocol, 1),
        (httpx.LocalProtocolError, 1),
    ],
)
def test_each_failure_is_retried_or_not(
    service: StandIn,
    update: Update,
    monkeypatch: pytest.MonkeyPatch,
    failure: type[httpx.RequestError],
    requests: int,
) -> None:
    monkeypatch.setattr(random, "uniform", min)
    service.fail(*[failure] * 2)
    with pytest.raises(APIConnectionError, match=failure.__name__) as caught:
        update(service, ID, {}, max_retries=1)
    assert isinstance(caught.value, APITimeoutError) is issubclass(failure, httpx.TimeoutException)
    assert caught.value.attempts == len(service.requests) == requests


@pytest.mark.parametrize("failure", [503, (503, {"retry-after": "soon"}), httpx.ReadTimeout], ids=repr)
def test_backoff_doubles_to_8_seconds_with_jitter(
    service: StandIn, waits: list[float], monkeypatch: pytest.MonkeyPatch, failure: Any
) -> None:
    for draw, expected in ((min, [0] * 6), (max, [0.5, 1, 2, 4, 8, 8])):
        monkeypatch.setattr(random, "uniform", draw)
        service.fail(*[failure] * 6)
        sync_client(service).projects.update(ID, {}, max_retries=6)
        assert waits == expected
        waits.clear()


def test_backoff_of_the_thousandth_retry(service: StandIn, waits: list[float]) -> None:
    service.fail(*[503] * 1100)
    assert sync_client(service).projects.update(ID, {}, max_retries=1100).id == ID
    assert len(waits) == 1100


def test_backoff_can_be_cancelled_and_lets_others_run(service: StandIn, backend: str) -> None:
    async def run() -> int:
        turns = 0
        service.fail((503, {"retry-after": "30"}))
        with anyio.move_on_after(0.3):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(async_client(service).projects.update, ID, dict[str, Any]())
                while True:
                    await anyio.sleep(0.01)
                    turns += 1
        return turns

    start = time.monotonic()
    assert anyio.run(run, backend=backend) >= 2
    assert time.monotonic() - start < 20  # and not the 30 s that the server asks for
