"""`client.projects.plan`: the changes that updates would make, for every kind of client."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import UNSET, ConfigurationError, Difference, NotFoundError, RequestValidationError
from activepieces_client.bulk import Plan
from activepieces_client.models import UpdateProjectRequest
from activepieces_client.testing import StandIn

from .support.roll_outs import projects, renames, roll_out
from .support.updates import async_client, sync_client

MANY = 25
"""More updates than `plan` fetches projects one by one."""


def plan(kind: str, service: StandIn, updates: Any, **options: Any) -> Plan:
    """Make a plan with one kind of client."""
    if kind == "sync":
        with sync_client(service) as client:
            return client.projects.plan(updates, **options)

    async def run() -> Plan:
        async with async_client(service) as client:
            return await client.projects.plan(updates, **options)

    return anyio.run(run, backend=kind)


@pytest.fixture
def service() -> StandIn:
    return StandIn({"displayName": f"Project {n}", "externalId": f"customer-{n}"} for n in range(60))


@pytest.mark.parametrize("number", [3, MANY])
@pytest.mark.parametrize("by", ["id", "external_id"])
def test_plan_has_what_differs(service: StandIn, kind: str, number: int, by: str) -> None:
    updates = list(renames(service))[:number]
    service.projects[1]["displayName"] = "Name 1"
    if by == "external_id":
        updates = [(f"customer-{n}", body) for n, (_, body) in enumerate(updates)]
    found = plan(kind, service, [*updates, ("nowhere", {})], by=by)
    assert len(found) == number - 1
    assert (found.unchanged, found.unknown, found.ignored) == (1, {number: "nowhere"}, ())
    assert [change.index for change in found] == [0, *range(2, number)]
    first = found.changes[0]
    assert (first.project.id, first.body) == (service.projects[0]["id"], {"displayName": "Name 0"})
    assert first.differences == (Difference("$.displayName", "Name 0", "Project 0"),)
    assert len(service.requests) == (1 if number == MANY else number + 1)
    assert {request.method for request in service.requests} == {"GET"}
    result = roll_out(kind, service, found)
    assert result.indexes == [0, *range(2, number)]
    assert all(outcome.change and outcome.change.index == outcome.index for outcome in result.outcomes)
    assert len(plan(kind, service, updates, by=by)) == 0


def test_failure_has_its_change(service: StandIn, kind: str) -> None:
    found = plan(kind, service, [(service.projects[0]["id"], {"externalId": "customer-1"})])
    (outcome,) = roll_out(kind, service, found).outcomes
    assert outcome.error
    assert outcome.change is found.changes[0]


def test_body_has_only_what_differs(service: StandIn, kind: str) -> None:
    service.projects[0].update(metadata={"tier": "gold", "old": 1}, maxConcurrentJobs=5)
    body: dict[str, Any] = {
        "displayName": "Project 0",
        "icon": {"color": "RED"},
        "maxConcurrentJobs": 5.0,
        "metadata": {"tier": "silver"},
        "globalConnectionExternalIds": [],  # which no response shows
        "plan": {"pieces": ["a"], "activeFlowsLimit": 3},
    }
    (change,) = plan(kind, service, [(service.projects[0]["id"], UpdateProjectRequest.from_dict(body))])
    assert change.body == {
        "icon": {"color": "RED"},
        "metadata": {"tier": "silver"},
        "globalConnectionExternalIds": [],
        "plan": {"activeFlowsLimit": 3},
    }
    assert {item.path: (item.returned, item.requested) for item in change.differences} == {
        "$.icon.color": ("CYAN", "RED"),
        "$.metadata.tier": ("gold", "silver"),
        "$.metadata.old": (1, UNSET),
        "$.plan.activeFlowsLimit": (None, 3),
        "$.globalConnectionExternalIds": (UNSET, []),
    }
    assert [(item.path, reason) for item, reason in change.ignored] == [
        ("$.plan.pieces", "piece sets replace it from release 0.87 on")
    ]


def test_merged_metadata_keeps_other_members(service: StandIn, kind: str) -> None:
    first, second, third, fourth = (project["id"] for project in service.projects[:4])
    service.projects[0]["metadata"] = {"tier": "gold", "old": 1, "kept": 1}
    service.projects[1]["metadata"] = {"tier": "silver"}
    patch = {"metadata": {"tier": "silver", "old": None}}
    updates: Any = [(first, patch), (second, patch), (third, patch), (fourth, {"metadata": {"old": None}})]
    found = plan(kind, service, updates, merge_metadata=True)
    assert [change.body for change in found] == [patch, {"metadata": {"tier": "silver"}}]
    assert [change.project.id for change in found] == [first, third]
    service.projects[0]["metadata"]["since"] = 2  # after the plan
    assert roll_out(kind, service, found).errors == []
    assert service.projects[0]["metadata"] == {"tier": "silver", "kept": 1, "since": 2}
    assert roll_out(kind, service, [(second, {"metadata": {"a": 1}})], merge_metadata=True).errors == []
    assert service.projects[1]["metadata"] == {"tier": "silver", "a": 1}
    assert roll_out(kind, service, plan(kind, service, [(second, {"metadata": {"a": 1}})])).errors == []
    assert service.projects[1]["metadata"] == {"a": 1}
    (change,) = plan(kind, service, [(fourth, {"metadata": {}})])
    assert change.differences == (Difference("$.metadata", {}, None),)


def test_every_violation_has_its_position(service: StandIn, kind: str) -> None:
    first = service.projects[0]["id"]
    updates: Any = [(first, {"displayName": "a/b", "colour": 1}), (first, {}), (first, {}), (5, {}), ("a", 5)]
    with pytest.raises(RequestValidationError) as caught:
        plan(kind, service, updates)
    assert [violation.path for violation in caught.value.violations] == [
        "updates[0] $.displayName", "updates[0] $.colour", "updates[2] id", "updates[3] path.id", "updates[4] $",
    ]  # fmt: skip
    with pytest.raises(RequestValidationError, match=r"updates\[0\] external_id: is not a text, or it is empty"):
        plan(kind, service, [("", {})], by="external_id")
    with pytest.raises(RequestValidationError, match=r"updates\[1\] \$.icon: .* write ProjectIconUpdate"):
        plan(kind, service, [(first, {}), ("a", UpdateProjectRequest(icon={"color": "RED"}))])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pair of an id and a body"):
        plan(kind, service, [{"id": first, "body": {}}])
    assert service.requests == []


@pytest.mark.parametrize("number", [2, MANY])
def test_ambiguous_external_id_has_its_position(service: StandIn, kind: str, number: int) -> None:
    service.projects[7]["externalId"] = "customer-1"
    ids = f"{service.projects[1]['id']} and {service.projects[7]['id']} have the external id"
    with pytest.raises(RequestValidationError, match=rf"updates\[1\] external_id: {ids}"):
        plan(kind, service, [(f"customer-{n}", {}) for n in range(number)], by="external_id")


def test_project_on_two_pages_is_one_project(kind: str) -> None:
    service = StandIn(projects(3))
    page = {"data": service.projects, "next": None, "previous": None}
    pages = [{**page, "next": "2"}, page]
    service.handlers["listProjects"] = lambda _: httpx.Response(200, json=pages.pop(0))
    updates = [(project["id"], {"displayName": "x"}) for project in service.projects]
    assert len(plan(kind, service, [*updates, *((f"nowhere{n}", {}) for n in range(MANY))])) == 3


def test_response_of_a_proxy_is_not_an_unknown_id(service: StandIn, kind: str) -> None:
    service.handlers["getProject"] = lambda _: httpx.Response(404, html="<p>no")
    with pytest.raises(NotFoundError):
        plan(kind, service, [("p1", {})])


def test_unknown_kind_of_id_raises(service: StandIn, kind: str) -> None:
    with pytest.raises(ConfigurationError, match="by must be 'id' or 'external_id'"):
        plan(kind, service, [], by="name")
    assert len(plan(kind, service, [])) == 0
    assert service.requests == []
