"""The schedule of a roll-out, with an injected clock."""

from __future__ import annotations

import itertools
from typing import Any

import attrs
import httpx
import pytest

from activepieces_client import (
    ActivepiecesError,
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotAppliedError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RequestValidationError,
    ServerError,
    UpdateOutcome,
    Violation,
)
from activepieces_client.bulk import Failed, Updated, is_final
from activepieces_client.bulk._schedule import Schedule, Update
from activepieces_client.models import Project
from activepieces_client.testing import StandIn

REQUEST = httpx.Request("POST", "https://flows.test/api/v1/projects/p1")
PROJECT = Project.from_dict(StandIn().projects[0])
SERVICE: dict[str, Any] = {"code": "ERROR", "params": {}}


def response(status: int, **content: Any) -> httpx.Response:
    return httpx.Response(status, request=REQUEST, **content)


BUSY = RateLimitError(response(429))
FAILED = ServerError(response(500))
WRONG_KEY = AuthenticationError(response(401))
NO_CONNECTION = APIConnectionError("ConnectError", REQUEST)
SILENT = APITimeoutError("ReadTimeout", REQUEST)
NOT_FOUND = NotFoundError(response(404, json=SERVICE))
FORBIDDEN = PermissionDeniedError(response(403, json=SERVICE))


@attrs.define
class RollOut:
    """A roll-out at a time that the test sets."""

    schedule: Schedule
    now: float = 0.0
    indexes: Any = attrs.field(factory=itertools.count)

    @classmethod
    def of(cls, concurrency: int, max_retries: int = 2, *, idempotent: bool = True) -> RollOut:
        return cls(Schedule(concurrency, max_retries, idempotent=idempotent))

    def start(self) -> Update:
        """Start an update: one to send again, if there is one."""
        update = self.schedule.next_retry(flush=True) or Update(next(self.indexes), "p1", {})
        self.schedule.start(update)
        return update

    def fill(self) -> list[Update]:
        """Start as many as there is room for."""
        updates: list[Update] = []
        while self.schedule.has_room():
            updates.append(self.start())
        return updates

    def finish(self, update: Update, result: Project | ActivepiecesError) -> UpdateOutcome | None:
        return self.schedule.finish(update, result, self.now)

    def run(self, result: Project | ActivepiecesError) -> UpdateOutcome | None:
        """Start an update, and end it after the pause."""
        self.now = max(self.now, self.schedule.resume_at)
        return self.finish(self.start(), result)

    @property
    def pause(self) -> float:
        return max(0.0, self.schedule.resume_at - self.now)


# Outcomes


def test_success_is_an_outcome() -> None:
    outcome = RollOut.of(4).run(PROJECT)
    assert outcome == Updated(0, "p1", PROJECT)


@pytest.mark.parametrize("error", [NOT_FOUND, RequestValidationError([Violation("$", "is invalid")])])
def test_error_about_the_update_is_an_outcome(error: ActivepiecesError) -> None:
    assert RollOut.of(4).run(error) == Failed(0, "p1", error)


@pytest.mark.parametrize("error", [BUSY, FAILED, WRONG_KEY, NO_CONNECTION, SILENT])
def test_other_error_is_sent_again(error: ActivepiecesError) -> None:
    roll_out = RollOut.of(1)
    update = roll_out.start()
    assert roll_out.finish(update, error) is None
    assert roll_out.start() is update
    assert roll_out.finish(update, PROJECT) == Updated(0, "p1", PROJECT)


def test_missing_permission_is_not_sent_again() -> None:
    assert RollOut.of(4).run(FORBIDDEN) == Failed(0, "p1", FORBIDDEN)


def test_update_that_is_not_idempotent_is_not_sent_again() -> None:
    assert RollOut.of(4, idempotent=False).run(FAILED) == Failed(0, "p1", FAILED)


def test_update_that_fails_while_others_succeed_is_given_up() -> None:
    roll_out = RollOut.of(2, max_retries=2)
    failing = roll_out.start()
    for _ in range(2):
        assert roll_out.run(PROJECT)
        assert roll_out.finish(failing, FAILED) is None
        assert roll_out.start() is failing
    assert roll_out.run(PROJECT)
    assert roll_out.finish(failing, FAILED) == Failed(0, "p1", FAILED)


def test_outage_uses_no_retry_of_an_update() -> None:
    roll_out = RollOut.of(1, max_retries=0)
    for _ in range(9):
        assert roll_out.run(FAILED) is None
    assert roll_out.run(PROJECT)
    assert roll_out.schedule.stopped is None


def test_failed_updates_wait_until_there_are_enough() -> None:
    roll_out = RollOut.of(2)
    updates = roll_out.fill()
    roll_out.finish(updates[0], FAILED)
    assert roll_out.schedule.next_retry(flush=False) is None
    roll_out.finish(updates[1], FAILED)
    assert roll_out.schedule.next_retry(flush=False) is updates[0]
    assert roll_out.schedule.next_retry(flush=True) is updates[1]
    assert roll_out.schedule.next_retry(flush=True) is None


# In flight


def test_congestion_halves_what_is_in_flight() -> None:
    roll_out = RollOut.of(8)
    updates = roll_out.fill()
    assert len(updates) == 8
    roll_out.finish(updates.pop(), BUSY)
    for update in updates:  # which were sent before that was known
        roll_out.finish(update, BUSY)
    (probe,) = roll_out.fill()
    roll_out.finish(probe, PROJECT)
    assert len(roll_out.fill()) == 4


@pytest.mark.parametrize("error", [BUSY, FAILED, SILENT])
def test_429_5xx_and_timeouts_are_congestion(error: ActivepiecesError) -> None:
    roll_out = RollOut.of(8)
    roll_out.run(error)
    roll_out.run(PROJECT)
    assert len(roll_out.fill()) == 4


