"""Serve the stand-in until it is stopped: `python -m activepieces_client.testing --port 8080`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from types import FrameType

from . import StandIn

GREETING = """\
A stand-in for Activepieces serves {base_url} until you stop it (Ctrl-C).

Its key and its address, for the client:

  export ACTIVEPIECES_API_KEY={api_key}
  export ACTIVEPIECES_BASE_URL={base_url}

Its project, updated by curl:

  curl {base_url}/v1/projects/{project_id} \\
    -H 'Authorization: Bearer {api_key}' \\
    -H 'Content-Type: application/json' \\
    -d '{{"displayName": "Acme EU"}}'
"""


def main() -> int:
    """Serve, and say with which address and key."""
    parser = argparse.ArgumentParser(
        prog="python -m activepieces_client.testing",
        description="Serve a stand-in for Activepieces, with one project in memory, on 127.0.0.1.",
    )
    parser.add_argument("--port", type=int, default=8080, help="the port; 0 takes one that is free (default: 8080)")
    port: int = parser.parse_args().port
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is signal's
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        with StandIn().serve(port) as service:
            greeting = GREETING.format(
                base_url=service.base_url, api_key=service.api_key, project_id=service.projects[0]["id"]
            )
            print(greeting, flush=True)  # noqa: T201 - it is what the command is for
            stopped.wait()
    except (OSError, OverflowError) as error:
        parser.error(f"cannot serve on port {port}: {error}")
    return 0


sys.exit(main())
