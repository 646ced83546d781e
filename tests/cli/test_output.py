"""Output that fails: it neither ends a roll-out half-way nor fails an update."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from activepieces_client.cli import _progress
from activepieces_client.testing import StandIn

from .command import (
    COMMAND,
    ID,
    Slow,
    Updates,
    bodies,
    conflict,
    environment,
    fail_updates,
    outcomes,
    renames,
    run,
    wait_for,
    write,
)

full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to be had")


def run_into(
    service: StandIn, stdout: Any, stderr: Any, *arguments: object, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(
        command, env=environment(service), stdout=stdout, stderr=stderr, input=given, timeout=60, check=False
    )


def closed_pipe() -> IO[bytes]:
    """A pipe that nobody reads from any more."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb", 0)


def test_characters_beyond_the_encoding_are_escaped(served: StandIn, tmp_path: Path) -> None:
    served.projects[0]["displayName"] = "Zoe 🚀"
    finished = run(served, "update", ID, "--metadata", "a=🚀", encoding="cp1252")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "\\U0001f680" in finished.stdout
    finished = run(served, "update", ID, "--metadata", "a=🚀", "--output", "json", encoding="cp1252")
    assert json.loads(finished.stdout)["displayName"] == "Zoe 🚀"
    file = write(tmp_path / "updates.jsonl", [("🚀", {}), *renames(served)])
    finished = run(served, "apply", file, encoding="cp1252")
    assert finished.returncode == 2
    assert "\\U0001f680" in finished.stderr
    line = json.dumps({"id": ID, "body": {"displayName": "🚀"}})
    assert "\\U0001f680" in run(served, "plan", "-", given=line, encoding="cp1252").stdout
    listed = run(served, "list", "--output", "csv", encoding="cp1252").stdout  # a file, and those are UTF-8
    assert run(served, "check", "-", given=listed).returncode == 0


@full_disk
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("kind", ["full disk", "closed pipe"])
def test_roll_out_stops_where_its_output_does(served: StandIn, tmp_path: Path, stream: str, kind: str) -> None:
    file = write(tmp_path / "updates.jsonl", [*conflict(served), *renames(served)[2:]])
    with closed_pipe() if kind == "closed pipe" else Path("/dev/full").open("wb") as broken:
        outputs = (broken, subprocess.PIPE) if stream == "stdout" else (subprocess.PIPE, broken)
        finished = run_into(served, *outputs, "apply", file, "--output", "json")
    assert finished.returncode == 1
    text = (finished.stdout or b"") + (finished.stderr or b"")
    assert b"Traceback" not in text
    assert b"Exception ignored" not in text
    if stream == "stdout":
        assert b"the output cannot be written" in text
    assert len(outcomes(file)) == len(bodies(served)) <= 9


@full_disk
@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("kind", ["full disk", "closed pipe"])
def test_lost_output_does_not_fail_an_update(served: StandIn, form: str, kind: str) -> None:
    with closed_pipe() if kind == "closed pipe" else Path("/dev/full").open("wb") as broken:
        finished = run_into(served, broken, subprocess.PIPE, "update", ID, "--display-name", "Acme", "--output", form)
    assert finished.returncode == 0
    assert served.projects[0]["displayName"] == "Acme"
    assert b"the output could not be written" in finished.stderr
    assert b"Traceback" not in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


@full_disk
@pytest.mark.parametrize(
    "command", [["list"], ["list", "--output", "csv"], ["list", "--output", "jsonl"], ["check", "-"]]
)
def test_lost_output_is_reported(served: StandIn, command: list[str]) -> None:
    line = json.dumps({"id": ID, "body": {}}).encode()
    with Path("/dev/full").open("wb") as broken:
        finished = run_into(served, broken, subprocess.PIPE, *command, given=line)
    assert finished.returncode == 1
    assert finished.stderr == b"activepieces-client: the output could not be written: No space left on device\n"


