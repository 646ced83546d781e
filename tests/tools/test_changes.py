"""Regenerating after a change of openapi.yaml alone: those of changes.yaml, and the service's own in history.yaml."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from .repository import ROOT, Repository, load

CHANGES: list[dict[str, Any]] = load("changes.yaml")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.copy(tmp_path)


def check_calls(repository: Repository, case: dict[str, Any]) -> Any:
    """Hold the regenerated client to what a case says is accepted and refused."""
    accepted, refused = case.get("accepted", []), case.get("refused", [])
    outcome = repository.call(accepted, [body for body, *_ in refused])
    assert outcome["sent"] == accepted
    assert outcome["problems"] == [paths for _, *paths in refused]
    return outcome


@pytest.mark.parametrize("case", [case for case in CHANGES if "fails" not in case], ids=lambda case: case["name"])
def test_a_change_reaches_users_by_regenerating_alone(repository: Repository, case: dict[str, Any]) -> None:
    repository.merge(case["patch"])
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    *changed, last = finished.stdout.splitlines()
    assert last == "generated/activepieces_api is regenerated."
    said = [word for line in changed for word in line.split()[1:]]
    assert sorted(said) == sorted(case["generated"])
    check_calls(repository, case)


@pytest.mark.parametrize("case", [case for case in CHANGES if "fails" in case], ids=lambda case: case["name"])
def test_a_change_that_cannot_be_is_refused_with_file_line_and_reason(
    repository: Repository, case: dict[str, Any]
) -> None:
    before = repository.contents()
    repository.merge(case["patch"])
    finished = repository.run("regenerate")
    place, reason = case["fails"]
    assert finished.returncode == 1
    assert reason in finished.stderr
    assert "Traceback" not in finished.stderr
    assert repository.contents() == before
    if place:
        (said,) = [line for line in finished.stderr.splitlines() if reason in line]
        file, line, said_place, _ = said.split(":", 3)
        assert (file, said_place.strip()) == ("openapi.yaml", place)
        text = (repository.folder / "openapi.yaml").read_text("utf-8").splitlines()[int(line) - 1]
        assert text.strip(" -'").startswith(place.rpartition(".")[2].strip("'"))


def test_the_clients_own_history_is_walked_by_editing_the_document_alone(repository: Repository) -> None:
    before = repository.folder / "before.yaml"
    for step in load("history.yaml"):
        shutil.copy(repository.folder / "openapi.yaml", before)
        repository.merge(step["patch"])
        assert json.loads(repository.run("diff", "before.yaml", "--format", "json").stdout)["verdict"] == step["diff"]
        finished = repository.run("regenerate")
        assert finished.returncode == 0, (step["when"], finished.stderr)
        outcome = check_calls(repository, step)
        assert outcome["fields"] == step["fields"], step["when"]
        if step["when"] == "2026-04":
            assert structure(repository.folder) == structure(ROOT)


def structure(folder: Path) -> Any:
    """Give the schemas of the request, without what is only there for people."""
    schemas = load(str(folder / "openapi.yaml"))["components"]["schemas"]

    def plain(node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        members = cast("dict[str, Any]", node)
        return {key: plain(part) for key, part in members.items() if key not in ("description", "examples")}

    return [plain(schemas[name]) for name in ("UpdateProjectRequest", "ProjectIconUpdate", "ProjectPlanUpdate")]
