"""The command `list`: its table, its filters, and output that `apply` takes."""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from activepieces_client.testing import StandIn

from .command import bodies, run

METADATA: list[Any] = [
    {"tier": "gold", "version": "1.10", "seats": 5, "code": "007", "flag": True, "text": "true", "list": ["a", 1.5]},
    {"tier": "5", "empty": "", "none": None, "padded": " x ", "quoted": '"x"', "lines": "a\nb,c;d", "open": "[1"},
    {"TRUE": "TRUE", "big": 1152921504606847000, "small": 1e-07, "emoji": "🚀", "object": {"a": {"b": [None]}}},
    {},
    None,
]


@pytest.fixture(params=["0.83", "0.88"])
def various(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    projects = [{"displayName": f"Project {n}", "metadata": metadata} for n, metadata in enumerate(METADATA)]
    projects += [
        {"displayName": 'Say "hi", Zoë', "externalId": "customer-4711", "maxConcurrentJobs": 3},
        {"plan": {"pieces": ["a", "b"], "piecesFilterType": "ALLOWED"}, "releasesEnabled": True},
        {"plan": {"pieces": ["a, b", "c;d", " e"]}, "type": "PERSONAL"},
        {"displayName": "An old name, Inc.", "icon": {"color": "MAUVE"}},  # neither may be sent today
    ]
    with StandIn(projects, release=request.param).serve() as service:
        yield service


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_list_is_a_file_that_changes_nothing(various: StandIn, tmp_path: Path, form: str) -> None:
    listed = run(various, "list", "--output", form)
    assert (listed.returncode, listed.stderr) == (0, "")
    file = tmp_path / "projects"
    file.write_text(listed.stdout, "utf-8")
    finished = run(various, "plan", file)
    assert finished.stdout == "9 projects: 0 changing, 9 unchanged, 0 unknown\n"
    assert finished.returncode == 0
    before = without_times(various)
    finished = run(various, "apply", file)
    assert finished.returncode == 0, finished.stderr
    assert without_times(various) == before


def without_times(service: StandIn) -> Any:
    """The projects, without what every update changes."""
    projects = copy.deepcopy(service.projects)
    for project in projects:
        project["updated"] = project["plan"]["updated"] = project["poolId"] = None
    return projects


def test_list_edit_apply_is_a_pipe(served: StandIn) -> None:
    listed = run(served, "list", "--output", "csv", "--display-name", "project 1")
    rows = list(csv.DictReader(listed.stdout.splitlines()))
    assert len(rows) == 11
    assert run(served, "apply", "-", given=listed.stdout.replace("Project 1", "Customer 1")).returncode == 0
    assert bodies(served)[0]["displayName"].startswith("Customer 1")
    assert sum(project["displayName"].startswith("Customer 1") for project in served.projects) == 11


def test_csv_omits_empty_columns(served: StandIn) -> None:
    served.projects[3]["metadata"] = {"tier": "gold"}
    header, *_ = run(served, "list", "--output", "csv").stdout.splitlines()
    assert "metadata.tier" in header.split(",")
    assert "externalId" not in header.split(",")


@pytest.mark.parametrize("metadata", [{"": 1}, {"a": 5.0}])
def test_metadata_unfit_for_columns_is_one_cell(served: StandIn, metadata: dict[str, Any]) -> None:
    served.projects[3]["metadata"] = metadata
    header, *rows = csv.reader(run(served, "list", "--output", "csv").stdout.splitlines())
    (row,) = (row for row in rows if row[0] == served.projects[3]["id"])
    assert json.loads(row[header.index("metadata")]) == metadata


def test_list_has_an_option_for_each_filter(served: StandIn) -> None:
    served.projects[4].update(externalId="customer-4711", type="PERSONAL")
    options = ["--external-id", "customer-4711", "--display-name", "project", "--types", "TEAM", "--types", "PERSONAL"]
    listed = run(served, "list", *options, "--output", "jsonl").stdout.splitlines()
    assert [json.loads(line)["id"] for line in listed] == [served.projects[4]["id"]]
    parameters = served.requests[-1].url.params
    assert parameters["externalId"] == "customer-4711"
    assert parameters["displayName"] == "project"
    assert parameters.get_list("types") == ["TEAM", "PERSONAL"]
    finished = run(served, "list", "--types", "OTHER")
    assert finished.returncode == 2
    assert "OTHER" in finished.stderr


def test_list_has_every_page() -> None:
    with StandIn({} for _ in range(250)).serve() as service:
        assert len(run(service, "list", "--output", "jsonl").stdout.splitlines()) == 250
        assert len(service.requests) == 3


def test_table_is_not_cut_where_it_is_piped(served: StandIn) -> None:
    name = "A name " + "of many words " * 30
    served.projects[0].update(displayName=name, externalId="\x1b[2J[b]")
    finished = run(served, "list", env={"COLUMNS": "80"})
    assert name.strip() in finished.stdout
    assert "\\x1b[2J[b]" in finished.stdout
    assert "\x1b" not in finished.stdout
