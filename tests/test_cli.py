"""The command line, as a process: what it prints, what it sends, what it leaves on disk, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn
from activepieces_client.testing._stand_in import Failure

from .support import raw_server as hostile
from .tools.repository import ROOT, Repository

COMMAND = [sys.executable, "-m", "activepieces_client.cli"]
ID = "pRjEctId0000000000001"


def surroundings(service: StandIn) -> dict[str, str]:
    return {**os.environ, "ACTIVEPIECES_API_KEY": service.api_key, "ACTIVEPIECES_BASE_URL": service.base_url}


def run(service: StandIn, *arguments: object, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    finished = subprocess.run(
        command, env=surroundings(service), input=given, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert "Traceback" not in finished.stderr
    assert service.api_key not in finished.stdout + finished.stderr
    return finished


@pytest.fixture
def served() -> Iterator[StandIn]:
    projects = ({"displayName": f"Project {n}"} for n in range(20))
    with StandIn(projects, release="0.83").serve() as service:  # it applies `plan.pieces`
        yield service


def write(file: Path, updates: list[tuple[str, dict[str, Any]]]) -> Path:
    lines = (json.dumps({"id": project_id, "body": body}) for project_id, body in updates)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


def renames(service: StandIn) -> list[tuple[str, dict[str, Any]]]:
    return [(project["id"], {"displayName": f"Name {n}"}) for n, project in enumerate(service.projects)]


def sent(service: StandIn) -> list[Any]:
    return [json.loads(request.content) for request in service.requests]


def journal(file: Path) -> list[Any]:
    return [json.loads(line) for line in Path(f"{file}.journal").read_text("utf-8").splitlines()]


def test_update_has_an_option_for_each_field(served: StandIn) -> None:
    options = ["--display-name", "Acme EU", "--external-id", "4711", "--metadata", "tier=gold", "--metadata", "seats=5"]
    options += [
        "--icon-color",
        "RED",
        "--plan-pieces",
        "a",
        "--plan-pieces",
        "b",
        "--plan-pieces-filter-type",
        "ALLOWED",
    ]
    options += ["--global-connection-external-ids", "c", "--max-concurrent-jobs", "25", "--releases-enabled"]
    finished = run(served, "update", ID, *options, "--json", '{"displayName": "x", "metadata": {"a": 1}}')
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "Acme EU" in finished.stdout
    assert sent(served) == [
        {
            "displayName": "Acme EU",
            "externalId": "4711",
            "metadata": {"a": 1, "tier": "gold", "seats": 5},
            "icon": {"color": "RED"},
            "plan": {"pieces": ["a", "b"], "piecesFilterType": "ALLOWED"},
            "globalConnectionExternalIds": ["c"],
            "maxConcurrentJobs": 25,
            "releasesEnabled": True,
        }
    ]
    finished = run(served, "update", ID, "--max-concurrent-jobs", "null", "--no-releases-enabled", "--output", "json")
    assert json.loads(finished.stdout)["maxConcurrentJobs"] is None
    assert sent(served)[1] == {"maxConcurrentJobs": None, "releasesEnabled": False}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["update", ID, "--display-name", "a/b"], 2, "$.displayName: "),
        (["update", ID, "--max-concurrent-jobs", "many"], 2, "$.maxConcurrentJobs: "),
        (["update", ID, "--metadata", "tier"], 2, "NAME=VALUE"),
        (["update", ID, "--json", "["], 2, "--json"),
        (["update", ID, "--colour", "red"], 2, "--colour"),
        (["update", "", "--display-name", "x"], 2, "path.id"),
        (["update", "nowhere"], 1, "ENTITY_NOT_FOUND"),
        (["apply", "no-such-file"], 2, "no-such-file"),
        (["apply", "-", "--concurrency", "0"], 2, "--concurrency"),
    ],
)
def test_what_is_wrong_is_said_in_words(served: StandIn, arguments: list[str], code: int, said: str) -> None:
    finished = run(served, *arguments)
    assert (finished.returncode, finished.stdout) == (code, "")
    assert said in finished.stderr


def test_ctrl_c_before_anything_is_sent_ends_it(served: StandIn) -> None:
    command = [*COMMAND, "check", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings(served)) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(b"\n" * 2**20)  # more than a pipe holds, so that it is running when this is written
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert process.stderr.read() == b""


def test_a_module_that_is_missing_and_not_of_the_extra_is_an_error() -> None:
    program = "import sys; sys.modules['argparse'] = None; import activepieces_client.cli.__main__"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
    assert "ModuleNotFoundError" in finished.stderr


def test_without_a_key_nothing_is_done(served: StandIn, tmp_path: Path) -> None:
    served.api_key = "sk\n"
    for arguments in (["update", ID], ["apply", write(tmp_path / "updates", renames(served))]):
        command = [*COMMAND, *map(str, arguments)]
        finished = subprocess.run(command, env=surroundings(served), capture_output=True, encoding="utf-8", check=False)
        assert finished.returncode == 2
        assert "ACTIVEPIECES_API_KEY" in finished.stderr
    assert served.requests == []


def test_a_new_field_is_a_new_option_by_regenerating(tmp_path: Path) -> None:
    repository = Repository.copy(tmp_path)
    document = json.loads((ROOT / "generated/activepieces_api/openapi.json").read_text("utf-8"))
    field = {"type": ["integer", "null"], "description": "For how many days runs are kept."}
    document["components"]["schemas"]["UpdateProjectRequest"]["properties"]["executionDataRetentionDays"] = field
    (tmp_path / "generated/activepieces_api/openapi.json").write_text(json.dumps(document), "utf-8")
    said = repository.python(
        "from activepieces_client.cli import main; import sys; sys.argv[1:] = ['update', '--help']; main()"
    )
    assert "--execution-data-retention-days INTEGER|NULL" in said
    assert "For how many days runs are kept." in " ".join(said.split())


def test_apply_makes_every_update_once(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    finished = run(served, "apply", file, "--concurrency", 4)
    assert finished.returncode == 0
    assert "20 done" in finished.stderr
    assert [project["displayName"] for project in served.projects] == [f"Name {n}" for n in range(20)]
    again = run(served, "apply", file, "--output", "json")
    assert json.loads(again.stdout)["summary"] == {
        "updates": 20, "done": 20, "refused": 0, "failed": 0, "left": 0, "interrupted": False,
    }  # fmt: skip
    assert len(served.requests) == 20
    assert served.api_key not in Path(f"{file}.journal").read_text("utf-8")


def test_apply_reads_csv_and_standard_input(served: StandIn, tmp_path: Path) -> None:
    table = (
        "\ufeffid,displayName,maxConcurrentJobs,plan.pieces,metadata.tier,metadata.seats,releasesEnabled\r\n"
        f'{served.projects[0]["id"]},"Acme\nEU",null,a; b,gold,5,true\r\n'
        f'{served.projects[1]["id"]},7,3,"[""c""]",,,\r\n'
    )
    finished = run(served, "apply", "-", "--concurrency", 1, given=table)
    assert finished.returncode == 0, finished.stderr
    assert sent(served) == [
        {
            "displayName": "Acme\nEU",
            "maxConcurrentJobs": None,
            "plan": {"pieces": ["a", "b"]},
            "metadata": {"tier": "gold", "seats": 5},
            "releasesEnabled": True,
        },
        {"displayName": "7", "maxConcurrentJobs": 3, "plan": {"pieces": ["c"]}},
    ]
    assert list(tmp_path.iterdir()) == []


WRONG = """\
{"id": "a", "body": {"displayname": "x", "icon": {"color": "PINKISH"}}}

