"""The decisions of a roll-out, for threads and tasks alike, without I/O or a clock."""

from __future__ import annotations

import collections
import contextlib
import itertools
import threading
from collections.abc import Callable, Generator
from typing import Any

import attrs

from activepieces_client import exceptions as errors
from activepieces_client._specification import specification

from ._outcome import Failed, Updated, UpdateOutcome, is_fault, is_shared
from ._plan import Change, as_pair

# A roll-out stops after so many failures in a row, each sent after the one before. With the pauses between them, they
# take 40 s, in which a server restarts.
MAX_FAILURES = 10
# If the server is healthy, the key or the address is wrong. They take 8 s, in which a key file is renewed.
MAX_FAILURES_IF_HEALTHY = 6
# If the server is healthy, up to this many faults in a row may be those of single requests.
MAX_SINGLE_FAULTS = 3
# A health request without a response counts for so many failures: a server that hangs rarely comes back.
HANG = 5

# In seconds. The pause after each failure in a row is twice as long as the one before.
FIRST_PAUSE = 0.25
MAX_PAUSE = 8.0
# In seconds. A server that asks for a longer pause stops the roll-out.
MAX_RETRY_AFTER = 300.0
# In seconds. The handler of a signal that comes just before a thread begins to wait is called after that wait.
MAX_WAIT = 1.0

END = object()
"""Stands for the end of the updates."""

_HANGS = (
    'the server hangs, since its database connections wait for each other; "select pg_terminate_backend(pid) from '
    "pg_stat_activity where state = 'idle in transaction' limit 1\" frees it without a restart. No response"
)


@attrs.define(eq=False)
class Update:
    """One update and its history.

    Attributes:
        failures: How often it had a fault.
        error: The last shared error that it had.
        epoch: How many failures in a row the roll-out had known when the update was last sent.
    """

    index: int
    project_id: str
    body: Any
    change: Change | None = None
    failures: int = 0
    error: errors.ActivepiecesError | None = None
    epoch: int = 0

    def failed(self, error: errors.ActivepiecesError) -> Failed:
        """Return its outcome."""
        return Failed(self.index, self.project_id, error, self.change)


Step = Update | float | Callable[[], Any]
"""The next step: send an update, wait so many seconds for the end of one, or call a function for its result."""


