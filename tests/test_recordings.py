"""The stand-in returns what the service returned in recordings-*.jsonl."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn

Recording = dict[str, Any]

FOLDER = Path(__file__).parent


def recordings(version: str) -> list[Recording]:
    return [json.loads(line) for line in (FOLDER / f"recordings-{version}.jsonl").read_text("utf-8").splitlines()]


ALL = [("0.83", recording) for recording in recordings("0.83.0")] + [
    ("0.88", recording) for recording in recordings("0.88.3")
]


def is_page(response: Any) -> bool:
    return isinstance(response, dict) and "data" in response


def stand_in(release: str, recording: Recording) -> StandIn:
    """Return a stand-in with the projects that the service had before the recording."""
    if recording["before"]:
        other = {"externalId": "ext-dup"}  # what the recorded server had beside the project
        return StandIn([recording["before"], other], release=release)
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
    headers = {name: value.replace("{key}", service.api_key) for name, value in request["headers"].items()}
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
    ("release", "recording"), ALL, ids=[f"{release}: {recording['name']}" for release, recording in ALL]
)
def test_recorded_response_is_returned(release: str, recording: Recording) -> None:
    service = stand_in(release, recording)
    before = copy.deepcopy(service.projects)
    response = send(service, recording)
    assert (response.status_code, response.headers["content-type"]) == (recording["status"], recording["content_type"])
    if isinstance(recording["response"], str):  # the page of the web application
        assert service.projects == before
        return
    expected, actual = copy.deepcopy(recording["response"]), response.json()
    if is_page(expected):
        for name in ("next", "previous"):
            assert (actual.pop(name) is None) is (expected.pop(name) is None)
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
