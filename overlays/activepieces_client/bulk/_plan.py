"""A plan: the changes that updates would make to the current projects."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import attrs

from activepieces_api.types import UNSET
from activepieces_client import exceptions as errors
from activepieces_client._bodies import validate
from activepieces_client._comparison import merged
from activepieces_client._json import equal, is_object, json_path, shorten
from activepieces_client._specification import specification

if TYPE_CHECKING:
    from activepieces_api.models import Project

# Up to this many projects are fetched one by one. For more updates, all projects are listed once.
_FETCHED_ONE_BY_ONE = 20

_REPLACED_BY_PIECE_SETS = {"$.plan.pieces", "$.plan.piecesFilterType"}
_FIXED_FOR_PERSONAL = {"displayName", "icon"}


@attrs.frozen
class Change:
    """An update, compared with its project.

    A difference is that of a property or, in an object such as metadata, that of a member. Its `requested` is UNSET if
    the update removes the member, and its `returned` if the project lacks it or if no response shows it.

    Attributes:
        index: The position of the update among those given, from 0.
        project: The project as it is.
        body: The body to send, with only the properties that differ and are not ignored.
        differences: The changes that the body makes.
        ignored: Further differences, which the service is known to ignore, each with the reason.
    """

    index: int
    project: Project
    body: dict[str, Any]
    differences: tuple[errors.Difference, ...]
    ignored: tuple[tuple[errors.Difference, str], ...]


@attrs.frozen
class Plan(Iterable[Change]):
    """The changes that updates would make, for `update_many`. Its length is their number.

    Attributes:
        changes: The changes, in the order of the updates.
        ignored: The updates without any change left to send, since the service is known to ignore the rest.
        unchanged: The number of updates whose projects already are as requested.
        unknown: The ids of projects that the key cannot see, by the positions of their updates.
        merge_metadata: Whether metadata is merged.
    """

    changes: tuple[Change, ...]
    ignored: tuple[Change, ...]
    unchanged: int
    unknown: dict[int, str]
    merge_metadata: bool

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)


class Comparison:
    """The updates of a plan, and the projects that they are compared with.

    Attributes:
        ids: The ids of the projects to get one by one.
        filters: The filters of the lists to fetch.

    Raises:
        RequestValidationError: An update is invalid. `violations` has those of all updates, with their positions.
    """

    def __init__(self, updates: Iterable[tuple[str, Any]], *, by: str, merge_metadata: bool) -> None:
        if by not in ("id", "external_id"):
            raise errors.ConfigurationError(f"by must be 'id' or 'external_id'; it is {by!r}")
        self._by, self._merge_metadata = by, merge_metadata
        self._updates: dict[str, tuple[int, dict[str, Any]]] = {}
        self._projects: dict[str, Project] = {}
        self._violations: list[errors.Violation] = []
        for index, update in enumerate(updates):
            try:
                key, body = self._validated(*as_pair(update))
                self._updates[key] = index, body
            except errors.RequestValidationError as error:
                self._violations += (_at(index, item.path, item.message) for item in error.violations)
        if self._violations:
            raise errors.RequestValidationError(self._violations)
        few = len(self._updates) <= _FETCHED_ONE_BY_ONE
        self.ids: list[str] = list(self._updates) if few and by == "id" else []
        self.filters: list[dict[str, Any]] = (
            ([] if self.ids else [{"external_id": key} for key in self._updates]) if few else [{}]
        )

    def _validated(self, key: Any, body: Any) -> tuple[str, dict[str, Any]]:
        if hasattr(body, "to_dict"):  # a model, which may hold values that are not JSON
            validate(body)
            body = body.to_dict()
        if self._by == "id":
            valid = specification().operations["updateProject"].validate({"path": {"id": key}, "body": body})
        else:
            valid = specification().operations["updateProject"].validate({"body": body})
            if not isinstance(key, str) or not key:
                raise errors.RequestValidationError([errors.Violation(self._by, "is not a text, or it is empty")])
        if key in self._updates:
            message = f"{shorten(key)} is also the id of updates[{self._updates[key][0]}]"
            raise errors.RequestValidationError([errors.Violation(self._by, message)])
        return key, valid["body"]

    def add(self, project: Project) -> None:
        """Keep a project if an update needs it."""
        key: Any = project.id if self._by == "id" else project.external_id
        if key in self._updates:
            other = self._projects.setdefault(key, project)
            if other.id != project.id:  # a project renamed between two pages may be listed twice
                message = f"{other.id} and {project.id} have the external id {shorten(key)}"
                self._violations.append(_at(self._updates[key][0], self._by, message))

    def plan(self) -> Plan:
        """Compare the updates with the projects that were added.

        Raises:
            RequestValidationError: Several projects have the same external id.
        """
        if self._violations:
            raise errors.RequestValidationError(self._violations)
        updates = ((self._projects.get(key), key, *update) for key, update in self._updates.items())
        unknown, compared = dict[int, str](), list[Change]()
        for project, key, index, body in updates:
            if project:
                compared.append(self._compare(index, body, project))
            else:
                unknown[index] = key
        changes = tuple(change for change in compared if change.body)
        ignored = tuple(change for change in compared if change.ignored and not change.body)
        unchanged = len(compared) - len(changes) - len(ignored)
        return Plan(changes, ignored, unchanged, unknown, self._merge_metadata)

    def _compare(self, index: int, requested: dict[str, Any], project: Project) -> Change:
        current = project.to_dict()
        operation = specification().operations["updateProject"]
        response = operation.response(200)
        shown: dict[str, Any] = response.definition["properties"] if response else {}
        found = operation.differences({"body": requested}, current)
        found += (errors.Difference(f"$.{name}", requested[name], UNSET) for name in requested if name not in shown)
        body: dict[str, Any] = {}
        differences: list[errors.Difference] = []
        ignored: list[tuple[errors.Difference, str]] = []
        for item in found:
            sent, members = item.requested, list(_members(item)) or [item]
            if self._merge_metadata and item.path == "$.metadata":
                after = merged(item.returned, sent)
                members = list(_members(attrs.evolve(item, requested=after)))
                paths = {member.path for member in members}
                sent = {name: sent[name] for name in sent if json_path((name,), item.path) in paths}
            if reason := _reason_to_ignore(item, current, shown):
                ignored += ((member, reason) for member in members)
            elif members:
                differences += members
                *outer, last = item.path.removeprefix("$.").split(".")
                functools.reduce(lambda inner, name: inner.setdefault(name, {}), outer, body)[last] = sent
        return Change(index, project, body, tuple(differences), tuple(ignored))


def as_pair(update: Any) -> tuple[Any, Any]:
    """Return an update as its id and its body.

    Raises:
        TypeError: It is not a pair. A mapping with two members would be taken for one.
    """
    pair = update
    if isinstance(update, tuple | list) and len(pair) == 2:
        return pair[0], pair[1]
    example = '("p1", {"displayName": "Acme"})'
    raise TypeError(f"each update is a pair of an id and a body, such as {example}, not {shorten(pair)}")


def _at(index: int, path: str, message: str) -> errors.Violation:
    return errors.Violation(f"updates[{index}] {path}", message)


def _members(difference: errors.Difference) -> Iterator[errors.Difference]:
    """Yield the members that differ between two objects, or between null and an object."""
    before: Any = difference.returned or {}
    after = difference.requested
    if is_object(after) and is_object(before):
        for name in dict.fromkeys([*before, *after]):
            requested, returned = after.get(name, UNSET), before.get(name, UNSET)
            if not equal(requested, returned):
                yield errors.Difference(json_path((name,), difference.path), requested, returned)


def _reason_to_ignore(difference: errors.Difference, project: dict[str, Any], shown: Container[str]) -> str | None:
    """Return why the service would ignore a property of an update, although it responds with 200."""
    # A project of release 0.87 or later has this property.
    if difference.path in _REPLACED_BY_PIECE_SETS and "pieceSetId" in project:
        return "piece sets replace it from release 0.87 on"
    name = difference.path.split(".")[1]
    if name in _FIXED_FOR_PERSONAL and project.get("type") == "PERSONAL":
        return "the project is PERSONAL"
    if name == "externalId" and not difference.requested.strip():
        return "it is blank"
    return "the server is older than the property" if name in shown and difference.returned is UNSET else None
