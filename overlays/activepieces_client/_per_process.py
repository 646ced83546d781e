"""Values that belong to one process or one event loop, since connections and locks cannot be shared beyond it."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Makes a value, and another one after a fork, while the parent keeps the first."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._values = {os.getpid(): make()}

    def get(self) -> T:
        """Return the value of this process."""
        process = os.getpid()
        if process not in self._values:
            self._values.setdefault(process, self._make())  # atomic: threads that come here together get one value
        return self._values[process]


class PerEventLoop(Generic[T]):
    """Makes a value for each event loop of asyncio or trio."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._values = PerProcess(weakref.WeakKeyDictionary[object, T])
        # Event loops of several threads change the dictionary. A fork must not inherit a lock that is held.
        self._lock = PerProcess(threading.Lock)

    def get(self) -> T:
        """Return the value of the running event loop."""
        values, event_loop = self._values.get(), _running_event_loop()
        with self._lock.get():
            if event_loop not in values:
                # The sockets of a loop refer to it, so the values of loops that have ended are not freed by themselves.
                for ended in [loop for loop in values if getattr(loop, "is_closed", bool)()]:
                    del values[ended]
                values[event_loop] = self._make()
            return values[event_loop]


def _running_event_loop() -> object:
    import asyncio  # noqa: PLC0415 - the caller has loaded it; the sync client never does

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415 - not a dependency: a program that runs trio has it

        return trio.lowlevel.current_trio_token()
