"""Roll-outs among faults: the next run completes them, and sends nothing twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn

from ..support.pooled import Pooled
from .command import Updates, outcomes, run, started, wait_for, write

# How many lines the tests below have, and the last one; 2,000 and 10,000 take some minutes.
LINES = int(os.environ.get("ROLL_OUT_LINES", "60"))
UPDATES = int(os.environ.get("ROLL_OUT_UPDATES", "120"))

# Seconds; 20 with 2,000 lines.
DATABASE_OUTAGE = min(20, LINES / 100 + 2)

posix = pytest.mark.skipif(os.name == "nt", reason="there are other signals there")


class Recorded(StandIn):
    """A stand-in that keeps the ids of updates, and fails with the error that `cause` returns."""

    def __init__(self, number: int) -> None:
        super().__init__({"displayName": f"Project {n}"} for n in range(number))
        self.made: list[str] = []
        self.attempted: list[str] = []
        self.cause: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self._turn = threading.Lock()

    def handle(self, request: httpx.Request) -> httpx.Response:
        project_id = request.url.path.rpartition("/")[2]
        with self._turn:
            if request.method == "GET":
                return super().handle(request)
            self.attempted.append(project_id)
            response = self.cause(request) or super().handle(request)
            if response.is_success and response.headers["content-type"].startswith("application/json"):
                self.made.append(project_id)
            return response


def updates_of(service: StandIn) -> Updates:
    return [
        (project["id"], {"displayName": f"Name {n}", "metadata": {"n": n}, "maxConcurrentJobs": n + 1})
        for n, project in enumerate(service.projects)
    ]


def assert_exact(service: StandIn, file: Path) -> None:
    """Apply a file again, and check that all is as it says and nothing else was changed."""
    finished = run(service, "apply", file)
    assert finished.returncode == 0, finished.stderr
    for number, project in enumerate(service.projects):
        assert project["displayName"] == f"Name {number}"
        assert project["metadata"] == {"n": number}
        assert project["maxConcurrentJobs"] == number + 1
    assert run(service, "plan", file).returncode == 0


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    with Recorded(LINES).serve() as service:
        assert isinstance(service, Recorded)
        yield service


@pytest.fixture
def file(recorded: Recorded, tmp_path: Path) -> Path:
    return write(tmp_path / "updates.jsonl", updates_of(recorded))


def html(status: int) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, html="<p>Back soon</p>")


def service_error(status: int, code: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, json={"code": code, "params": {}})


CAUSES: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "wrong key": service_error(401, "AUTHENTICATION"),
    "database of a token": service_error(401, "INVALID_BEARER_TOKEN"),
    "database of a key": lambda _: httpx.Response(500, json={"statusCode": 500, "code": "ECONNREFUSED"}),
    "password changed": service_error(403, "SESSION_EXPIRED"),
    "maintenance page": html(200),
    "maintenance page with a status": html(503),
    "login page": lambda _: httpx.Response(302, headers={"location": "https://login.test/"}),
    "address without /api": html(404),
}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
@pytest.mark.usefixtures("short_pauses")
def test_second_run_after_a_cause_that_fails_all(recorded: Recorded, file: Path, cause: Any) -> None:
    middle = LINES // 3
    recorded.cause = lambda request: cause(request) if len(recorded.made) >= middle else None
    finished = run(recorded, "apply", file)
    assert finished.returncode == 1
    assert len(recorded.made) == middle
    assert len(set(recorded.attempted[middle:])) <= 4 + 10
    recorded.cause = lambda _: None
    assert_exact(recorded, file)
    assert len(recorded.made) == LINES


def test_database_outage_is_waited_for(recorded: Recorded, file: Path) -> None:
    began: list[float] = []

    def outage(request: httpx.Request) -> httpx.Response | None:
        if len(recorded.made) < LINES // 2:
            return None
        began.append(time.monotonic())
        return CAUSES["database of a key"](request) if time.monotonic() < began[0] + DATABASE_OUTAGE else None

    def health(_: httpx.Request) -> httpx.Response:
        up = not began or time.monotonic() > began[0] + DATABASE_OUTAGE
        return httpx.Response(200 if up else 503, json={"status": "Healthy" if up else "Unhealthy"})

    recorded.cause = outage
    recorded.handlers["getHealth"] = health
    finished = run(recorded, "apply", file)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.count("waiting: 503") == 1
    assert len(recorded.made) == LINES
    assert len(recorded.attempted) <= LINES + 4
    assert_exact(recorded, file)


def test_key_file_is_renewed_in_the_middle(recorded: Recorded, file: Path, tmp_path: Path) -> None:
    key_file, renewed = tmp_path / "key", tmp_path / "renewed"
    key_file.write_text(recorded.api_key, "utf-8")

    def renew() -> None:
        renewed.write_text(recorded.api_key, "utf-8")
        renewed.replace(key_file)

    def change(request: httpx.Request) -> httpx.Response | None:
        if len(recorded.made) == LINES // 2 and recorded.api_key != "sk-new":
            recorded.api_key = "sk-new"
            threading.Timer(1, renew).start()  # a little late
        stale = request.headers["authorization"] != f"Bearer {recorded.api_key}"
        return CAUSES["password changed"](request) if stale else None

    recorded.cause = change
    finished = run(
        recorded, "apply", file, env={"ACTIVEPIECES_API_KEY_FILE": str(key_file), "ACTIVEPIECES_API_KEY": ""}
    )
    assert finished.returncode == 0, finished.stderr
    assert len(recorded.made) == LINES
    assert_exact(recorded, file)


def test_second_run_after_an_address_without_api(recorded: Recorded, file: Path) -> None:
    address = recorded.base_url.removesuffix("/api")
    finished = run(recorded, "apply", file, env={"ACTIVEPIECES_BASE_URL": address})
    assert finished.returncode == 1
    assert "does base_url end in /api?" in finished.stderr
    assert recorded.attempted == []
    assert_exact(recorded, file)


def test_second_run_after_a_colleagues_changes(recorded: Recorded, file: Path) -> None:
    assert run(recorded, "apply", file).returncode == 0
    for project in recorded.projects[::3]:
        project.update(displayName="By hand", metadata={"n": 0, "by": "hand"})
    assert_exact(recorded, file)
    assert Counter(recorded.attempted) == Counter(project["id"] for project in recorded.projects) + Counter(
        project["id"] for project in recorded.projects[::3]
    )


def test_server_that_restarts_is_waited_for(file: Path, recorded: Recorded) -> None:
    service = Recorded(LINES)
    context = service.serve()
    context.__enter__()
    port = int(service.base_url.split(":")[2].partition("/")[0])
    with started(service, "apply", file) as process:
        wait_for(lambda: len(service.made) > LINES // 4)
        context.__exit__(None, None, None)
        time.sleep(1)
        with service.serve(port):
            _, shown = process.communicate(timeout=60)
    assert process.returncode == 0, shown
    assert recorded.made == []
    with service.serve():
        assert_exact(service, file)


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_second_run_after_a_signal(recorded: Recorded, file: Path, number: signal.Signals) -> None:
    recorded.cause = lambda _: time.sleep(0.01)
    for updates in (LINES // 4, LINES // 2):
        with started(recorded, "apply", file) as process:
            wait_for(lambda updates=updates: len(recorded.made) > updates)  # type: ignore[misc]
            process.send_signal(number)
            process.communicate()
    assert_exact(recorded, file)
    # Updates in flight when the client was killed may be sent again, which changes nothing.
    assert sum(count - 1 for count in Counter(recorded.made).values()) <= (2 * 4 if number == signal.SIGKILL else 0)


@pytest.mark.parametrize("runs", [1, 2, 3])
@pytest.mark.parametrize("same", [False, True], ids=["other files", "one file"])
def test_server_with_ten_connections_survives(tmp_path: Path, runs: int, same: bool) -> None:
    service = Pooled(LINES)
    updates = updates_of(service)
    files = [write(tmp_path / f"{run}.jsonl", updates if same else updates[run::runs]) for run in range(runs)]
    with service.serve(), contextlib.ExitStack() as stack:
        processes = [stack.enter_context(started(service, "apply", files[0] if same else file)) for file in files]
        for process in processes:
            _, shown = process.communicate(timeout=60)
            assert process.returncode == 0, shown
        assert_exact(service, write(tmp_path / "all.jsonl", updates))
    assert not service.hung


def test_server_with_ten_connections_hangs_with_more() -> None:
    service = Pooled(20, seconds=1)
    errors: list[type[Exception]] = []

    def send(project_id: str) -> None:
        headers = {"authorization": f"Bearer {service.api_key}"}
        try:
            httpx.post(f"{service.base_url}/v1/projects/{project_id}", headers=headers, json={}, timeout=4)
        except httpx.HTTPError as error:
            errors.append(type(error))

    with service.serve():
        threads = [threading.Thread(target=send, args=(project["id"],)) for project in service.projects]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == [httpx.ReadTimeout] * 20


FAULTS: list[Any] = [
    502,
    (503, {"retry-after": "0"}),
    (429, {"retry-after": "0"}),
    (429, {"retry-after": "1"}),
    httpx.Response(520, html="<p>Oops</p>"),
    httpx.RemoteProtocolError,
    httpx.ReadTimeout,
]


class Faulty(StandIn):
    """A stand-in with each fault in 3 % of requests, half of them after the update."""

    def __init__(self, number: int) -> None:
        super().__init__({"displayName": f"Project {n}"} for n in range(number))
        self.calm = False
        self._dice = random.Random(1)
        self._turn = threading.Lock()

    def handle(self, request: httpx.Request) -> httpx.Response:
        with self._turn:
            fault, late = int(self._dice.random() / 0.03), self._dice.random() < 0.5
            if self.calm or request.method == "GET" or fault >= len(FAULTS):
                return super().handle(request)
            if late:
                super().handle(request)
            self.fail(FAULTS[fault])
            return super().handle(request)


@posix
def test_roll_out_killed_twice_among_faults_ends_exact(tmp_path: Path) -> None:
    service = Faulty(UPDATES)
    file = write(tmp_path / "updates.jsonl", updates_of(service))
    with service.serve():
        for entries in (UPDATES // 4, UPDATES // 4, None, None, None, None):
            before = len(outcomes(file))
            with started(service, "apply", file, "--concurrency", 8, "--timeout", 2) as process:
                if entries:
                    while len(outcomes(file)) < before + entries:
                        time.sleep(0.05)
                    process.kill()
                _, shown = process.communicate()
            assert process.returncode in ((-signal.SIGKILL,) if entries else (0, 1)), shown
            if process.returncode == 0:
                break
        service.calm = True
        assert_exact(service, file)
    done = Counter(found["id"] for found in outcomes(file) if found["outcome"] == "done")
    assert set(done.values()) == {1}  # an update that was made is not sent again
