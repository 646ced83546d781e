"""The update that every peer makes, and the server that they all make it at."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
DOCUMENT = cast(Any, YAML(typ="safe")).load((ROOT / "openapi.yaml").read_text("utf-8"))

KEY = "sk-bench"
PATH = "/v1/projects/{id}"
_OPERATION = DOCUMENT["paths"][PATH]["post"]
PROJECT = _OPERATION["responses"]["200"]["content"]["application/json"]["examples"]["project"]["value"]
CONTENT = json.dumps(PROJECT).encode()
ID = PROJECT["id"]
_SENT = "displayName", "externalId", "metadata", "maxConcurrentJobs"
BODY = {
    **{name: PROJECT[name] for name in _SENT},
    "plan": {name: PROJECT["plan"][name] for name in ("piecesFilterType", "pieces")},
}
_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(CONTENT) + CONTENT


class _Connection(asyncio.Protocol):
    """Responds to each request with the same project, and does next to nothing else."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what responses are written to."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Respond to each request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, _, body = self._received.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(body) < length:
                return
            self._received = self._received[end + 4 + length :]
            self._transport.write(_RESPONSE)


def _run(ready: multiprocessing.Queue[int]) -> None:
    """Serve until the process is ended."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1")
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextlib.contextmanager
def serving() -> Generator[str]:
    """Serve in another process, and give the base URL."""
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    process = multiprocessing.Process(target=_run, args=(ready,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ready.get()}/api"
    finally:
        process.terminate()
        process.join()