class Schedule:
    """The state of a roll-out. A subclass performs its steps, with threads or with tasks."""

    def __init__(
        self,
        update: Callable[..., Any],
        get_health: Callable[[], Any],
        take: Callable[[], Any],
        concurrency: int,
        max_connections: int | None,
        max_retries: int | None,
    ) -> None:
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:  # pyright: ignore[reportUnnecessaryIsInstance] - of users without types
            raise errors.ConfigurationError(f"concurrency must be an integer from 1 up; it is {concurrency!r}")
        if max_connections is not None and concurrency > max_connections:
            raise errors.ConfigurationError(
                f"concurrency must be at most {max_connections}, the connections of the client: more can hang a "
                "default server. For a larger one, give the client an http_client with other limits."
            )
        self._update, self._get_health, self._take = update, get_health, take
        self._concurrency, self._max_retries = concurrency, 2 if max_retries is None else max_retries
        self._indexes = itertools.count()
        self._retries = collections.deque[Update]()
        self._in_flight = self._failures_in_a_row = self._epoch = 0
        self._stopping = self._exhausted = False
        self._unknown = False  # whether the server's health is to be requested
        self._down = self._healthy = False  # what the last request for it showed; an older server shows neither
        self._probing = False  # whether updates are sent one at a time
        self._pause = 0.0  # how many seconds of a pause are left
        self._cause: errors.ActivepiecesError | None = None  # the last shared error
        self._stopped: errors.ActivepiecesError | None = None
        # Not an outcome, such as an error of the source: raised once nothing is in flight.
        self._error: BaseException | None = None
        self._open = False  # whether the with block is entered and not left
        self._iterating = threading.Lock()
        self._steps = self._run()

    @property
    def stopped(self) -> errors.ActivepiecesError | None:
        """The error that stopped the roll-out; the updates that were not sent by then are not sent.

        It is the last of too many failures in a row that are not about their own update, or one whose `Retry-After`
        is above 300 seconds. None otherwise, also after `stop()`.
        """
        return self._stopped

    @property
    def waiting(self) -> errors.ActivepiecesError | None:
        """The error after which the roll-out waits at the moment; None while it sends."""
        return self._cause if self._pause else None

    def stop(self) -> None:
        """Send no more updates; the loop ends after the outcomes of those in flight."""
        self._stopping = True
        self._end(None)

    def _end(self, ended: tuple[Update, Any] | None) -> None:
        """Hand over an update that ended, with its result, or end a wait."""
        raise NotImplementedError

    @contextlib.contextmanager
    def _exclusively(self) -> Generator[None]:
        """Raise if the caller is outside the with block, or iterates twice at the same time."""
        if not self._open:
            raise RuntimeError("a roll-out is iterated inside its with block")
        if not self._iterating.acquire(blocking=False):
            raise RuntimeError("a roll-out is iterated by one thread or task at a time")
        try:
            yield
        finally:
            self._iterating.release()

    @property
    def _has_more(self) -> bool:
        return not (self._stopping or self._stopped) and (not self._exhausted or bool(self._retries))

    def _run(self) -> Generator[Step | UpdateOutcome, Any, None]:
        """Yield steps, each of which is sent its result, and outcomes."""
        while self._in_flight or self._has_more:
            room = self._in_flight < (1 if self._probing else self._concurrency)
            if self._has_more and room and not (self._pause or self._unknown):
                yield from self._send_one()
            elif self._has_more and self._unknown and not self._pause:
                self._diagnose((yield self._get_health))
            elif ended := (yield min(self._pause or MAX_WAIT, MAX_WAIT)):
                self._in_flight -= 1
                if outcome := self._finish(*ended):
                    yield outcome
            else:
                self._pause = max(0.0, self._pause - MAX_WAIT)
        yield from (update.failed(update.error) for update in self._retries if update.error)
        if self._error:
            raise self._error

    def _send_one(self) -> Generator[Step | UpdateOutcome, Any, None]:
        """Send an update: a retry, or the next one of the source."""
        # After a failure, prefer a new one: updates that always fail would stop the others.
        enough = self._concurrency * (2 if self._failures_in_a_row else 1)
        if self._retries and (self._exhausted or len(self._retries) >= enough):
            update = self._retries.popleft()
            if update.failures > self._max_retries and self._healthy and update.error:
                yield update.failed(update.error)
                return
        else:
            item = yield self._take
            if self._stopping or item is END:
                self._exhausted = True
                return
            try:
                update = self._as_update(item)
            except Exception as error:  # noqa: BLE001 - raised once nothing is in flight
                self._exhausted, self._error = True, error
                return
        self._in_flight, update.epoch = self._in_flight + 1, self._epoch
        yield update

    def _as_update(self, item: Any) -> Update:
        if isinstance(item, Change):
            return Update(item.index, item.project.id, item.body, item)
        if item is None:
            raise TypeError("an update is None, or the wait for it was cancelled, and its source with it")
        if isinstance(item, Exception):
            raise item
        return Update(next(self._indexes), *as_pair(item))

    def _finish(self, update: Update, result: Any) -> UpdateOutcome | None:
        """Note the result of an update; return its outcome, or None if it is retried."""
        if isinstance(result, BaseException) and not isinstance(result, errors.ActivepiecesError):
            # An exception of the caller's code, such as a hook.
            self._stopping, self._error = True, self._error or result
            return None
        if isinstance(result, errors.ActivepiecesError) and is_shared(result):
            self._fail(update, result)
            if specification().operations["updateProject"].idempotent:
                self._retries.append(update)
                return None
        elif update.epoch == self._epoch and not isinstance(result, errors.RequestValidationError):
            # It was sent after the last failure, and a server saw it: the cause is gone.
            self._failures_in_a_row, self._probing = 0, False
        if isinstance(result, errors.ActivepiecesError):
            return update.failed(result)
        return Updated(update.index, update.project_id, result, update.change)

    def _fail(self, update: Update, error: errors.ActivepiecesError) -> None:
        update.error, self._cause = error, error
        update.failures += is_fault(error)
        if update.epoch == self._epoch:  # otherwise, it was in flight with another failure
            self._epoch += 1
            self._failures_in_a_row += 1
            self._unknown = True
        retry_after = (isinstance(error, errors.APIStatusError) and error.retry_after) or 0.0
        self._pause = max(self._pause, retry_after)
        if retry_after > MAX_RETRY_AFTER:
            self._stopped = error

    def _diagnose(self, health: Any) -> None:
        """Decide how to go on, by the server's health: an error, or a response."""
        if isinstance(health, Exception) and not isinstance(health, errors.ActivepiecesError):
            self._stopping, self._error = True, health  # of the caller's code, such as a hook
            return
        was_down, self._down = self._down, isinstance(health, errors.ActivepiecesError) and is_fault(health)
        if isinstance(health, errors.APITimeoutError) and "ReadTimeout" in str(health):
            self._failures_in_a_row += HANG
            self._cause = errors.APITimeoutError(_HANGS, health.request)
        elif self._down:
            self._failures_in_a_row += 1
            self._cause = health
        fault = self._cause is not None and is_fault(self._cause)
        # 404 is an older server, which does not tell. Any other response, even of a proxy, is that of an address.
        self._unknown, self._healthy = self._down, not self._down and not isinstance(health, errors.NotFoundError)
        if self._failures_in_a_row >= (MAX_FAILURES_IF_HEALTHY if self._healthy and not fault else MAX_FAILURES):
            self._stopped = self._cause
        single = self._healthy and fault and self._failures_in_a_row <= MAX_SINGLE_FAULTS
        self._probing = not single
        if self._down or not (was_down or (single and not self._exhausted)):
            self._pause = max(self._pause, min(MAX_PAUSE, FIRST_PAUSE * 2 ** (self._failures_in_a_row - 1)))
