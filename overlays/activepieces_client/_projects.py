"""The resource `client.projects`: typed methods over the generated functions.

A new operation gets a method like these in each of the two classes: a `…_detailed` that calls the generated function,
and one that returns what it parsed. GuardedClient raises for whatever is not the success that the document describes,
which is why the casts are true.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack, cast

import attrs

from activepieces_api.types import UNSET

from ._call import CallOptions
from ._json import shorten
from .exceptions import Problem, RequestValidationError

if TYPE_CHECKING:
    from activepieces_api import AuthenticatedClient
    from activepieces_api.models import Project, UpdateProjectRequest
    from activepieces_api.types import Response

    from ._rollout import AsyncRollOut, RollOut

    Body: TypeAlias = UpdateProjectRequest | Mapping[str, Any]


def validate(body: Body) -> None:
    """Validate the body of an update without sending it: for forms, imports and dry runs.

    Args:
        body: What `update` takes.

    Raises:
        RequestValidationError: With every violation.
    """
    _validated({"body": _model(body).to_dict()})


def _model(body: Body) -> UpdateProjectRequest:
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
    except (AttributeError, LookupError, TypeError, ValueError):
        if isinstance(body, UpdateProjectRequest):
            raise RequestValidationError(list(_unfit_attributes(body))) from None
    # The model drops what it does not know, and fails at what it does not expect: here is where that is said.
    return UpdateProjectRequest.from_dict(_validated({"body": body})["body"])


def _validated(request: Mapping[str, object]) -> dict[str, Any]:
    from ._specification import specification  # noqa: PLC0415 - not on import

    valid: dict[str, Any] = specification().operations["updateProject"].validate(request)
    return valid


def _unfit_attributes(body: UpdateProjectRequest) -> Iterator[Problem]:
    """Yield the attributes of a model whose values the generated code cannot turn into JSON."""
    fields = attrs.fields(type(body))
    for field in fields:
        try:
            attrs.evolve(body, **{other.name: UNSET for other in fields if other is not field}).to_dict()
        except (AttributeError, TypeError, ValueError) as error:
            yield Problem(f"$.{field.name}", f"does not fit {field.type}: {error}")


def _path_id(project_id: object) -> str:
    """Return an id as plain text: the generated function would send `Tenant.ACME` for a str that is an Enum."""
    if not isinstance(project_id, str):
        raise RequestValidationError([Problem("path.id", f'{shorten(project_id)} is not of type "string"')])
    return str.__str__(project_id)


class Projects:
    """Projects, as `client.projects`."""

    def __init__(self, generated: Callable[..., AuthenticatedClient]) -> None:
        self._generated = generated

    def update(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Project:
        """Update a project: a property that is unset stays as it is, and None is sent as null.

        Args:
            project_id: The id of the project.
            body: What to change: an UpdateProjectRequest, or a mapping in the names of the wire.
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
            ConfigurationError: An option is invalid, or the client is closed; nothing was sent.
        """
        return cast("Project", self.update_detailed(project_id, body, **options).parsed)

    def update_detailed(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Response[Project]:
        """Update a project, and return status, headers and content beside the project; otherwise as `update`."""
        from activepieces_api.api.projects import update_project  # noqa: PLC0415 - with its models, not on import

        client, id_, model = self._generated(**options), _path_id(project_id), _model(body)
        return cast("Response[Project]", update_project.sync_detailed(id_, client=client, body=model))

    def update_many(
        self, updates: Iterable[tuple[str, Body]], *, concurrency: int = 16, **options: Unpack[CallOptions]
    ) -> RollOut:
        """Update many projects, some at once, and tell the outcome of each as it comes, in any order.

        Nothing is sent but while the loop asks for an outcome. To stop, call `stop()` on what this returns, and the
        loop goes on with the outcomes of what is in flight; or leave the loop, by break or Ctrl-C: what is in flight
        ends by itself, `in_flight` has its project ids by index, and another loop tells its outcomes.

        Args:
            updates: Pairs of a project id and a body, as `update` takes them. They are taken one at a time, in the
                thread of the loop, when there is room for one, so that any number of them needs no memory.
            concurrency: How many may be in flight at once. When the service says 429, the roll-out pauses as long as
                the service asks, goes on with fewer at once, and with more again as they succeed.
            **options: Those of `update`, for each.

        Returns:
            An iterator of outcomes. An update that fails is an outcome, too, and stops no other. An error that
            `updates` raises is raised when all outcomes have been told.
        """
        from ._rollout import RollOut  # noqa: PLC0415 - it needs threads and tasks, which a single update does not

        def update(project_id: str, body: Body) -> Project:
            return self.update(project_id, body, **{**options, "retry_429": False})

        return RollOut(update, updates, concurrency)


class AsyncProjects:
    """Projects, as `client.projects` of the async client; the methods are those of `Projects`."""

    def __init__(self, generated: Callable[..., AuthenticatedClient]) -> None:
        self._generated = generated

    async def update(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Project:
        """Update a project; see `Projects.update`."""
        return cast("Project", (await self.update_detailed(project_id, body, **options)).parsed)

    async def update_detailed(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Response[Project]:
        """Update a project, and return status, headers and content beside the project; see `Projects.update`."""
        from activepieces_api.api.projects import update_project  # noqa: PLC0415 - with its models, not on import

        client, id_, model = self._generated(**options), _path_id(project_id), _model(body)
        return cast("Response[Project]", await update_project.asyncio_detailed(id_, client=client, body=model))

    def update_many(
        self,
        updates: Iterable[tuple[str, Body]] | AsyncIterable[tuple[str, Body]],
        *,
        concurrency: int = 16,
        **options: Unpack[CallOptions],
    ) -> AsyncRollOut:
        """Update many projects, and tell the outcome of each as it comes; see `Projects.update_many`.

        Where the loop is cancelled, or `aclose()` is called, what is in flight is cancelled too; `in_flight` then has
        the project ids of which nobody knows whether they were updated.
        """
        from ._rollout import AsyncRollOut  # noqa: PLC0415 - as above

        async def update(project_id: str, body: Body) -> Project:
            return await self.update(project_id, body, **{**options, "retry_429": False})

        return AsyncRollOut(update, updates, concurrency)
