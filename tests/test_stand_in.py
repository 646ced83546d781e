"""The stand-in: the service's behaviour beyond the recordings, and its own."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn

ID = "pRjEctId0000000000001"
UNKNOWN_CURSORS = ["", "nonsense", "%zz", "bmV4dF9ub25zZW5zZQ==", "bmV4dF9iblZzYkE9PQ==", "bmV4dF9iblZzYkE="]


def request(service: StandIn, method: str, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
    with httpx.Client(transport=service.transport) as client:
        client.headers["authorization"] = f"Bearer {key or service.api_key}"
        return client.request(method, f"{service.base_url}{path}", **options)


def post(
    service: StandIn,
    body: Any,
    *,
    project_id: str = ID,
    key: str | None = None,
    content_type: str = "application/json",
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": content_type}
    return request(service, "POST", f"/v1/projects/{project_id}", key=key, content=content, headers=headers)


def names(service: StandIn, **query: Any) -> list[str]:
    page = request(service, "GET", "/v1/projects", params=query).json()
    return [project["displayName"] for project in page["data"]]


# Projects


def test_missing_parts_of_a_project_are_made_up() -> None:
    service = StandIn([{"displayName": "Mine", "plan": {"pieces": ["a"]}}, {}, {"id": "given"}])
    first, second, third = service.projects
    assert (first["displayName"], first["plan"]["pieces"], first["metadata"]) == ("Mine", ["a"], None)
    assert re.fullmatch("[0-9a-zA-Z]{21}", first["id"])
    assert first["plan"]["projectId"] == first["id"] != second["id"]
    assert third["id"] == third["plan"]["projectId"] == "given"
    assert StandIn([]).projects == []


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ({"display_name": "Acme"}, "project 2 has an unknown property 'display_name'; did you mean 'displayName'?"),
        ({"plan": {"piece": []}}, "plan of project 2 has an unknown property 'piece'; did you mean 'pieces'?"),
        ({"icon": {"xyz": 1}}, "icon of project 2 has an unknown property 'xyz'; known are color"),
        ({"metadata": {"any": 1}}, None),
    ],
)
def test_unknown_property_of_a_project_raises(project: dict[str, Any], message: str | None) -> None:
    if message is None:
        StandIn([{}, project])
    else:
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            StandIn([{}, project])


def test_project_can_be_changed_directly() -> None:
    service = StandIn()
    assert post(service, {}).status_code == 200
    service.projects[0]["id"] = "other"
    assert post(service, {}).status_code == 404
    service.projects.append({**service.projects[0], "id": "third"})
    assert post(service, {}, project_id="third").status_code == 200
    del service.projects[0]
    assert post(service, {}, project_id="other").status_code == 404


# Updates


def test_metadata_comes_back_as_a_jsonb_column_has_it() -> None:
    service = StandIn([{"metadata": {"old": 1}}])
    text = post(service, b'{"metadata": {"bb": 1, "a": {"z": 1, "y": 2.0}, "c": 9007199254740993, "d": 1e400}}').text
    assert '"metadata": {"a": {"y": 2, "z": 1}, "c": 9007199254740992, "d": null, "bb": 1}' in text


def test_job_limit_sets_the_pool_and_null_clears_both() -> None:
    service = StandIn()
    pool = post(service, {"maxConcurrentJobs": 3}).json()["poolId"]
    assert re.fullmatch("[0-9a-zA-Z]{21}", pool)
    cleared = post(service, {"maxConcurrentJobs": None}).json()
    assert (cleared["poolId"], cleared["maxConcurrentJobs"]) == (None, None)
    assert post(service, {"maxConcurrentJobs": 2147483647}).json()["poolId"] == pool


def test_external_ids_are_unique_and_only_for_admins() -> None:
    service = StandIn([{"externalId": "one"}, {"externalId": "two"}])
    taken = post(service, {"externalId": "two"})
    assert (taken.status_code, taken.json()["code"]) == (409, "PROJECT_EXTERNAL_ID_ALREADY_EXISTS")
    assert post(service, {"externalId": "one"}).json()["externalId"] == "one"
    assert post(service, {"externalId": " \t"}).json()["externalId"] == "one"
    assert post(service, {"externalId": "three"}, key=service.member_key).json()["externalId"] == "one"
    assert post(service, {"externalId": "three"}).json()["externalId"] == "three"


def test_retention_has_bounds_and_is_only_for_admins() -> None:
    service = StandIn()
    assert post(service, {"executionDataRetentionDays": 31}).json()["code"] == "VALIDATION"
    ignored = post(service, {"executionDataRetentionDays": 31}, key=service.member_key)
    assert (ignored.status_code, ignored.json()["executionDataRetentionDays"]) == (200, None)
    assert post(service, {"executionDataRetentionDays": 30}).json()["executionDataRetentionDays"] == 30
    assert post(service, {"executionDataRetentionDays": None}).json()["executionDataRetentionDays"] is None


def test_flow_limit_below_active_flows_is_a_conflict() -> None:
    service = StandIn([{"analytics": {"activeFlows": 5}}])
    assert post(service, {"plan": {"activeFlowsLimit": 4}}).status_code == 409
    assert post(service, {"plan": {"activeFlowsLimit": 5}}).json()["plan"]["activeFlowsLimit"] == 5
    assert post(service, {"plan": {"activeFlowsLimit": 2**31}}).json()["code"] == "22003"


def test_great_depth_has_a_response() -> None:
    for depth in (100, 300, 420, 470, 490, 600, 900, 5000):
        status = post(StandIn(), b'{"metadata": {"x": ' + b"[" * depth + b"]" * depth + b"}}").status_code
        assert status == 200 if depth == 100 else status in (200, 400, 500)
        assert post(StandIn(), b"[" * depth + b"]" * depth).status_code == 400


@pytest.mark.parametrize(
    ("value", "violation"),
    [
        ("1.5", "Invalid input: expected int, received number"),
        ("1e400", "Invalid input: expected number, received number"),
    ],
)
def test_number_that_is_invalid_has_one_violation(value: str, violation: str) -> None:
    message = post(StandIn(), f'{{"maxConcurrentJobs": {value}}}'.encode()).json()["message"]
    assert message == f"body/maxConcurrentJobs {violation}"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"", 400, "FST_ERR_CTP_EMPTY_JSON_BODY"),
        ("application/json", b'{"metadata": {"x": NaN}}', 400, "FST_ERR_CTP_INVALID_JSON_BODY"),
        ("application/json", b'{"constructor": {"prototype": 1}}', 400, "FST_ERR_CTP_INVALID_JSON_BODY"),
        ("application/json", b'{"constructor": 1}', 200, None),
        ("application/json; charset=utf-8", b"{}", 200, None),
        ("text/plain", b"{}", 400, "FST_ERR_VALIDATION"),
    ],
)
def test_body_by_its_content_type(content_type: str, body: bytes, status: int, code: str | None) -> None:
    response = post(StandIn(), body, content_type=content_type)
    assert (response.status_code, response.json().get("code")) == (status, code)


def test_request_without_a_body_is_invalid() -> None:
    response = request(StandIn(), "POST", f"/v1/projects/{ID}")
    assert (response.status_code, response.json()["code"]) == (400, "FST_ERR_VALIDATION")


def test_id_that_the_service_has_no_route_for() -> None:
    assert post(StandIn(), {}, project_id="%zz").json()["code"] == "FST_ERR_BAD_URL"
    assert post(StandIn(), {}, project_id="a" * 100).json()["code"] == "ENTITY_NOT_FOUND"
    assert "code" not in post(StandIn(), {}, project_id="a" * 101).json()


# Releases


def test_unknown_release_raises() -> None:
    with pytest.raises(ValueError, match=r"unknown release '0\.1'; known are 0\.83, 0\.88, 0\.92"):
        StandIn(release="0.1")


def test_old_release_lacks_what_is_newer() -> None:
    service = StandIn(release="0.83")
    project = post(service, {"notifyFlowOwnerOnFailure": "yes", "plan": {"activeFlowsLimit": 5}}).json()
    assert "notifyFlowOwnerOnFailure" not in project
    assert "activeFlowsLimit" not in project["plan"]
    with pytest.raises(ValueError, match="unknown property 'workerGroupId'"):
        StandIn([{"workerGroupId": "a"}], release="0.83")


@pytest.mark.parametrize(
    ("release", "pieces", "sensitive"), [("0.83", ["a"], None), ("0.88", [], None), ("0.92", [], True)]
)
def test_release_ignores_what_it_does_not_know(release: str, pieces: list[str], sensitive: bool | None) -> None:
    body = {"sensitive": True, "plan": {"pieces": ["a"], "piecesFilterType": "ALLOWED"}}
    project = post(StandIn(release=release), body).json()
    assert (project["plan"]["pieces"], project.get("sensitive")) == (pieces, sensitive)


def test_lone_surrogate_is_replaced_or_an_error() -> None:
    body = b'{"displayName": "a\\ud83d", "metadata": {"\\udc00": "\\ud83d\\ude00"}}'
    project = post(StandIn(release="0.83"), body).json()
    assert (project["displayName"], project["metadata"]) == ("a\ufffd", {"\ufffd": "\U0001f600"})
    assert post(StandIn(release="0.88"), body).status_code == 500
    assert post(StandIn(release="0.88"), b'{"displayName": "a\\ud83d"}').json()["displayName"] == "a\ufffd"


def test_body_limit_is_that_of_the_release() -> None:
    body = b"{" + b" " * (29 * 2**20) + b"}"
    assert post(StandIn(release="0.83"), body).json()["code"] == "FST_ERR_CTP_BODY_TOO_LARGE"
    assert post(StandIn(release="0.88"), body).status_code == 200


# Lists


def test_projects_are_listed_by_type_name_and_id() -> None:
    service = StandIn(
        [
            {"displayName": "b", "id": "2"},
            {"displayName": "b", "id": "1"},
            {"displayName": "a"},
            {"displayName": "z", "type": "PERSONAL"},
        ]
    )
    page = request(service, "GET", "/v1/projects").json()
    listed = [(project["displayName"], project["id"][-1]) for project in page["data"]]
    assert listed == [("z", "4"), ("a", "3"), ("b", "1"), ("b", "2")]
    assert (page["next"], page["previous"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"displayName": "ACME"}, ["Acme EU", "acme us"]),
        ({"displayName": "e%u"}, ["Acme EU", "acme us"]),
        ({"displayName": "a.me"}, []),
        ({"displayName": ""}, ["Mine", "Acme EU", "Other", "acme us"]),
        ({"externalId": "two"}, ["acme us"]),
        ({"externalId": "tw"}, []),
        ({"types": "PERSONAL"}, ["Mine"]),
        ({"types": ["PERSONAL", "TEAM"], "displayName": "m"}, ["Mine", "Acme EU", "acme us"]),
        ({"nope": "1", "limit": 1}, ["Mine"]),
    ],
)
def test_list_has_filters(query: dict[str, Any], expected: list[str]) -> None:
    service = StandIn(
        [
            {"displayName": "acme us", "externalId": "two"},
            {"displayName": "Acme EU", "externalId": "one"},
            {"displayName": "Other"},
            {"displayName": "Mine", "type": "PERSONAL"},
        ]
    )
    assert names(service, **query) == expected


def test_cursors_lead_through_all_pages_and_back() -> None:
    service = StandIn({"displayName": f"Ünï {number:04}"} for number in range(1204))

    def follow(direction: str, cursor: str | None) -> Iterator[dict[str, Any]]:
        while cursor is not None:
            page = request(service, "GET", "/v1/projects", params={"limit": 100, "cursor": cursor}).json()
            yield page
            cursor = page[direction]

    forward = list(follow("next", ""))
    pages = [[project["displayName"] for project in page["data"]] for page in forward]
    assert len(pages) == 13
    assert list(itertools.chain(*pages)) == [f"Ünï {number:04}" for number in range(1204)]
    backward = list(follow("previous", forward[-1]["previous"]))
    assert [page["data"] for page in backward] == [page["data"] for page in forward[-2::-1]]
    assert None not in [page["next"] for page in backward]


@pytest.mark.parametrize(
    ("limit", "number", "more"),
    [("", 100, True), (0, 100, True), (-1, 120, False), (None, 50, True), ("1e2", 100, True)],
)
def test_list_limit_caps_a_page(limit: Any, number: int, more: bool) -> None:
    service = StandIn({} for _ in range(120))
    page = request(service, "GET", "/v1/projects", params={} if limit is None else {"limit": limit}).json()
    assert len(page["data"]) == number
    assert (page["next"] is not None) is more


@pytest.mark.parametrize("cursor", UNKNOWN_CURSORS)
def test_unknown_cursor_returns_the_first_page(cursor: str) -> None:
    assert names(StandIn({} for _ in range(3)), limit=2, cursor=cursor) == ["Project 1", "Project 2"]


def test_renaming_while_paging_skips_projects() -> None:
    service = StandIn({"displayName": name} for name in "abcd")
    page = request(service, "GET", "/v1/projects?limit=2").json()
    service.projects[2]["displayName"] = "A"
    assert names(service, limit=2, cursor=page["next"]) == ["d"]


@pytest.mark.parametrize(
    ("query", "status", "violation"),
    [
        ("limit=1&limit=2", 400, "limit Invalid input: expected number, received NaN"),
        ("externalId=a&externalId=b", 400, "externalId Invalid input: expected string, received array"),
        ("types=TEAM,PERSONAL", 400, 'types/0 Invalid option: expected one of "TEAM"|"PERSONAL"'),
        ("limit=-2", 500, None),
    ],
)
def test_invalid_query(query: str, status: int, violation: str | None) -> None:
    response = request(StandIn(), "GET", f"/v1/projects?{query}")
    assert response.status_code == status
    if violation:
        assert response.json()["message"] == f"querystring/{violation}"


def test_list_by_external_user_is_for_api_keys() -> None:
    service = StandIn()
    assert names(service, externalUserId="u") == []
    response = request(service, "GET", "/v1/projects?externalUserId=u", key=service.member_key)
    assert (response.status_code, response.json()["code"]) == (403, "AUTHORIZATION")


# Get, create and delete


def create(service: StandIn, **body: Any) -> httpx.Response:
    return post(service, {"displayName": "New", **body}, project_id="")


def test_created_project_is_listed_read_and_deleted() -> None:
    service = StandIn([])
    created = create(service, externalId="new", metadata={"bb": 1, "a": 2}, maxConcurrentJobs=3).json()
    assert list(created["metadata"]) == ["a", "bb"]
    assert (created["maxConcurrentJobs"], len(created["poolId"])) == (3, 21)
    assert service.projects == [created]
    path = f"/v1/projects/{created['id']}"
    assert request(service, "GET", path).json() == {**created, "deleted": None}
    assert names(service, externalId="new") == ["New"]
    assert request(service, "DELETE", path).status_code == 204
    assert (names(service), request(service, "GET", path).status_code) == ([], 404)
    again = create(service, externalId="new")  # the external id is free
    assert (again.status_code, again.json()["id"] != created["id"]) == (201, True)
    assert request(service, "DELETE", path).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"externalId": "taken"}, "23505"),
        ({"maxConcurrentJobs": 2**31}, "22003"),
        ({"maxConcurrentJobs": -1.5}, "22P02"),
        ({"metadata": {"a": "\ud800"}}, "22P02"),
        ({"metadata": {"a": "\0"}}, "22P05"),
        ({"displayName": "\0"}, "22021"),
        ({"metadata": []}, "FST_ERR_VALIDATION"),
    ],
)
def test_project_that_cannot_be_created(body: dict[str, Any], code: str) -> None:
    service = StandIn([{"externalId": "taken"}])
    assert create(service, **body).json()["code"] == code
    assert len(service.projects) == 1


def test_what_create_drops_is_not_stored() -> None:
    dropped = {"alertReceiverEmail": "a@b.example", "globalConnectionExternalIds": ["a"], "icon": {"color": "RED"}}
    created = create(StandIn(), maxConcurrentJobs=-1, **dropped).json()
    assert created.keys() == StandIn().projects[0].keys()
    assert (created["icon"], created["maxConcurrentJobs"]) == ({"color": "CYAN"}, -1)


def test_delete_is_for_admins_and_team_projects() -> None:
    service = StandIn([{"type": "PERSONAL"}])
    assert request(service, "DELETE", f"/v1/projects/{ID}", key=service.member_key).status_code == 403
    assert request(service, "DELETE", f"/v1/projects/{ID}").json()["code"] == "VALIDATION"
    headers = {"content-type": "application/json"}
    assert request(service, "DELETE", f"/v1/projects/{ID}", headers=headers).status_code == 400


# Sign-in and health


def sign_in(service: StandIn, password: str) -> httpx.Response:
    body = {"email": service.email, "password": password}
    return httpx.Client(transport=service.transport).post(f"{service.base_url}/v1/authentication/sign-in", json=body)


def test_sign_in_token_is_a_key_until_it_is_revoked() -> None:
    service = StandIn()
    first, second = (sign_in(service, service.password).json()["token"] for _ in range(2))
    for token in (first, second):
        assert post(service, {"externalId": token}, key=token).json()["externalId"] == token
    service.tokens.remove(first)
    assert [post(service, {}, key=token).status_code for token in (first, second)] == [401, 200]
    wrong = sign_in(service, "wrong password")
    assert (wrong.status_code, wrong.json()) == (401, {"code": "INVALID_CREDENTIALS", "params": None})


def test_health_is_a_switch_that_failures_leave_alone() -> None:
    service = StandIn()
    service.fail(500)
    with httpx.Client(transport=service.transport, base_url=service.base_url) as client:
        assert client.get("/v1/health").json() == {"status": "Healthy"}
        service.healthy = False
        response = client.get("/v1/health")
        assert (response.status_code, response.json()) == (503, {"status": "Unhealthy"})
        service.healthy = None
        with pytest.raises(httpx.ReadTimeout):
            client.get("/v1/health")
        assert service.healthy is None
    assert post(service, {}).status_code == 500


# Keys, requests and failures


def test_rotated_key_ends_the_one_before() -> None:
    service = StandIn()
    before, service.api_key = service.api_key, "another"
    assert post(service, {}, key=before).status_code == 401
    assert post(service, {}).status_code == 200


def test_failures_come_in_order_and_change_nothing() -> None:
    service = StandIn()
    errors = httpx.ReadTimeout, httpx.ConnectError("no"), httpx.Response(520, html="<p>Oops</p>")
    service.fail(503, (429, {"retry-after": "1"}), (403, "SESSION_EXPIRED"), *errors)
    assert post(service, {"displayName": "x"}).status_code == 503
    assert post(service, {"displayName": "x"}).headers["retry-after"] == "1"
    expired = post(service, {"displayName": "x"})
    assert (expired.status_code, expired.json()) == (403, {"code": "SESSION_EXPIRED", "params": {}})
    with pytest.raises(httpx.ReadTimeout):
        post(service, {"displayName": "x"})
    with pytest.raises(httpx.ConnectError, match="no"):
        post(service, {"displayName": "x"})
    assert post(service, {"displayName": "x"}).text == "<p>Oops</p>"
    assert service.projects[0]["displayName"] == "Project 1"
    assert post(service, {"displayName": "x"}).status_code == 200
    assert len(service.requests) == 7


ARCHIVE = """
import httpx
from activepieces_client.testing import StandIn

service = StandIn()
client = httpx.Client(transport=service.transport, base_url=service.base_url)
response = client.put("/v1/projects/p1/archived")
assert response.status_code == 501
assert "service.handlers['archiveProject'] = handler" in response.json()["message"], response.text
service.handlers["archiveProject"] = lambda request: httpx.Response(200, json={"path": request.url.path})
assert client.put("/v1/projects/p1/archived").json() == {"path": "/api/v1/projects/p1/archived"}
"""


def test_operation_without_behaviour_takes_a_handler(tmp_path: Path) -> None:
    with as_file(files("activepieces_api")) as package:
        shutil.copytree(package, tmp_path / "activepieces_api")
    path = tmp_path / "activepieces_api" / "openapi.json"
    document = json.loads(path.read_text("utf-8"))
    document["paths"]["/v1/projects/{id}/archived"] = {"put": {"operationId": "archiveProject", "responses": {}}}
    path.write_text(json.dumps(document), "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    finished = subprocess.run([sys.executable, "-c", ARCHIVE], env=environment, capture_output=True, check=False)
    assert finished.returncode == 0, finished.stderr
