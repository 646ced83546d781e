"""Ctrl-C and SIGTERM: the first stops a roll-out, the second ends the process."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Generator

_STOPPING = b"\nstopping: waiting for the updates in flight; a second signal ends at once\n"
_SHOW_CURSOR = b"\x1b[?25h"


@contextlib.contextmanager
def stopping_on_signals(stop: Callable[[], object]) -> Generator[list[int]]:
    """Call `stop` on the first signal; yield the list of the signals received."""
    received: list[int] = []

    def handle(number: int, _: object) -> None:
        if received:
            if sys.stderr.isatty():
                _write(_SHOW_CURSOR)
            os._exit(128 + number)  # sys.exit would join the threads; the journal has every reported outcome
        received.append(number)
        stop()
        _write(_STOPPING)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(text: bytes) -> None:
    """Write to the file descriptor: the signal may interrupt a write to the stream."""
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), text)
