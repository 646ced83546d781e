"""Responses of a success: projects, warnings, ResponseValidationError."""

from __future__ import annotations

import logging
import pickle
import re
from typing import Any

import httpx
import pytest

from activepieces_client import NotAppliedError, ResponseValidationError
from activepieces_client.models import Project
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, project_json, project_response, sync_client

Caplog = pytest.LogCaptureFixture


def warnings(caplog: Caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


# Deviations from the document


def test_new_properties_and_enum_values_are_kept(service: StandIn, update: Update, caplog: Caplog) -> None:
    service.fail(project_response(service, type="ROBOT", icon={"color": "TEAL", "shape": "round"}, region="g1"))
    project = update(service, ID, {})
    assert project.type_ == "ROBOT"
    assert project.icon.color == "TEAL"
    assert project.additional_properties == {"region": "g1"}
    assert warnings(caplog) == []


def test_violations_of_the_document_are_warnings(service: StandIn, update: Update, caplog: Caplog) -> None:
    service.fail(project_response(service, platformId="too short", maxConcurrentJobs="many"))
    assert isinstance(update(service, ID, {}), Project)
    messages = warnings(caplog)
    assert ["$.platformId" in message for message in messages].count(True) == 1
    assert ["$.maxConcurrentJobs" in message for message in messages].count(True) == 1


def test_each_kind_of_violation_is_warned_of_once(service: StandIn, caplog: Caplog) -> None:
    client = sync_client(service)
    plans: list[dict[str, Any]] = [{"pieces": [1, 2]}, {"pieces": ["a", "b", 3]}, {"pieces": [], "locked": "no"}]
    for plan in plans:
        service.fail(project_response(service, plan={**service.projects[0]["plan"], **plan}))
        client.projects.update(ID, {})
    start = "updateProject: the response is not as specified, is it time to upgrade? "
    assert warnings(caplog) == [
        f'{start}$.plan.pieces[*]: 1 is not of type "string"',
        f'{start}$.plan.locked: "no" is not of type "boolean"',
    ]


def test_nan_is_named(service: StandIn, update: Update, caplog: Caplog) -> None:
    content = project_json(platformId="PLACE").replace(b'"PLACE"', b"NaN")
    service.fail(httpx.Response(200, content=content))
    update(service, ID, {})
    (warning,) = warnings(caplog)
    assert "$.platformId: NaN" in warning
    assert "null" not in warning


def test_violation_in_a_nullable_schema_names_the_type(service: StandIn, update: Update, caplog: Caplog) -> None:
    service.fail(project_response(service, metadata="gold"))
    update(service, ID, {})
    (warning,) = warnings(caplog)
    assert '$.metadata: "gold" is not of type "object" or "null"' in warning


@pytest.mark.parametrize("status", [201, 204, 206])
def test_undocumented_success_raises(service: StandIn, update: Update, status: int) -> None:
    service.fail(httpx.Response(status, content=project_json()))
    with pytest.raises(ResponseValidationError, match=f"a status that the document lacks .*status {status}") as caught:
        update(service, ID, {})
    assert caught.value.reached


# Depth


def deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def deep_project(depth: int) -> httpx.Response:
    """Respond with a project whose metadata is of a depth."""
    return httpx.Response(200, content=project_json(metadata={"x": None}).replace(b'"x": null', b'"x": ' + deep(depth)))


def test_value_too_deep_for_the_validator(service: StandIn, update: Update) -> None:
    service.fail(httpx.Response(200, content=deep(300)), deep_project(300), deep_project(300))
    with pytest.raises(ResponseValidationError, match="cannot be validated"):
        update(service, ID, {})
    assert isinstance(update(service, ID, {}), Project)
    with pytest.raises(NotAppliedError):
        update(service, ID, {"metadata": {}})


# Between these depths, Python's own JSON parser gives up, and its serializer before it.
@pytest.mark.parametrize("depth", [900, 5000])
def test_value_too_deep_for_python(service: StandIn, update: Update, depth: int) -> None:
    media_type = {"Content-Type": "application/json"}
    service.fail(httpx.Response(200, content=deep(depth), headers=media_type), deep_project(depth))
    with pytest.raises(ResponseValidationError) as caught:
        update(service, ID, {})
    assert caught.value.reached
    # Which of them depends on how deep the stack is already.
    with pytest.raises((ResponseValidationError, NotAppliedError)):
        update(service, ID, {"metadata": {}})


# Reached or not

HTML = b"<!doctype html><title>Activepieces</title>"
NOT_JSON = [
    ("text/html", HTML, "is text/html and not JSON: does base_url end in /api?"),
    ("text/html; charset=utf-8", HTML, "is text/html and not JSON: does base_url end in /api?"),
    ("text/plain", b"ok", "is text/plain and not JSON: does base_url end in /api?"),
    (None, b"", "is of no type and not JSON: does base_url end in /api?"),
    ("application/json", b"<html>", "its response is not JSON ("),
    ("Application/JSON; charset=utf-8", b"", "its response is not JSON ("),
    ("application/problem+json", b'{"id": "', "its response is not JSON ("),
]


@pytest.mark.parametrize(("media_type", "content", "message"), NOT_JSON)
def test_response_that_is_not_json(
    service: StandIn, update: Update, media_type: str | None, content: bytes, message: str
) -> None:
    reached = "base_url" not in message
    headers = {"Content-Type": media_type} if media_type else {}
    service.fail(httpx.Response(200, content=content, headers=headers))
    with pytest.raises(ResponseValidationError, match=re.escape(message)) as caught:
        update(service, ID, {})
    assert caught.value.response.content == content
    assert caught.value.reached is reached
    assert pickle.loads(pickle.dumps(caught.value)).reached is reached


@pytest.mark.parametrize("content", [b"{}", b"null", b"[]", b'{"id": 1}'])
def test_json_that_is_no_project_reached_the_service(service: StandIn, update: Update, content: bytes) -> None:
    service.fail(httpx.Response(200, content=content, headers={"Content-Type": "application/json"}))
    with pytest.raises(ResponseValidationError, match="accepted") as caught:
        update(service, ID, {})
    assert caught.value.response.content == content
    assert caught.value.reached is True
    assert "base_url" not in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).reached is True


def test_base_url_without_api_is_explained(update: Update) -> None:
    explained = pytest.raises(ResponseValidationError, match=r"does base_url end in /api\?")
    with StandIn().serve() as service, explained as caught:
        update(service, ID, {}, client={"base_url": service.base_url.removesuffix("/api")})
    assert caught.value.response.status_code == 200
    assert caught.value.reached is False
