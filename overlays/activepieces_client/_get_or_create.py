"""The logic of `get_or_create`, as a generator without I/O: find, create, find again, update."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal

from activepieces_api.models import Project

from ._retry import backoff
from .exceptions import APIConnectionError, ResponseValidationError, ServerError, is_taken

MAX_CREATES = 3

Step = Literal["find", "create"] | Project | float
"""Find or create the project, update a new one, or wait so many seconds. The outcome is the project, or the error."""


def get_or_create(*, update: bool) -> Generator[Step, Any, tuple[Project, bool]]:
    """Yield each step; return the project, and whether it was created.

    After a failed create, it looks for the project: the response may have been lost, or another program may have been
    faster. The external id prevents a second project.

    Args:
        update: Whether there are properties that create drops, so that an update has to follow.
    """
    creates = 0
    failure: Exception | None = None
    project: Project | None = yield "find"
    while project is None:
        if failure:
            if creates == MAX_CREATES or is_taken(failure):
                raise failure
            yield backoff(creates)
        creates += 1
        outcome: Project | Exception = yield "create"
        if isinstance(outcome, Project):
            return (yield outcome) if update else outcome, True
        if not isinstance(outcome, ServerError | APIConnectionError | ResponseValidationError):
            raise outcome
        failure = outcome
        project = yield "find"
    # After a lost response, a project that is there now is the one that this call created.
    created = failure is not None and not is_taken(failure)
    return (yield project) if created and update else project, created
