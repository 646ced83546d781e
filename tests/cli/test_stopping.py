"""Roll-outs that stop: signals, `--fail-fast`, and ten failures in a row."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import httpx
import pytest

from activepieces_client.testing import StandIn

from .command import Slow, bodies, conflict, fail_updates, outcomes, renames, run, run_json, started, wait_for, write

posix = pytest.mark.skipif(os.name == "nt", reason="there are other signals there")
SIGNALS = [pytest.param(signal.SIGINT, 130, id="Ctrl-C"), pytest.param(signal.SIGTERM, 143, id="SIGTERM")]


@posix
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_signal_waits_for_what_is_in_flight(tmp_path: Path, number: signal.Signals, code: int) -> None:
    service = Slow({} for _ in range(400))
    file = write(tmp_path / "updates.jsonl", renames(service))
    with service.serve(), started(service, "apply", file) as process:
        wait_for(lambda: len(bodies(service)) >= 4)
        process.send_signal(number)
        _, shown = process.communicate(timeout=30)
    assert process.returncode == code
    assert "stopping" in shown
    assert " left" in shown
    done = {found["line"] for found in outcomes(file)}
    assert done == set(range(1, len(bodies(service)) + 1))
    assert len(done) < 100


@posix
@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_second_signal_ends_at_once(served: StandIn, tmp_path: Path, number: signal.Signals, code: int) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    fail_updates(served, *[httpx.ReadTimeout] * 4)  # silent, for 30 s
    with started(served, "apply", file) as process:
        wait_for(lambda: len(bodies(served)) == 4)
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
    fail_updates(served, (429, {"retry-after": "50"}))
    with started(served, "apply", file, "--concurrency", 1) as process:
        wait_for(lambda: bodies(served))
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
    file = write(tmp_path / "updates.jsonl", [*conflict(served), *renames(served)[2:]])
    finished = run(served, "apply", file, "--fail-fast", "--concurrency", 1)
    assert finished.returncode == 1
    assert len(bodies(served)) == 1
    assert "18 left" in finished.stderr


@pytest.mark.usefixtures("short_pauses")
def test_cause_that_fails_all_stops_the_roll_out(tmp_path: Path) -> None:
    with StandIn({} for _ in range(120)).serve() as service:
        file = write(tmp_path / "updates.jsonl", renames(service))
        rejected = httpx.Response(401, json={"code": "AUTHENTICATION", "params": {}})
        service.handlers["updateProject"] = lambda _: rejected
        finished = run(service, "apply", file)
        assert finished.returncode == 1
        assert len(bodies(service)) <= 4 + 6
        assert "stopped: not these lines are at fault: 401 AUTHENTICATION" in finished.stderr
        assert "run this again" in finished.stderr
        assert re.search(r"120 changes: 0 done, 0 rejected, \d failed, 11\d left", finished.stderr)
        del service.handlers["updateProject"]
        assert "120 done" in run(service, "apply", file).stderr


@pytest.mark.usefixtures("short_pauses")
def test_json_summary_has_the_reason_of_a_stop(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    served.handlers["updateProject"] = lambda _: httpx.Response(403, json={"code": "AUTHORIZATION", "params": {}})
    summary = run_json(served, "apply", file)[-1]["summary"]
    assert summary["left"] + summary["failed"] == 20
    assert summary["stopped"].startswith("403 AUTHORIZATION")
    assert summary["interrupted"] is False
