"""The projects of the stand-in, as the service and its database create, change and delete them."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import Any

from . import _javascript
from ._errors import framework_error, service_error
from ._javascript import is_object
from ._releases import Release
from ._schemas import response_example

Project = dict[str, Any]

_IGNORED_FOR_PERSONAL = frozenset({"displayName", "icon"})
_IGNORED_FOR_MEMBERS = frozenset({"externalId", "executionDataRetentionDays"})
_MAX_STORED_INTEGER = 2**31 - 1  # the columns are narrower than the schema
_RETENTION_DAYS = 30  # what an installation allows by default
_RETENTION_BOUNDS = (
    f"executionDataRetentionDays must be between AP_PAUSED_FLOW_TIMEOUT_DAYS ({_RETENTION_DAYS})"
    f" and AP_EXECUTION_DATA_RETENTION_DAYS ({_RETENTION_DAYS})"
)


class Projects:
    """The projects of one platform.

    Attributes:
        all: The projects as they are.
    """

    def __init__(self, projects: Iterable[Mapping[str, Any]], release: Release) -> None:
        self._release = release
        self._example = json.dumps(without(response_example("updateProject"), release.lacks))
        self._numbers = itertools.count(1)
        self._by_id: dict[str, Project] = {}
        self._pools: dict[str, str] = {}
        self.all: list[Project] = []
        for project in projects:
            self._add(project)

    def find(self, project_id: str) -> Project:
        """Return a project.

        Raises:
            ErrorResponse: The project does not exist.
        """
        project = self._by_id.get(project_id)
        if project is None or project["id"] != project_id or len(self._by_id) != len(self.all):
            self._by_id = {project["id"]: project for project in self.all}
            project = self._by_id.get(project_id)
        if project is None:
            raise service_error(404, "ENTITY_NOT_FOUND", entityId=project_id, entityType="project")
        return project

    def create(self, body: dict[str, Any]) -> Project:
        """Create a project from a valid body.

        Raises:
            ErrorResponse: The external id is taken, or the database cannot store a value.
        """
        # globalConnectionExternalIds and alertReceiverEmail are in no response.
        changes = self._storable({name: value for name, value in body.items() if f'"{name}"' in self._example})
        external_id = changes.get("externalId")
        if external_id is not None and self._is_taken(external_id):
            message = 'duplicate key value violates unique constraint "idx_project_platform_id_external_id"'
            raise framework_error(500, message, "23505")
        project = self._add({})
        project["analytics"] = {name: value and 0 for name, value in project["analytics"].items()}
        self._store(project, changes)
        for part in (project, project["plan"]):
            part.update(created=project["updated"], updated=project["updated"])
        return project

    def update(self, project: Project, changes: dict[str, Any], *, admin: bool) -> None:
        """Update a project by a valid body, without the properties that the service ignores.

        Raises:
            ErrorResponse: The installation does not allow a value, or the database cannot store it.
        """
        self._drop_ignored(changes, project, admin=admin)
        plan = changes.pop("plan", None)
        self._check(project, changes, plan or {})
        plan = self._storable(plan) if plan else plan
        self._store(project, self._storable(changes))
        if plan or (plan is not None and self._release.empty_plan_moves_updated):
            project["plan"].update(plan, updated=project["updated"])

    def delete(self, project: Project) -> None:
        """Delete a project.

        Raises:
            ErrorResponse: It is PERSONAL.
        """
        if project["type"] == "PERSONAL":
            raise service_error(409, "VALIDATION", message="Personal projects cannot be deleted")
        self.all.remove(project)
        self._by_id.clear()

    def _drop_ignored(self, changes: dict[str, Any], project: Project, *, admin: bool) -> None:
        ignored = self._release.ignores
        if project["type"] == "PERSONAL":
            ignored |= _IGNORED_FOR_PERSONAL
        if not admin:
            ignored |= _IGNORED_FOR_MEMBERS
        without(changes, ignored)
        if not changes.get("externalId", "").strip():
            changes.pop("externalId", None)

    def _check(self, project: Project, changes: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
        """Raise an error for values that are valid, but that the installation does not allow."""
        external_id = changes.get("externalId", project["externalId"])
        if external_id != project["externalId"] and self._is_taken(external_id):
            raise service_error(409, "PROJECT_EXTERNAL_ID_ALREADY_EXISTS", externalId=external_id)
        if changes.get("executionDataRetentionDays") not in (None, _RETENTION_DAYS):
            raise service_error(409, "VALIDATION", message=_RETENTION_BOUNDS)
        active_flows = plan.get("activeFlowsLimit")
        if active_flows is not None and active_flows < project["analytics"]["activeFlows"]:
            raise service_error(409, "VALIDATION", message="the project has more active flows")

    def _is_taken(self, external_id: str) -> bool:
        return any(project.get("externalId") == external_id for project in self.all)

    def _storable(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Return the values as the database returns them, or raise its error."""
        stored: dict[str, Any] = _javascript.well_formed(changes)
        if not self._release.stores_lone_surrogates and stored.get("metadata") != changes.get("metadata"):
            raise framework_error(500, "invalid input syntax for type json", "22P02")
        for name, value in stored.items():
            if name == "metadata":
                stored[name] = _javascript.stored(value)
            if isinstance(value, float):  # no column has fractions
                raise framework_error(500, f'invalid input syntax for type integer: "{value}"', "22P02")
            if isinstance(value, int) and value > _MAX_STORED_INTEGER:
                raise framework_error(500, f'value "{value}" is out of range for type integer', "22003")
            if _javascript.contains_nul(value):
                if name == "metadata":
                    raise framework_error(500, "unsupported Unicode escape sequence", "22P05")
                raise framework_error(500, 'invalid byte sequence for encoding "UTF8": 0x00', "22021")
        return stored

    def _store(self, project: Project, changes: dict[str, Any]) -> None:
        if "maxConcurrentJobs" in changes:
            limited = changes["maxConcurrentJobs"] is not None
            changes["poolId"] = self._pool_of(project) if limited else None
        project.update(changes)
        project["updated"] = _now(after=project["updated"])

    def _pool_of(self, project: Project) -> str:
        return self._pools.setdefault(project["id"], project["poolId"] or _made_up_id("pool", len(self._pools) + 1))

    def _add(self, given: Mapping[str, Any]) -> Project:
        """Add a project; make up what it lacks."""
        number = next(self._numbers)
        project: Project = json.loads(self._example)
        project["id"] = given.get("id", _made_up_id("pRjEctId", number))
        project["displayName"] = f"Project {number}"
        project["plan"].update(id=_made_up_id("plan", number), projectId=project["id"])
        _merge(project, json.loads(json.dumps(dict(given))), f"project {number}")
        self.all.append(project)
        return project


def without(value: Any, paths: Set[str]) -> Any:
    """Remove the properties at some paths, such as `plan.pieces`, from an object."""
    for path in paths if is_object(value) else ():
        owner, _, name = path.rpartition(".")
        holder = value.get(owner) if owner else value
        if is_object(holder):
            holder.pop(name, None)
    return value


def _merge(project: Project, given: Mapping[str, Any], where: str) -> None:
    """Merge given properties into a project.

    Raises:
        ValueError: The release has no such property.
    """
    for name, value in given.items():
        if name not in project:
            nearest = difflib.get_close_matches(name, project, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else f"; known are {', '.join(project)}"
            raise ValueError(f"{where} has an unknown property {name!r}{hint}")
        if is_object(value) and is_object(project[name]):
            _merge(project[name], value, f"{name} of {where}")
        else:
            project[name] = value


def _made_up_id(kind: str, number: int) -> str:
    return f"{kind}{number:0{21 - len(kind)}}"


def _now(after: str) -> str:
    """Return the time in the service's format, later than another one."""
    now = max(datetime.now(UTC), datetime.fromisoformat(after) + timedelta(milliseconds=1))
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
