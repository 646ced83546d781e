"""Listing projects page by page, and finding one by its external id."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import ActivepiecesError, AuthenticationError, RequestValidationError
from activepieces_client.models import Project, ProjectType
from activepieces_client.testing import StandIn

from .support.updates import async_client, call, sync_client

List = Callable[..., list[Project]]
Find = Callable[..., Project | None]


@pytest.fixture
def service() -> StandIn:
    projects: list[dict[str, Any]] = [
        {"displayName": f"Project {number:03}", "externalId": f"customer-{number}"} for number in range(250)
    ]
    return StandIn([*projects, {"displayName": "Mine", "type": "PERSONAL"}])


@pytest.fixture
def list_projects(service: StandIn, kind: str) -> List:
    """List projects with each kind of client."""
    return functools.partial(call, kind, service, "list")


@pytest.fixture
def find_project(service: StandIn, kind: str) -> Find:
    """Find a project with each kind of client."""
    return functools.partial(call, kind, service, "find")


def page(*projects: dict[str, Any], cursor: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"data": projects, "next": cursor, "previous": None})


# list


def test_list_has_every_page(service: StandIn, list_projects: List) -> None:
    projects = list_projects()
    assert {project.id for project in projects} == {project["id"] for project in service.projects}
    assert len(projects) == 251
    assert [request.url.params["limit"] for request in service.requests] == ["100"] * 3
    assert [request.url.params.get("cursor") is None for request in service.requests] == [True, False, False]


def test_list_of_larger_pages(service: StandIn, list_projects: List) -> None:
    assert len(list_projects(page_size=251)) == 251
    assert len(service.requests) == 1


def test_list_has_filters(service: StandIn, list_projects: List) -> None:
    assert [project.external_id for project in list_projects(external_id="customer-7")] == ["customer-7"]
    assert len(list_projects(display_name="project 00")) == 10
    assert [project.display_name for project in list_projects(types=["PERSONAL"])] == ["Mine"]
    assert len(list_projects(types=[ProjectType.PERSONAL, ProjectType.TEAM])) == 251
    assert service.requests[-1].url.params.get_list("types") == ["PERSONAL", "TEAM"]


def test_pages_are_fetched_as_needed(service: StandIn) -> None:
    projects = sync_client(service).projects.list()
    assert service.requests == []
    for _ in range(100):
        next(projects)
    assert len(service.requests) == 1
    next(projects)
    assert len(service.requests) == 2


def test_async_pages_are_fetched_as_needed(service: StandIn, backend: str) -> None:
    async def run() -> None:
        projects = async_client(service).projects.list()
        assert service.requests == []
        for _ in range(100):
            await anext(projects)
        assert len(service.requests) == 1
        rest = [project async for project in projects]
        assert len(rest) == 151
        assert len(service.requests) == 3

    anyio.run(run, backend=backend)


def test_type_may_be_one_string(list_projects: List) -> None:
    assert [project.display_name for project in list_projects(types="PERSONAL")] == ["Mine"]


def test_unknown_type_is_invalid(service: StandIn, list_projects: List) -> None:
    with pytest.raises(RequestValidationError, match=r"query\.types: .*'ROBOT'"):
        list_projects(types=["ROBOT"])
    assert service.requests == []


def test_options_of_a_list_are_those_of_each_page(service: StandIn, list_projects: List) -> None:
    list_projects(timeout=7)
    assert [set(request.extensions["timeout"].values()) for request in service.requests] == [{7}] * 3


def test_list_is_retried_page_by_page(service: StandIn, list_projects: List) -> None:
    service.fail((503, {"retry-after": "0"}))
    assert len(list_projects()) == 251
    assert len(service.requests) == 4


def test_failure_of_a_list_is_raised(service: StandIn, list_projects: List) -> None:
    service.fail(401)
    with pytest.raises(AuthenticationError, match="GET /api/v1/projects"):
        list_projects()


def test_same_cursor_twice_ends_the_list(service: StandIn, list_projects: List) -> None:
    project = service.projects[0]
    service.fail(page(project, cursor="a"), page(project, cursor="b"), page(project, cursor="a"))
    with pytest.raises(ActivepiecesError, match='does not end: the cursor "a" comes twice'):
        list_projects()
    assert len(service.requests) == 3


@pytest.mark.parametrize("cursor", [None, ""])
def test_page_without_a_cursor_is_the_last(service: StandIn, list_projects: List, cursor: str | None) -> None:
    service.fail(page(service.projects[0], cursor=cursor))
    assert len(list_projects()) == 1


# find


def test_find_returns_the_project_with_an_external_id(service: StandIn, find_project: Find) -> None:
    project = find_project(external_id="customer-7")
    assert project
    assert (project.external_id, project.display_name) == ("customer-7", "Project 007")
    assert service.requests[0].url.params["externalId"] == "customer-7"


@pytest.mark.parametrize("external_id", ["customer-1000", "customer-", "CUSTOMER-7"])
def test_find_without_a_match_is_none(find_project: Find, external_id: str) -> None:
    assert find_project(external_id=external_id) is None


def test_options_of_find_are_those_of_a_call(service: StandIn, find_project: Find) -> None:
    find_project(external_id="customer-7", timeout=7)
    assert [set(request.extensions["timeout"].values()) for request in service.requests] == [{7}]


def test_find_does_not_trust_the_filter(service: StandIn, find_project: Find) -> None:
    service.fail(page(*service.projects[:9]))  # as a server that does not know the filter
    project = find_project(external_id="customer-7")
    assert project
    assert project.external_id == "customer-7"


def test_find_with_several_matches_is_an_error(service: StandIn, find_project: Find) -> None:
    twins = [{**service.projects[0], "id": id_, "externalId": "twin"} for id_ in ("p1", "p2")]
    service.fail(page(*twins))
    with pytest.raises(ActivepiecesError, match='several projects have the external id "twin": p1, p2'):
        find_project(external_id="twin")


def test_find_takes_a_project_listed_twice_for_one(service: StandIn, find_project: Find) -> None:
    project = service.projects[7]
    service.fail(page(project, project))
    assert find_project(external_id="customer-7")
