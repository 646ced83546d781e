"""Runs the command as a process, on a stand-in behind a socket."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from activepieces_client.testing import StandIn

COMMAND = [sys.executable, "-m", "activepieces_client.cli"]
# The same, with short pauses after failures.
_SHORT_PAUSES = """
import sys
from activepieces_client.bulk import _schedule
from activepieces_client.cli import main
_schedule.MAX_PAUSE = _schedule.MAX_OUTAGE_PAUSE = 0.02
sys.exit(main())
"""
IMPATIENT = [sys.executable, "-c", _SHORT_PAUSES]

ID = "pRjEctId0000000000001"

Updates = list[tuple[str, dict[str, Any]]]


def environment(service: StandIn, **more: str) -> dict[str, str]:
    return {**os.environ, "ACTIVEPIECES_API_KEY": service.api_key, "ACTIVEPIECES_BASE_URL": service.base_url, **more}


def run(
    service: StandIn,
    *arguments: object,
    given: str | bytes | None = None,
    program: list[str] = COMMAND,
    env: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end: with no traceback and without showing the key, whatever happens."""
    command = [*program, *map(str, arguments)]
    content = given.encode() if isinstance(given, str) else given
    finished = subprocess.run(
        command, env=environment(service, **env), input=content, capture_output=True, timeout=60, check=False
    )
    output, errors = finished.stdout.decode(), finished.stderr.decode()
    assert "Traceback" not in errors
    assert service.api_key not in output + errors
    return subprocess.CompletedProcess(command, finished.returncode, output, errors)


def run_json(service: StandIn, *arguments: object, given: str | None = None) -> list[Any]:
    """Run the command with JSON as its output, and return what it prints."""
    return [json.loads(line) for line in run(service, *arguments, "--output", "json", given=given).stdout.splitlines()]


@contextlib.contextmanager
def started(service: StandIn, *arguments: object) -> Generator[subprocess.Popen[str]]:
    """Start the command, and kill it where it still runs at the end of the block."""
    command = [*COMMAND, *map(str, arguments)]
    process = subprocess.Popen(
        command,
        env=environment(service),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def write(file: Path, updates: Updates) -> Path:
    lines = (json.dumps({"id": project_id, "body": body}) for project_id, body in updates)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


def renames(service: StandIn) -> Updates:
    return [(project["id"], {"displayName": f"Name {n}"}) for n, project in enumerate(service.projects)]


def bodies(service: StandIn) -> list[Any]:
    """The bodies of the updates that came in."""
    return [request.json for request in service.requests if request.method == "POST"]


def journal(file: Path) -> list[Any]:
    """The entries of the journal of a file."""
    path = Path(f"{file}.journal")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()[1:]] if path.exists() else []


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
