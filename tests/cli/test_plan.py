"""The command `plan`: changes by property, and properties that are ignored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activepieces_client.testing import StandIn

from .command import Updates, renames, run, run_json, write


def project_id(service: StandIn, number: int) -> str:
    identifier: str = service.projects[number]["id"]
    return identifier


def test_plan_shows_each_property_from_and_to(served: StandIn, tmp_path: Path) -> None:
    served.projects[1]["metadata"] = {"tier": "gold", "old": 1, "kept": [1], "inner": {"a": 1}}
    body: dict[str, Any] = {
        "displayName": "Project 1",
        "metadata": {"tier": "silver", "kept": [1.0], "new": None, "inner": {"a": True}},
        "maxConcurrentJobs": 5,
        "globalConnectionExternalIds": ["c"],
    }
    file = write(
        tmp_path / "updates.jsonl",
        [(project_id(served, 0), {"displayName": "Project 0"}), (project_id(served, 1), body)],
    )
    finished = run(served, "plan", file)
    assert finished.returncode == 3
    assert finished.stdout.splitlines() == [
        f"line 2, {project_id(served, 1)} (Project 1)",
        '  $.metadata.tier: "gold" → "silver"',
        "  $.metadata.old: 1 → (removed)",
        "  $.metadata.inner.a: 1 → true",
        "  $.metadata.new: (unset) → null",
        "  $.maxConcurrentJobs: null → 5",
        '  $.globalConnectionExternalIds: (unset) → ["c"]',
        "2 updates: 1 would change 6 properties, 1 would change nothing",
    ]
    assert run(served, "apply", file, "--dry-run").stdout == finished.stdout
    assert [request.method for request in served.requests] == ["GET", "GET"]

    line, other, last = run_json(served, "plan", file)
    assert line == {"line": 1, "id": project_id(served, 0), "displayName": "Project 0", "changes": []}
    assert other["changes"][:4] == [
        {"path": "$.metadata.tier", "from": "gold", "to": "silver"},
        {"path": "$.metadata.old", "from": 1},
        {"path": "$.metadata.inner.a", "from": 1, "to": True},
        {"path": "$.metadata.new", "to": None},
    ]
    assert last["summary"] == {
        "updates": 2, "changing": 1, "properties": 6, "unchanged": 1, "final": 0, "ignored": [],
    }  # fmt: skip


def test_plan_reports_ignored_properties(served: StandIn, tmp_path: Path) -> None:
    served.projects[1]["type"] = "PERSONAL"
    updates: Updates = [
        (project_id(served, 0), {"plan": {"pieces": ["a"], "piecesFilterType": "ALLOWED"}}),
        (project_id(served, 1), {"displayName": "Ann", "icon": {"color": "PINK"}}),
        (project_id(served, 2), {"externalId": " "}),
    ]
    file = write(tmp_path / "updates.jsonl", updates)
    finished = run(served, "plan", file)
    assert finished.returncode == 0
    assert '  $.plan.pieces: [] → ["a"], ignored: piece sets replace it from release 0.87 on' in finished.stdout
    assert "this server ignores $.displayName (1 line): the project is PERSONAL" in finished.stdout
    assert "3 updates: 0 would change, 3 would change nothing" in finished.stdout
    *_, last = run_json(served, "plan", file)
    assert {found["path"] for found in last["summary"]["ignored"]} == {
        "$.plan.pieces", "$.plan.piecesFilterType", "$.displayName", "$.icon.color", "$.externalId",
    }  # fmt: skip
    run(served, "apply", file)  # the plan was right
    assert served.projects[0]["plan"]["pieces"] == []
    assert served.projects[1]["displayName"] == "Project 1"


def test_plan_for_an_older_server(tmp_path: Path) -> None:
    with StandIn(release="0.83").serve() as older:
        body = {"workerGroupId": "eu", "plan": {"activeFlowsLimit": 3, "pieces": ["a"]}}
        file = write(tmp_path / "updates.jsonl", [(older.projects[0]["id"], body)])
        finished = run(older, "plan", file)
    assert finished.returncode == 3
    assert '  $.plan.pieces: [] → ["a"]\n' in finished.stdout
    assert '$.workerGroupId: (unset) → "eu", ignored: the server is older than the property' in finished.stdout
    assert "$.plan.activeFlowsLimit: (unset) → 3, ignored: the server is older" in finished.stdout


def test_plan_fetches_pages_and_no_more(tmp_path: Path) -> None:
    with StandIn({} for _ in range(250)).serve() as service:
        file = write(tmp_path / "updates.jsonl", renames(service))
        assert "250 would change 250 properties" in run(service, "plan", file).stdout
        assert len(service.requests) == 3


def test_plan_rejects_unknown_ids(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", [*renames(served)[:1], ("nowhere", {})])
    finished = run(served, "plan", file)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == 'line 2: path.id: "nowhere" is not the id of a project that the key sees\n'


def test_plan_omits_settled_lines(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served)[:2])
    assert run(served, "apply", file).returncode == 0
    served.projects[0]["displayName"] = "Changed by hand"
    write(file, renames(served)[:3])
    finished = run(served, "plan", file)
    assert finished.stdout.splitlines()[-1] == (
        "3 updates: 1 would change 1 property, 0 would change nothing, 2 final in the journal, not sent again"
    )
    assert finished.returncode == 3


@pytest.mark.parametrize("command", [["plan"], ["apply", "--dry-run"]])
def test_plan_of_what_is_done_needs_no_request(served: StandIn, tmp_path: Path, command: list[str]) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served)[:2])
    assert run(served, "apply", file).returncode == 0
    assert run(served, *command, file).returncode == 0
    assert len(served.requests) == 2
    assert json.loads(run(served, *command, file, "--output", "json").stdout)["summary"]["final"] == 2