{"id": "", "body": {}}
{"id": "b", "body": {"metadata": {"x": NaN}}}
{"id": "a", "body": {}}
{"id": "c"}
{"id": "d", "body": {}
{"id": 5, "body": {}}
"""


@pytest.mark.parametrize("command", ["check", "apply"])
def test_all_problems_are_shown_with_their_places_before_anything_is_sent(served: StandIn, command: str) -> None:
    finished = run(served, command, "-", given=WRONG)
    assert finished.returncode == 2
    assert [line.split(": ")[:2] for line in finished.stderr.splitlines()] == [
        ["line 1", "$.displayname"],
        ["line 1", "$.icon.color"],
        ["line 3", "path.id"],
        ["line 4", "$.metadata.x"],
        ["line 5", "path.id"],
        ["line 6", "$"],
        ["line 7", "$"],
        ["line 8", "path.id"],
    ]
    told = [json.loads(line) for line in run(served, command, "-", "--output", "json", given=WRONG).stdout.splitlines()]
    assert [problem["line"] for problem in told] == [1, 1, 3, 4, 5, 6, 7, 8]
    assert served.requests == []


def test_problems_of_csv_have_the_line_that_a_row_starts_on(served: StandIn) -> None:
    finished = run(served, "check", "-", given='id,displayName\na,"x\ny"\n\nb,a/b\nc,d,e\n"f')
    assert [line.split(": ")[0] for line in finished.stderr.splitlines()] == ["line 5", "line 6", "line 7"]
    assert "no header" in run(served, "check", "-", given="name\nx\n").stderr


def test_check_and_dry_run_send_nothing_and_need_no_key(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert "20 updates are fine" in run(served, "check", file).stdout
    assert "20 updates would be sent" in run(served, "apply", file, "--dry-run").stdout
    assert [path.name for path in tmp_path.iterdir()] == ["updates.jsonl"]
    assert served.requests == []


def test_failures_are_shown_and_only_those_that_may_change_are_sent_again(served: StandIn, tmp_path: Path) -> None:
    updates: list[tuple[str, dict[str, Any]]] = [("nowhere", {}), *renames(served)]
    file = write(tmp_path / "updates.jsonl", updates)
    served.fail(404, *[(503, {"retry-after": "0"})] * 3)
    finished = run(served, "apply", file, "--concurrency", 1)
    assert finished.returncode == 1
    assert "line 1, nowhere: NotFoundError: 404" in finished.stderr
    assert "19 done, 1 refused, 1 failed, 0 left" in finished.stderr
    assert Counter(entry.get("outcome") for entry in journal(file)) == {None: 1, "done": 19, "refused": 1, "failed": 1}

    before = len(served.requests)
    again = run(served, "apply", file)
    assert again.returncode == 1
    assert "20 done, 1 refused, 0 failed, 0 left" in again.stderr
    assert sent(served)[before:] == [{"displayName": "Name 0"}]


def test_fail_fast_sends_nothing_new(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", [("nowhere", {}), *renames(served)])
    finished = run(served, "apply", file, "--fail-fast", "--concurrency", 1)
    assert finished.returncode == 1
    assert len(served.requests) == 1
    assert "20 left" in finished.stderr


def test_a_file_that_changed_and_a_journal_that_is_none_are_refused(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served)[:5])
    assert run(served, "apply", file).returncode == 0
    write(file, renames(served)[:6])
    finished = run(served, "apply", file)
    assert finished.returncode == 2
    assert "has changed" in finished.stderr
    finished = run(served, "apply", file, "--journal", file)
    assert finished.returncode == 2
    assert "is not of a journal" in finished.stderr
    finished = run(served, "apply", file, "--journal", tmp_path)
    assert finished.returncode == 2
    assert f"{tmp_path} cannot be written" in finished.stderr
    assert len(served.requests) == 5


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_torn_last_line_of_the_journal_is_one_that_was_not_written(served: StandIn, tmp_path: Path, cut: int) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "apply", file).returncode == 0
    path = Path(f"{file}.journal")
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert run(served, "apply", file).returncode == 0
    assert len(served.requests) == 21
    assert sorted(entry["line"] for entry in journal(file)[1:]) == list(range(1, 21))
    path.write_bytes(whole[:20])  # the very first line was torn
    assert run(served, "apply", file).returncode == 0
    assert len(served.requests) == 41


def test_each_outcome_is_on_the_disk_before_it_is_shown(served: StandIn, tmp_path: Path) -> None:
    program = """
import os, sys
sync = os.fsync
os.fsync = lambda file: (sync(file), print("synced", os.fstat(file).st_size, flush=True))
from activepieces_client.cli import main
sys.exit(main())
"""
    file = write(tmp_path / "updates.jsonl", renames(served)[:3])
    command = [sys.executable, "-c", program, "apply", str(file), "--output", "json"]
    said = subprocess.run(
        command, env=surroundings(served), stdout=subprocess.PIPE, encoding="utf-8", check=True
    ).stdout
    lines = said.splitlines()[-7:]
    sizes = [int(line.removeprefix("synced ")) for line in lines[:6:2]]
    assert len(set(sizes)) == 3
    assert [next(iter(json.loads(line))) for line in lines[1::2] + lines[6:]] == ["line", "line", "line", "summary"]


def slow(seconds: float, answered: list[float]) -> hostile.Handler:
    def handle(connection: Any) -> None:
        while request := hostile.read_request(connection):
            time.sleep(seconds)
            project = {**StandIn().projects[0], "id": request.split(b" ")[1].rpartition(b"/")[2].decode()}
            body = json.dumps(project).encode()
            connection.sendall(hostile.HEAD % len(body) + body)
            answered.append(time.monotonic())

    return handle


@contextlib.contextmanager
def started(service: Any, file: Path, *arguments: object) -> Generator[subprocess.Popen[str]]:
    command = [*COMMAND, "apply", str(file), *map(str, arguments)]
    process = subprocess.Popen(
        command, env=surroundings(service), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals there")
def test_a_terminal_shows_a_bar(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", [("[b]nowhere", {}), *renames(served)])
    ours, theirs = os.openpty()
    env = {**surroundings(served), "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen([*COMMAND, "apply", str(file)], env=env, stderr=theirs)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
        while more := os.read(ours, 65536):
            said += more
    os.close(ours)
    assert process.wait(timeout=20) == 1
    assert b"21/21" in said
    assert b"1 failed" in said
    assert b"line 1, [b]nowhere: NotFoundError" in said


@pytest.mark.skipif(os.name == "nt", reason="there are other signals there")
def test_ctrl_c_tells_what_is_in_flight_and_a_journal_has_one_run(service: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", [(f"p{n}", {}) for n in range(1000)])
    answered: list[float] = []
    with hostile.serve(slow(0.2, answered)) as server:
        service.base_url = server.base_url
        with started(service, file, "--concurrency", 4) as process:
            wait_for(lambda: len(answered) >= 4)
            second = run(service, "apply", file)
            assert second.returncode == 2
            assert "in use by another run" in second.stderr
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "stopping" in said
    done = {entry["line"] for entry in journal(file)[1:]}
    assert done == set(range(1, len(answered) + 1))
    assert len(done) < 100


@pytest.mark.skipif(os.name == "nt", reason="there are other signals there")
def test_ctrl_c_ends_a_pause_for_a_429_and_a_second_one_does_not_wait(service: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(service))
    with service.serve():
        service.fail((429, {"retry-after": "50"}), httpx.ReadTimeout)
        with started(service, file) as process:
            wait_for(lambda: service.requests)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=10)
        assert process.returncode == 130
        assert "RateLimitError" in said
        with started(service, file) as process:
            wait_for(lambda: len(service.requests) == 2)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=5) == 130


# How many projects the test below has; `nox -s rollout` sets more.
NUMBER = int(os.environ.get("ROLL_OUT_UPDATES", "120"))

FAULTS: list[Failure] = [
    502,
    (503, {"retry-after": "0"}),
    (429, {"retry-after": "0"}),
    (429, {"retry-after": "1"}),
    httpx.Response(520, html="<p>Oops</p>"),
    httpx.RemoteProtocolError,
    httpx.ReadTimeout,
]


class Faulty(StandIn):
    """Has each fault for 3 % of the requests, half of the time after it made the update."""

    def __init__(self, number: int) -> None:
        super().__init__({"displayName": f"Project {n}"} for n in range(number))
        self.dice = random.Random(1)
        self.turn = threading.Lock()

    def handle(self, request: httpx.Request) -> httpx.Response:
        with self.turn:
            fault, late = int(self.dice.random() / 0.03), self.dice.random() < 0.5
            if fault >= len(FAULTS):
                return super().handle(request)
            if late:
                super().handle(request)
            self.fail(FAULTS[fault])
            return super().handle(request)


@pytest.mark.skipif(os.name == "nt", reason="there are other signals there")
def test_a_roll_out_that_is_killed_twice_among_faults_ends_complete_and_exact(tmp_path: Path) -> None:
    service = Faulty(NUMBER)
    updates = [
        (project["id"], {"displayName": f"Name {n}", "metadata": {"n": n}, "maxConcurrentJobs": n + 1})
        for n, project in enumerate(service.projects)
    ]
    file = write(tmp_path / "updates.jsonl", updates)
    path = Path(f"{file}.journal")
    ids = [project_id for project_id, _ in updates]
    options = ("--concurrency", 32, "--timeout", 2)
    with service.serve():
        for killed_at in (NUMBER // 4, NUMBER // 2, None, None, None, None):
            settled, before = recorded(path), len(service.requests)
            with started(service, file, *options) as process:
                if killed_at:
                    while not path.exists() or path.read_bytes().count(b"\n") < killed_at:
                        time.sleep(0.05)
                    process.kill()
                process.communicate()
            time.sleep(0.5)  # what was on its way has arrived
            assert process.returncode in ((-signal.SIGKILL,) if killed_at else (0, 1))
            again = {request.url.path.rpartition("/")[2] for request in service.requests[before:]}
            assert not again & settled
            if process.returncode == 0:
                break
        assert process.returncode == 0
    assert recorded(path) == set(ids)
    for number, project in enumerate(service.projects):
        assert project["displayName"] == f"Name {number}"
        assert project["metadata"] == {"n": number}
        assert project["maxConcurrentJobs"] == number + 1


def recorded(path: Path) -> set[str]:
    lines = path.read_bytes().splitlines(keepends=True)[1:] if path.exists() else []
    entries = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return {entry["id"] for entry in entries if entry["outcome"] != "failed"}
