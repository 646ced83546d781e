"""The resource `client.projects`: thin, typed methods over the generated functions.

A new operation gets a method like these in each of the two classes: a `…_detailed` that calls the generated function,
and one that returns what it parsed. The guard raises for whatever is not the answer of success that the specification
names, which is why the casts are true.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack, cast

import attrs

from ._guard import CallOptions
from ._json import flaw, shorten
from .exceptions import Problem, RequestValidationError

if TYPE_CHECKING:
    from activepieces_api import AuthenticatedClient
    from activepieces_api.models import Project, UpdateProjectRequest
    from activepieces_api.types import Response

    from ._rollout import AsyncRollOut, RollOut

    Body: TypeAlias = UpdateProjectRequest | Mapping[str, Any]


def validate(body: Body) -> None:
    """Check the body of an update without sending it: for forms, imports and dry runs.

    Args:
        body: What `update` takes.

    Raises:
        RequestValidationError: With every rule of the specification that the body breaks.
    """
    from ._specification import specification  # noqa: PLC0415 - when it is first needed

    specification().operations["updateProject"].check({"body": _to_json(body)})


def _to_json(body: object) -> Any:
    """Read the JSON out of a body; the guard checks it."""
    from activepieces_api.models import UpdateProjectRequest  # noqa: PLC0415 - when it is first needed

    if not isinstance(body, UpdateProjectRequest):
        return body
    try:
        return body.to_dict()
    except (AttributeError, TypeError, ValueError):
        raise RequestValidationError(list(_misfits(body))) from None


def _wire(body: object) -> Any:
    """Carry a body through the generated function, which calls nothing of it but `to_dict`."""
    return SimpleNamespace(to_dict=functools.partial(_to_json, body))


def _misfits(body: UpdateProjectRequest) -> Iterator[Problem]:
    """Find the fields of a model that hold what the generated code cannot turn into JSON."""
    from activepieces_api.types import UNSET  # noqa: PLC0415 - when it is first needed

    fields = attrs.fields(type(body))
    for field in fields:
        try:
            attrs.evolve(body, **{other.name: UNSET for other in fields if other is not field}).to_dict()
        except (AttributeError, TypeError, ValueError) as error:
            yield Problem(f"$.{field.name}", f"does not fit {field.type}: {error}")


def _segment(project_id: object) -> str:
    """Refuse what the generated function would turn into some text, or fail on; the guard checks the text itself."""
    problem = flaw(project_id) if isinstance(project_id, str) else f'{shorten(project_id)} is not of type "string"'
    if problem:
        raise RequestValidationError([Problem("path.id", problem)])
    return str(project_id)


class Projects:
    """Projects, by `client.projects`."""

    def __init__(self, generated: Callable[..., AuthenticatedClient]) -> None:
        self._generated = generated

    def update(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Project:
        """Update a project: a field that is not set stays as it is, and None is sent as null.

        Args:
            project_id: The id of the project.
            body: What to change: an UpdateProjectRequest, or a mapping in the names of the wire.
            **options: `check_applied=True`: whether an answer that does not have what was asked is a NotAppliedError.
                `timeout`: seconds for each phase of an attempt, or an `httpx.Timeout`; the client's where not given.
                `max_retries`: how often to repeat what may be repeated; the client's where not given.

        Returns:
            The project as it is after the update.

        Raises:
            RequestValidationError: The id or the body breaks a rule; nothing was sent.
            NotAppliedError: The service accepted the update, but did not do all of it.
            ResponseValidationError: The service accepted the update, but its answer cannot be read.
            APIConnectionError: There was no answer; an APITimeoutError where there was none in time.
            APIStatusError: The answer is not a success; a subclass for each usual status.
        """
        return cast("Project", self.update_detailed(project_id, body, **options).parsed)

    def update_detailed(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Response[Project]:
        """Update a project, and return status, headers and content beside the project; otherwise as `update`."""
        from activepieces_api.api.projects import update_project  # noqa: PLC0415 - when it is first needed

        client, wire = self._generated(**options), _wire(body)
        detailed: Response[Any] = update_project.sync_detailed(_segment(project_id), client=client, body=wire)
        return detailed

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
        from activepieces_api.api.projects import update_project  # noqa: PLC0415 - when it is first needed

        from ._rollout import RollOut  # noqa: PLC0415 - it needs threads and tasks, which a single update does not

        client = self._generated(**options, raise_429=True)

        def update(project_id: str, body: Body) -> Project:
            return cast("Project", update_project.sync(_segment(project_id), client=client, body=_wire(body)))

        return RollOut(update, updates, concurrency)


class AsyncProjects:
    """Projects, by `client.projects` of the async client; the methods are those of `Projects`."""

    def __init__(self, generated: Callable[..., AuthenticatedClient]) -> None:
        self._generated = generated

    async def update(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Project:
        """Update a project; see `Projects.update`."""
        return cast("Project", (await self.update_detailed(project_id, body, **options)).parsed)

    async def update_detailed(self, project_id: str, body: Body, **options: Unpack[CallOptions]) -> Response[Project]:
        """Update a project, and return status, headers and content beside the project; see `Projects.update`."""
        from activepieces_api.api.projects import update_project  # noqa: PLC0415 - when it is first needed

        client, wire = self._generated(**options), _wire(body)
        detailed: Response[Any] = await update_project.asyncio_detailed(_segment(project_id), client=client, body=wire)
        return detailed

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
        from activepieces_api.api.projects import update_project  # noqa: PLC0415 - when it is first needed

        from ._rollout import AsyncRollOut  # noqa: PLC0415 - as above

        client = self._generated(**options, raise_429=True)

        async def update(project_id: str, body: Body) -> Project:
            return cast("Project", await update_project.asyncio(_segment(project_id), client=client, body=_wire(body)))

        return AsyncRollOut(update, updates, concurrency)
