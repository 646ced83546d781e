"""Updating a project, through every kind of client, in process and over a socket."""

from __future__ import annotations

import copy
import gc
import re
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activepieces_api.api.projects import update_project
from activepieces_client import (
    Activepieces,
    AsyncActivepieces,
    BadRequestError,
    ConfigurationError,
    RequestValidationError,
)
from activepieces_client.models import (
    ColorName,
    Metadata,
    Project,
    ProjectIconUpdate,
    ProjectPlanUpdate,
    UpdateProjectRequest,
)
from activepieces_client.testing import StandIn

from .support.updates import Update, update_sync

ID = "pRjEctId0000000000001"


def sync_client(service: StandIn) -> Activepieces:
    http_client = httpx.Client(transport=service.transport)
    return Activepieces(service.api_key, base_url=service.base_url, http_client=http_client)


def test_a_typed_request_changes_what_is_set_and_nothing_else(any_service: StandIn, update: Update) -> None:
    before = copy.deepcopy(any_service.projects[0])
    request = UpdateProjectRequest(
        display_name="Acme EU",
        icon=ProjectIconUpdate(color=ColorName.RED),
        plan=ProjectPlanUpdate(active_flows_limit=40),
        metadata=Metadata.from_dict({"tier": "gold"}),
    )

    project = update(any_service, ID, request)

    assert isinstance(project, Project)
    assert project.display_name == "Acme EU"
    assert project.icon.color is ColorName.RED
    assert project.plan.active_flows_limit == 40
    assert isinstance(project.metadata, Metadata)
    assert project.metadata["tier"] == "gold"
    after = any_service.projects[0]
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"displayName", "icon", "metadata", "plan", "updated"}


def test_a_mapping_goes_out_as_it_is(service: StandIn, update: Update) -> None:
    project = update(service, ID, {"metadata": {"tier": "gold", "ünï": [1, 2.5, None, True]}, "maxConcurrentJobs": 25})

    assert project.max_concurrent_jobs == 25
    assert service.requests[0].content == (
        '{"metadata":{"tier":"gold","ünï":[1,2.5,null,true]},"maxConcurrentJobs":25}'.encode()
    )


def test_none_is_sent_and_what_is_not_set_is_not(service: StandIn, update: Update) -> None:
    update(service, ID, UpdateProjectRequest(max_concurrent_jobs=3))
    assert service.projects[0]["poolId"] is not None

    update(service, ID, UpdateProjectRequest(max_concurrent_jobs=None))

    assert [request.content for request in service.requests] == [
        b'{"maxConcurrentJobs":3}',
        b'{"maxConcurrentJobs":null}',
    ]
    assert service.projects[0]["poolId"] is None


def test_the_request_that_goes_out(service: StandIn, update: Update) -> None:
    update(service, ID, {"displayName": "Acme"})

    (request,) = service.requests
    assert request.method == "POST"
    assert request.url == f"{service.base_url}/v1/projects/{ID}"
    assert request.headers["authorization"] == f"Bearer {service.api_key}"
    assert request.headers["content-type"] == "application/json"
    assert re.fullmatch(r"activepieces-client/[\d.]+ openapi/[\d.]+ python-httpx/[\d.]+", request.headers["user-agent"])


def test_update_detailed_gives_status_headers_and_content(service: StandIn) -> None:
    response = sync_client(service).projects.update_detailed(ID, {"displayName": "Acme"})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert b'"displayName": "Acme"' in response.content
    assert response.parsed is not None
    assert response.parsed.display_name == "Acme"


@pytest.mark.anyio
async def test_update_detailed_async(service: StandIn) -> None:
    http_client = httpx.AsyncClient(transport=service.transport)
    async with AsyncActivepieces(service.api_key, base_url=service.base_url, http_client=http_client) as client:
        response = await client.projects.update_detailed(ID, {"displayName": "Acme"})
    assert response.parsed is not None
    assert response.parsed.display_name == "Acme"


def test_a_generated_function_has_the_same_guarantees(service: StandIn) -> None:
    client = sync_client(service)

    project = update_project.sync(ID, client=client.generated, body=UpdateProjectRequest(display_name="Acme"))

    assert isinstance(project, Project)
    with pytest.raises(RequestValidationError, match=r"\$\.displayName"):
        update_project.sync(ID, client=client.generated, body=UpdateProjectRequest(display_name="a/b"))
    assert len(service.requests) == 1
    assert service.requests[0].headers["authorization"] == f"Bearer {service.api_key}"


