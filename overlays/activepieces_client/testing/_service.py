"""What the service does with a request: the order of its checks, its envelopes, and what it ignores in silence.

What is valid comes from the specification, less what is ours: the service drops the unknown fields that the client
refuses. The rest was seen on a running service (release 0.83.0) or stands in its published code.
"""

from __future__ import annotations

import copy
import http
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import httpx
import jsonschema_rs

from activepieces_client._json import is_object
from activepieces_client._specification import specification

from . import _javascript

MAX_BODY = 29 * 2**20  # bytes
MAX_STORED_INTEGER = 2**31 - 1  # the column of maxConcurrentJobs is narrower than its documentation

Project = dict[str, Any]


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """Ends the handling of a request with an answer that is not a success."""

    def __init__(self, status: int, envelope: Mapping[str, Any]) -> None:
        self.status = status
        self.envelope = envelope
        super().__init__(status)


def refuse(status: int, code: str, **params: Any) -> NoReturn:
    """Refuse in the service's own envelope."""
    raise Refusal(status, {"code": code, "params": params})


def framework_envelope(status: int, message: str = "", code: str | None = None) -> dict[str, Any]:
    """Make the web framework's envelope."""
    phrase = http.HTTPStatus(status).phrase if status in set(http.HTTPStatus) else "Unknown"
    if status == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        phrase = "Payload Too Large"  # Python's phrase for it changed with 3.13, Node's did not
    return {"statusCode": status, **({"code": code} if code else {}), "error": phrase, "message": message or phrase}


def refuse_early(status: int, message: str, code: str | None = None) -> NoReturn:
    """Refuse in the web framework's envelope."""
    raise Refusal(status, framework_envelope(status, message, code))


class Service:
    """The projects of one platform, and what requests do to them.

    Attributes:
        projects: The projects as they are.
        api_key: The key of the platform's owner.
        member_key: The key of somebody who may change the projects, but does not own the platform.
    """

    def __init__(self, projects: list[Mapping[str, Any]]) -> None:
        self.projects = [_complete(project, number) for number, project in enumerate(projects, start=1)]
        self.api_key = "sk-" + "stand-in" * 8
        self.member_key = "stand-in.member.token"
        self._pools: dict[str, str] = {}

    def answer(self, method: str, target: str, headers: httpx.Headers, body: bytes) -> httpx.Response:
        """Answer a request; `target` is the path and query as they are on the wire."""
        path = target.partition("?")[0]
        if not path.startswith("/api/"):
            # The web server answers everything else with the page of the web application.
            return httpx.Response(200, html="<!doctype html>\n<title>Activepieces</title>\n")
        try:
            status, envelope = self._handle(method, path.removeprefix("/api"), headers, body)
        except Refusal as refusal:
            status, envelope = refusal.status, refusal.envelope
        except RecursionError:
            status, envelope = 500, framework_envelope(500, "Maximum call stack size exceeded")
        content = json.dumps(envelope, ensure_ascii=False).encode()
        return httpx.Response(status, headers={"content-type": "application/json; charset=utf-8"}, content=content)

    def _handle(self, method: str, path: str, headers: httpx.Headers, body: bytes) -> tuple[int, Mapping[str, Any]]:
        path = path.removesuffix("/")
        if (method, path) == ("POST", "/v1/projects"):
            created = _read(headers, body, required=["displayName"])
            self._authenticate(headers)
            project = _complete({"displayName": created["displayName"]}, len(self.projects) + 1)
            self.projects.append(project)
            return 201, project
        project_id = _route(method, path)
        changes = _read(headers, body)
        owner = self._authenticate(headers)
        for project in self.projects:
            if project["id"] == project_id:
                self._update(project, changes, owner=owner)
                return 200, project
        refuse(404, "ENTITY_NOT_FOUND", entityId=project_id, entityType="project")

    def _authenticate(self, headers: httpx.Headers) -> bool:
        """Say whether the key is that of the platform's owner."""
        authorization: str = headers.get("authorization", "")
        scheme, _, key = authorization.partition(" ")
        if scheme != "Bearer":
            refuse(403, "AUTHORIZATION", message="principal is not allowed for this route")
        if key not in (self.api_key, self.member_key):
            if key.startswith("sk-"):
                refuse(401, "AUTHENTICATION", message="invalid api key")
            refuse(401, "INVALID_BEARER_TOKEN", message="invalid access token or session expired")
        return key == self.api_key

    def _update(self, project: Project, changes: dict[str, Any], *, owner: bool) -> None:
        external_id = changes.pop("externalId", None)
        if owner and external_id is not None and external_id.strip():
            if any(other is not project and other["externalId"] == external_id for other in self.projects):
                refuse(409, "PROJECT_EXTERNAL_ID_ALREADY_EXISTS", externalId=external_id)
            changes["externalId"] = external_id
        if project["type"] == "PERSONAL":
            changes.pop("displayName", None)
            changes.pop("icon", None)
        plan = changes.pop("plan", None)
        _check_storable(changes)
        changes.pop("globalConnectionExternalIds", None)  # links to connections, which no answer shows
        if "metadata" in changes:
            changes["metadata"] = _javascript.stored(changes["metadata"])
        if "maxConcurrentJobs" in changes:
            limited = changes["maxConcurrentJobs"] is not None
            changes["poolId"] = self._pool_of(project) if limited else None
        project.update(changes)
        project["updated"] = _now(after=project["updated"])
        if plan is not None:
            _check_storable(plan)
            project["plan"].update(plan)
            project["plan"]["updated"] = project["updated"]

    def _pool_of(self, project: Project) -> str:
        return self._pools.setdefault(project["id"], project["poolId"] or _made_up_id("pool", len(self._pools) + 1))


