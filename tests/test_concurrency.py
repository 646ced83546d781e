"""One client in many threads and tasks: faults, renewal, cancellation."""

from __future__ import annotations

import collections
import os
import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import httpx
import pytest

from activepieces_client import Activepieces, AsyncActivepieces
from activepieces_client.testing import Failure, StandIn

CALLS_FOR_EACH_THREAD = 8

# httpcore looks through all calls that wait, each time: twice as many take four times as long.
TASKS = int(os.environ.get("TASKS", "150"))
# Of ten calls each, which are cancelled at random instants.
ROUNDS = int(os.environ.get("ROUNDS", "10"))
FAULTS: list[Failure] = [(503, {"retry-after": "0"}), (429, {"retry-after": "0"}), httpx.RemoteProtocolError] * 7

# How many calls there are to a fault.
CALLS_FOR_EACH_FAULT = 6

# Fewer connections than calls: one that is lost stays lost, and soon nobody gets any.
LIMITS = httpx.Limits(max_connections=4)
# A call whose connection httpcore closes (see `Ledger.check`) may wait for the read timeout.
TIMEOUT = httpx.Timeout(10, pool=60)


@pytest.fixture
def served() -> Iterator[StandIn]:
    with StandIn({"displayName": f"Project {number}"} for number in range(64)).serve() as service:
        yield service


class Ledger:
    """The statuses of the responses to each call, as a hook sees them."""

    def __init__(self, service: StandIn) -> None:
        self.service = service
        self.statuses: collections.defaultdict[str, list[int]] = collections.defaultdict(list)

    def record(self, response: httpx.Response) -> None:
        name = response.request.content.decode().split('"')[3]
        self.statuses[name].append(response.status_code)
        if len(self.statuses) == TASKS // 2:
            self.service.api_key = "sk-renewed"

    async def record_async(self, response: httpx.Response) -> None:
        self.record(response)

    def name(self, call: int) -> str:
        """Return the name of a call, and inject the fault that is due at it."""
        if call % CALLS_FOR_EACH_FAULT == 0 and call // CALLS_FOR_EACH_FAULT < len(FAULTS):
            self.service.fail(FAULTS[call // CALLS_FOR_EACH_FAULT])
        return f"call {call}"

    def project_id(self, call: int) -> str:
        projects = self.service.projects
        return str(projects[call % len(projects)]["id"])

    def check(self, calls: int, log: pytest.LogCaptureFixture) -> None:
        """Assert that each call ended with its one success, and was retried by the rules."""
        assert len(self.statuses) == calls
        for name, statuses in self.statuses.items():
            assert statuses.count(200) == 1, (name, statuses)
            assert statuses[-1] == 200
            assert set(statuses) <= {200, 401, 429, 503}
        # Now and then httpcore closes a kept connection in one thread that another has just taken: that call has a
        # ReadError, or a ReadTimeout if the system has given the number of its socket away.
        attempts = [record.getMessage() for record in log.records if record.name == "activepieces_client"]
        broken = [attempt for attempt in attempts if re.search(r"(Read|Protocol)(Error|Timeout)\(", attempt)]
        planned = FAULTS.count(httpx.RemoteProtocolError)
        assert len(broken) >= planned
        unplanned = len(broken) - planned
        # The status that such a call had is lost, too, or its request has not reached the server.
        retried = sum(statuses.count(429) + statuses.count(503) for statuses in self.statuses.values())
        assert 0 <= len(FAULTS) - planned - retried <= unplanned
        assert 0 <= len(broken) + sum(map(len, self.statuses.values())) - len(self.service.requests) <= unplanned


def test_threads_get_their_own_responses(served: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "activepieces_client")
    ledger = Ledger(served)
    hooks = {"response": [ledger.record]}
    with httpx.Client(limits=LIMITS, event_hooks=hooks) as http_client:
        client = Activepieces(
            lambda: served.api_key, base_url=served.base_url, http_client=http_client, timeout=TIMEOUT, max_retries=9
        )

        def work(thread: int) -> None:
            for call in range(thread * CALLS_FOR_EACH_THREAD, (thread + 1) * CALLS_FOR_EACH_THREAD):
                name, project_id = ledger.name(call), ledger.project_id(thread)
                project = client.projects.update(project_id, {"displayName": name})
                assert (project.id, project.display_name) == (project_id, name)

        with ThreadPoolExecutor(64) as pool:
            list(pool.map(work, range(64)))
    ledger.check(64 * CALLS_FOR_EACH_THREAD, caplog)


def test_tasks_get_their_own_responses(served: StandIn, backend: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "activepieces_client")
    ledger = Ledger(served)
    reads: collections.Counter[str] = collections.Counter()

    async def read_key() -> str:
        reads["key"] += 1
        await anyio.sleep(0.01)
        return served.api_key

    async def run() -> None:
        hooks = {"response": [ledger.record_async]}
        async with httpx.AsyncClient(limits=LIMITS, event_hooks=hooks) as http_client:
            client = AsyncActivepieces(
                read_key, base_url=served.base_url, http_client=http_client, timeout=TIMEOUT, max_retries=9
            )

            async def work(call: int) -> None:
                project_id, name = ledger.project_id(call), ledger.name(call)
                project = await client.projects.update(project_id, {"externalId": name})
                assert (project.id, project.external_id) == (project_id, name)

            async with anyio.create_task_group() as tasks:
                for call in range(TASKS):
                    tasks.start_soon(work, call)

    anyio.run(run, backend=backend)
    ledger.check(TASKS, caplog)
    assert reads["key"] == 2, "the source was read by more than one call"


# httpx does not close the generator of a body that trio cancels.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled_calls_leave_a_working_client(served: StandIn, backend: str) -> None:
    chance, done = random.Random(0), set[str]()

    async def read_key() -> str:
        await anyio.sleep(0.005)
        return served.api_key

    # Not a httpx client of few connections: httpcore loses one whose call is cancelled as it gets it.
    async def run() -> None:
        async with AsyncActivepieces(read_key, base_url=served.base_url, max_retries=0) as client:

            async def update(name: str) -> None:
                await client.projects.update(served.projects[0]["id"], {"displayName": name}, timeout=5)
                done.add(name)

            async def update_and_cancel(round_: int) -> None:
                with anyio.move_on_after(chance.uniform(0, 0.03)):
                    await update(f"cancelled {round_}")

            for round_ in range(ROUNDS):
                served.api_key = f"sk-{round_}"
                async with anyio.create_task_group() as tasks:
                    for _ in range(10):
                        tasks.start_soon(update_and_cancel, round_)
            async with anyio.create_task_group() as tasks:
                for number in range(9):
                    tasks.start_soon(update, f"afterwards {number}")

    anyio.run(run, backend=backend)
    assert {f"afterwards {number}" for number in range(9)} <= done
