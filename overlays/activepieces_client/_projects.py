"""The resource `client.projects`: thin, typed methods over the generated functions.

A new operation gets a method like these in each of the two classes: a `…_detailed` that calls the generated function,
and one that returns what it parsed. The guard raises for whatever is not the answer of success that the specification
names, which is why the casts are true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import attrs
import httpx

from activepieces_api.api.projects import update_project
from activepieces_api.models import Project, UpdateProjectRequest
from activepieces_api.types import Response

from ._exceptions import Problem, RequestValidationError
from ._json import shorten, to_json
from ._specification import specification

if TYPE_CHECKING:
    from ._client import Activepieces, AsyncActivepieces

Body = UpdateProjectRequest | Mapping[str, Any]


def validate(body: Body) -> None:
    """Check the body of an update without sending it: for forms, imports and dry runs.

    Args:
        body: What `update` takes.

    Raises:
        RequestValidationError: With every rule of the specification that the body breaks.
    """
    _, problems = specification().operation("updateProject").check_body(_Wire(body).to_dict())
    if problems:
        raise RequestValidationError(problems)


@attrs.frozen
class _Wire:
    """A body on its way through the generated function, which calls `to_dict`, to the guard, which checks it."""

    body: object

    def to_dict(self) -> Any:
        if not isinstance(self.body, UpdateProjectRequest):
            return self.body
        try:
            return self.body.to_dict()
        except (AttributeError, TypeError, ValueError):
            raise RequestValidationError(list(_misfits(self.body))) from None


def _misfits(body: UpdateProjectRequest) -> Iterator[Problem]:
    """Find the fields of a model that hold what the generated code cannot turn into JSON."""
    for field in attrs.fields(UpdateProjectRequest):
        try:
            UpdateProjectRequest(**{field.name: getattr(body, field.name)}).to_dict()
        except (AttributeError, TypeError, ValueError) as error:
            yield Problem(f"$.{field.name}", f"does not fit {field.type}: {error}")


def _text(project_id: object) -> str:
    """Refuse what the generated function would turn into some text, or fail on; the guard checks the text."""
    problems: list[Problem] = []
    plain = to_json(project_id, lambda _, message: problems.append(Problem("path.id", message)))
    if not problems and not isinstance(plain, str):
        problems.append(Problem("path.id", f'{shorten(plain)} is not of type "string"'))
    if problems:
        raise RequestValidationError(problems)
    return str(plain)


class Projects:
    """Projects, by `client.projects`."""

    def __init__(self, client: Activepieces) -> None:
        self._client = client

    def update(
        self,
        project_id: str,
        body: Body,
        *,
        check_applied: bool = True,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int | None = None,
    ) -> Project:
        """Update a project: a field that is not set stays as it is, and None is sent as null.

        Args:
            project_id: The id of the project.
            body: What to change: an UpdateProjectRequest, or a mapping in the names of the wire.
            check_applied: Whether an answer that does not have what was asked is a NotAppliedError.
            timeout: Seconds for each phase of an attempt, or an `httpx.Timeout`; the client's where not given.
            max_retries: How often to repeat what may be repeated; the client's where not given.

        Returns:
            The project as it is after the update.

        Raises:
            RequestValidationError: The id or the body breaks a rule; nothing was sent.
            NotAppliedError: The service accepted the update, but did not do all of it.
            ResponseValidationError: The service accepted the update, but its answer cannot be read.
            APIConnectionError: There was no answer; an APITimeoutError where there was none in time.
            APIStatusError: The answer is not a success; a subclass for each usual status.
        """
        detailed = self.update_detailed(
            project_id, body, check_applied=check_applied, timeout=timeout, max_retries=max_retries
        )
        return cast(Project, detailed.parsed)

    def update_detailed(
        self,
        project_id: str,
        body: Body,
        *,
        check_applied: bool = True,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int | None = None,
    ) -> Response[Project]:
        """Update a project, and return status, headers and content beside the project; otherwise as `update`."""
        client = self._client.with_options(check_applied=check_applied, timeout=timeout, max_retries=max_retries)
        wire = cast(UpdateProjectRequest, _Wire(body))
        return cast(Response[Project], update_project.sync_detailed(_text(project_id), client=client, body=wire))


class AsyncProjects:
    """Projects, by `client.projects` of the async client; the methods are those of `Projects`."""

    def __init__(self, client: AsyncActivepieces) -> None:
        self._client = client

    async def update(
        self,
        project_id: str,
        body: Body,
        *,
        check_applied: bool = True,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int | None = None,
    ) -> Project:
        """Update a project; see `Projects.update`."""
        detailed = await self.update_detailed(
            project_id, body, check_applied=check_applied, timeout=timeout, max_retries=max_retries
        )
        return cast(Project, detailed.parsed)

    async def update_detailed(
        self,
        project_id: str,
        body: Body,
        *,
        check_applied: bool = True,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int | None = None,
    ) -> Response[Project]:
        """Update a project, and return status, headers and content beside the project; see `Projects.update`."""
        client = self._client.with_options(check_applied=check_applied, timeout=timeout, max_retries=max_retries)
        wire = cast(UpdateProjectRequest, _Wire(body))
        detailed = await update_project.asyncio_detailed(_text(project_id), client=client, body=wire)
        return cast(Response[Project], detailed)
