"""What a roll-out does next: when an update is sent, sent again, or given up, and when all stop. No I/O, no clock."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any

import attrs

from activepieces_client.exceptions import ActivepiecesError, APIStatusError

from ._outcome import Failed, Updated, UpdateOutcome, is_congestion, is_outage, may_pass, says_nothing

if TYPE_CHECKING:
    from activepieces_api.models import Project

# Failures in a row, each sent after the one before, that stop a roll-out.
MAX_FAILURES = 10

# Seconds. Ten failures with the longer pauses take 47 s, in which a server restarts; with the shorter ones 9 s, in
# which a database comes back, and nobody waits long to learn that a key is wrong.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
LONGEST_PAUSE_OF_A_REFUSAL = 1.0

# Seconds; a server that asks for a longer pause stops the roll-out.
MAX_RETRY_AFTER = 300.0


@attrs.define(eq=False)
class Update:
    """One update, and what is known of it.

    Attributes:
        failures: How often it failed while others succeeded, with errors that say nothing about it.
        error: The last of them.
    """

    index: int
    project_id: str
    body: Any
    failures: int = 0
    error: ActivepiecesError | None = None
    sent: int = 0
    successes: int = 0


class Schedule:
    """The state of a roll-out.

    Attributes:
        stopped: The error that stopped it: the last of too many in a row, or one with a `Retry-After` that is too long.
    """

    def __init__(self, concurrency: int, max_retries: int, *, idempotent: bool) -> None:
        self._concurrency, self._max_retries, self._idempotent = concurrency, max_retries, idempotent
        # Additive increase, multiplicative decrease.
        self._limit: float = concurrency
        self._again: collections.deque[Update] = collections.deque()
        self._sent = self._successes = self._failures_in_a_row = self._last_failure = 0
        self.in_flight = 0
        self.resume_at = 0.0
        self.stopped: ActivepiecesError | None = None

    def has_room(self) -> bool:
        """Return whether another update may be in flight; after a failure one probes, until it succeeds."""
        return self.in_flight < (1 if self._failures_in_a_row else int(self._limit))

    def next_again(self, *, flush: bool) -> Update | None:
        """Return an update to send again: once `concurrency` of them wait, or, with `flush`, as soon as one does."""
        return self._again.popleft() if self._again and (flush or len(self._again) >= self._concurrency) else None

    def start(self, update: Update) -> None:
        """Note that an update is sent."""
        self.in_flight += 1
        self._sent += 1
        update.sent, update.successes = self._sent, self._successes

    def finish(self, update: Update, result: Project | ActivepiecesError, now: float) -> UpdateOutcome | None:
        """Note what an update ended with; return its outcome, or None where it is to be sent again."""
        self.in_flight -= 1
        if not isinstance(result, ActivepiecesError):
            self._succeed(update)
            return Updated(update.index, update.project_id, result)
        if not says_nothing(result):
            self._succeed(update)
            return Failed(update.index, update.project_id, result)
        update.failures += self._successes > update.successes
        update.error = result
        self._fail(update, result, now)
        if self._idempotent and may_pass(result) and update.failures <= self._max_retries:
            self._again.append(update)
            return None
        return Failed(update.index, update.project_id, result)

    def give_up(self) -> UpdateOutcome | None:
        """Return the outcome of an update that would have been sent again, had the roll-out not stopped."""
        update = self.next_again(flush=True)
        return Failed(update.index, update.project_id, update.error) if update and update.error else None

    def _succeed(self, update: Update) -> None:
        self._successes += 1
        if update.sent > self._last_failure:  # what was sent before is no sign that the cause has gone
            self._failures_in_a_row = 0
        self._limit = min(self._concurrency, self._limit + 1 / self._limit)

    def _fail(self, update: Update, error: ActivepiecesError, now: float) -> None:
        # What was in flight when another one failed is of the same failure.
        if update.sent > self._last_failure:
            self._last_failure = self._sent
            self._failures_in_a_row += 1
            if is_congestion(error):
                self._limit = max(1.0, self._limit / 2)
            if may_pass(error):
                longest = LONGEST_PAUSE if is_outage(error) else LONGEST_PAUSE_OF_A_REFUSAL
                pause = min(longest, FIRST_PAUSE * 2 ** (self._failures_in_a_row - 1))
                self.resume_at = max(self.resume_at, now + pause)
        retry_after = error.retry_after if isinstance(error, APIStatusError) else None
        if retry_after is not None:
            self.resume_at = max(self.resume_at, now + retry_after)
        if self._failures_in_a_row >= MAX_FAILURES or (retry_after or 0) > MAX_RETRY_AFTER:
            self.stopped = error
