"""The project of each line, found among the projects that the key sees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from activepieces_client import Activepieces
from activepieces_client._json import shorten
from activepieces_client.exceptions import Violation

from ._line import ONE_LINE_EACH, Line

Project = dict[str, Any]


@attrs.frozen
class Resolved:
    """The result of resolving lines.

    Attributes:
        lines: The lines with exactly one project, each with the id of that.
        violations: What is wrong, by the number of the line.
    """

    lines: list[tuple[Line, str]]
    violations: list[tuple[int, Violation]]


def fetch(client: Activepieces, timeout: float | None) -> list[Project]:
    """Return every project that the key sees."""
    return [project.to_dict() for project in client.projects.list(timeout=timeout)]


def resolve(lines: Iterable[Line], projects: Iterable[Project]) -> Resolved:
    """Find the project of every line that names one by its external id."""
    # By external id. Dicts as ordered sets: a project that is renamed between two pages comes twice.
    ids: dict[str, dict[str, None]] = {}
    for project in projects:
        external_id = project.get("externalId")
        if isinstance(external_id, str):
            ids.setdefault(external_id, {})[project["id"]] = None
    resolved, seen = Resolved([], []), dict[str, int]()
    for line in lines:
        candidates = list(ids.get(line.external_id, ())) if line.by_external_id else [line.project_id]
        name = shorten(line.external_id)
        if len(candidates) != 1:
            several = f"{len(candidates)} projects have the external id {name}: {', '.join(candidates)}"
            message = several if candidates else f"no project that the key sees has the external id {name}"
            resolved.violations.append((line.number, Violation("externalId", message)))
            continue
        (project_id,) = candidates
        first = seen.setdefault(project_id, line.number)
        if first != line.number:
            message = f"{project_id} is the project of line {first}, too: {ONE_LINE_EACH}"
            resolved.violations.append((line.number, Violation(line.name_path, message)))
        resolved.lines.append((line, project_id))
    return resolved
