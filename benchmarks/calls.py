"""The cost of a call and a validation, beside their peers."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from pyreqwest.client import SyncClientBuilder
from pyreqwest.compatibility.httpx import SyncHttpxTransport

from activepieces_client import Activepieces, AsyncActivepieces, RequestValidationError, validate

from . import peers
from .measuring import Figures, Row, Stopwatch, compare, rounds, shares
from .server import BODY, ID, KEY, PATH

FIVE_VIOLATIONS: dict[str, Any] = {
    "displayname": "x",
    "externalId": 5,
    "maxConcurrentJobs": -1,
    "plan": {"pieces": "x"},
    "metadata": [],
}


def sync_rows(base_url: str) -> tuple[list[Row], dict[str, float]]:
    """Compare `update` with its peers, and return the shares of its time."""
    engine = SyncHttpxTransport(SyncClientBuilder().follow_redirects(enable=False).build())
    ours = Activepieces(KEY, base_url=base_url)
    ours_on_engine = Activepieces(KEY, base_url=base_url, http_client=httpx.Client(transport=engine))
    calls: dict[str, Callable[[], object]] = {
        "ours": lambda: ours.projects.update(ID, BODY),
        "ours on pyreqwest": lambda: ours_on_engine.projects.update(ID, BODY),
        "bare": peers.bare(base_url),
        "stainless": peers.stainless(base_url),
        "stock": peers.stock(base_url),
        "openapi-generator": peers.openapi_generator(base_url),
        "http.client": peers.standard_library(base_url),
    }
    figures = rounds(calls, 200)
    rows = [
        compare("update / bare httpx", figures, "bare", 1.25),
        compare("update on pyreqwest / bare httpx", figures, "bare", 1.0, ours="ours on pyreqwest"),
        compare("update / Stainless (openai package)", figures, "stainless", 0.75),
        compare("update / stock openapi-python-client", figures, "stock", 0.95),
        compare("update / openapi-generator's client", figures, "openapi-generator", 1.0),
        compare("update / http.client", figures, "http.client"),
    ]
    return rows, shares(calls["ours"])


async def async_rows(base_url: str) -> list[Row]:
    """Compare the async client with a bare one, with some calls in flight."""
    bare = httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {KEY}"})
    ours = AsyncActivepieces(KEY, base_url=base_url)

    async def post() -> object:
        return (await bare.post(PATH.format(id=ID), json=BODY)).json()

    calls: dict[str, Callable[[], Awaitable[object]]] = {"ours": lambda: ours.projects.update(ID, BODY), "bare": post}
    rows: list[Row] = []
    for in_flight, bar in ((1, None), (8, 1.2), (100, None)):
        figures: Figures = {name: [] for name in calls}
        for number_of_round in range(12):
            for name, call in calls.items():

                async def one_after_another(call: Callable[[], Awaitable[object]] = call, n: int = in_flight) -> None:
                    for _ in range(400 // n):
                        await call()

                stopwatch = Stopwatch()
                await asyncio.gather(*(one_after_another() for _ in range(in_flight)))
                if number_of_round:  # the first is to warm up
                    figures[name].append(stopwatch.read(400))
        rows.append(compare(f"async update / bare AsyncClient, {in_flight} in flight", figures, "bare", bar))
    return rows


def _validate_invalid() -> None:
    """Validate a body with five violations."""
    with contextlib.suppress(RequestValidationError):
        validate(FIVE_VIOLATIONS)


def validation_rows() -> list[Row]:
    """Measure validation by itself."""
    figures = rounds({"valid": lambda: validate(BODY), "invalid": _validate_invalid}, 2000)
    valid, invalid = (statistics.median(cpu for cpu, _ in figures[name]) for name in ("valid", "invalid"))
    return [
        Row("validate a request of ordinary size", "µs of CPU", valid, bar=20),
        Row("validate a request with five violations", "µs of CPU", invalid, bar=100),
    ]