@pytest.mark.anyio
async def test_a_generated_async_function_has_the_same_guarantees(service: StandIn) -> None:
    http_client = httpx.AsyncClient(transport=service.transport)
    client = AsyncActivepieces(service.api_key, base_url=service.base_url, http_client=http_client)

    body = UpdateProjectRequest(display_name="Acme")
    project = await update_project.asyncio(ID, client=client.generated, body=body)

    assert isinstance(project, Project)
    with pytest.raises(RequestValidationError):
        await update_project.asyncio("", client=client.generated, body=body)
    assert len(service.requests) == 1


@pytest.mark.anyio
async def test_there_is_no_way_past_the_guard(service: StandIn) -> None:
    generated = sync_client(service).generated
    body = UpdateProjectRequest(display_name="Acme")

    with pytest.raises(ConfigurationError) as caught:
        await update_project.asyncio(ID, client=generated, body=body)
    assert str(caught.value) == (
        f"POST /api/v1/projects/{ID} was not sent, since nothing would check it: use client.generated as it is, with "
        "the sync functions for Activepieces and the asyncio functions for AsyncActivepieces"
    )
    with pytest.raises(ConfigurationError, match="nothing would check it"):
        update_project.sync(ID, client=attrs.evolve(generated), body=body)
    assert service.requests == []


def test_your_own_http_client_keeps_its_settings_and_stays_open(service: StandIn) -> None:
    seen: list[str] = []

    def see(request: httpx.Request) -> None:
        seen.append(request.method)

    http_client = httpx.Client(
        transport=service.transport,
        headers={"x-team": "platform", "user-agent": "ours/1"},
        timeout=7,
        event_hooks={"request": [see]},
    )
    with Activepieces(service.api_key, base_url=service.base_url, http_client=http_client) as client:
        client.projects.update(ID, {"displayName": "Acme"})

    (request,) = service.requests
    assert (request.headers["x-team"], request.headers["user-agent"]) == ("platform", "ours/1")
    assert request.extensions["timeout"] == {"connect": 7, "read": 7, "write": 7, "pool": 7}
    assert seen == ["POST"]
    assert not http_client.is_closed


def test_every_timeout_is_finite(service: StandIn, update: Update) -> None:
    update(service, ID, {}, client={"timeout": httpx.Timeout(None, read=3)})
    update(service, ID, {}, client={"timeout": 20}, timeout=9)

    first, second = (request.extensions["timeout"] for request in service.requests)
    assert first["read"] == 3
    assert all(limit is not None for limit in first.values())
    assert set(second.values()) == {9}


def test_a_client_of_its_own_waits_30_seconds_for_each_phase_and_5_to_connect(update: Update) -> None:
    with StandIn().serve() as service:
        service.fail(400)
        with pytest.raises(BadRequestError) as caught:
            update(service, ID, {})
    assert caught.value.request.extensions["timeout"] == {"connect": 5, "read": 30, "write": 30, "pool": 30}


def test_a_client_of_its_own_closes_its_connections() -> None:
    with StandIn().serve() as service:
        client = Activepieces(service.api_key, base_url=service.base_url)
        with client:
            client.projects.update(ID, {})
        client.close()
        with pytest.raises(RuntimeError, match="closed"):
            client.projects.update(ID, {})


def test_an_update_leaves_nothing_to_the_garbage_collector() -> None:
    answer = StandIn().projects[0]
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer))) as http_client:
        client = Activepieces("sk-1", http_client=http_client)
        client.projects.update(ID, {})
        gc.collect()
        gc.disable()
        try:
            client.projects.update(ID, {})
            assert gc.collect() == 0
        finally:
            gc.enable()


text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(lambda key: key != "__proto__")
numbers = st.integers(-(2**53), 2**53) | st.floats(-(2**53), 2**53)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
    max_leaves=10,
)


@given(st.dictionaries(text, json_values))  # keys that reach a prototype are no JSON to the service
def test_any_metadata_that_json_can_carry_comes_back_as_it_was(metadata: dict[str, Any]) -> None:
    service = StandIn()

    project = update_sync(service, ID, {"metadata": metadata})

    assert isinstance(project.metadata, Metadata)
    assert project.metadata.to_dict() == metadata
