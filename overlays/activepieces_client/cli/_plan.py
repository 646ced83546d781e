"""The command `plan`: the changes that a file of updates would make."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from activepieces_api.types import UNSET
from activepieces_client import Activepieces, RequestValidationError
from activepieces_client._json import shorten
from activepieces_client.bulk import Change, Plan
from activepieces_client.exceptions import Difference, Violation

from ._input import Updates
from ._output import counted, print_json, print_styled, printable

_STYLES = {"added": "green", "changed": "yellow", "removed": "red"}


def make(client: Activepieces, updates: Updates, timeout: float | None) -> tuple[Plan, list[tuple[int, Violation]]]:
    """Compare a file with the server; return the plan, and the ids without exactly one project, by line."""
    pairs = ((line.name, line.body) for line in updates.lines)
    by: Any = "external_id" if updates.by_external_id else "id"
    path = "externalId" if updates.by_external_id else "path.id"
    try:
        plan = client.projects.plan(pairs, by=by, merge_metadata=updates.merge_metadata, timeout=timeout)
    except RequestValidationError as error:  # an external id of several projects
        places = ((re.match(r"updates\[(\d+)\]", violation.path), violation.message) for violation in error.violations)
        wrong = [(updates.numbers[int(place[1])], Violation(path, message)) for place, message in places if place]
        return Plan((), (), 0, {}, merge_metadata=False), wrong
    unknown = ((updates.numbers[index], shorten(name)) for index, name in plan.unknown.items())
    message = "is not the id of a project that the key sees"
    return plan, [(number, Violation(path, f"{name} {message}")) for number, name in unknown]


def kind_of(difference: Difference) -> str:
    """Return whether a value is added, changed or removed; null is not a value."""
    if difference.returned is UNSET or difference.returned is None:
        return "added"
    return "removed" if difference.requested is UNSET or difference.requested is None else "changed"


def summary(plan: Plan) -> dict[str, Any]:
    """Return the numbers of a plan: of projects, and of values by property."""
    values: dict[str, Counter[str]] = {}
    for change in plan:
        for difference in change.differences:
            values.setdefault(difference.path, Counter())[kind_of(difference)] += 1
    reasons = Counter((item.path, why) for change in (*plan, *plan.ignored) for item, why in change.ignored)
    return {
        "changing": len(plan),
        "unchanged": plan.unchanged + len(plan.ignored),
        "unknown": len(plan.unknown),
        "values": values,
        "ignored": [{"path": path, "reason": why, "projects": number} for (path, why), number in reasons.items()],
    }


def summary_lines(plan: Plan) -> list[str]:
    """Return the summary as text."""
    numbers = summary(plan)
    lines = [
        f"{path}: {', '.join(f'{kinds[kind]} {kind}' for kind in _STYLES if kinds[kind])}"
        for path, kinds in numbers["values"].items()
    ]
    lines += (f"{item['path']}: {item['projects']} ignored, since {item['reason']}" for item in numbers["ignored"])
    total = len(plan) + numbers["unchanged"] + numbers["unknown"]
    counts = ", ".join(f"{numbers[name]} {name}" for name in ("changing", "unchanged", "unknown"))
    return [printable(line) for line in lines] + [f"{counted(total, 'project')}: {counts}"]


def show(plan: Plan, numbers: Sequence[int], *, as_json: bool, only_summary: bool) -> int:
    """Print the plan, and return the exit code: 3 if something would change."""
    changes = sorted((*plan, *plan.ignored), key=lambda change: change.index)
    for change in () if only_summary else changes:
        number, project = numbers[change.index], change.project
        if as_json:
            found = [_to_json(item, why) for item, why in _all(change)]
            print_json({"line": number, "id": project.id, "displayName": project.display_name, "changes": found})
            continue
        print(printable(f"line {number}, {project.id} ({project.display_name})"))
        for item, why in _all(change):
            before = "(unset)" if item.returned is UNSET else shorten(item.returned)
            after = "(removed)" if item.requested is UNSET else shorten(item.requested)
            text = printable(f"  {item.path}: {before} → {after}" + (f", ignored: {why}" if why else ""))
            print_styled(text, "dim" if why else _STYLES[kind_of(item)])
    if as_json:
        print_json({"summary": summary(plan)})
    else:
        print("\n".join(summary_lines(plan)))
    return 3 if plan.changes else 0


def _all(change: Change) -> list[tuple[Difference, str | None]]:
    return [*((item, None) for item in change.differences), *change.ignored]


def _to_json(item: Difference, why: str | None) -> dict[str, Any]:
    """Return a difference as a JSON object, without the values that are UNSET."""
    values = {"path": item.path, "from": item.returned, "to": item.requested, "ignored": why or UNSET}
    return {name: value for name, value in values.items() if value is not UNSET}
