"""The resource `client.projects`: typed methods over the generated functions.

A new operation gets a method in each of the two classes, which calls the generated function and returns what that
parsed. GuardedClient raises for whatever is not the success that the document describes, so the casts are true.
"""

from __future__ import annotations

import functools
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack, cast

import attrs

from activepieces_api.types import UNSET, Unset

from ._call import CallOptions
from ._json import invalid_text, shorten
from .exceptions import ActivepiecesError, RequestValidationError, Violation

if TYPE_CHECKING:
    from activepieces_api import AuthenticatedClient
    from activepieces_api.models import Project, ProjectPage, ProjectType, UpdateProjectRequest
    from activepieces_api.types import Response

    from .bulk import AsyncRollOut, RollOut

    Body: TypeAlias = UpdateProjectRequest | Mapping[str, Any]


def validate(body: Body) -> None:
    """Validate the body of an update without sending it.

    For forms, imports and dry runs.

    Args:
        body: What `update` takes.

    Raises:
        RequestValidationError: With every violation.
    """
    _validated({"body": _model(body).to_dict()})


def _model(body: Body, **path: str) -> UpdateProjectRequest:
    """Return a body as the generated model, which is validated where it is sent.

    Raises:
        RequestValidationError: The model cannot carry the body; with every violation.
    """
    from activepieces_api.models import UpdateProjectRequest  # noqa: PLC0415 - with hundreds of models, not on import

    try:
        if isinstance(body, UpdateProjectRequest):
            body.to_dict()
            return body
        model = UpdateProjectRequest.from_dict(body)
        if model.to_dict() == body:
            return model
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(body, UpdateProjectRequest):
            raise RequestValidationError(list(_plain_values(body)) or [Violation("$", str(error))]) from None
    # The model drops what it does not know, and fails at what it does not expect: so it is validated here.
    request = {"body": body, "path": path} if path else {"body": body}
    return UpdateProjectRequest.from_dict(_validated(request)["body"])


def _validated(request: Mapping[str, object]) -> dict[str, Any]:
    from ._specification import specification  # noqa: PLC0415 - not on import

    valid: dict[str, Any] = specification().operations["updateProject"].validate(request)
    return valid


def _plain_values(model: Any, path: str = "$") -> Iterator[Violation]:
    """Yield the attributes of a model whose plain value must be a class's."""
    from activepieces_api import models  # noqa: PLC0415 - as above

    for field in attrs.fields(model.__class__):
        value: Any = getattr(model, field.name)
        where = f"{path}.{field.name}"
        kinds = [getattr(models, name) for name in re.findall(r"\w+", str(field.type)) if name in models.__all__]
        if attrs.has(value.__class__):
            yield from _plain_values(value, where)
        elif kinds and not isinstance(value, (Unset, None.__class__, *kinds)):
            name = kinds[0].__name__
            how = f"{name}.from_dict(…)" if attrs.has(kinds[0]) else f"{name}.{value}"
            yield Violation(where, f"is {shorten(value)}, where the model takes a {name}: write {how}")


def _path_id(project_id: object) -> str:
    """Return an id as plain text.

    The generated function would send `Tenant.ACME` for a str that is an Enum.
    """
    if not isinstance(project_id, str):
        raise RequestValidationError([Violation("path.id", f'{shorten(project_id)} is not of type "string"')])
    if violation := invalid_text(project_id):  # which the generated function could not quote
        raise RequestValidationError([Violation("path.id", violation)])
    return str.__str__(project_id)


def _filters(
    external_id: str | None, display_name: str | None, types: Iterable[ProjectType | str] | None, limit: int
) -> dict[str, Any]:
    """Return the filters of a list as the generated function takes them.

    Raises:
        RequestValidationError: A type is not one that the document has.
    """
    from activepieces_api.models import ProjectType  # noqa: PLC0415 - as above

    filters: dict[str, Any] = {"external_id": external_id, "display_name": display_name, "limit": limit}
    if types is not None:
        try:
            filters["types"] = [ProjectType(type_) for type_ in ([types] if isinstance(types, str) else types)]
        except ValueError as error:
            raise RequestValidationError([Violation("query.types", str(error))]) from None
    return {name: value for name, value in filters.items() if value is not None}


