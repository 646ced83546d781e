"""Roll-outs that stop: signals, `--fail-fast`, and ten failures in a row."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn

from ..support import raw_server
from ..support.updates import stand_in_at
from .command import journal, renames, run, run_json, started, wait_for, write

posix = pytest.mark.skipif(os.name == "nt", reason="there are other signals there")
SIGNALS = [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, id="SIGTERM")]


def slow(seconds: float, responded: list[float]) -> raw_server.Handler:
    def handle(connection: Any) -> None:
        while request := raw_server.read_request(connection):
            time.sleep(seconds)
            project = {**StandIn().projects[0], "id": request.split(b" ")[1].rpartition(b"/")[2].decode()}
            body = json.dumps(project).encode()
            connection.sendall(raw_server.HEAD % len(body) + body)
            responded.append(time.monotonic())

    return handle


@posix
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_signal_waits_for_what_is_in_flight(tmp_path: Path, number: signal.Signals, code: int) -> None:
    file = write(tmp_path / "updates.jsonl", [(f"p{n}", {}) for n in range(1000)])
    responded: list[float] = []
    with raw_server.serve(slow(0.2, responded)) as server:
        service = stand_in_at(server.base_url)
        with started(service, "apply", file) as process:
            wait_for(lambda: len(responded) >= 4)
            second = run(service, "apply", file)
            assert second.returncode == 2
            assert "in use by another run" in second.stderr
            process.send_signal(number)
            _, shown = process.communicate(timeout=30)
    assert process.returncode == code
    assert "stopping" in shown
    assert " left" in shown
    done = {entry["line"] for entry in journal(file)}
    assert done == set(range(1, len(responded) + 1))
    assert len(done) < 100


@posix
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_second_signal_ends_at_once(served: StandIn, tmp_path: Path, number: signal.Signals, code: int) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    served.fail(*[httpx.ReadTimeout] * 4)  # silent, for 30 s
    with started(served, "apply", file) as process:
        wait_for(lambda: len(served.requests) == 4)
        process.send_signal(number)
        assert process.stderr
        while "stopping" not in process.stderr.readline():
            pass
        process.send_signal(number)
        assert process.wait(timeout=10) == code
    assert run(served, "apply", file).returncode == 0


@posix
def test_signal_ends_a_pause(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    served.fail((429, {"retry-after": "50"}))
    with started(served, "apply", file, "--concurrency", 1) as process:
        wait_for(lambda: served.requests)
        time.sleep(0.3)  # the response is on its way
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "RateLimitError" in shown


@posix
def test_signal_ends_a_list(served: StandIn) -> None:
    served.fail(httpx.ReadTimeout)  # silent, for 30 s
    with started(served, "list") as process:
        wait_for(lambda: served.requests)
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=20)
    assert (process.returncode, shown) == (130, "")


def test_fail_fast_sends_nothing_new(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", [("nowhere", {}), *renames(served)])
    finished = run(served, "apply", file, "--fail-fast", "--concurrency", 1)
    assert finished.returncode == 1
    assert len(served.requests) == 1
    assert "20 left" in finished.stderr


@pytest.mark.usefixtures("short_pauses")
def test_cause_that_fails_all_stops_the_roll_out(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", [*renames(served), *((f"p{n}", {}) for n in range(100))])
    key, served.api_key = served.api_key, "sk-another"
    finished = run(served, "apply", file, env={"ACTIVEPIECES_API_KEY": key})
    assert finished.returncode == 1
    assert len(served.requests) <= 4 + 10
    assert "stopped" in finished.stderr
    assert "AUTHENTICATION" in finished.stderr
    assert "run this again" in finished.stderr
    assert "120 updates, 0 done, 0 rejected, 4 failed, 116 left" in finished.stderr
    served.api_key = key
    assert "20 done" in run(served, "apply", file).stderr


def test_json_summary_has_the_reason_of_a_stop(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    served.handlers["updateProject"] = lambda _: httpx.Response(403, json={"code": "AUTHORIZATION", "params": {}})
    summary = run_json(served, "apply", file)[-1]["summary"]
    assert summary["left"] + summary["failed"] == 20
    assert summary["stopped"].startswith("403 AUTHORIZATION")
    assert summary["interrupted"] is False