def _route(method: str, path: str) -> str:
    """Find the id of the project in a path of the specification."""
    if re.search("%(?![0-9A-Fa-f]{2})", path):
        refuse_early(400, f"'{path}' is not a valid url component", "FST_ERR_BAD_URL")
    operation = specification().operations["updateProject"]
    values = operation.match(method, path)
    if values is None or list(operation.request.violations({"path": values})):
        refuse_early(404, "Route not found")
    return values["id"]


def _read(headers: httpx.Headers, body: bytes, required: Sequence[str] = ()) -> dict[str, Any]:
    """Read the body as far as the service knows its fields; this comes before the key is looked at."""
    if len(body) > MAX_BODY:
        refuse_early(413, "Request body is too large", "FST_ERR_CTP_BODY_TOO_LARGE")
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    text = body.decode("utf-8", "replace")
    value: Any = None
    if media_type == "application/json":
        if not body:
            message = "Body cannot be empty when content-type is set to 'application/json'"
            refuse_early(400, message, "FST_ERR_CTP_EMPTY_JSON_BODY")
        try:
            value = _javascript.parse(text)
        except (ValueError, RecursionError):
            message = "Body is not valid JSON but content-type is set to 'application/json'"
            refuse_early(400, message, "FST_ERR_CTP_INVALID_JSON_BODY")
    elif media_type == "text/plain":
        value = text
    elif media_type or body:
        refuse_early(415, "Unsupported Media Type", "FST_ERR_CTP_INVALID_MEDIA_TYPE")
    properties = specification().operations["updateProject"].request.definition["properties"]
    schema = {**properties["body"], "required": [*properties["body"].get("required", []), *required]}
    try:
        errors = list(jsonschema_rs.Draft202012Validator(schema).iter_errors(value))
    except ValueError:  # the validator gives up where a value that breaks a rule is some 255 levels deep
        refuse_early(400, "body/ Invalid input", "FST_ERR_VALIDATION")
    problems = [_message(error, schema) for error in errors if error.kind.name != "additionalProperties"]
    if problems:
        # A value of another type than an enum's breaks two rules of ours, but one of the service's.
        refuse_early(400, ", ".join(dict.fromkeys(problems)), "FST_ERR_VALIDATION")
    known: dict[str, Any] = _known(schema, value)
    return known


