"""The service: from a request to its response, by way of the checks, in their order."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

import httpx

from . import _javascript, _pages
from ._errors import ErrorResponse, framework_envelope, framework_error, service_error
from ._projects import Project, Projects, without
from ._releases import Release
from ._schemas import body_schema, parse, query_schema, response_example, route

Handler = Callable[[httpx.Request], httpx.Response]

_NOT_HANDLED = (
    "the stand-in does not handle {0}: add service.handlers[{0!r}] = handler,"
    " a function from an httpx.Request to an httpx.Response"
)


class Service:
    """One platform, and the effects of requests on it; `StandIn` describes its attributes."""

    def __init__(self, projects: Iterable[Mapping[str, Any]], release: Release) -> None:
        self._release = release
        self._projects = Projects(projects, release)
        self.api_key: str = "sk-" + "stand-in" * 8
        self.member_key: str = "stand-in.member.token"
        self.email: str = "admin@example.com"
        self.password: str = "stand-in-password"  # noqa: S105 - it opens nothing but a stand-in
        self.tokens: set[str] = set()
        self.healthy: bool | None = True
        self.handlers: dict[str, Handler] = {}
        self._sign_ins = itertools.count(1)
        self._behaviours: dict[str, Callable[..., tuple[int, Mapping[str, Any] | None]]] = {
            "createProject": self._create,
            "deleteProject": self._delete,
            "getHealth": self._get_health,
            "getProject": self._get,
            "listProjects": self._list,
            "signIn": self._sign_in,
            "updateProject": self._update,
        }

    def respond(self, request: httpx.Request, target: str) -> httpx.Response:
        """Return the response to a request; `target` is its path and query as they are on the wire."""
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
        if content is None:
            return httpx.Response(status)
        return httpx.Response(
            status,
            headers={"content-type": "application/json; charset=utf-8"},
            content=json.dumps(content, ensure_ascii=False).encode(),
        )

    def _create(self, request: httpx.Request, **_: str) -> tuple[int, Project]:
        body = self._parse("createProject", request)
        self._authenticate(request)
        return 201, self._projects.create(body)

    def _delete(self, request: httpx.Request, *, id: str, **_: str) -> tuple[int, None]:  # noqa: A002 - its name in the path
        self._body(request)
        if not self._authenticate(request):
            raise _not_allowed()
        self._projects.delete(self._projects.find(id))
        return 204, None

    def _get(self, request: httpx.Request, *, id: str, **_: str) -> tuple[int, Project]:  # noqa: A002 - its name in the path
        self._authenticate(request)
        return 200, {**self._projects.find(id), "deleted": None}

    def _get_health(self, request: httpx.Request, **_: str) -> tuple[int, dict[str, str]]:
        if self.healthy is None:
            raise httpx.ReadTimeout("the stand-in hangs", request=request)
        return (200, {"status": "Healthy"}) if self.healthy else (503, {"status": "Unhealthy"})

    def _list(self, request: httpx.Request, *, query: str) -> tuple[int, dict[str, Any]]:
        schema = query_schema("listProjects")
        values: dict[str, Any] = {}
        for name, found in parse_qs(query, keep_blank_values=True).items():
            expected = schema["properties"].get(name, {}).get("type")
            values[name] = found if expected == "array" or len(found) > 1 else found[0]
            if expected == "integer":
                values[name] = _javascript.number(values[name])
        valid = parse(schema, values, "querystring")
        self._authenticate(request)
        by_user = "externalUserId" in valid
        if by_user and request.headers["authorization"] != f"Bearer {self.api_key}":
            raise _not_allowed()
        return 200, _pages.page([] if by_user else self._projects.all, valid)  # no user has an external id

    def _sign_in(self, request: httpx.Request, **_: str) -> tuple[int, dict[str, Any]]:
        if self._parse("signIn", request) != {"email": self.email, "password": self.password}:
            raise ErrorResponse(401, {"code": "INVALID_CREDENTIALS", "params": None})
        token = f"stand-in.admin.token-{next(self._sign_ins)}"
        self.tokens.add(token)
        return 200, {**response_example("signIn"), "token": token}

    def _update(self, request: httpx.Request, *, id: str, **_: str) -> tuple[int, Project]:  # noqa: A002 - its name in the path
        changes = self._parse("updateProject", request)
        admin = self._authenticate(request)
        project = self._projects.find(id)
        self._projects.update(project, changes, admin=admin)
        return 200, project

    def _parse(self, operation_id: str, request: httpx.Request) -> dict[str, Any]:
        """Return the valid body, which the service parses before it checks the key."""
        received = without(self._body(request), self._release.lacks)
        body: dict[str, Any] = parse(body_schema(operation_id), _javascript.well_formed(received))
        # Half of a surrogate pair is valid, and the database's to reject.
        return body | {name: received[name] for name in body if name == "metadata"}

    def _body(self, request: httpx.Request) -> Any:
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
            raise _not_allowed()
        if key not in {self.api_key, self.member_key, *self.tokens}:
            if key.startswith("sk-"):
                raise service_error(401, "AUTHENTICATION", message="invalid api key")
            raise service_error(401, "INVALID_BEARER_TOKEN", message="invalid access token or session expired")
        return bool(key != self.member_key)


def _not_allowed() -> ErrorResponse:
    return service_error(403, "AUTHORIZATION", message="principal is not allowed for this route")
