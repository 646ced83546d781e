"""The resource `client.projects` of the async client: a typed method for each operation."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import TYPE_CHECKING, Any, Literal, Unpack

import anyio

from activepieces_api import AuthenticatedClient
from activepieces_api.api.projects import create_project, delete_project, get_project, list_projects, update_project
from activepieces_api.models import CreateProjectRequest, Metadata, Project, ProjectPage, UpdateProjectRequest
from activepieces_api.types import UNSET, Response, Unset

from ._bodies import (
    Body,
    NewBody,
    Types,
    detailed,
    expect,
    merged_body,
    next_cursor,
    only,
    split_new,
    to_filter,
    to_model,
    to_text,
    to_types,
    validate,
)
from ._call import CallOptions, Timeout
from ._get_or_create import get_or_create
from ._projects import ClientWith
from .exceptions import ActivepiecesError, NotFoundError

if TYPE_CHECKING:
    from .bulk import AsyncRollOut, Plan


class AsyncProjects:
    """The operations on projects, as `client.projects` of the async client.

    Each method takes the options `timeout` (seconds for each phase of an attempt, or an `httpx.Timeout`) and
    `max_retries`; by default they are the client's.
    """

    def __init__(self, client_with: ClientWith, max_connections: int | None) -> None:
        self._client_with, self._max_connections = client_with, max_connections

    async def update(
        self, project_id: str, body: Body, *, merge_metadata: bool = False, **options: Unpack[CallOptions]
    ) -> Project:
        """Update a project.

        A property that is unset stays as it is, and None is sent as null.

        Args:
            project_id: The id of the project.
            body: The changes: an UpdateProjectRequest, or a mapping with the property names of the API.
            merge_metadata: Whether to keep the members of the metadata that `body` does not name, and to remove those
                that are None (RFC 7396, on one level). The project is read just before the update, so another program
                that writes at the same time can still be overwritten. By default, the metadata is replaced whole.
            **options: `check_applied=True`: whether to raise NotAppliedError if the response does not show the
                requested values. `timeout`: seconds for each phase of an attempt, or an `httpx.Timeout`; by default
                the client's. `max_retries`: how often to retry; by default the client's.

        Returns:
            The project as it is after the update.

        Raises:
            RequestValidationError: The id or the body is invalid; nothing was sent.
            NotAppliedError: The service accepted the update, but did not apply all of it.
            ResponseValidationError: The status is a success, but the response cannot be read.
            APIConnectionError: There was no response; an APITimeoutError if there was none in time.
            APIStatusError: The status is not a success; each usual status has a subclass.
            ConfigurationError: An argument is invalid, the client is closed, or the key source gives no key.
        """
        client = self._client_with("update", options)
        return expect(Project, (await self._update(client, merge_metadata, project_id, body)).parsed)

    async def update_detailed(
        self, project_id: str, body: Body, *, merge_metadata: bool = False, **options: Unpack[CallOptions]
    ) -> Response[Project]:
        """Update a project, and return it with the status and the headers of the response.

        Args:
            project_id: The id of the project.
            body: The changes, as for `update`.
            merge_metadata: Whether to keep the members of the metadata that `body` does not name, as for `update`.
            **options: `check_applied`, `timeout` and `max_retries`, as for `update`.

        Raises:
            ActivepiecesError: As for `update`.
        """
        return await self._update(self._client_with("update_detailed", options), merge_metadata, project_id, body)

    async def _update(
        self, client: AuthenticatedClient, merge_metadata: bool, project_id: str, body: Body
    ) -> Response[Project]:
        id_ = to_text("path.id", project_id)
        model = to_model(UpdateProjectRequest, body, id=id_)
        if merge_metadata and isinstance(model.metadata, Metadata):
            validate(model)  # before the project is read
            model = merged_body(model, expect(Project, await get_project.asyncio(id_, client=client)))
        return detailed(Project, await update_project.asyncio_detailed(id_, client=client, body=model))

    async def get(self, project_id: str, **options: Unpack[CallOptions]) -> Project:
        """Return a project.

        Args:
            project_id: The id of the project.
            **options: `timeout` and `max_retries`, as for `update`.

        Raises:
            NotFoundError: The project does not exist.
            ActivepiecesError: As for `update`.
        """
        client = self._client_with("get", options)
        return expect(Project, await get_project.asyncio(to_text("path.id", project_id), client=client))

    async def create(self, body: NewBody, **options: Unpack[CallOptions]) -> Project:
        """Create a project.

        It is sent again only if no connection was made, since a second create would make a second project. After a
        lost response, look for the project by its external id; `get_or_create` does that.

        Args:
            body: A CreateProjectRequest, or a mapping with the property names of the API.
            **options: `check_applied`, `timeout` and `max_retries`, as for `update`.

        Raises:
            ServerError: The external id is taken (code 23505), or the service failed.
            PaymentRequiredError: The platform's plan does not allow another project.
            ActivepiecesError: As for `update`.
        """
        client, model = self._client_with("create", options), to_model(CreateProjectRequest, body)
        return expect(Project, await create_project.asyncio(client=client, body=model))

    async def delete(self, project_id: str, **options: Unpack[CallOptions]) -> None:
        """Delete a project, and free its external id.

        If the response to the first attempt is lost, the retry finds no project, which is a success.

        Args:
            project_id: The id of the project.
            **options: `timeout` and `max_retries`, as for `update`.

        Raises:
            NotFoundError: The project does not exist.
            ConflictError: It is a personal project, which cannot be deleted.
            ActivepiecesError: As for `update`.
        """
        client = self._client_with("delete", options)
        try:
            await delete_project.asyncio_detailed(to_text("path.id", project_id), client=client)
        except NotFoundError as error:
            if not error.retries:
                raise

    async def list(
        self,
        *,
        external_id: str | Unset = UNSET,
        display_name: str | Unset = UNSET,
        types: Types | Unset = UNSET,
        external_user_id: str | Unset = UNSET,
        page_size: int = 100,
        **options: Unpack[CallOptions],
    ) -> AsyncGenerator[Project]:
        """Iterate over all projects, which are fetched page by page as needed.

        Collect them before you update any: a project that is renamed meanwhile may be skipped or returned twice.

        Args:
            external_id: List only the project with this external id.
            display_name: List only projects whose name contains this text, ignoring case; `%` and `_` are wildcards.
            types: List only projects of these types: `TEAM`, `PERSONAL`.
            external_user_id: List only the projects of this user. The key must be an API key, not a token.
            page_size: How many projects to fetch with one request. It does not limit how many are returned.
            **options: `timeout` and `max_retries` for each page, as for `update`.

        Raises:
            ActivepiecesError: As for `update`; or the server returns the same cursor twice.
        """
        client, seen = self._client_with("list", options), set[str]()
        cursor: str | Unset | None = UNSET
        while cursor is not None:
            page = await list_projects.asyncio(
                client=client,
                cursor=cursor,
                limit=page_size,
                external_id=to_filter("externalId", external_id),
                display_name=to_filter("displayName", display_name),
                external_user_id=to_filter("externalUserId", external_user_id),
                types=to_types(types),
            )
            for project in expect(ProjectPage, page).data:
                yield project
            cursor = next_cursor(expect(ProjectPage, page), seen)

    async def find(self, *, external_id: str, **options: Unpack[CallOptions]) -> Project | None:
        """Return the project with an external id; None if there is none.

        Args:
            external_id: Your own id for the project.
            **options: `timeout` and `max_retries`, as for `update`.

        Raises:
            ActivepiecesError: As for `update`; or several projects have the external id.
        """
        self._client_with("find", options)  # to validate the options
        found = [project async for project in self.list(external_id=external_id, **options)]
        return only(found, external_id)

    async def get_or_create(
        self,
        *,
        external_id: str,
        display_name: str,
        timeout: Timeout | None = None,
        max_retries: int | None = None,
        **body: Any,
    ) -> tuple[Project, bool]:
        """Return the project with an external id; create it if there is none.

        Two programs that call this at the same time get the same project. An existing project is not changed.

        Args:
            external_id: Your own id for the project.
            display_name: The name of a new project.
            timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; by default the client's.
            max_retries: How often to retry each request; by default the client's.
            **body: Other properties of a new project, by the argument names of CreateProjectRequest and
                UpdateProjectRequest. An update follows to set those that a create cannot.

        Returns:
            The project, and whether it was created.

        Raises:
            ActivepiecesError: As for `find`, `create` and `update`.
        """
        options: CallOptions = {"timeout": timeout, "max_retries": max_retries}
        new, later = split_new({"external_id": external_id, "display_name": display_name, **body})
        steps = get_or_create(update=bool(later))
        outcome: Project | ActivepiecesError | None = None
        try:
            while True:
                step = steps.send(outcome)
                try:
                    if isinstance(step, Project):
                        outcome = await self.update(step.id, later, **options)
                    elif step == "find":
                        outcome = await self.find(external_id=external_id, **options)
                    elif step == "create":
                        outcome = await self.create(new, **options)
                    else:
                        await anyio.sleep(step)
                except ActivepiecesError as error:
                    outcome = error
        except StopIteration as end:
            result: tuple[Project, bool] = end.value
            return result

    async def plan(
        self,
        updates: Iterable[tuple[str, Body]],
        *,
        by: Literal["id", "external_id"] = "id",
        merge_metadata: bool = False,
        **options: Unpack[CallOptions],
    ) -> Plan:
        """Compare updates with the current projects, without sending any.

        Every update is validated before a project is fetched. Up to 20 projects are fetched one by one. For more
        updates, all projects are listed once, and only those that an update needs are kept.

        Args:
            updates: Pairs of an id and a body, as `update` takes them; at most one pair for each project.
            by: The kind of the ids: those of the service (`"id"`), or your own external ids (`"external_id"`).
            merge_metadata: Whether to keep the members of the metadata that a body does not name, as for `update`.
            **options: `timeout` and `max_retries` for each request, as for `update`.

        Returns:
            The changes, which `update_many` takes, and the ids of projects that the key cannot see.

        Raises:
            RequestValidationError: An update is invalid. `violations` has those of all updates, with their positions.
            ActivepiecesError: As for `list`.
        """
        from .bulk import is_final  # noqa: PLC0415 - an add-on, which a single update does not need
        from .bulk._plan import Comparison  # noqa: PLC0415 - the same add-on

        self._client_with("plan", options)  # to validate the options
        comparison = Comparison(updates, by=by, merge_metadata=merge_metadata)
        for project_id in comparison.ids:
            try:
                comparison.add(await self.get(project_id, **options))
            except NotFoundError as error:
                if not is_final(error):  # a response that is not the service's, such as a proxy's
                    raise
        for filters in comparison.filters:
            async for project in self.list(**filters, **options):
                comparison.add(project)
        return comparison.plan()

    def update_many(
        self,
        updates: Iterable[tuple[str, Body]] | AsyncIterable[tuple[str, Body]] | Plan,
        *,
        concurrency: int = 4,
        merge_metadata: bool = False,
        **options: Unpack[CallOptions],
    ) -> AsyncRollOut:
        """Update many projects, a few at a time, and iterate over the outcomes.

        Outcomes come as they are known, in any order. The result is an async context manager that owns the tasks:
        leaving the block cancels them. A new update is sent only while the loop waits for an outcome. To end early
        without losing outcomes, call `stop()`.

        One failed update does not stop the others. After a failure with a shared cause (no connection, a timeout, 401,
        429, 5xx, a response that is not the service's), nothing new is sent while the roll-out requests
        `GET /v1/health`. If the server is healthy, a fault delays its own update only, and a wrong key stops the
        roll-out within seconds. Otherwise the roll-out waits for the server. Ten such failures in a row stop it:
        `stopped` is the last of them, and the other updates are not sent.

        Args:
            updates: A plan, or pairs of a project id and a body, of any number. They are taken one at a time, when
                there is room. While the source waits for its next update, so do the outcomes.
            concurrency: How many updates may be in flight; 4 is the fastest on a default server, and the number of
                the client's connections is the maximum.
            merge_metadata: Whether to keep the members of the metadata that a body does not name, as for `update`.
                A plan has this setting already.
            **options: `check_applied` and `timeout`, as for `update`. `max_retries`: how often to retry an update that
                fails while others succeed; by default 2.

        Raises:
            ConfigurationError: An argument is invalid, such as a concurrency above the connections of the client.
        """
        from activepieces_api.api.health import get_health  # noqa: PLC0415 - for roll-outs alone

        from .bulk import AsyncRollOut, Plan  # noqa: PLC0415 - an add-on, which a single update does not need

        self._client_with("update_many", options)  # to validate the options
        client = self._client_with("update_many", {**options, "max_retries": 0})  # the roll-out retries, not the call
        health = self._client_with("update_many", {"timeout": 5, "max_retries": 0})
        merge = updates.merge_metadata if isinstance(updates, Plan) else merge_metadata

        async def update(project_id: str, body: Body) -> Project:
            return expect(Project, (await self._update(client, merge, project_id, body)).parsed)

        get = functools.partial(get_health.asyncio_detailed, client=health)
        return AsyncRollOut(update, get, updates, concurrency, self._max_connections, options.get("max_retries"))
