"""Get, create and delete a project, merge metadata, and the arguments that select a project."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from activepieces_client import (
    APIConnectionError,
    APIStatusError,
    ConflictError,
    NotFoundError,
    RequestValidationError,
    ServerError,
)
from activepieces_client.models import CreateProjectRequest, Metadata, ProjectType, UpdateProjectRequest
from activepieces_client.testing import StandIn

from .support.updates import ID, call

NOW = {"retry-after": "0"}
NEW = {"displayName": "Acme", "externalId": "customer-1"}

METHODS: dict[str, tuple[Any, ...]] = {
    "update": (ID, {}),
    "update_detailed": (ID, {}),
    "get": (ID,),
    "create": (NEW,),
    "delete": (ID,),
    "list": (),
    "find": (),
    "get_or_create": (),
    "plan": ([],),
    "update_many": ([],),
}
BY_ID: dict[str, dict[str, Any]] = {
    "find": {"external_id": "customer-1"},
    "get_or_create": {"external_id": "customer-1", "display_name": "Acme"},
}


@pytest.mark.parametrize("body", [NEW, CreateProjectRequest(display_name="Acme", external_id="customer-1")])
def test_project_is_created_read_and_deleted(any_service: StandIn, kind: str, body: Any) -> None:
    created = call(kind, any_service, "create", body)
    assert (created.display_name, created.external_id, created.type_) == ("Acme", "customer-1", ProjectType.TEAM)
    assert call(kind, any_service, "get", created.id).to_dict().items() >= created.to_dict().items()
    assert call(kind, any_service, "delete", created.id) is None
    assert [project["id"] for project in any_service.projects] == [ID]


# Arguments


@pytest.mark.parametrize("value", [None, 5, b"p1", "a\0", "a\ud800"])
@pytest.mark.parametrize(
    ("method", "arguments", "options"),
    [
        ("get", 1, ""),
        ("delete", 1, ""),
        ("update", 2, ""),
        ("find", 0, "external_id"),
        ("list", 0, "external_id"),
        ("list", 0, "display_name"),
        ("list", 0, "external_user_id"),
        ("get_or_create", 0, "external_id"),
    ],
)
def test_argument_that_selects_a_project_is_a_string(
    service: StandIn, kind: str, method: str, arguments: int, options: str, value: Any
) -> None:
    named = {**BY_ID.get(method, {}), options: value} if options else {}
    with pytest.raises(RequestValidationError):
        call(kind, service, method, *(value, {})[:arguments], **named)
    assert service.requests == []


@pytest.mark.parametrize("id_", ["", ".", "..", "a/../b"])
@pytest.mark.parametrize("method", ["get", "delete"])
def test_id_is_one_segment_of_a_path(service: StandIn, kind: str, method: str, id_: str) -> None:
    with pytest.raises(RequestValidationError, match=r"path\.id"):
        call(kind, service, method, id_)
    assert service.requests == []


@pytest.mark.parametrize("body", [None, {}, {"displayName": "a/b"}, {"name": "x"}, {"displayName": 5}, {"icon": {}}])
def test_invalid_create_sends_nothing(service: StandIn, kind: str, body: Any) -> None:
    with pytest.raises(RequestValidationError):
        call(kind, service, "create", body)
    assert service.requests == []


@pytest.mark.parametrize("method", METHODS)
def test_unknown_option_names_the_method(service: StandIn, kind: str, method: str) -> None:
    with pytest.raises(TypeError) as caught:
        call(kind, service, method, *METHODS[method], retries=3, **BY_ID.get(method, {}))
    assert str(caught.value) == f"{method}() got an unexpected keyword argument 'retries'"
    assert service.requests == []


# Create and delete


@pytest.mark.parametrize(
    ("failure", "requests"),
    [(503, 1), (429, 1), (httpx.ReadTimeout, 1), (httpx.ReadError, 1), (httpx.ConnectError, 2)],
)
def test_create_is_retried_only_if_unsent(service: StandIn, kind: str, failure: Any, requests: int) -> None:
    service.fail(*[(failure, NOW) if isinstance(failure, int) else failure] * 2)
    with pytest.raises((APIStatusError, APIConnectionError)) as caught:
        call(kind, service, "create", NEW, max_retries=1)
    assert caught.value.attempts == len(service.requests) == requests


def test_taken_external_id_is_named(service: StandIn, kind: str) -> None:
    service.projects[0]["externalId"] = "customer-1"
    with pytest.raises(ServerError, match='23505: the external id "customer-1" is taken') as caught:
        call(kind, service, "create", NEW)
    assert (caught.value.code, len(service.requests)) == ("23505", 1)


def test_unique_violation_without_an_external_id(service: StandIn, kind: str) -> None:
    service.fail(httpx.Response(500, json={"statusCode": 500, "code": "23505", "message": "duplicate key"}))
    with pytest.raises(ServerError, match="23505: duplicate key"):
        call(kind, service, "get", ID)


@pytest.mark.parametrize(("code", "requests"), [("22003", 1), ("23505", 1), ("57P01", 2), ("ECONNREFUSED", 2)])
def test_database_error_of_a_value_is_not_retried(service: StandIn, kind: str, code: str, requests: int) -> None:
    error = {"statusCode": 500, "code": code, "message": "of the database"}
    service.fail(*[httpx.Response(500, json=error, headers=NOW) for _ in range(2)])
    with pytest.raises(ServerError, match=code):
        call(kind, service, "update", ID, {}, max_retries=1)
    assert len(service.requests) == requests


@pytest.mark.parametrize("failure", [(503, NOW), httpx.ReadTimeout, httpx.ReadError])
def test_delete_that_a_retry_finds_done_succeeds(service: StandIn, kind: str, failure: Any) -> None:
    service.fail(failure)
    service.projects.clear()  # by the first attempt, whose response is lost
    assert call(kind, service, "delete", ID, max_retries=1) is None
    assert len(service.requests) == 2


@pytest.mark.parametrize("renewals", [0, 1])
def test_delete_of_an_unknown_project_is_an_error(service: StandIn, kind: str, renewals: int) -> None:
    keys = iter([*["old"] * renewals, service.api_key])
    with pytest.raises(NotFoundError, match="ENTITY_NOT_FOUND"):
        call(kind, service, "delete", "noSuchProject", client={"api_key": lambda: next(keys)})
    assert len(service.requests) == 1 + renewals


def test_delete_of_a_personal_project_is_a_conflict(service: StandIn, kind: str) -> None:
    service.projects[0]["type"] = "PERSONAL"
    with pytest.raises(ConflictError, match="409 VALIDATION: Personal projects cannot be deleted"):
        call(kind, service, "delete", ID)


# Merge metadata


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"tier": "gold", "old": None, "nested": {"a": 1}}},
        UpdateProjectRequest(metadata=Metadata.from_dict({"tier": "gold", "old": None, "nested": {"a": 1}})),
    ],
)
def test_merge_metadata_sets_removes_and_keeps(service: StandIn, kind: str, body: Any) -> None:
    service.projects[0]["metadata"] = {"tier": "free", "old": 1, "kept": [1], "nested": {"b": 2}}
    project = call(kind, service, "update", ID, body, merge_metadata=True)
    assert project.metadata.to_dict() == {"tier": "gold", "kept": [1], "nested": {"a": 1}}
    assert [request.method for request in service.requests] == ["GET", "POST"]


def test_merge_metadata_of_a_project_without_any(service: StandIn, kind: str) -> None:
    service.projects[0]["metadata"] = None
    response = call(kind, service, "update_detailed", ID, {"metadata": {"tier": "gold"}}, merge_metadata=True)
    assert response.parsed.metadata.to_dict() == {"tier": "gold"}


@pytest.mark.parametrize("body", [{}, {"displayName": "Acme"}])
def test_merge_without_metadata_reads_nothing(service: StandIn, kind: str, body: Any) -> None:
    call(kind, service, "update", ID, body, merge_metadata=True)
    assert [request.method for request in service.requests] == ["POST"]


def test_invalid_merge_reads_nothing(service: StandIn, kind: str) -> None:
    with pytest.raises(RequestValidationError):
        call(kind, service, "update", ID, {"displayName": "a/b", "metadata": {}}, merge_metadata=True)
    assert service.requests == []
