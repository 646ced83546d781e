"""Lines that name a project by its external id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activepieces_client.testing import StandIn

from .command import journal, run

ONE_LINE_EACH = "lines are sent in any order, so give each project one line"


@pytest.fixture
def tenants(served: StandIn) -> StandIn:
    for number, project in enumerate(served.projects):
        project["externalId"] = f"customer-{number}"
    return served


def lines(*given: tuple[str, dict[str, Any]]) -> str:
    return "".join(json.dumps({"externalId": name, "body": body}) + "\n" for name, body in given)


@pytest.mark.parametrize("command", ["apply", "plan"])
def test_lines_by_external_id(tenants: StandIn, command: str) -> None:
    given = lines(("customer-3", {"displayName": "Three"}), ("customer-1", {"displayName": "One"}))
    finished = run(tenants, command, "-", given=given)
    if command == "plan":
        assert finished.returncode == 3
        assert '$.displayName: "Project 3" → "Three"' in finished.stdout
    else:
        assert finished.returncode == 0
        assert tenants.projects[3]["displayName"] == "Three"
        assert tenants.projects[1]["displayName"] == "One"
    assert len([request for request in tenants.requests if request.method == "GET"]) == 1


def test_spreadsheet_by_external_id(tenants: StandIn) -> None:
    table = "id,displayName\ncustomer-3,Three\n"
    assert run(tenants, "apply", "-", "--by", "external-id", given=table).returncode == 0
    assert tenants.projects[3]["displayName"] == "Three"


@pytest.mark.parametrize("command", ["apply", "plan"])
def test_unknown_and_ambiguous_ids_have_their_lines(tenants: StandIn, command: str) -> None:
    tenants.projects[5]["externalId"] = "customer-4"
    given = lines(("customer-3", {}), ("customer-4", {}), ("nobody", {}))
    given += json.dumps({"id": tenants.projects[3]["id"], "body": {}})
    finished = run(tenants, command, "-", given=given)
    assert (finished.returncode, finished.stdout) == (2, "")
    ambiguous = f"{tenants.projects[4]['id']}, {tenants.projects[5]['id']}"
    assert finished.stderr.splitlines() == [
        f'line 2: externalId: 2 projects have the external id "customer-4": {ambiguous}',
        'line 3: externalId: no project that the key sees has the external id "nobody"',
        f"line 4: path.id: {tenants.projects[3]['id']} is the project of line 1, too: {ONE_LINE_EACH}",
    ]
    assert {request.method for request in tenants.requests} == {"GET"}


def test_violations_leave_no_journal(tenants: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "updates.jsonl"
    file.write_text(lines(("nobody", {})), "utf-8")
    assert run(tenants, "apply", file).returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["updates.jsonl"]


def test_external_id_may_change_in_a_roll_out(tenants: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "updates.jsonl"
    file.write_text(lines(("customer-1", {"externalId": "a"}), ("customer-2", {"externalId": "b"})), "utf-8")
    assert run(tenants, "apply", file).returncode == 0
    assert [entry["id"] for entry in sorted(journal(file), key=lambda entry: entry["line"])] == [
        tenants.projects[1]["id"],
        tenants.projects[2]["id"],
    ]
    before = len(tenants.requests)
    assert run(tenants, "apply", file).returncode == 0
    assert run(tenants, "plan", file).returncode == 0
    assert len(tenants.requests) == before


def test_same_external_id_twice_is_a_violation(tenants: StandIn) -> None:
    finished = run(tenants, "check", "-", given=lines(("customer-1", {}), ("customer-1", {})))
    assert finished.stderr == (f"line 2: externalId: is in line 1, too: {ONE_LINE_EACH}\n")
