"""An update by each kind of client, in process and over a socket."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activepieces_client import Activepieces, AsyncActivepieces, BadRequestError
from activepieces_client.models import (
    ColorName,
    Metadata,
    Project,
    ProjectIconUpdate,
    ProjectPlanUpdate,
    UpdateProjectRequest,
)
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, call, sync_client


def test_model_changes_what_is_set_and_nothing_else(any_service: StandIn, update: Update) -> None:
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


def test_mapping_is_sent_as_it_is(service: StandIn, update: Update) -> None:
    body = {"metadata": {"tier": "gold", "ünï": [1, 2.5, None, True]}, "maxConcurrentJobs": 25}
    assert update(service, ID, body).max_concurrent_jobs == 25
    assert service.requests[0].json == body
    assert "ünï".encode() in service.requests[0].content
    assert b" " not in service.requests[0].content


def test_none_is_sent_as_null_and_unset_is_not_sent(service: StandIn, update: Update) -> None:
    update(service, ID, UpdateProjectRequest(max_concurrent_jobs=3))
    assert service.projects[0]["poolId"] is not None

    update(service, ID, UpdateProjectRequest(max_concurrent_jobs=None))

    assert [request.content for request in service.requests] == [
        b'{"maxConcurrentJobs":3}',
        b'{"maxConcurrentJobs":null}',
    ]
    assert service.projects[0]["poolId"] is None


def test_request_line_and_headers(service: StandIn, update: Update) -> None:
    update(service, ID, {"displayName": "Acme"})

    (request,) = service.requests
    assert request.method == "POST"
    assert request.url == f"{service.base_url}/v1/projects/{ID}"
    assert request.headers["authorization"] == f"Bearer {service.api_key}"
    assert request.headers["content-type"] == "application/json"


def test_update_detailed_returns_status_and_headers(service: StandIn, kind: str) -> None:
    response = call(kind, service, "update_detailed", ID, {"displayName": "Acme"})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert b'"displayName": "Acme"' in response.content
    assert response.parsed.display_name == "Acme"


def test_every_timeout_is_finite(service: StandIn, update: Update) -> None:
    update(service, ID, {}, client={"timeout": httpx.Timeout(None, read=3)})
    update(service, ID, {}, client={"timeout": 20}, timeout=9)

    first, second = (request.extensions["timeout"] for request in service.requests)
    assert first == {"connect": 5, "read": 3, "write": 30, "pool": 30}
    assert set(second.values()) == {9}


def test_default_timeout_is_30_seconds_5_to_connect(update: Update) -> None:
    with StandIn().serve() as service:
        service.fail(400)
        with pytest.raises(BadRequestError) as caught:
            update(service, ID, {})
    assert caught.value.request.extensions["timeout"] == {"connect": 5, "read": 30, "write": 30, "pool": 30}


@pytest.mark.parametrize("client", [Activepieces, AsyncActivepieces])
def test_repr_of_a_client_shows_its_address(client: type[Any]) -> None:
    assert repr(client("sk-1", base_url="https://flows.test/api")) == (
        f"{client.__name__}(base_url='https://flows.test/api')"
    )


text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
names = text.filter(lambda name: name != "__proto__")  # which the service rejects
numbers = st.integers(-(2**53), 2**53) | st.floats(-(2**53), 2**53)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner) | st.dictionaries(names, inner),
    max_leaves=10,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(names, json_values))
def test_any_metadata_comes_back_as_it_was(service: StandIn, metadata: dict[str, Any]) -> None:
    project = sync_client(service).projects.update(ID, {"metadata": metadata})

    assert isinstance(project.metadata, Metadata)
    assert project.metadata.to_dict() == metadata
