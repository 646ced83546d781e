"""The rules of rules.yaml, and the rule of each change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from .compare import Change
from .document import as_array, as_object, load_yaml
from .schema import CONSTRAINTS

SEVERITIES = ("unchanged", "compatible", "may break", "breaking")
"""From the best to the worst."""


@attrs.frozen
class Rule:
    """A kind of change and what it does to users.

    Attributes:
        reason: What it means for users, and what they do.
    """

    name: str
    severity: str
    reason: str


TABLE: dict[str, list[str]] = load_yaml(Path(__file__).with_suffix(".yaml"))
RULES = {name: Rule(name, severity, reason) for name, (severity, reason) in TABLE.items()}


def worst(severities: Iterable[str]) -> str:
    """Return the worst severity."""
    return max(severities, key=SEVERITIES.index, default="unchanged")


def judge(changes: Iterable[Change]) -> Iterator[tuple[Change, Rule]]:
    """Find the rule of each change.

    That a schema differs as a whole counts only where the other changes do not explain it. Where nothing proves the
    whole compatible, though each of the other changes is, the others count.
    """
    judged = [(change, rule_of(change)) for change in changes]
    details: dict[tuple[str, str], set[str]] = {}
    for change, rule in judged:
        if change.keyword != "schema":
            details.setdefault((change.operation, change.direction), set()).add(rule.severity)
    for change, rule in judged:
        severity = worst(details.get((change.operation, change.direction), ()))
        explained = severity == "breaking" if rule.severity == "breaking" else severity != "unchanged"
        if change.keyword != "schema" or not explained:
            yield change, rule


def rule_of(change: Change) -> Rule:
    """Return the rule of a change."""
    how = "added" if change.old is None else "removed" if change.new is None else str(change.new).lower()
    direction, keyword = change.direction, change.keyword
    old, new = as_array(change.old), as_array(change.new)
    if keyword == "security" and (not new or (old and set(old) <= set(new))):
        keyword = "security-reduced"
    names = [f"{direction}-{keyword}-{how}", f"{direction}-{keyword}", f"{keyword}-{how}", keyword]
    if how == "added" and as_object(change.new).get("required"):
        names = [f"{name}-required" for name in names] + names
    return RULES[next((name for name in names if name in RULES), None) or _rule_of_values(change)]


def _rule_of_values(change: Change) -> str:
    """Return the name of the rule for a change of the values that a schema accepts."""
    response = change.direction == "response"
    if change.same_values():
        return "enum-same-values" if change.keyword == "enum-value" else "same-values"
    if response and change.keyword in CONSTRAINTS:
        return "response-limits"
    if response:
        return {"yes": "response-narrower", "no": "response-wider"}.get(change.proved[1], "response-unproven")
    return {"yes": "request-wider", "no": "request-narrower"}.get(change.proved[0], "request-unproven")
