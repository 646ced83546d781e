"""What the parsed responses of the generated functions become: models, pages, one project of several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from activepieces_api.models import Project, ProjectPage
from activepieces_api.types import Response

from ._json import shorten
from .exceptions import ActivepiecesError

T = TypeVar("T")
Parsed = TypeVar("Parsed")


def expect(kind: type[T], parsed: object) -> T:
    """Return the model of a success: the guard raises for every response that is not one."""
    assert isinstance(parsed, kind)  # noqa: S101 - for type checkers
    return parsed


def detailed(kind: type[T], response: Response[Parsed]) -> Response[T]:
    """Return a generated response with the type of its model."""
    return Response(response.status_code, response.content, response.headers, expect(kind, response.parsed))


class Cursors:
    """The cursors of a list, which must not come twice."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def next(self, page: ProjectPage) -> str | None:
        """Return the cursor of the next page; None after the last one.

        Raises:
            ActivepiecesError: The server returns the same cursor twice, so that the list would never end.
        """
        cursor = page.next_ or None
        if cursor in self._seen:
            raise ActivepiecesError(
                f"the list of projects does not end: the server returns the cursor {shorten(cursor)} twice"
            )
        if cursor is not None:
            self._seen.add(cursor)
        return cursor


def only(found: Iterable[Project], external_id: str) -> Project | None:
    """Return the one project with an external id; None if there is none.

    Raises:
        ActivepiecesError: There are several.
    """
    ids = {project.id: project for project in found if project.external_id == external_id}
    if len(ids) > 1:
        raise ActivepiecesError(f"several projects have the external id {shorten(external_id)}: {', '.join(ids)}")
    return next(iter(ids.values()), None)
