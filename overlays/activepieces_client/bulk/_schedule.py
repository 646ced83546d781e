"""When a roll-out sends, retries, pauses and stops; no I/O, no clock."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

import attrs

from activepieces_client.exceptions import ActivepiecesError, APIStatusError, RequestValidationError

from ._outcome import Failed, Updated, UpdateOutcome, is_congestion, is_outage, is_systemic, is_transient

if TYPE_CHECKING:
    from activepieces_api.models import Project

# A roll-out stops after so many systemic failures in a row, each sent after the one before.
MAX_FAILURES = 10

# Seconds between these failures: doubled each time, up to a maximum. In an outage, ten failures take 47 s, in which a
# server restarts. Otherwise they take 9 s: a database comes back in that time, and a wrong key is soon reported.
FIRST_PAUSE = 0.5
MAX_PAUSE = 1.0
MAX_OUTAGE_PAUSE = 8.0

# Seconds; a server that asks for a longer pause stops the roll-out.
MAX_RETRY_AFTER = 300.0


@attrs.define(eq=False)
class Update:
    """One update and its history.

    Attributes:
        failures: How often it had a systemic error while others succeeded.
        error: The last systemic error that it had.
        request_number: Which request of the roll-out it was when it was last sent, from 1.
        successes_before: How many updates had succeeded by then.
    """

    index: int
    project_id: str
    body: Any
    failures: int = 0
    error: ActivepiecesError | None = None
    request_number: int = 0
    successes_before: int = 0


class Schedule:
    """The state of a roll-out.

    Attributes:
        in_flight: How many updates are in flight.
        resume_at: The time before which nothing is sent.
        stopped: The error that stopped it: the last of too many in a row, or one with a `Retry-After` that is too long.
    """

    def __init__(self, concurrency: int, max_retries: int, *, idempotent: bool) -> None:
        self._concurrency, self._max_retries, self._idempotent = concurrency, max_retries, idempotent
        # Additive increase, multiplicative decrease, as TCP does against congestion.
        self._limit: float = concurrency
        self._retries: collections.deque[Update] = collections.deque()
        self._requests = self._successes = self._failures_in_a_row = 0
        # The number of the newest request when the last failure in a row was known.
        self._newest_at_failure = 0
        self.in_flight = 0
        self.resume_at = 0.0
        self.stopped: ActivepiecesError | None = None

    def has_room(self) -> bool:
        """Return whether another update may be sent; after a failure, one alone probes."""
        return self.in_flight < (1 if self._failures_in_a_row else int(self._limit))

    def next_retry(self, *, flush: bool) -> Update | None:
        """Return an update to retry, if `concurrency` of them wait; with `flush`, any."""
        return self._retries.popleft() if self._retries and (flush or len(self._retries) >= self._concurrency) else None

    def start(self, update: Update) -> None:
        """Note that an update is sent."""
        self.in_flight += 1
        self._requests += 1
        update.request_number, update.successes_before = self._requests, self._successes

    def finish(self, update: Update, result: Project | ActivepiecesError, now: float) -> UpdateOutcome | None:
        """Note the result of an update; return its outcome, or None where it is retried."""
        self.in_flight -= 1
        if not isinstance(result, ActivepiecesError):
            self._succeed(update)
            return Updated(update.index, update.project_id, result)
        if not is_systemic(result):
            if not isinstance(result, RequestValidationError):  # which no server saw
                self._succeed(update)
            return Failed(update.index, update.project_id, result)
        if self._successes > update.successes_before:  # the server works for others
            update.failures += 1
        update.error = result
        self._fail(update, result, now)
        if self._idempotent and is_transient(result) and update.failures <= self._max_retries:
            self._retries.append(update)
            return None
        return Failed(update.index, update.project_id, result)

    def give_up(self) -> UpdateOutcome | None:
        """Return the outcome of an update whose retry a stop prevents."""
        update = self.next_retry(flush=True)
        return Failed(update.index, update.project_id, update.error) if update and update.error else None

    def _succeed(self, update: Update) -> None:
        self._successes += 1
        if update.request_number > self._newest_at_failure:  # an earlier one does not show that the cause is gone
            self._failures_in_a_row = 0
        self._limit = min(self._concurrency, self._limit + 1 / self._limit)

    def _fail(self, update: Update, error: ActivepiecesError, now: float) -> None:
        # Updates that were in flight together and fail together are one failure.
        if update.request_number > self._newest_at_failure:
            self._newest_at_failure = self._requests
            self._failures_in_a_row += 1
            if is_congestion(error):
                self._limit = max(1.0, self._limit / 2)
            if is_transient(error):
                maximum = MAX_OUTAGE_PAUSE if is_outage(error) else MAX_PAUSE
                pause = min(maximum, FIRST_PAUSE * 2 ** (self._failures_in_a_row - 1))
                self.resume_at = max(self.resume_at, now + pause)
        retry_after = error.retry_after if isinstance(error, APIStatusError) else None
        if retry_after is not None:
            self.resume_at = max(self.resume_at, now + retry_after)
        if self._failures_in_a_row >= MAX_FAILURES or (retry_after or 0) > MAX_RETRY_AFTER:
            self.stopped = error
