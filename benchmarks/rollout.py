"""The cost of `update_many`: CPU time, throughput and memory.

The peer is a bare httpx.AsyncClient with a semaphore.

Each runs in a separate process, against a server in another process, and sends the same updates:
`python benchmarks/rollout.py [UPDATES [ROUNDS]]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import anyio
import httpx

from activepieces_client import Activepieces, AsyncActivepieces
from activepieces_client.testing import StandIn

CONCURRENCY = 8
KEY = "sk-bench"
ID = "pRjEctId0000000000001"


async def serve(ready: Any) -> None:
    """Respond to each request with the same project.

    The server does little work, so that the client's work dominates the figures.
    """
    body = json.dumps({**StandIn().projects[0], "metadata": {"tier": "gold"}}).encode()
    response = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while await reader.readuntil(b'"gold"}}'):
                writer.write(response)

    server = await asyncio.start_server(handle, "127.0.0.1")
    ready.put(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def run_server(ready: Any) -> None:
    """Serve until the process is ended."""
    asyncio.run(serve(ready))


def updates(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give so many updates, made as they are taken."""
    return ((ID, {"metadata": {"tier": "gold"}}) for _ in range(number))


async def bare(base_url: str, number: int) -> None:
    """Do it without us: a bare client, and a semaphore."""
    gate = anyio.Semaphore(CONCURRENCY)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as client:

        async def update(project_id: str, body: dict[str, Any]) -> None:
            try:
                (await client.post(f"{base_url}/v1/projects/{project_id}", json=body)).raise_for_status().json()
            finally:
                gate.release()

        async with anyio.create_task_group() as group:
            for item in updates(number):
                await gate.acquire()
                group.start_soon(update, *item)


async def update_many_async(base_url: str, number: int) -> None:
    """Do it with the async client."""
    async with (
        AsyncActivepieces(KEY, base_url=base_url) as client,
        client.projects.update_many(updates(number), concurrency=CONCURRENCY) as outcomes,
    ):
        async for outcome in outcomes:
            assert outcome.project  # noqa: S101 - a benchmark of failures would say nothing


def update_many(base_url: str, number: int) -> None:
    """Do it with the sync client."""
    with (
        Activepieces(KEY, base_url=base_url) as client,
        client.projects.update_many(updates(number), concurrency=CONCURRENCY) as outcomes,
    ):
        for outcome in outcomes:
            assert outcome.project  # noqa: S101 - a failed update would spoil the figures


def run_async(kind: Callable[[str, int], Coroutine[Any, Any, None]], base_url: str, number: int) -> None:
    """Run an async kind."""
    anyio.run(kind, base_url, number)


def measure(name: str, base_url: str, number: int, measured: Any) -> None:
    """Measure one kind of client in this process.

    Returns seconds, CPU seconds, and the peak of memory early and late, in MB.
    """
    kinds: dict[str, Callable[[str, int], None]] = {
        "bare": functools.partial(run_async, bare),
        "async": functools.partial(run_async, update_many_async),
        "sync": update_many,
    }
    kinds[name](base_url, 500)  # imports, the specification, connections
    early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start, cpu = time.perf_counter(), time.process_time()
    kinds[name](base_url, number)
    measured.put(
        (
            time.perf_counter() - start,
            time.process_time() - cpu,
            early,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )
    )


def main(number: int = 5000, rounds: int = 3) -> int:
    """Print a line for each kind.

    A ratio is the bare client's time divided by this package's, so that more is better.
    """
    context = multiprocessing.get_context("spawn")
    ready, measured = context.Queue(), context.Queue()
    server = context.Process(target=run_server, args=(ready,), daemon=True)
    server.start()
    base_url = f"http://127.0.0.1:{ready.get()}/api"
    results: dict[str, list[Any]] = {"bare": [], "async": [], "sync": []}
    for _ in range(rounds):
        for name, result in results.items():
            process = context.Process(target=measure, args=(name, base_url, number, measured))
            process.start()
            result.append(measured.get(timeout=600))
            process.join()
    server.terminate()
    print(f"{number} updates, {CONCURRENCY} at once, median of {rounds} rounds")
    seconds, cpu = (statistics.median(run[column] for run in results["bare"]) for column in (0, 1))
    for name, runs in results.items():
        wall, used, early, late = (statistics.median(run[column] for run in runs) for column in range(4))
        print(
            f"{name:6} {number / wall:6.0f} updates/s ({seconds / wall:.2f})  {used / number * 1e6:5.0f} µs CPU each"
            f" ({cpu / used:.2f})  peak of memory {early:.1f} MB after 500, {late:.1f} MB at the end"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
