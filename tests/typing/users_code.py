# pyright: strict
"""Users' code, which type checkers see with the installed wheel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, assert_type

import httpx

from activepieces_api.api.projects import update_project
from activepieces_api.types import Response, Unset
from activepieces_client import (
    UNSET,
    Activepieces,
    ActivepiecesError,
    APIStatusError,
    AsyncActivepieces,
    Difference,
    NotAppliedError,
    RateLimitError,
    RequestValidationError,
    UpdateOutcome,
    Violation,
    __version__,
    validate,
)
from activepieces_client.bulk import Failed, Updated, is_final
from activepieces_client.models import (
    ColorName,
    Metadata,
    PiecesFilterType,
    Project,
    ProjectIconUpdate,
    ProjectPlanUpdate,
    ProjectType,
    UpdateProjectRequest,
)
from activepieces_client.testing import StandIn


def read_key() -> str:
    return "sk-1"


async def read_key_async() -> str:
    return "sk-1"


def update() -> None:
    request = UpdateProjectRequest(
        display_name="Acme EU",
        external_id="customer-4711",
        metadata=Metadata.from_dict({"tier": "gold"}),
        icon=ProjectIconUpdate(color=ColorName.CYAN),
        plan=ProjectPlanUpdate(pieces_filter_type=PiecesFilterType.ALLOWED, pieces=["@activepieces/piece-slack"]),
        max_concurrent_jobs=None,
    )
    validate(request)
    with Activepieces(read_key, base_url="https://flows.example.com/api", timeout=10, max_retries=0) as client:
        project = client.projects.update("pRjEctId0000000000001", request)
        assert_type(project, Project)
        assert_type(project.plan.pieces, list[str])
        assert_type(project.type_, ProjectType | str)
        assert_type(project.max_concurrent_jobs, float | None | Unset)
        detailed = client.projects.update_detailed("pRjEctId0000000000001", {"displayName": "Acme"}, timeout=5.0)
        assert_type(detailed, Response[Project])
        update_project.sync("pRjEctId0000000000001", client=client.generated, body=request)


async def update_async() -> None:
    async with AsyncActivepieces(api_key=read_key_async, http_client=httpx.AsyncClient()) as client:
        project = await client.projects.update("pRjEctId0000000000001", {"metadata": {"tier": "gold"}})
        assert_type(project, Project)


def look_up(client: Activepieces) -> None:
    for project in client.projects.list(display_name="acme", types=["TEAM"], page_size=50, timeout=5):
        assert_type(project, Project)
    assert_type(client.projects.list(types=[ProjectType.TEAM]), Iterator[Project])
    found = client.projects.find(external_id="customer-4711", max_retries=0)
    assert_type(found, Project | None)
    if found:
        assert_type(found.external_id, str | None | Unset)
        if found.external_id is not UNSET:
            client.projects.update(found.id, {"externalId": found.external_id})


async def look_up_async(client: AsyncActivepieces) -> None:
    async for project in client.projects.list(external_id="customer-4711"):
        assert_type(project, Project)
    assert_type(await client.projects.find(external_id="customer-4711"), Project | None)


def roll_out(client: Activepieces, projects: Iterator[str]) -> None:
    with client.projects.update_many(
        ((project, {"displayName": "Acme"}) for project in projects), concurrency=4, max_retries=5
    ) as outcomes:
        for outcome in outcomes:
            assert_type(outcome, Updated | Failed)
            if outcome.error is None:
                assert_type(outcome.project.display_name, str)
            else:
                assert_type(outcome.error, ActivepiecesError)
                outcomes.stop()
    assert_type(outcomes.stopped, ActivepiecesError | None)
    with client.projects.update_many([("p", UpdateProjectRequest())]) as annotated:
        first: UpdateOutcome = next(annotated)
        assert_type(is_final(first.error), bool)


async def roll_out_async(
    client: AsyncActivepieces, updates: AsyncIterator[tuple[str, Mapping[str, Any]]], listed: list[tuple[str, Project]]
) -> None:
    async with client.projects.update_many(updates, timeout=5, check_applied=False) as outcomes:
        async for outcome in outcomes:
            if outcome.error is None:
                assert_type(outcome.project.display_name, str)
    assert_type(outcomes.stopped, ActivepiecesError | None)
    async with client.projects.update_many([("p", UpdateProjectRequest())]) as annotated:
        first: UpdateOutcome = await anext(annotated)
        assert_type(first.index, int)
    client.projects.update_many(listed)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def compare(difference: Difference) -> None:
    if difference.returned is UNSET:
        assert_type(difference.path, str)
    assert_type(__version__, str)


def handle_errors(client: Activepieces) -> None:
    try:
        client.projects.update("pRjEctId0000000000001", {}, check_applied=False, timeout=httpx.Timeout(5))
    except RequestValidationError as error:
        assert_type(error.violations, tuple[Violation, ...])
    except NotAppliedError as error:
        assert_type([field.path for field in error.differences], list[str])
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)
    except APIStatusError as error:
        assert_type(error.code, str | None)


def stand_in() -> None:
    service = StandIn(projects=[{"displayName": "Acme"}])
    service.fail(503, (429, {"retry-after": "1"}), httpx.ReadTimeout)
    Activepieces(service.api_key, base_url=service.base_url, http_client=httpx.Client(transport=service.transport))
    with service.serve() as served:
        assert_type(served, StandIn)
