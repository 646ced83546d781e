"""Lines that name a project by its external id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activepieces_client.testing import StandIn

from .command import outcomes, run

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
    assert len([request for request in tenants.requests if request.method == "GET"]) == 2


def test_spreadsheet_by_external_id(tenants: StandIn) -> None:
    table = "id,displayName\ncustomer-3,Three\n"
    assert run(tenants, "apply", "-", "--by", "external-id", given=table).returncode == 0
    assert tenants.projects[3]["displayName"] == "Three"


@pytest.mark.parametrize("command", ["apply", "plan"])
def test_ambiguous_external_id_has_its_line(tenants: StandIn, command: str) -> None:
    tenants.projects[5]["externalId"] = "customer-4"
    finished = run(tenants, command, "-", given=lines(("customer-3", {}), ("customer-4", {}), ("nobody", {})))
    assert finished.returncode == 2
    ambiguous = f"{tenants.projects[4]['id']} and {tenants.projects[5]['id']}"
    assert finished.stderr == f'line 2: externalId: {ambiguous} have the external id "customer-4"\n'
    assert {request.method for request in tenants.requests} == {"GET"}


def test_unknown_ids_are_skipped_with_an_option(tenants: StandIn) -> None:
    given = lines(("customer-3", {"displayName": "Three"}), ("nobody", {"displayName": "x"}))
    unknown = 'line 2: externalId: "nobody" is not the id of a project that the key sees'
    finished = run(tenants, "apply", "-", given=given)
    assert (finished.returncode, finished.stderr) == (2, f"{unknown}\n")
    assert tenants.projects[3]["displayName"] == "Project 3"
    finished = run(tenants, "apply", "-", "--skip-unknown", given=given)
    assert finished.returncode == 0
    assert finished.stderr.startswith(unknown)
    assert "1 changing, 0 unchanged, 1 unknown" in finished.stderr
    assert tenants.projects[3]["displayName"] == "Three"


def test_line_with_another_kind_of_id_is_a_violation(tenants: StandIn) -> None:
    line = json.dumps({"id": tenants.projects[3]["id"], "body": {}})
    for given in (lines(("customer-3", {})) + line, line + "\n" + lines(("customer-3", {}))):
        finished = run(tenants, "plan", "-", given=given)
        assert finished.returncode == 2
        assert "line 2: $: give every line an id, or every line an externalId" in finished.stderr


def test_violations_leave_no_record(tenants: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "updates.jsonl"
    file.write_text(lines(("nobody", {})), "utf-8")
    assert run(tenants, "apply", file).returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["updates.jsonl"]


def test_external_id_may_change_in_a_roll_out(tenants: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "updates.jsonl"
    file.write_text(lines(("customer-1", {"externalId": "a"}), ("customer-2", {"externalId": "b"})), "utf-8")
    assert run(tenants, "apply", file).returncode == 0
    assert {found["id"] for found in outcomes(file)} == {project["id"] for project in tenants.projects[1:3]}
    assert [project["externalId"] for project in tenants.projects[1:3]] == ["a", "b"]


def test_same_external_id_twice_is_a_violation(tenants: StandIn) -> None:
    finished = run(tenants, "check", "-", given=lines(("customer-1", {}), ("customer-1", {})))
    assert finished.stderr == (f"line 2: externalId: is in line 1, too: {ONE_LINE_EACH}\n")
