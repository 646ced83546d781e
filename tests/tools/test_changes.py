"""Changes of openapi.yaml that reach the client by `nox -s regenerate` alone."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from tools.spec.checks import problems
from tools.spec.diff import report
from tools.spec.document import Document

from .repository import Repository, base, load, merge, numbered

CHANGES: dict[str, list[dict[str, Any]]] = load("changes.yaml")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.copy(tmp_path)


def check_calls(repository: Repository, cases: list[dict[str, Any]]) -> Any:
    """Check that the regenerated client accepts and refuses what the cases say."""
    accepted = [body for case in cases for body in case.get("accepted", [])]
    refused = [row for case in cases for row in case.get("refused", [])]
    outcome = repository.call(accepted, [body for body, *_ in refused])
    assert outcome["sent"] == accepted
    assert outcome["problems"] == [paths for _, *paths in refused]
    return outcome


@pytest.mark.parametrize("group", CHANGES)
def test_changes_reach_users_by_regenerating_alone(repository: Repository, group: str) -> None:
    for case in CHANGES[group]:
        repository.merge(case["patch"])
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    *changed, last = finished.stdout.splitlines()
    assert last == "generated/activepieces_api is regenerated."
    offered = [line.strip() for line in changed if not line.startswith("generated/")]
    listed = [line for line in offered if not line.split()[-1].startswith("update_project(")]
    assert sorted(listed) == sorted(line for case in CHANGES[group] for line in case["generated"])
    check_calls(repository, CHANGES[group])


@pytest.mark.parametrize("case", load("refused.yaml"), ids=lambda case: case["name"])
def test_wrong_client_is_refused_with_line_and_fix(case: dict[str, Any]) -> None:
    frozen = base()
    if "text" in case:
        assert case["text"][0] in frozen.text
        changed = Document.parse(frozen.text.replace(*case["text"]), "openapi.yaml")
    else:
        changed = numbered(merge(copy.deepcopy(frozen.content), case["patch"]))
    place, reason = case["fails"]
    found = {".".join(map(str, pointer)): pointer for pointer, why in problems(changed) if reason in why}
    assert place in found, problems(changed)
    assert not case.get("alone") or len(problems(changed)) == 1, problems(changed)
    number = changed.line(found[place])
    line = changed.text.splitlines()[number - 1]
    # What is missing has the line of what it would be in.
    assert number == 1 or any(str(key) in line for key in found[place]), line


def test_each_refusal_is_a_line_and_changes_nothing(tmp_path: Path) -> None:
    repository = Repository.copy(tmp_path)
    before = repository.contents()
    repository.merge({"components": {"schemas": {"Project": {"title": "A", "properties": {"external_id": {}}}}}})
    finished = repository.run("regenerate")
    assert finished.returncode == 1
    first, second, last = finished.stderr.splitlines()
    assert first.startswith("openapi.yaml:")
    assert ": components.schemas.Project.properties.external_id: is `external_id` in Python" in first + second
    assert ": components.schemas.Project.title: the client knows no keyword `title`: it would name" in first + second
    assert last == "generated/activepieces_api is as it was."
    assert repository.contents() == before


def test_overlay_imports_are_checked(repository: Repository) -> None:
    before = repository.contents()
    overlay = repository.folder / "overlays" / "activepieces_client"
    overlay.mkdir(parents=True)
    (overlay / "_projects.py").write_text("\nfrom activepieces_api.api.projects import update_project\n")
    repository.merge({"paths": {"/v1/projects/{id}": {"post": {"tags": ["tenants"]}}}})
    finished = repository.run("regenerate")
    assert finished.returncode == 1
    assert (
        "overlays/activepieces_client/_projects.py:2: openapi.yaml no longer gives "
        "activepieces_api.api.projects.update_project" in finished.stderr
    )
    assert repository.contents() == before


def test_history_of_the_request_is_walked_by_editing_alone(repository: Repository) -> None:
    before = Document.read(repository.folder / "openapi.yaml")
    for step in load("history.yaml"):
        content = merge(copy.deepcopy(before.content), step["patch"])
        after = numbered(content)
        assert report(before, after, {}).verdict == step["diff"], step["when"]
        assert problems(after) == [], step["when"]
        before = after
        if step.get("regenerate"):
            (repository.folder / "openapi.yaml").write_text(after.text, "utf-8")
            finished = repository.run("regenerate")
            assert finished.returncode == 0, (step["when"], finished.stderr)
            outcome = check_calls(repository, [step])
            assert outcome["fields"] == step["fields"], step["when"]


def test_refused_examples_have_their_own_line(tmp_path: Path) -> None:
    repository = Repository.copy(tmp_path, generated=False)
    repository.edit("example: pRjEctId0000000000001", "example: ''")
    repository.edit(
        "          pattern: ^[^./]+$\n          examples:\n            - Acme EU\n",
        "          examples:\n            - Acme.EU\n          pattern: ^[^./]+$\n",
    )
    repository.edit("                      activeFlows: 31\n", "")
    text = (repository.folder / "openapi.yaml").read_text("utf-8").splitlines()
    finished = repository.run("house_style")
    assert finished.returncode == 1
    reasons = dict(line.split(": ", 1) for line in finished.stderr.splitlines())
    lines = {text[int(place.partition(":")[2]) - 1].strip(): reason for place, reason in reasons.items()}
    assert lines["example: ''"].startswith("the example is not valid")
    assert lines["- Acme.EU"].startswith("the example is not valid")
    assert lines["analytics:"] == "the example of a response shows every property: add activeFlows"
    assert lines["examples:"] == "the keys of a schema have one order: type, description, pattern, examples"


def test_style_does_not_stop_regenerate() -> None:
    content = copy.deepcopy(base().content)
    properties = content["components"]["schemas"]["UpdateProjectRequest"]["properties"]
    properties["displayName"] = dict(reversed(properties["displayName"].items()))
    properties["mode"] = {"type": "string", "enum": ["A"]}
    assert problems(numbered(content)) == []


def test_paths_of_different_lengths_match_no_common_path() -> None:
    operation = copy.deepcopy(base().content["paths"]["/v1/projects/{id}"]["post"])
    nested = {"/v1/projects/archived/{id}": {"post": {**operation, "operationId": "updateArchivedProject"}}}
    assert problems(numbered(merge(copy.deepcopy(base().content), {"paths": nested}))) == []


def test_type_error_has_the_line_of_its_component(repository: Repository) -> None:
    # In from_dict, the property and the object that is made have one name.
    icon = {"type": "object", "properties": {"icon": {"type": "object", "additionalProperties": True}}}
    repository.merge({"components": {"schemas": {"Icon": icon}}})
    finished = repository.run("regenerate")
    assert finished.returncode == 1
    text = (repository.folder / "openapi.yaml").read_text("utf-8")
    line = text[: text.index("    Icon:\n")].count("\n") + 1
    assert f"\nopenapi.yaml:{line}: components.schemas.Icon: icon.py: Incompatible types" in finished.stderr
