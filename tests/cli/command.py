"""Run the command on a served stand-in: in this process, or in its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import httpx
import pytest

from activepieces_client.cli import main
from activepieces_client.testing import StandIn

COMMAND = [sys.executable, "-m", "activepieces_client.cli"]

ID = "pRjEctId0000000000001"

Updates = list[tuple[str, dict[str, Any]]]


@attrs.frozen
class Finished:
    """A command that ended."""

    returncode: int
    stdout: str
    stderr: str


class Slow(StandIn):
    """A stand-in whose updates take some time."""

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            time.sleep(0.2)
        return super().handle(request)


def settings(service: StandIn) -> dict[str, str]:
    """Return the environment variables that name a stand-in."""
    return {"ACTIVEPIECES_API_KEY": service.api_key, "ACTIVEPIECES_BASE_URL": service.base_url}


def environment(service: StandIn, **more: str) -> dict[str, str]:
    """Return the environment of a process."""
    return {**os.environ, **settings(service), **more}


def run(
    service: StandIn,
    *arguments: object,
    given: str | bytes = b"",
    env: Mapping[str, str] = MappingProxyType({}),
    encoding: str = "utf-8",
) -> Finished:
    """Run the command to its end in this process, and check that it shows no key."""
    content = given.encode() if isinstance(given, str) else given
    stdout, stderr = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**settings(service), **env}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["activepieces-client", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        patch.setattr(sys, "stdout", io.TextIOWrapper(stdout, encoding))
        patch.setattr(sys, "stderr", io.TextIOWrapper(stderr, encoding))
        try:
            code = main()
        except SystemExit as ended:  # how argparse ends the command
            code = int(ended.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        finished = Finished(code, stdout.getvalue().decode(encoding), stderr.getvalue().decode(encoding))
    assert service.api_key not in finished.stdout + finished.stderr
    return finished


def run_json(service: StandIn, *arguments: object, given: str = "") -> list[Any]:
    """Run the command with JSON as its output, and return what it prints."""
    return [json.loads(line) for line in run(service, *arguments, "--output", "json", given=given).stdout.splitlines()]


@contextlib.contextmanager
def started(service: StandIn, *arguments: object) -> Generator[subprocess.Popen[str]]:
    """Start the command, and kill it if it still runs at the end of the block."""
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


def conflict(service: StandIn, number: int = 1) -> Updates:
    """Return an update of a project that the service rejects: 409."""
    service.projects[0]["externalId"] = "taken"
    return [(service.projects[number]["id"], {"externalId": "taken"})]


def fail_updates(service: StandIn, *failures: Any) -> None:
    """Let the next updates fail, and no other requests."""
    left = list(failures)

    def handle(request: httpx.Request) -> httpx.Response:
        if left:
            service.fail(left.pop(0))
        else:
            del service.handlers["updateProject"]
        try:
            return service.handle(request)
        finally:
            service.requests.pop()

    service.handlers["updateProject"] = handle


def bodies(service: StandIn) -> list[Any]:
    """Return the bodies of the updates that the server received."""
    return [request.json for request in service.requests if request.method == "POST"]


def records(file: Path) -> list[Path]:
    """Return the records of a file, oldest first."""
    return sorted(file.parent.glob(f"{file.name}.*.jsonl"))


def outcomes(file: Path) -> list[Any]:
    """Return the outcomes in the records of a file."""
    lines = (line for path in records(file) for line in path.read_text("utf-8").splitlines(keepends=True))
    return [found for found in (json.loads(line) for line in lines if line.endswith("\n")) if "outcome" in found]


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)
