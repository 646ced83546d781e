"""What a file of updates would change: each property as it is and as it would be, and what would be ignored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from activepieces_api.types import UNSET
from activepieces_client._json import Location, equal, is_object, json_path, shorten
from activepieces_client.exceptions import Problem

from ._ignored import reason_to_ignore
from ._line import Line
from ._output import counted, print_json, printable
from ._properties import PropertyPath, body_schema
from ._resolve import Project


@attrs.frozen
class Change:
    """One property that would change, or would have to.

    Attributes:
        before: Its value; UNSET where it has none, or no response shows it.
        after: Its value afterwards; UNSET for a member of metadata that would be removed.
        ignored: Why it stays as it is; None where it does not.
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
        """Return the change as a line of JSON has it; what is unset or removed is left out."""
        values = {"path": self.path, "from": self.before, "to": self.after, "ignored": self.ignored}
        return {
            name: value
            for name, value in values.items()
            if value is not UNSET and (value is not None or name in ("from", "to"))
        }


@attrs.frozen
class LinePlan:
    """What one line would change."""

    line: Line
    project: Project
    changes: list[Change]

    @property
    def effective(self) -> list[Change]:
        """The changes that the server would make."""
        return [change for change in self.changes if not change.ignored]

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a line of JSON."""
        about = {"line": self.line.number, "id": self.project["id"], "displayName": self.project["displayName"]}
        return {**about, "changes": [change.to_json() for change in self.changes]}


def plan(
    lines: Iterable[tuple[Line, str]], projects: Iterable[Project]
) -> tuple[list[LinePlan], list[tuple[int, Problem]]]:
    """Compare every line with its project; return what each would change, and the lines without a project."""
    by_id = {project["id"]: project for project in projects}
    plans: list[LinePlan] = []
    problems: list[tuple[int, Problem]] = []
    for line, project_id in lines:
        if project := by_id.get(project_id):
            plans.append(LinePlan(line, project, list(_changes(body_schema(), line.body, project, project))))
        else:
            message = f"{shorten(project_id)} is not the id of a project that the key sees"
            problems.append((line.number, Problem("path.id", message)))
    return plans, problems


def _changes(
    schema: dict[str, Any], requested: Any, current: Any, project: Project, path: PropertyPath = ()
) -> Iterator[Change]:
    """Yield what an object with named properties changes, property by property; other values are replaced whole."""
    if "properties" in schema and is_object(requested):
        for name, value in requested.items():
            inner = current.get(name, UNSET) if is_object(current) else UNSET
            yield from _changes(schema["properties"][name], value, inner, project, (*path, name))
    elif not equal(requested, current):
        ignored = reason_to_ignore(path, requested, project)
        for location, before, after in _members(path, current, requested):
            yield Change(json_path(location), before, after, ignored)


def _members(location: Location, before: Any, after: Any) -> Iterator[tuple[Location, Any, Any]]:
    """Yield what differs between two values; of two objects, the members."""
    if is_object(before) and is_object(after):
        for name in dict.fromkeys([*before, *after]):
            yield from _members((*location, name), before.get(name, UNSET), after.get(name, UNSET))
    elif before is UNSET or after is UNSET or not equal(after, before):
        yield location, before, after


def show(plans: list[LinePlan], settled: int, *, as_json: bool) -> int:
    """Show the plan, and return the exit code: 3 where something would change."""
    changing = [each for each in plans if each.effective]
    ignored = Counter((change.path, change.ignored) for each in plans for change in each.changes if change.ignored)
    numbers = {
        "updates": len(plans) + settled,
        "changing": len(changing),
        "properties": sum(len(each.effective) for each in changing),
        "unchanged": len(plans) - len(changing),
        "settled": settled,
    }
    if as_json:
        for each in plans:
            print_json(each.to_json())
        summary = [{"path": path, "reason": reason, "lines": count} for (path, reason), count in ignored.items()]
        print_json({"summary": {**numbers, "ignored": summary}})
        return 3 if changing else 0
    for each in plans:
        if each.changes:
            print(printable(f"line {each.line.number}, {each.project['id']} ({each.project['displayName']})"))
            for change in each.changes:
                print(f"  {printable(str(change))}")
    for (path, reason), count in ignored.items():
        print(f"this server ignores {path} ({counted(count, 'line')}): {reason}")
    say = f"{counted(numbers['updates'], 'update')}: {numbers['changing']} would change"
    if changing:
        say += f" {counted(numbers['properties'], 'property')}".replace("propertys", "properties")
    say += f", {numbers['unchanged']} would change nothing"
    print(say + (f", {settled} not sent again, says the journal" if settled else ""))
    return 3 if changing else 0
