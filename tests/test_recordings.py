"""The stand-in answers as the service did: each line of recordings.jsonl is an exchange with a running one.

The first line holds the projects; each other one what differs in the project before, the request, the status, and the
answer or what changed in the project.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn

HEAD, *RECORDINGS = map(json.loads, Path(__file__).with_name("recordings.jsonl").read_text("utf-8").splitlines())


@contextmanager
def serving(recording: dict[str, Any], *, socket: bool) -> Generator[tuple[StandIn, httpx.Client]]:
    projects: list[dict[str, Any]] = []
    if "type" in recording:
        projects.append({**copy.deepcopy(HEAD["projects"][recording["type"]]), **recording["project"]})
    stand_in = StandIn(projects)
    with ExitStack() as stack:
        if socket:
            stack.enter_context(stand_in.serve())
            yield stand_in, stack.enter_context(httpx.Client())
        else:
            yield stand_in, stack.enter_context(httpx.Client(transport=stand_in.transport))


@pytest.mark.parametrize("socket", [False, True], ids=["in process", "socket"])
@pytest.mark.parametrize("recording", RECORDINGS, ids=[recording["name"] for recording in RECORDINGS])
def test_recording(recording: dict[str, Any], socket: bool) -> None:
    with serving(recording, socket=socket) as (stand_in, http_client):
        before = copy.deepcopy(stand_in.projects[0]) if stand_in.projects else {}
        method, path = recording["request"].replace("{id}", before.get("id", "")).split(" ")
        response = http_client.request(
            method,
            stand_in.base_url.removesuffix("/api") + path,
            headers={name: value.replace("{key}", stand_in.api_key) for name, value in recording["headers"].items()},
            content=recording["body"].encode(),
        )
        after = stand_in.projects[0] if stand_in.projects else {}

    assert response.status_code == recording["status"]
    if "changes" not in recording:
        assert after == before
        if response.headers["content-type"] != "text/html; charset=utf-8":
            assert response.json() == recording["answer"]
        return
    expected = {**before, **recording["changes"]}
    answer: dict[str, Any] = response.json()
    assert answer == after
    assert list(answer) == list(before)
    assert answer["updated"] > before["updated"]
    assert (answer["plan"].pop("updated") != before["plan"].pop("updated")) is recording.get("plan_updated", False)
    if expected["poolId"] is not None:  # made up by the service
        assert len(answer["poolId"]) == 21
        expected["poolId"] = answer["poolId"]
    expected["plan"].pop("updated", None)
    assert answer == {**expected, "updated": answer["updated"]}
