"""The stand-in as a program: `python -m activepieces_client.testing --port 8080`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from . import StandIn
from ._releases import NEWEST, RELEASES

GREETING = """\
A stand-in for Activepieces {release} serves {base_url} until you stop it (Ctrl-C).

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
    """Serve until a signal, and print the address and the key."""
    parser = argparse.ArgumentParser(
        prog="python -m activepieces_client.testing",
        description="Serve a stand-in for Activepieces, with one project in memory, on 127.0.0.1.",
    )
    parser.add_argument("--port", type=int, default=8080, help="the port; 0 is any free one (default: 8080)")
    parser.add_argument(
        "--release", choices=RELEASES, default=NEWEST, help="the release to behave as (default: newest)"
    )
    arguments = parser.parse_args()
    port: int = arguments.port
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        with StandIn(release=arguments.release).serve(port) as service:
            greeting = GREETING.format(
                release=arguments.release,
                base_url=service.base_url,
                api_key=service.api_key,
                project_id=service.projects[0]["id"],
            )
            print(greeting, flush=True)  # noqa: T201 - it is what the command is for
            stopped.wait()
    except (OSError, OverflowError) as error:
        parser.error(f"cannot serve on port {port}: {error}")
    return 0


sys.exit(main())