def _message(error: jsonschema_rs.ValidationError, schema: dict[str, Any]) -> str:
    """Say what is wrong as the service's schema library (Zod) does."""
    path, received = list(error.instance_path), _javascript.type_of(error.instance)
    rule: Any = schema
    for key in error.schema_path[:-1]:
        rule = rule[key]
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        path.append(kind.property)
        rule, received = rule["properties"][kind.property], "undefined"
    place = "body/" + "/".join(map(str, path))
    if "enum" in rule:
        return f"{place} Invalid option: expected one of " + "|".join(f'"{value}"' for value in rule["enum"])
    match kind.name:
        case "pattern":
            return f"{place} Invalid string: must match pattern /{kind.value}/"
        case "exclusiveMinimum":
            return f"{place} Too small: expected number to be >{kind.value}"
        case "minimum":
            return f"{place} Too small: expected number to be >={kind.value}"
        case "maximum":
            return f"{place} Too big: expected number to be <={kind.value}"
        case "maxLength":
            return f"{place} Too big: expected string to have <={kind.value} characters"
        case "minLength":
            return f"{place} Too small: expected string to have >={kind.value} characters"
        case "type" | "required":
            return f"{place} Invalid input: expected {_expected(rule, received)}, received {received}"
        case _:
            return f"{place} Invalid input"


def _expected(rule: dict[str, Any], received: str) -> str:
    types = rule.get("type", "unknown")
    expected = next(name for name in ([types] if isinstance(types, str) else types) if name != "null")
    if expected == "object" and "properties" not in rule:
        return "record"
    return "int" if expected == "integer" and received == "number" else expected.replace("integer", "number")


def _known(schema: dict[str, Any], value: Any) -> Any:
    """Drop what the service does not know, at every level."""
    if schema.get("additionalProperties") is not False or not is_object(value):
        return value
    properties = schema["properties"]
    return {name: _known(properties[name], item) for name, item in value.items() if name in properties}


def _check_storable(changes: Any) -> None:
    """Refuse what the database cannot store; the service looks at none of this beforehand."""
    jobs = changes.get("maxConcurrentJobs")
    if jobs is not None and jobs > MAX_STORED_INTEGER:
        refuse_early(500, f'value "{jobs}" is out of range for type integer', "22003")
    for name, value in changes.items():
        if _javascript.contains_nul(value):
            if name == "metadata":
                refuse_early(500, "unsupported Unicode escape sequence", "22P05")
            refuse_early(500, 'invalid byte sequence for encoding "UTF8": 0x00', "22021")


def _complete(project: Mapping[str, Any], number: int) -> Project:
    """Fill up a project from the specification's example, with null where a field may be missing."""
    operation = specification().operations["updateProject"]
    examples = operation.definition["responses"]["200"]["content"]["application/json"]["examples"]
    example = copy.deepcopy(next(iter(examples.values()))["value"])
    schema = operation.answers["200"]
    required: list[str] = schema.definition["required"] if schema else []
    whole = {name: value if name in required else None for name, value in example.items()}
    whole.update(id=_made_up_id("pRjEctId", number), displayName=f"Project {number}")
    whole.update(copy.deepcopy(dict(project)))
    plan_ids = {"id": _made_up_id("plan", number), "projectId": whole["id"]}
    whole["plan"] = {**example["plan"], **plan_ids, **project.get("plan", {})}
    return whole


def _made_up_id(kind: str, number: int) -> str:
    return f"{kind}{number:0{21 - len(kind)}}"


def _now(after: str) -> str:
    """The time, in the service's format; later than another time, since every update moves it."""
    now = max(datetime.now(UTC), datetime.fromisoformat(after) + timedelta(milliseconds=1))
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
