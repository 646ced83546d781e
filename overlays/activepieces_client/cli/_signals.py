"""Ctrl-C and SIGTERM: the first stops a roll-out, the second ends the command at once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Generator

_STOPPING = b"\nstopping, after what is in flight; once more ends at once\n"
_SHOW_CURSOR = b"\x1b[?25h"


@contextlib.contextmanager
def stopping_on_signals(stop: Callable[[], object]) -> Generator[list[int]]:
    """Call a function on the first signal; what the block gets is a list of the signals that came."""
    came: list[int] = []

    def handle(number: int, _: object) -> None:
        if came:
            if sys.stderr.isatty():
                _write(_SHOW_CURSOR)
            os._exit(128 + number)  # threads would be waited for; the journal has every outcome that was shown
        came.append(number)
        stop()
        _write(_STOPPING)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _write(text: bytes) -> None:
    """Write past the stream, which may be in the middle of a line."""
    with contextlib.suppress(OSError):
        os.write(sys.stderr.fileno(), text)
