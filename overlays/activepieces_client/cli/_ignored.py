"""The properties that a server is known to ignore although it responds with 200."""

from __future__ import annotations

from typing import Any

from activepieces_api.types import UNSET

from ._properties import PropertyPath, get, is_returned
from ._resolve import Project

_REPLACED_BY_PIECE_SETS = {("plan", "pieces"), ("plan", "piecesFilterType")}
_FIXED_FOR_PERSONAL = {"displayName", "icon"}


def reason_to_ignore(path: PropertyPath, value: Any, project: Project) -> str | None:
    """Return why the server would ignore a property of an update; None if unknown."""
    # A project of release 0.87 or later has this property.
    if path in _REPLACED_BY_PIECE_SETS and "pieceSetId" in project:
        return "piece sets replace it from release 0.87 on"
    if path[:1] and path[0] in _FIXED_FOR_PERSONAL and project.get("type") == "PERSONAL":
        return "the project is PERSONAL"
    if path == ("externalId",) and isinstance(value, str) and not value.strip():
        return "it is blank"
    if is_returned(path) and get(project, path) is UNSET:
        return "the server is older than the property"
    return None
