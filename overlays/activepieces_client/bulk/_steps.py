"""The steps of a roll-out, for threads and tasks alike; no I/O."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Generator
from typing import Any, Literal

import attrs

from activepieces_client._specification import specification
from activepieces_client.exceptions import ActivepiecesError, ConfigurationError

from ._outcome import UpdateOutcome
from ._schedule import Schedule, Update

# What a source can give in place of an update: it has no more, or none yet.
END, NOT_YET = object(), object()


@attrs.frozen
class Wait:
    """A wait for the next result, of at most so many seconds; None is no limit."""

    seconds: float | None


Step = Literal["take"] | Update | Wait
"""What to do next: take an item from the source, send an update, or wait for a result."""

Result = tuple[Update, Any] | None
"""An update and the project or exception that it ended with; None where none ended."""


class RollOutBase:
    """The settings and the state of a roll-out.

    `_next` yields the steps to the next outcome. A subclass performs them with threads or with tasks.
    """

    def __init__(self, concurrency: int, max_connections: int | None, max_retries: int | None) -> None:
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:  # pyright: ignore[reportUnnecessaryIsInstance] - of users without types
            raise ConfigurationError(f"concurrency must be an integer from 1 up; it is {concurrency!r}")
        if max_connections is not None and concurrency > max_connections:
            raise ConfigurationError(
                f"concurrency must be at most {max_connections}, the connections of the client: more can hang a "
                "default server. For a larger one, give the client an http_client with other limits."
            )
        self._concurrency = concurrency
        self._schedule = Schedule(
            concurrency,
            2 if max_retries is None else max_retries,
            idempotent=specification().operations["updateProject"].idempotent,
        )
        self._indexes = itertools.count()
        self._exhausted = False  # whether the source has ended
        self._taking = False  # whether an async source is about to give an item
        self._stopping = False
        self._open = False  # whether the with block is entered and not left
        self._iterating = threading.Lock()
        # Not an outcome, such as an error of the source: raised once nothing is in flight.
        self._error: BaseException | None = None

    @property
    def stopped(self) -> ActivepiecesError | None:
        """The error that stopped the roll-out; what was not sent by then stays unsent.

        It is the last of ten in a row that are not about their own update, or one whose `Retry-After` is above 300
        seconds. None otherwise, also after `stop()`.
        """
        return self._schedule.stopped

    def stop(self) -> None:
        """Send nothing new; the loop ends after the outcomes of what is in flight."""
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        """End the current wait."""
        raise NotImplementedError

    @contextlib.contextmanager
    def _exclusively(self) -> Generator[None]:
        """Raise where the caller is outside the with block or iterates twice at once."""
        if not self._open:
            raise RuntimeError("a roll-out is iterated inside its with block")
        if not self._iterating.acquire(blocking=False):
            raise RuntimeError("a roll-out is iterated by one thread or task at a time")
        try:
            yield
        finally:
            self._iterating.release()

    def _next(self) -> Generator[Step, Any, UpdateOutcome | None]:
        """Yield the steps to the next outcome, and return it; return None at the end."""
        schedule = self._schedule
        while True:
            pause = max(0.0, schedule.resume_at - time.monotonic())
            while not pause and schedule.has_room() and (update := (yield from self._take())):
                schedule.start(update)
                yield update
            ending = self._stopping or schedule.stopped is not None
            if ending and (outcome := schedule.give_up()):
                return outcome
            if not schedule.in_flight and (ending or not (pause or self._taking)):
                break
            result: Result = yield Wait(pause if pause and not ending else None)
            if result:
                if isinstance(result[1], BaseException) and not isinstance(result[1], ActivepiecesError):
                    # An exception of the caller's code, such as a hook.
                    schedule.in_flight -= 1
                    self._stopping, self._error = True, self._error or result[1]
                elif outcome := schedule.finish(*result, time.monotonic()):
                    return outcome
        error, self._error = self._error, None
        if error:
            raise error
        return None

    def _take(self) -> Generator[Step, Any, Update | None]:
        """Return an update to send: a retry, or the next one of the source."""
        if self._stopping or self._schedule.stopped:
            return None
        if retry := self._schedule.next_retry(flush=self._exhausted):
            return retry
        if self._exhausted:
            return None
        item = yield "take"
        if self._stopping:
            return None
        if item is NOT_YET:
            return self._schedule.next_retry(flush=True)
        try:
            if item is not END:
                project_id, body = item
                return Update(next(self._indexes), project_id, body)
        except (TypeError, ValueError) as error:
            self._error = error
        self._exhausted = True
        return self._schedule.next_retry(flush=True)

    def _fail_source(self, error: Exception) -> object:
        """Keep the error of a source, which ends with it."""
        self._error = error
        return END
