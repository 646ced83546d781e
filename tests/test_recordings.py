"""The stand-in returns what the service returned in recordings-*.jsonl."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn

Recording = dict[str, Any]

FOLDER = Path(__file__).parent


def recordings(version: str) -> list[Recording]:
    return [json.loads(line) for line in (FOLDER / f"recordings-{version}.jsonl").read_text("utf-8").splitlines()]


ALL = [
    *(("0.83", recording) for recording in recordings("0.83.0")),
    *(("0.88", recording) for recording in [*recordings("0.88.3"), *recordings("0.88.3-resource")]),
]
# The stand-in has neither roles, nor worker groups, nor a limit of projects.
ASIDE = {
    "0.88.3 ee: member, no role",
    "0.88.3 ee: worker group null",
    "0.88.3 ce: create: community edition, second team project",
}
KEPT = [(release, recording) for release, recording in ALL if recording["name"] not in ASIDE]


def is_page(response: Any) -> bool:
    return isinstance(response, dict) and "data" in response


def stand_in(release: str, recording: Recording) -> StandIn:
    """Return a stand-in with the projects that the service had before the recording."""
    if recording["before"]:
        before = {name: value for name, value in recording["before"].items() if name != "deleted"}
        other = {"externalId": "ext-dup"}  # what the recorded server had beside the project
        return StandIn([before, other], release=release)
    if recording["name"].endswith("external id exists"):
        return StandIn([{"externalId": recording["request"]["json"]["externalId"]}], release=release)
    listed = {
        project["id"]: project
        for _, other in ALL
        if is_page(other["response"])
        for project in other["response"]["data"]
    }
    # There were more than two.
    return StandIn(
        [*listed.values(), {"displayName": "Zeta"}] if is_page(recording["response"]) else [], release=release
    )


def send(service: StandIn, recording: Recording) -> httpx.Response:
    request = recording["request"]
    origin = service.base_url.removesuffix("/api")
    path = request["path"].replace("{id}", service.projects[0]["id"] if service.projects else "")
    keys = {"{key}": service.api_key, "{unknown key}": "sk-unknown"}
    headers = {name: re.sub("{.*}", lambda match: keys[match[0]], value) for name, value in request["headers"].items()}
    content = request["text"].encode() if "text" in request else None
    if "json" in request:
        content = json.dumps(request["json"]).encode()
    with httpx.Client(transport=service.transport, headers=headers) as client:
        if "{cursor}" in path:  # it led back from the second page
            first = client.get(f"{origin}/api/v1/projects?limit=2").json()
            second = client.get(f"{origin}/api/v1/projects?limit=2&cursor={first['next']}").json()
            path = path.replace("{cursor}", second["previous"])
        return client.request(request["method"], f"{origin}{path}", content=content)


@pytest.mark.parametrize(
    ("release", "recording"), KEPT, ids=[f"{release}: {recording['name']}" for release, recording in KEPT]
)
def test_recorded_response_is_returned(release: str, recording: Recording) -> None:
    service = stand_in(release, recording)
    before = copy.deepcopy(service.projects)
    response = send(service, recording)
    assert (response.status_code, response.headers.get("content-type")) == (
        recording["status"],
        recording["content_type"],
    )
    if recording["request"]["method"] == "DELETE" and recording["status"] == 204:
        assert service.projects == before[1:]
        return
    if isinstance(recording["response"], str):  # the page of the web application
        assert service.projects == before
        return
    expected, actual = copy.deepcopy(recording["response"]), response.json()
    if is_page(expected):
        for name in ("next", "previous"):
            assert (actual.pop(name) is None) is (expected.pop(name) is None)
    elif recording["status"] == 201:
        assert service.projects == [*before, actual]
        made_up_by_creation(actual, expected)
    elif recording["status"] == 200:
        assert service.projects[0] == actual
        made_up(actual, expected, recording["before"])
    else:
        assert service.projects == before
    assert actual == expected
    assert json.dumps(actual) == json.dumps(expected)  # in the same order


def made_up(actual: Any, expected: Any, before: Any) -> None:
    """Compare times and ids that the service makes up, and make them equal."""
    for part, then, recorded in ((actual, before, expected), (actual["plan"], before["plan"], expected["plan"])):
        assert (part["updated"] > then["updated"]) is (recorded["updated"] > then["updated"])
        part["updated"] = recorded["updated"]
    if before["poolId"] is None and expected["poolId"] is not None:
        assert len(actual["poolId"]) == 21
        actual["poolId"] = expected["poolId"]


def made_up_by_creation(actual: Any, expected: Any) -> None:
    """Compare what the service makes up for a new project, and make it equal."""
    times = {part[name] for part in (actual, actual["plan"]) for name in ("created", "updated")}
    assert len(times) == 1
    assert actual["plan"]["projectId"] == actual["id"]
    for name in ("id", "created", "updated", "ownerId", "platformId", "icon"):
        actual[name] = expected[name]
    for name in ("id", "created", "updated", "projectId"):
        actual["plan"][name] = expected["plan"][name]
