"""The command `undo`: the reverse of a record, compared with the server as it is."""

from __future__ import annotations

from typing import Any

import attrs

from activepieces_api.types import UNSET
from activepieces_client import Activepieces
from activepieces_client._comparison import merged
from activepieces_client._json import equal, shorten
from activepieces_client.bulk import Change, Plan
from activepieces_client.exceptions import Difference

from ._properties import PropertyPath, put, violations
from ._record import Entry, Record, names


@attrs.frozen
class Undo:
    """The plan of an undo, and the values that it leaves alone.

    Attributes:
        plan: The changes to make.
        numbers: The line of each update of the plan.
        conflicts: Values that somebody has changed since, and projects that the key does not see, by line.
        lasting: Values that the service cannot take back, by line.
    """

    plan: Plan
    numbers: list[int]
    conflicts: list[tuple[int, str]]
    lasting: list[tuple[int, str]]


def make(client: Activepieces, record: Record, timeout: float | None, *, force: bool) -> Undo:
    """Plan the reverse of every change that was or may have been made.

    Args:
        client: The client.
        record: The record.
        timeout: Seconds for each phase of an attempt.
        force: Whether to overwrite values that somebody has changed since.
    """
    entries = [entry for entry in record.entries if record.outcomes.get(entry.id, {}).get("outcome") != "rejected"]
    conflicts, lasting = list[tuple[int, str]](), list[tuple[int, str]]()
    updates: list[tuple[str, dict[str, Any]]] = []
    for entry in entries:
        body: dict[str, Any] = {}
        for path in entry.paths:
            if reason := _reverse(body, names(path), entry.before.get(path, UNSET)):
                lasting.append((entry.line, f"{path}: {reason}"))
        updates.append((entry.id, body))
    plan = client.projects.plan(updates, merge_metadata=True, timeout=timeout)
    changes: list[Change] = []
    for change in plan:
        entry = entries[change.index]
        kept = _without_conflicts(change, entry, conflicts) if not force else change
        if kept.body:
            changes.append(kept)
            patch = kept.body.get("metadata", {})
            if patch and not merged(change.project.to_dict().get("metadata"), patch):
                lasting.append((entry.line, "$.metadata: stays {}, without members"))
    conflicts += ((entries[i].line, f"the key sees no project {name}") for i, name in plan.unknown.items())
    numbers = [entry.line for entry in entries]
    return Undo(attrs.evolve(plan, changes=tuple(changes)), numbers, conflicts, lasting)


def _reverse(body: dict[str, Any], path: PropertyPath, before: Any) -> str | None:
    """Put the value before into a body; return the reason if that cannot be sent."""
    if path[0] == "metadata" and len(path) > 1:
        put(body, path, None if before is UNSET else before)
        return "was null, and is removed instead" if before is None else None
    if before is UNSET:
        return "no response shows the value before"
    single: dict[str, Any] = {}
    put(single, path, before)
    if violations({"body": single}):
        return f"the service does not take {shorten(before)} back"
    put(body, path, before)
    return None


def _without_conflicts(change: Change, entry: Entry, conflicts: list[tuple[int, str]]) -> Change:
    """Return a change without the values that are not as the record left them."""
    kept: list[Difference] = []
    body: dict[str, Any] = {}
    for item in change.differences:
        after = entry.after.get(item.path, UNSET)
        if equal(after, item.returned):
            kept.append(item)
            put(body, names(item.path), None if item.requested is UNSET else item.requested)
        else:
            now = "is removed" if item.returned is UNSET else f"is {shorten(item.returned)}"
            conflicts.append((entry.line, f"{entry.id} {item.path}: {now} by now, so it stays"))
    return attrs.evolve(change, body=body, differences=tuple(kept))
