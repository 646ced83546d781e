"""The steps of `get_or_create`, as a generator without I/O: find, create, find again, update."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import attrs

from activepieces_api.models import Project

from ._retry import backoff
from .exceptions import ActivepiecesError, APIConnectionError, ResponseValidationError, ServerError, is_taken

MAX_CREATES = 3


@attrs.frozen
class Find:
    """Find the project by its external id; the outcome is the project, or None."""


@attrs.frozen
class Create:
    """Create the project; the outcome is the project, or the error."""


@attrs.frozen
class Update:
    """Update the project that was created; the outcome is the project as it is then."""

    project_id: str


Step = Find | Create | Update | float
"""What to do next; a number is seconds to wait."""

Outcome = Project | ActivepiecesError | None


def get_or_create(*, update: bool) -> Generator[Step, Any, tuple[Project, bool]]:
    """Yield each step; return the project, and whether it was created.

    After a failed create, it looks for the project: the response may have been lost, or another program may have been
    faster. The external id prevents a second project.

    Args:
        update: Whether there are properties that create drops, so that an update has to follow.

    Raises:
        ActivepiecesError: The project could not be created.
    """
    failure: ActivepiecesError | None = None
    creates, created = 0, False
    project: Project | None = yield Find()
    while project is None:
        if failure:
            if creates == MAX_CREATES or is_taken(failure):
                raise failure
            yield backoff(creates)
        creates += 1
        outcome: Project | ActivepiecesError = yield Create()
        if isinstance(outcome, Project):
            project, created = outcome, True
        elif isinstance(outcome, ServerError | APIConnectionError | ResponseValidationError):
            # After a lost response, a project that is there now is the one that this call created.
            failure, created = outcome, not is_taken(outcome)
            project = yield Find()
        else:
            raise outcome
    if created and update:
        project = yield Update(project.id)
    return project, created
