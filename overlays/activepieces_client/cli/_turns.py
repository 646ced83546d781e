"""At most two applies at a time send to one server from this machine: three can hang one that has just started."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO

import filelock

from activepieces_client import ActivepiecesError

from ._output import report

# Seconds between two checks whether another apply has ended.
INTERVAL = 0.5


class ServerInUseError(ActivepiecesError):
    """Two other applies send to the server."""


@contextlib.contextmanager
def turn(server: str, what: str, *, wait: bool) -> Generator[None]:
    """Wait until at most one other apply sends to a server, and name those waited for.

    Raises:
        ServerInUseError: Two other applies are running, and `wait` is False.
    """
    state = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".local" / "state"
    folder = Path(state) / "activepieces-client"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(server.encode()).hexdigest()[:16]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context((folder / f"{name}-{n}.lock").open("a+b", buffering=0)) for n in (1, 2)]
        mine = next(filter(_lock, files), None)
        if not mine:
            others = " and ".join(map(_holder, files))
            if not wait:
                raise ServerInUseError(f"{others} send to {server}; more at the same time can hang a server")
            report(f"waiting until one of {others} ends: more than two at the same time can hang {server}")
        while not mine:
            time.sleep(INTERVAL)
            mine = next(filter(_lock, files), None)
        mine.truncate(0)
        mine.write(f"process {os.getpid()} ({what})".encode())
        yield
        mine.truncate(0)


def _lock(file: IO[bytes]) -> bool:
    return filelock.lock_descriptor(file.fileno(), blocking=False)


def _holder(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace") or "another process"
