"""The logic of `get_or_create`, as a generator without I/O: find, create, find again, update."""

from __future__ import annotations

from collections.abc import Generator
from typing import Literal

import httpx

from activepieces_api.models import Project

from ._retry import MAX_RETRY_AFTER, backoff, should_retry
from .exceptions import ActivepiecesError, APIStatusError, ResponseValidationError, is_taken

MAX_FAILURES = 3

Step = Literal["find", "create"] | Project | float
"""Find or create the project, update a new one, or wait so many seconds. The outcome is the project, or the error."""

Outcome = Project | ActivepiecesError | None


def get_or_create(*, update: bool) -> Generator[Step, Outcome, tuple[Project, bool]]:
    """Yield each step; return the project, and whether it was created.

    After a failed create, it looks for the project: the response may have been lost, or another program may have been
    faster. The external id prevents a second project.

    Args:
        update: Whether there are properties that create drops, so that an update has to follow.
    """
    step: Literal["find", "create"] | Project = "find"
    failures: list[ActivepiecesError] = []
    created = False
    while True:
        outcome = yield step
        if isinstance(outcome, ActivepiecesError):
            # Before the first create, there is not yet a project to return.
            if not _may_pass(outcome) or len(failures) == MAX_FAILURES or (step == "find" and not failures):
                raise outcome
            yield 0.0 if is_taken(outcome) else _seconds(outcome, len(failures))
            failures.append(outcome)
            if step == "create":
                # After a lost response, a project that is there is the one that this call created.
                created, step = created or not is_taken(outcome), "find"
        elif outcome is None:
            if failures and is_taken(failures[-1]):  # by a project that this key cannot see
                raise failures[-1]
            step = "create"
        else:
            created = created or step == "create"
            if isinstance(step, Project) or not (created and update):
                return outcome, created
            step = outcome


def _may_pass(error: ActivepiecesError) -> bool:
    """Return whether the service may have created the project, or may create it later."""
    failure = error.response if isinstance(error, APIStatusError) else error.__cause__
    if isinstance(failure, httpx.Response | httpx.RequestError):
        return is_taken(error) or should_retry(failure, idempotent=True)
    return isinstance(error, ResponseValidationError)


def _seconds(error: ActivepiecesError, failures: int) -> float:
    asked = error.retry_after if isinstance(error, APIStatusError) else None
    return backoff(failures) if asked is None else min(asked, MAX_RETRY_AFTER)
