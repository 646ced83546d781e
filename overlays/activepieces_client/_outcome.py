"""What came of one update of a roll-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .exceptions import ActivepiecesError

if TYPE_CHECKING:
    from activepieces_api.models import Project


@attrs.frozen
class UpdateOutcome:
    """What came of one update of `update_many`: a project, or an error.

    Attributes:
        index: The place of the update among those given, from 0.
        project_id: The id of the project.
        project: The project as it is after the update; None where there is an error.
        error: What `update` would have raised; None where it would have returned.
    """

    index: int
    project_id: str
    project: Project | None = None
    error: ActivepiecesError | None = None