def test_list_ends_where_nobody_reads() -> None:
    with StandIn({} for _ in range(1000)).serve() as service:
        with closed_pipe() as broken:
            finished = run_into(service, broken, subprocess.PIPE, "list", "--output", "jsonl")
        assert finished.stderr == b""
        assert len(service.requests) == 1


@pytest.mark.parametrize("streams", ["1", "2", "12", "012"])
def test_streams_may_be_closed(served: StandIn, tmp_path: Path, streams: str) -> None:
    file = write(tmp_path / "updates.jsonl", [*conflict(served), *renames(served)[2:]])
    program = "import os, sys\nfor stream in sys.argv[1]: os.close(int(stream))\nos.execv(sys.argv[2], sys.argv[2:])"
    command = [sys.executable, "-c", program, streams, *COMMAND, "apply", str(file)]
    finished = subprocess.run(command, env=environment(served), capture_output=True, timeout=60, check=False)
    assert finished.returncode == 1
    assert finished.stdout == b""
    assert len(outcomes(file)) == 19


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals there")
def test_terminal_shows_a_bar(served: StandIn, tmp_path: Path) -> None:
    served.projects[0]["externalId"] = "[b]taken"
    updates: Updates = [(served.projects[1]["id"], {"externalId": "[b]taken"}), *renames(served)[2:]]
    file = write(tmp_path / "updates.jsonl", updates)
    ours, theirs = os.openpty()
    env = environment(served, TERM="xterm", COLUMNS="100")
    process = subprocess.Popen([*COMMAND, "apply", str(file)], env=env, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error on Linux
        while more := os.read(ours, 65536):
            shown += more
    os.close(ours)
    assert process.wait(timeout=20) == 1
    assert b"19/19" in shown
    assert b"1 error" in shown
    assert b"[b]taken" in shown


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals there")
def test_terminal_has_its_cursor_after_two_signals(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    fail_updates(served, *[httpx.ReadTimeout] * 4)  # silent, for 30 s
    ours, theirs = os.openpty()
    process = subprocess.Popen([*COMMAND, "apply", str(file)], env=environment(served, TERM="xterm"), stderr=theirs)
    os.close(theirs)
    shown = bytearray()

    def read() -> None:  # all the time, or the command waits for room in the terminal
        with contextlib.suppress(OSError):
            while more := os.read(ours, 65536):
                shown.extend(more)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    wait_for(lambda: len(bodies(served)) == 4)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: b"stopping" in shown)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    reader.join(timeout=10)
    os.close(ours)
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l")  # shown, after it was hidden


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals there")
def test_json_goes_to_its_file_beside_a_bar(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    ours, theirs = os.openpty()
    command = [*COMMAND, "apply", str(file), "--output", "json"]
    finished = subprocess.run(
        command, env=environment(served, TERM="xterm"), stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=True
    )
    os.close(theirs)
    os.close(ours)
    assert len([json.loads(line) for line in finished.stdout.splitlines()]) == 21


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals there")
def test_terminal_that_is_closed_stops_the_roll_out(tmp_path: Path) -> None:
    service = Slow({} for _ in range(200))
    file = write(tmp_path / "updates.jsonl", renames(service))
    ours, theirs = os.openpty()
    with service.serve():
        env = environment(service, TERM="xterm", COLUMNS="100")
        process = subprocess.Popen([*COMMAND, "apply", str(file)], env=env, stderr=theirs)
        os.close(theirs)
        os.read(ours, 1)
        os.close(ours)
        assert process.wait(timeout=30) == 1
    assert len(outcomes(file)) == len(bodies(service)) < 200


def test_progress_without_a_terminal_is_lines(served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_progress, "INTERVAL", 0.0)
    monkeypatch.setattr(_progress, "TICK", 0.01)
    file = write(tmp_path / "updates.jsonl", renames(served))
    fail_updates(served, (503, {"retry-after": "1"}))
    shown = run(served, "apply", file).stderr
    assert " of 20, " in shown
    assert "waiting: 503" in shown  # at once, and once
    assert shown.count("waiting: ") == 1
    assert "20 done" in shown
