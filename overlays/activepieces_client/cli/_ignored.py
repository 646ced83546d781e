"""What a server is known to ignore, from what its projects look like: it responds with 200 all the same."""

from __future__ import annotations

from typing import Any

from activepieces_api.types import UNSET

from ._csv import get
from ._properties import PropertyPath, is_shown
from ._resolve import Project

_REPLACED_BY_PIECE_SETS = {("plan", "pieces"), ("plan", "piecesFilterType")}
_FIXED_FOR_PERSONAL = {"displayName", "icon"}


def reason_to_ignore(path: PropertyPath, value: Any, project: Project) -> str | None:
    """Return why the server would ignore a property; None where it is not known to."""
    # A project of release 0.87 or later shows its piece set.
    if path in _REPLACED_BY_PIECE_SETS and "pieceSetId" in project:
        return "piece sets replace it from release 0.87 on"
    if path[:1] and path[0] in _FIXED_FOR_PERSONAL and project.get("type") == "PERSONAL":
        return "the project is PERSONAL"
    if path == ("externalId",) and isinstance(value, str) and not value.strip():
        return "it is blank"
    if is_shown(path) and get(project, path, UNSET) is UNSET:
        return "the server is older than the property"
    return None
