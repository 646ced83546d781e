"""What a change does to the users of this client: the rules of rules.yaml, and which of them a change falls under."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import attrs
from ruamel.yaml import YAML

from .compare import Change
from .document import elements, members
from .schema import CONSTRAINTS

SEVERITIES = ("unchanged", "compatible", "may break", "breaking")
"""From the least to the worst."""


@attrs.frozen
class Rule:
    """What a kind of change does to users.

    Attributes:
        reason: What it means for users, and what they do.
    """

    name: str
    severity: str
    reason: str


TABLE: dict[str, list[str]] = cast(Any, YAML(typ="safe")).load(Path(__file__).with_suffix(".yaml"))
RULES = {name: Rule(name, severity, reason) for name, (severity, reason) in TABLE.items()}


def worst(severities: Iterable[str]) -> str:
    """Return the worst of some severities."""
    return max(severities, key=SEVERITIES.index, default="unchanged")


def judge(changes: Iterable[Change]) -> Iterator[tuple[Change, Rule]]:
    """Find the rule of each change.

    That a schema differs as a whole counts where the changes of its parts do not explain it. Where nothing proves that
    the whole is compatible, though each changed part is, the parts count.
    """
    judged = [(change, rule_of(change)) for change in changes]
    for change, rule in judged:
        same = [one for one in judged if (one[0].operation, one[0].direction) == (change.operation, change.direction)]
        parts = worst(other.severity for one, other in same if one.keyword != "schema")
        explained = parts == "breaking" if rule.severity == "breaking" else parts != "unchanged"
        if change.keyword != "schema" or not explained:
            yield change, rule


def rule_of(change: Change) -> Rule:
    """Return the rule that a change falls under."""
    how = "added" if change.old is None else "removed" if change.new is None else str(change.new).lower()
    direction, keyword = change.direction, change.keyword
    old, new = elements(change.old), elements(change.new)
    if keyword == "security" and (not new or (old and set(old) <= set(new))):
        keyword = "security-reduced"
    named = [f"{direction}-{keyword}-{how}", f"{direction}-{keyword}", f"{keyword}-{how}", keyword]
    if how == "added" and members(change.new).get("required"):
        named = [f"{name}-required" for name in named] + named
    return RULES[next((name for name in named if name in RULES), None) or _of_values(change)]


def _of_values(change: Change) -> str:
    """Return the rule for a change of the values that a schema accepts."""
    response = change.direction == "response"
    if change.same_values():
        return "enum-same-values" if change.keyword == "enum-value" else "same-values"
    if response and change.keyword in CONSTRAINTS:
        return "response-limits"
    if response:
        return {"yes": "response-narrower", "no": "response-wider"}.get(change.proved[1], "response-unproven")
    return {"yes": "request-wider", "no": "request-narrower"}.get(change.proved[0], "request-unproven")