def _next_cursor(page: ProjectPage, seen: set[str]) -> str | None:
    """Return the cursor of the next page; None after the last one.

    Raises:
        ActivepiecesError: The server returns the same cursor twice: a list would never end.
    """
    cursor = page.next_ or None
    if cursor in seen:
        raise ActivepiecesError(
            f"the list of projects does not end: the server returns the cursor {shorten(cursor)} twice"
        )
    if cursor is not None:
        seen.add(cursor)
    return cursor


def _only(found: Iterable[Project], external_id: str) -> Project | None:
    """Return the one project with an external id; None where there is none.

    Raises:
        ActivepiecesError: There are several.
    """
    ids = {project.id: project for project in found if project.external_id == external_id}
    if len(ids) > 1:
        raise ActivepiecesError(f"several projects have the external id {shorten(external_id)}: {', '.join(ids)}")
    return next(iter(ids.values()), None)


class Projects:
    """The operations on projects, as `client.projects`."""

    def __init__(self, client_with: Callable[..., AuthenticatedClient], max_connections: int | None) -> None:
        self._client_with, self._max_connections = client_with, max_connections

    def update(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Project:
        """Update a project.

        A property that is unset stays as it is, and None is sent as null.

        Args:
            project_id: The id of the project.
            body: What to change: an UpdateProjectRequest, or a mapping with the API's own property names.
            **options: `check_applied=True`: whether a response that does not show what was requested is a
                NotAppliedError. `timeout`: seconds for each phase of an attempt, or an `httpx.Timeout`; by default the
                client's. `max_retries`: how often to retry what may be retried; by default the client's.

        Returns:
            The project as it is after the update.

        Raises:
            RequestValidationError: The id or the body is invalid; nothing was sent.
            NotAppliedError: The service accepted the update, but did not apply all of it.
            ResponseValidationError: The status is a success, but the response cannot be read.
            APIConnectionError: There was no response; an APITimeoutError where there was none in time.
            APIStatusError: The status is not a success; a subclass for each usual status.
            ConfigurationError: An argument is invalid, the client is closed, or the key source gives no key.
        """
        return cast("Project", self.update_detailed(project_id, body, **options).parsed)

    def update_detailed(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Response[Project]:
        """Update a project, and return status and headers too; otherwise as `update`."""
        from activepieces_api.api.projects import update_project  # noqa: PLC0415 - with its models, not on import

        client, id_ = self._client_with(**options), _path_id(project_id)
        model = _model(body, id=id_)
        return cast("Response[Project]", update_project.sync_detailed(id_, client=client, body=model))

    def update_many(
        self,
        updates: Iterable[tuple[str, Body]],
        *,
        concurrency: int = 4,
        **options: Unpack[CallOptions],
    ) -> RollOut:
        """Update many projects, a few at a time, and iterate over the outcomes.

        They come as they are known, in any order. What this returns is a context manager, which owns what it starts:
        leaving the block, in whatever way, stops it. A new update is sent only while the loop waits for an outcome. To
        end early without losing outcomes, call `stop()`.

        An update that fails is an outcome, too, and stops no other. After an error that is not about its own update
        (no connection, a timeout, 401, 429, 5xx, a response that is not the service's) it is sent again, after a pause;
        after a 403 of the service it is not, but that counts too. Ten such errors in a row stop the roll-out: `stopped`
        of what this returns is the last of them, and the rest is unsent.

        Args:
            updates: Pairs of a project id and a body, as `update` takes them, of any number: they are taken one at a
                time, when there is room for one. While the next one is not there yet, outcomes wait as well.
            concurrency: How many may be in flight at once; 4 is the fastest on a default server. 429, timeouts and 5xx
                halve it, successes raise it again, and `Retry-After` pauses all.
            **options: As for `update`; `max_retries` is how often an update that fails while others succeed is sent
                again, and 2 by default.

        Raises:
            ConfigurationError: An argument is invalid, such as a concurrency above the connections of the client.
        """
        from .bulk import RollOut  # noqa: PLC0415 - an add-on, which a single update does not need

        self._client_with(**options)  # which validates them
        max_retries, options["max_retries"] = options.get("max_retries"), 0  # it is the roll-out that sends again
        update = functools.partial(self.update, **options)
        return RollOut(update, updates, concurrency, self._max_connections, max_retries)

    def list(
        self,
        *,
        external_id: str | None = None,
        display_name: str | None = None,
        types: Iterable[ProjectType | str] | None = None,
        limit: int = 100,
        **options: Unpack[CallOptions],
    ) -> Iterator[Project]:
        """Iterate over all projects, which are fetched page by page as needed.

        Collect them before you update any: a project that is renamed meanwhile is skipped or comes twice.

        Args:
            external_id: Only the project with this external id.
            display_name: Only those whose name contains this, in any case.
            types: Only those of these types: `TEAM`, `PERSONAL`.
            limit: How many projects to fetch with one request; all are returned in any case.
            **options: `timeout` and `max_retries` as for `update`, for each page.

        Raises:
            ActivepiecesError: As for `update`; also where the server returns the same cursor twice.
        """
        from activepieces_api.api.projects import list_projects  # noqa: PLC0415 - as above

        filters = _filters(external_id, display_name, types, limit)
        client, seen = self._client_with(**options), set[str]()
        cursor: str | Unset | None = UNSET
        while cursor is not None:
            page = cast("ProjectPage", list_projects.sync(client=client, cursor=cursor, **filters))
            yield from page.data
            cursor = _next_cursor(page, seen)

    def find(self, *, external_id: str, **options: Unpack[CallOptions]) -> Project | None:
        """Return the project with an external id; None where there is none.

        The external id is your own id for it.

        Raises:
            ActivepiecesError: As for `update`; also where several projects have the external id.
        """
        return _only(self.list(external_id=external_id, **options), external_id)


class AsyncProjects:
    """The operations on projects, as `client.projects` of the async client."""

    def __init__(self, client_with: Callable[..., AuthenticatedClient], max_connections: int | None) -> None:
        self._client_with, self._max_connections = client_with, max_connections

    async def update(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Project:
        """Update a project; see `Projects.update`."""
        return cast("Project", (await self.update_detailed(project_id, body, **options)).parsed)

    async def update_detailed(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Response[Project]:
        """Update a project, and return more; see `Projects.update_detailed`."""
        from activepieces_api.api.projects import update_project  # noqa: PLC0415 - with its models, not on import

        client, id_ = self._client_with(**options), _path_id(project_id)
        model = _model(body, id=id_)
        return cast("Response[Project]", await update_project.asyncio_detailed(id_, client=client, body=model))

    def update_many(
        self,
        updates: Iterable[tuple[str, Body]] | AsyncIterable[tuple[str, Body]],
        *,
        concurrency: int = 4,
        **options: Unpack[CallOptions],
    ) -> AsyncRollOut:
        """Update many projects, a few at a time; see `Projects.update_many`.

        Leaving the block cancels what is in flight. The updates may be an async iterable, for which outcomes do not
        wait.
        """
        from .bulk import AsyncRollOut  # noqa: PLC0415 - as above

        self._client_with(**options)  # which validates them
        max_retries, options["max_retries"] = options.get("max_retries"), 0  # it is the roll-out that sends again
        update = functools.partial(self.update, **options)
        return AsyncRollOut(update, updates, concurrency, self._max_connections, max_retries)

    async def list(
        self,
        *,
        external_id: str | None = None,
        display_name: str | None = None,
        types: Iterable[ProjectType | str] | None = None,
        limit: int = 100,
        **options: Unpack[CallOptions],
    ) -> AsyncGenerator[Project]:
        """Iterate over all projects; see `Projects.list`."""
        from activepieces_api.api.projects import list_projects  # noqa: PLC0415 - as above

        filters = _filters(external_id, display_name, types, limit)
        client, seen = self._client_with(**options), set[str]()
        cursor: str | Unset | None = UNSET
        while cursor is not None:
            page = cast("ProjectPage", await list_projects.asyncio(client=client, cursor=cursor, **filters))
            for project in page.data:
                yield project
            cursor = _next_cursor(page, seen)

    async def find(self, *, external_id: str, **options: Unpack[CallOptions]) -> Project | None:
        """Return the project with an external id; see `Projects.find`."""
        found = self.list(external_id=external_id, **options)
        return _only([project async for project in found], external_id)