@pytest.mark.parametrize("error", [WRONG_KEY, NO_CONNECTION, NOT_FOUND])
def test_other_errors_are_not_congestion(error: ActivepiecesError) -> None:
    roll_out = RollOut.of(8)
    roll_out.run(error)
    roll_out.run(PROJECT)
    assert len(roll_out.fill()) == 8


def test_one_update_probes_after_a_failure() -> None:
    roll_out = RollOut.of(4)
    roll_out.run(NO_CONNECTION)
    assert len(roll_out.fill()) == 1


def test_successes_raise_what_is_in_flight_to_its_maximum() -> None:
    roll_out = RollOut.of(8)
    for _ in range(9):
        roll_out.run(BUSY)
    in_flight: list[int] = []
    for _ in range(50):
        roll_out.run(PROJECT)
        in_flight.append(len(updates := roll_out.fill()))
        for update in updates:
            roll_out.finish(update, NOT_FOUND)
    assert in_flight[0] == 2
    assert in_flight == sorted(in_flight)
    assert in_flight[-1] == 8


# Pauses


def test_pauses_double_up_to_8_seconds() -> None:
    roll_out = RollOut.of(1)
    pauses: list[float] = []
    for _ in range(9):
        roll_out.run(FAILED)
        pauses.append(roll_out.pause)
    assert pauses == [0.5, 1, 2, 4, 8, 8, 8, 8, 8]
    assert sum(pauses) > 30  # in which a server restarts


def test_pauses_of_a_wrong_key_are_shorter() -> None:
    roll_out = RollOut.of(1)
    pauses: list[float] = []
    for _ in range(9):
        roll_out.run(WRONG_KEY)
        pauses.append(roll_out.pause)
    assert pauses == [0.5, *[1] * 8]


def test_pauses_begin_anew_after_a_success() -> None:
    roll_out = RollOut.of(1)
    for _ in range(4):
        roll_out.run(FAILED)
    roll_out.run(PROJECT)
    roll_out.run(FAILED)
    assert roll_out.pause == 0.5


def test_failures_of_one_moment_are_one_pause() -> None:
    roll_out = RollOut.of(4)
    for update in roll_out.fill():
        roll_out.finish(update, FAILED)
    assert roll_out.pause == 0.5


def test_retry_after_pauses_all() -> None:
    roll_out = RollOut.of(4)
    updates = roll_out.fill()
    roll_out.finish(updates[0], RateLimitError(response(429, headers={"retry-after": "20"})))
    roll_out.finish(updates[1], FAILED)
    assert roll_out.pause == 20
    roll_out.finish(updates[2], RateLimitError(response(429, headers={"retry-after": "30"})))
    assert roll_out.pause == 30


@pytest.mark.parametrize(("seconds", "stopped"), [(300, False), (301, True)])
def test_retry_after_beyond_5_minutes_stops(seconds: int, stopped: bool) -> None:
    roll_out = RollOut.of(4)
    error = ServerError(response(503, headers={"retry-after": str(seconds)}))
    roll_out.run(error)
    assert (roll_out.schedule.stopped is error) is stopped


# Stopping


@pytest.mark.parametrize("error", [BUSY, FAILED, WRONG_KEY, NO_CONNECTION, SILENT, FORBIDDEN])
def test_ten_failures_in_a_row_stop(error: ActivepiecesError) -> None:
    roll_out = RollOut.of(4)
    for _ in range(9):
        roll_out.run(error)
    assert roll_out.schedule.stopped is None
    roll_out.run(error)
    assert roll_out.schedule.stopped is error


@pytest.mark.parametrize("other", [PROJECT, NOT_FOUND])
def test_success_or_final_error_ends_the_row(other: Project | ActivepiecesError) -> None:
    roll_out = RollOut.of(1)
    for _ in range(3):
        for _ in range(9):
            roll_out.run(NO_CONNECTION)
        roll_out.run(other)
    assert roll_out.schedule.stopped is None


def test_invalid_update_does_not_end_the_row() -> None:
    roll_out = RollOut.of(1)
    for _ in range(10):
        roll_out.run(RequestValidationError([]))
        roll_out.run(WRONG_KEY)
    assert roll_out.schedule.stopped is WRONG_KEY


def test_updates_to_be_sent_again_fail_when_it_stops() -> None:
    roll_out = RollOut.of(2)
    first, second = roll_out.fill()
    roll_out.finish(first, FAILED)
    roll_out.finish(second, WRONG_KEY)
    assert roll_out.schedule.give_up() == Failed(0, "p1", FAILED)
    assert roll_out.schedule.give_up() == Failed(1, "p1", WRONG_KEY)
    assert roll_out.schedule.give_up() is None


# Final or not


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (None, True),
        (RequestValidationError([]), True),
        (NotAppliedError(PROJECT, []), True),
        (NOT_FOUND, True),
        (NotFoundError(response(404, json={"statusCode": 404})), False),
        (ConflictError(response(409, json={"statusCode": 409})), True),
        (NotFoundError(response(404, json={"statusCode": 502})), False),
        (NotFoundError(response(404, json={"code": "ERROR"})), False),
        (NotFoundError(response(404, html="<html>")), False),
        (BadRequestError(response(400, json=SERVICE)), True),
        (ConflictError(response(409, json=SERVICE)), True),
        (AuthenticationError(response(401, json=SERVICE)), False),
        (FORBIDDEN, False),
        (BUSY, False),
        (FAILED, False),
        (NO_CONNECTION, False),
    ],
)
def test_final_errors_are_about_the_update(error: ActivepiecesError | None, final: bool) -> None:
    assert is_final(error) is final
