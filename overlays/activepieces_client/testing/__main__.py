"""The stand-in as a program: `python -m activepieces_client.testing --port 8080`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from . import StandIn
from ._releases import NEWEST, RELEASES

GREETING = """\
A stand-in for Activepieces {release} serves {base_url} until you stop it (Ctrl-C).

Its key and its address, for the client:

  export ACTIVEPIECES_API_KEY={api_key}
  export ACTIVEPIECES_BASE_URL={base_url}

Its first project, updated by curl:

  curl {base_url}/v1/projects/{project_id} \\
    -H 'Authorization: Bearer {api_key}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"displayName": "Acme EU"}}'

Each request:
"""


class Rehearsal(StandIn):
    """A stand-in that prints each request, and whose first updates fail with the statuses in `failing`."""

    failing: list[int]

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Handle a request, and print it with its status."""
        outcome = "no response"
        with self._lock:
            if self.failing and request.method == "POST":
                self.fail(self.failing.pop(0))
            try:
                response = super().handle(request)
                outcome = str(response.status_code)
            finally:
                line = f"{time.strftime('%H:%M:%S')} {request.method} {request.url.raw_path.decode()} {outcome}"
                print(line, flush=True)  # noqa: T201 - the purpose of the command
        return response


def read_projects(source: str) -> list[dict[str, Any]]:
    """Return a number of projects, or those of a file as `list --output jsonl` writes it."""
    if source.isdecimal():
        return [{}] * int(source)
    try:
        with Path(source).open(encoding="utf-8-sig") as file:
            return [{"id": line["id"], **line["body"]} for line in map(json.loads, file)]
    except (OSError, LookupError, TypeError, ValueError) as error:
        message = f"{source} is not as `list --output jsonl` writes it: {error}"
        raise argparse.ArgumentTypeError(message) from None


def failures(text: str) -> list[int]:
    """Return the statuses that `503:3` stands for."""
    status, _, count = text.partition(":")
    return [int(status)] * int(count or 1)


def main() -> int:
    """Serve until a signal, and print the address, the key and each request."""
    parser = argparse.ArgumentParser(
        prog="python -m activepieces_client.testing",
        description="Serve a stand-in for Activepieces, with projects in memory, on 127.0.0.1.",
    )
    parser.add_argument("--port", type=int, default=8080, help="the port; 0 is any free one (default: 8080)")
    parser.add_argument(
        "--release", choices=RELEASES, default=NEWEST, help="the release to behave as (default: newest)"
    )
    parser.add_argument(
        "--projects",
        type=read_projects,
        default=[{}],
        metavar="FILE|NUMBER",
        help="the projects of a file that `list --output jsonl` wrote, or a number of them (default: 1)",
    )
    parser.add_argument(
        "--fail",
        type=failures,
        action="append",
        default=[],
        metavar="STATUS:COUNT",
        help="let the first updates fail, such as 503:3; repeat it for others after them",
    )
    arguments = parser.parse_args()
    port: int = arguments.port
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        stand_in = Rehearsal(arguments.projects, release=arguments.release)
    except ValueError as error:
        parser.error(str(error))
    stand_in.failing = [status for statuses in arguments.fail for status in statuses]
    try:
        with stand_in.serve(port) as service:
            greeting = GREETING.format(
                release=arguments.release,
                base_url=service.base_url,
                api_key=service.api_key,
                project_id=service.projects[0]["id"] if service.projects else "ID",
            )
            print(greeting, flush=True)  # noqa: T201 - the purpose of the command
            stopped.wait()
    except (OSError, OverflowError) as error:
        parser.error(f"cannot serve on port {port}: {error}")
    return 0


sys.exit(main())
