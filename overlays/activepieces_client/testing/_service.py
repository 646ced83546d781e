"""The behaviour of the service: its checks, in order, and its updates."""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import jsonschema_rs

from . import _javascript, _pages
from ._errors import ErrorResponse, framework_envelope, framework_error, service_error
from ._javascript import is_object
from ._releases import Release
from ._schemas import body_schema, document, parse, query_schema, route

Project = dict[str, Any]
Handler = Callable[[httpx.Request], httpx.Response]

_IGNORED_FOR_PERSONAL = frozenset({"displayName", "icon"})
_IGNORED_FOR_MEMBERS = frozenset({"externalId", "executionDataRetentionDays"})
_MAX_STORED_INTEGER = 2**31 - 1  # the columns are narrower than the schema
_RETENTION_DAYS = range(30, 31)  # what an installation allows by default


class Service:
    """The projects of one platform, and what requests do to them.

    Attributes:
        projects: The projects as they are.
        api_key: The key of an admin of the platform.
        member_key: The key of a member who may update the projects.
        handlers: Functions from request to response, by operationId, in place of the behaviour here.
    """

    def __init__(self, projects: Iterable[Mapping[str, Any]], release: Release) -> None:
        self._release = release
        self._example = json.dumps(_without(_example(), release.lacks))
        self._query_schema = query_schema("listProjects")
        self._body_schema = body_schema("updateProject")
        self.projects: list[Project] = []
        for project in projects:
            self._add(project)
        self._by_id: dict[str, Project] = {}
        self._pools: dict[str, str] = {}
        self.api_key = "sk-" + "stand-in" * 8
        self.member_key = "stand-in.member.token"
        self.handlers: dict[str, Handler] = {}
        self._behaviours: dict[str, Callable[..., tuple[int, Mapping[str, Any]]]] = {
            "createProject": self._create,
            "getProject": self._get,
            "listProjects": self._list,
            "updateProject": self._update,
        }

    def handle(self, request: httpx.Request, target: str) -> httpx.Response:
        """Handle a request; `target` is the path and query as they are on the wire."""
        path, _, query = target.partition("?")
        if not path.startswith("/api/"):
            # For any other path, the server returns the page of the web application.
            return httpx.Response(200, html="<!doctype html>\n<title>Activepieces</title>\n")
        try:
            operation_id, parameters = route(request.method, path.removeprefix("/api"))
            if operation_id in self.handlers:
                return self.handlers[operation_id](request)
            if operation_id not in self._behaviours:
                return httpx.Response(501, json=framework_envelope(501, _NOT_HANDLED.format(operation_id)))
            status, content = self._behaviours[operation_id](request, query=query, **parameters)
        except ErrorResponse as error:
            status, content = error.status, error.envelope
        except RecursionError:
            status, content = 500, framework_envelope(500, "Maximum call stack size exceeded")
        return httpx.Response(
            status,
            headers={"content-type": "application/json; charset=utf-8"},
            content=json.dumps(content, ensure_ascii=False).encode(),
        )

    def _create(self, request: httpx.Request, **_: str) -> tuple[int, Project]:
        schema = {**self._body_schema, "required": ["displayName"]}
        body = parse(schema, _javascript.well_formed(self._body(request)))
        self._authenticate(request)
        return 201, self._add(body)

    def _get(self, request: httpx.Request, *, id: str, **_: str) -> tuple[int, Project]:  # noqa: A002 - its name in the path
        self._authenticate(request)
        return 200, self._find(id)

    def _list(self, request: httpx.Request, *, query: str) -> tuple[int, dict[str, Any]]:
        values: dict[str, Any] = {}
        for name, found in parse_qs(query, keep_blank_values=True).items():
            expected = self._query_schema["properties"].get(name, {}).get("type")
            values[name] = found if expected == "array" or len(found) > 1 else found[0]
            if expected == "integer":
                values[name] = _javascript.number(values[name])
        valid = parse(self._query_schema, values, "querystring")
        self._authenticate(request)
        return 200, _pages.page(self.projects, valid)

    def _update(self, request: httpx.Request, *, id: str, **_: str) -> tuple[int, Project]:  # noqa: A002 - its name in the path
        received = _without(self._body(request), self._release.lacks)
        changes = parse(self._body_schema, _javascript.well_formed(received))
        admin = self._authenticate(request)
        project = self._find(id)
        self._drop_ignored(changes, project, admin=admin)
        plan = changes.pop("plan", None)
        self._check(project, changes, plan or {})
        if "metadata" in changes:
            if not self._release.stores_lone_surrogates and changes["metadata"] != received["metadata"]:
                raise framework_error(500, "invalid input syntax for type json", "22P02")
            changes["metadata"] = _javascript.stored(changes["metadata"])
        if "maxConcurrentJobs" in changes:
            limited = changes["maxConcurrentJobs"] is not None
            changes["poolId"] = self._pool_of(project) if limited else None
        project.update(changes)
        project["updated"] = _now(after=project["updated"])
        if plan or (plan is not None and self._release.empty_plan_moves_updated):
            project["plan"].update(plan, updated=project["updated"])
        return 200, project

    def _body(self, request: httpx.Request) -> Any:
        """Parse the body, which the service does before it checks the key."""
        body = request.content
        if len(body) > self._release.body_limit:
            raise framework_error(413, "Request body is too large", "FST_ERR_CTP_BODY_TOO_LARGE")
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        text = body.decode("utf-8", "replace")
        if media_type == "application/json":
            if not body:
                message = "Body cannot be empty when content-type is set to 'application/json'"
                raise framework_error(400, message, "FST_ERR_CTP_EMPTY_JSON_BODY")
            try:
                return _javascript.parse(text)
            except (ValueError, RecursionError):
                message = "Body is not valid JSON but content-type is set to 'application/json'"
                raise framework_error(400, message, "FST_ERR_CTP_INVALID_JSON_BODY") from None
        if media_type == "text/plain":
            return text
        if media_type or body:
            raise framework_error(415, "Unsupported Media Type", "FST_ERR_CTP_INVALID_MEDIA_TYPE")
        return _javascript.NotJSON.UNDEFINED

    def _authenticate(self, request: httpx.Request) -> bool:
        """Return whether the key is that of an admin of the platform."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise service_error(403, "AUTHORIZATION", message="principal is not allowed for this route")
        if key not in (self.api_key, self.member_key):
            if key.startswith("sk-"):
                raise service_error(401, "AUTHENTICATION", message="invalid api key")
            raise service_error(401, "INVALID_BEARER_TOKEN", message="invalid access token or session expired")
        return bool(key == self.api_key)

    def _find(self, project_id: str) -> Project:
        project = self._by_id.get(project_id)
        if project is None or project["id"] != project_id or len(self._by_id) != len(self.projects):
            self._by_id = {project["id"]: project for project in self.projects}
            project = self._by_id.get(project_id)
        if project is None:
            raise service_error(404, "ENTITY_NOT_FOUND", entityId=project_id, entityType="project")
        return project

    def _drop_ignored(self, changes: dict[str, Any], project: Project, *, admin: bool) -> None:
        ignored = self._release.ignores
        if project["type"] == "PERSONAL":
            ignored |= _IGNORED_FOR_PERSONAL
        if not admin:
            ignored |= _IGNORED_FOR_MEMBERS
        _without(changes, ignored)
        if not changes.get("externalId", "").strip():
            changes.pop("externalId", None)

    def _check(self, project: Project, changes: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
        """Raise for what is valid, but not to the installation or its database."""
        _check_integer(changes.get("maxConcurrentJobs"))
        external_id = changes.get("externalId")
        holders = (other for other in self.projects if other.get("externalId") == external_id and other is not project)
        if external_id is not None and any(holders):
            raise service_error(409, "PROJECT_EXTERNAL_ID_ALREADY_EXISTS", externalId=external_id)
        days = changes.get("executionDataRetentionDays")
        if days is not None and days not in _RETENTION_DAYS:
            least, most = _RETENTION_DAYS[0], _RETENTION_DAYS[-1]
            raise service_error(409, "VALIDATION", message=_RETENTION_BOUNDS.format(least, most))
        active_flows = plan.get("activeFlowsLimit")
        _check_integer(active_flows)
        if active_flows is not None and active_flows < project["analytics"]["activeFlows"]:
            raise service_error(409, "VALIDATION", message="the project has more active flows")
        for name, value in {**changes, **plan}.items():
            if _javascript.contains_nul(value):
                if name == "metadata":
                    raise framework_error(500, "unsupported Unicode escape sequence", "22P05")
                raise framework_error(500, 'invalid byte sequence for encoding "UTF8": 0x00', "22021")

    def _pool_of(self, project: Project) -> str:
        return self._pools.setdefault(project["id"], project["poolId"] or _made_up_id("pool", len(self._pools) + 1))

    def _add(self, given: Mapping[str, Any]) -> Project:
        """Add a project; make up what it lacks."""
        number = len(self.projects) + 1
        project: Project = json.loads(self._example)
        project["id"] = given.get("id", _made_up_id("pRjEctId", number))
        project["displayName"] = f"Project {number}"
        project["plan"].update(id=_made_up_id("plan", number), projectId=project["id"])
        _merge(project, json.loads(json.dumps(dict(given))), f"project {number}")
        self.projects.append(project)
        return project


_NOT_HANDLED = (
    "the stand-in does not handle {0}: add service.handlers[{0!r}] = handler,"
    " a function from an httpx.Request to an httpx.Response"
)
_RETENTION_BOUNDS = (
    "executionDataRetentionDays must be between AP_PAUSED_FLOW_TIMEOUT_DAYS ({})"
    " and AP_EXECUTION_DATA_RETENTION_DAYS ({})"
)


def _check_integer(value: int | None) -> None:
    if value is not None and value > _MAX_STORED_INTEGER:
        raise framework_error(500, f'value "{value}" is out of range for type integer', "22003")


def _without(value: Any, paths: Set[str]) -> Any:
    """Remove the properties at some paths, such as `plan.pieces`, from an object."""
    for path in paths if is_object(value) else ():
        owner, _, name = path.rpartition(".")
        holder = value.get(owner) if owner else value
        if is_object(holder):
            holder.pop(name, None)
    return value


def _example() -> Project:
    """Return the example of a project in openapi.yaml, with null where it is valid."""
    response = document()["paths"]["/v1/projects/{id}"]["post"]["responses"]["200"]
    (example,) = response["content"]["application/json"]["examples"].values()
    schema = {"$ref": "#/components/schemas/Project", "components": document()["components"]}
    project: Project = copy.deepcopy(example["value"])
    for name in project:
        if jsonschema_rs.is_valid(schema, {**project, name: None}):
            project[name] = None
    return project


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
