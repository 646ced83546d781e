"""The command `plan`: changes by property, and properties that are ignored."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from activepieces_client.testing import StandIn

from .command import COMMAND, Updates, bodies, environment, renames, run, run_json, write


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
    summary = [
        "$.metadata.tier: 1 changed",
        "$.metadata.old: 1 removed",
        "$.metadata.inner: 1 changed",
        "$.metadata.new: 1 added",
        "$.maxConcurrentJobs: 1 added",
        "$.globalConnectionExternalIds: 1 added",
        "2 projects: 1 changing, 1 unchanged, 0 unknown",
    ]
    assert finished.stdout.splitlines() == [
        f"line 2, {project_id(served, 1)} (Project 1)",
        '  $.metadata.tier: "gold" → "silver"',
        "  $.metadata.old: 1 → (removed)",
        '  $.metadata.inner: {"a": 1} → {"a": true}',
        "  $.metadata.new: (unset) → null",
        "  $.maxConcurrentJobs: null → 5",
        '  $.globalConnectionExternalIds: (unset) → ["c"]',
        *summary,
    ]
    assert run(served, "plan", file, "--summary").stdout.splitlines() == summary
    assert {request.method for request in served.requests} == {"GET"}

    line, last = run_json(served, "plan", file)
    assert (line["line"], line["id"], line["displayName"]) == (2, project_id(served, 1), "Project 1")
    assert line["changes"][:2] == [
        {"path": "$.metadata.tier", "from": "gold", "to": "silver"},
        {"path": "$.metadata.old", "from": 1},
    ]
    assert line["changes"][3] == {"path": "$.metadata.new", "to": None}
    assert {name: last["summary"][name] for name in ("changing", "unchanged", "unknown")} == {
        "changing": 1, "unchanged": 1, "unknown": 0,
    }  # fmt: skip
    assert last["summary"]["values"]["$.metadata.old"] == {"removed": 1}
    assert "$.metadata.old: 1 removed" in run(served, "apply", file).stderr  # which says so, too


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals there")
def test_plan_has_colours_on_a_terminal(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served)[:1])
    ours, theirs = os.openpty()
    env = environment(served, TERM="xterm")
    finished = subprocess.run([*COMMAND, "plan", str(file)], env=env, stdout=theirs, timeout=60, check=False)
    assert finished.returncode == 3
    shown = os.read(ours, 65536)
    os.close(theirs)
    os.close(ours)
    assert b"\x1b[33m" in shown


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
    assert "$.displayName: 1 ignored, since the project is PERSONAL" in finished.stdout
    assert "3 projects: 0 changing, 3 unchanged, 0 unknown" in finished.stdout
    *_, last = run_json(served, "plan", file)
    assert {found["path"] for found in last["summary"]["ignored"]} == {
        "$.plan.pieces", "$.plan.piecesFilterType", "$.displayName", "$.icon.color", "$.externalId",
    }  # fmt: skip
    assert run(served, "apply", file).returncode == 0
    assert bodies(served) == []  # nor does it leave a record
    assert list(tmp_path.iterdir()) == [file]


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
        assert "250 changing" in run(service, "plan", file).stdout
        assert len(service.requests) == 3


def test_plan_names_unknown_ids(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", [*renames(served)[:1], ("nowhere", {})])
    finished = run(served, "plan", file)
    assert finished.returncode == 2
    assert finished.stdout.endswith("2 projects: 1 changing, 0 unchanged, 1 unknown\n")
    assert finished.stderr == 'line 2: path.id: "nowhere" is not the id of a project that the key sees\n'


def test_plan_compares_what_was_applied(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served)[:3])
    assert run(served, "apply", file).returncode == 0
    assert run(served, "plan", file).returncode == 0
    served.projects[0]["displayName"] = "Changed by hand"
    assert run(served, "plan", file).returncode == 3
    assert run(served, "apply", file).returncode == 0
    assert served.projects[0]["displayName"] == "Name 0"
    assert len(bodies(served)) == 4
