"""The command `plan`: what a file of updates would change, property by property."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from activepieces_api.types import UNSET
from activepieces_client._json import Location, equal, is_object, json_path, shorten
from activepieces_client.exceptions import Violation

from ._ignored import reason_to_ignore
from ._line import Line
from ._output import counted, print_json, printable
from ._properties import PropertyPath, body_schema
from ._resolve import Project


@attrs.frozen
class Change:
    """A property, or a member of metadata, that an update is to change.

    Attributes:
        path: Its JSONPath.
        before: Its value; UNSET where it has none, or no response shows it.
        after: Its value after the update; UNSET where a member of metadata would be removed.
        ignored: Why the server would ignore it; None where it is not known to.
    """

    path: str
    before: Any
    after: Any
    ignored: str | None

    def __str__(self) -> str:
        before = "(unset)" if self.before is UNSET else shorten(self.before)
        after = "(removed)" if self.after is UNSET else shorten(self.after)
        return f"{self.path}: {before} → {after}" + (f", ignored: {self.ignored}" if self.ignored else "")

    def to_json(self) -> dict[str, Any]:
        """Return the change as a JSON object, without what is UNSET."""
        values = {"path": self.path, "from": self.before, "to": self.after, "ignored": self.ignored}
        return {
            name: value
            for name, value in values.items()
            if value is not UNSET and (value is not None or name in ("from", "to"))
        }


@attrs.frozen
class LinePlan:
    """The changes that one line requests."""

    line: Line
    project: Project
    changes: list[Change]

    @property
    def effective(self) -> list[Change]:
        """The changes that the server would make."""
        return [change for change in self.changes if not change.ignored]

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a JSON object."""
        return {
            "line": self.line.number,
            "id": self.project["id"],
            "displayName": self.project["displayName"],
            "changes": [change.to_json() for change in self.changes],
        }


def plan(
    lines: Iterable[tuple[Line, str]], projects: Iterable[Project]
) -> tuple[list[LinePlan], list[tuple[int, Violation]]]:
    """Compare every line with its project; return the plans and the violations."""
    by_id = {project["id"]: project for project in projects}
    plans: list[LinePlan] = []
    violations: list[tuple[int, Violation]] = []
    for line, project_id in lines:
        if project := by_id.get(project_id):
            plans.append(LinePlan(line, project, list(_changes(body_schema(), line.body, project, project))))
        else:
            message = f"{shorten(project_id)} is not the id of a project that the key sees"
            violations.append((line.number, Violation("path.id", message)))
    return plans, violations


def _changes(
    schema: dict[str, Any], requested: Any, current: Any, project: Project, path: PropertyPath = ()
) -> Iterator[Change]:
    """Yield the changes of a body: of an object with named properties, those of each.

    Any other value, such as metadata, is replaced whole.
    """
    if "properties" in schema and is_object(requested):
        for name, value in requested.items():
            inner = current.get(name, UNSET) if is_object(current) else UNSET
            yield from _changes(schema["properties"][name], value, inner, project, (*path, name))
    elif not equal(requested, current):
        ignored = reason_to_ignore(path, requested, project)
        for location, before, after in _members(path, current, requested):
            yield Change(json_path(location), before, after, ignored)


def _members(location: Location, before: Any, after: Any) -> Iterator[tuple[Location, Any, Any]]:
    """Yield the differences between two values; of two objects, those of each member."""
    if is_object(before) and is_object(after):
        for name in dict.fromkeys([*before, *after]):
            yield from _members((*location, name), before.get(name, UNSET), after.get(name, UNSET))
    elif before is UNSET or after is UNSET or not equal(after, before):
        yield location, before, after


def show(plans: list[LinePlan], final: int, *, as_json: bool) -> int:
    """Print the plan, and return the exit code: 3 where something would change."""
    changing = [line_plan for line_plan in plans if line_plan.effective]
    ignored = Counter(
        (change.path, change.ignored) for line_plan in plans for change in line_plan.changes if change.ignored
    )
    numbers = {
        "updates": len(plans) + final,
        "changing": len(changing),
        "properties": sum(len(line_plan.effective) for line_plan in changing),
        "unchanged": len(plans) - len(changing),
        "final": final,
    }
    if as_json:
        for line_plan in plans:
            print_json(line_plan.to_json())
        reasons = [{"path": path, "reason": reason, "lines": count} for (path, reason), count in ignored.items()]
        print_json({"summary": {**numbers, "ignored": reasons}})
        return 3 if changing else 0
    for line_plan in plans:
        if line_plan.changes:
            project = line_plan.project
            print(printable(f"line {line_plan.line.number}, {project['id']} ({project['displayName']})"))
            for change in line_plan.changes:
                print(f"  {printable(str(change))}")
    for (path, reason), count in ignored.items():
        print(f"this server ignores {path} ({counted(count, 'line')}): {reason}")
    print(_summary(numbers))
    return 3 if changing else 0


def _summary(numbers: dict[str, int]) -> str:
    """Return the last line of a plan."""
    changing = f"{numbers['changing']} would change"
    if numbers["changing"]:
        changing += f" {counted(numbers['properties'], 'property', 'properties')}"
    parts = [changing, f"{numbers['unchanged']} would change nothing"]
    if numbers["final"]:
        parts.append(f"{numbers['final']} final in the journal, not sent again")
    return f"{counted(numbers['updates'], 'update')}: {', '.join(parts)}"
