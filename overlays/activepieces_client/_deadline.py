"""The deadline of the sync attempt that this thread makes.

An httpx timeout restarts with every byte.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Generator

import httpx

TOO_LONG = "the attempt took longer than its timeouts together"


class _Attempt(threading.local):
    """When the attempt of this thread must end, on the monotonic clock."""

    deadline = math.inf


_attempt = _Attempt()


@contextlib.contextmanager
def deadline_in(seconds: float) -> Generator[None]:
    """Have the attempt that this thread makes in the block end after so many seconds."""
    # A key source that makes calls of its own, in the middle of an attempt, has a deadline of its own for them.
    outer, _attempt.deadline = _attempt.deadline, time.monotonic() + seconds
    try:
        yield
    finally:
        _attempt.deadline = outer


def remaining() -> float:
    """Return the seconds up to the deadline; infinity where there is none."""
    return _attempt.deadline - time.monotonic()


def check_deadline() -> None:
    """Raise httpx.ReadTimeout after the deadline."""
    if remaining() < 0:
        raise httpx.ReadTimeout(TOO_LONG)
