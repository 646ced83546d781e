"""`nox -s diff`: what a change of openapi.yaml does to users, and which version it needs."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from activepieces_client import models

from .repository import ROOT, Repository, load

WHO = {"NAME": "a", "EMAIL": "a@b"}
AUTHOR = {
    **os.environ,
    **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in WHO.items()},
}


def git(repository: Repository, *commands: str) -> None:
    for command in commands:
        subprocess.run(["git", *command.split()], cwd=repository.folder, check=True, env=AUTHOR)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.copy(tmp_path)


def difference(repository: Repository) -> Any:
    finished = repository.run("diff", "before.yaml", "--format", "json")
    assert (finished.returncode, finished.stderr) == (0, "")
    return json.loads(finished.stdout)


@pytest.mark.parametrize("case", load("diff.yaml"), ids=lambda case: case["name"])
def test_each_kind_of_change_is_called_what_it_is_for_users_of_this_client(
    repository: Repository, case: dict[str, Any]
) -> None:
    if "before" in case:
        repository.merge(case["before"])
    shutil.copy(repository.folder / "openapi.yaml", repository.folder / "before.yaml")
    if "edit" in case:
        repository.replace(*case["edit"])
    else:
        repository.merge(case["patch"])
    report = difference(repository)
    if "verdict" in case:
        assert report["verdict"] == case["verdict"], report["changes"]
    else:
        keys = ("severity", "direction", "field", "python", "rule")
        assert [[change[key] for key in keys] for change in report["changes"]] == case["changes"]
        assert report["verdict"] == next((change[0] for change in case["changes"]), "none")


@pytest.fixture
def history(repository: Repository) -> Repository:
    """A repository with a branch that left the default branch, and a default branch that went on."""
    shutil.copy(ROOT / "CHANGELOG.md", repository.folder)
    git(repository, "init -q -b main", "add openapi.yaml CHANGELOG.md", "commit -q -m one", "checkout -q -b change")
    return repository


FIELD = {"components": {"schemas": {"UpdateProjectRequest": {"properties": {"days": {"type": "integer"}}}}}}
NO_FIELD = {"components": {"schemas": {"UpdateProjectRequest": {"properties": {"externalId": None}}}}}


def test_the_base_is_where_the_branch_left_the_default_branch(history: Repository) -> None:
    history.merge(FIELD)
    for base in ([], ["main"], ["HEAD"]):
        finished = history.run("diff", *base)
        assert (finished.returncode, finished.stderr) == (0, "")
        head, change = finished.stdout.splitlines()
        assert head == "COMPATIBLE: 1.1.0 needed, info.version says 1.0.0"
        assert change.split("  ")[0] == "compatible"
        assert "days (UpdateProjectRequest.days): field added: " in change
        number = int(change.rpartition("openapi.yaml:")[2])
        assert (history.folder / "openapi.yaml").read_text("utf-8").splitlines()[number - 1].strip() == "days:"


def test_check_asks_for_the_version_and_for_a_changelog_entry(history: Repository) -> None:
    assert history.run("diff", "--check").returncode == 0

    history.merge(NO_FIELD)
    finished = history.run("diff", "--check")
    assert finished.returncode == 1
    assert finished.stdout.startswith("BREAKING: 2.0.0 needed, info.version says 1.0.0\n")
    assert finished.stderr.splitlines() == [
        "openapi.yaml: info.version must be 2.0.0 or more; it is 1.0.0",
        "CHANGELOG.md: say under `## 2.0.0` what changes for users",
    ]

    history.merge({"info": {"version": "2.0.0"}})
    assert history.run("diff", "--check").stderr.splitlines() == [
        "CHANGELOG.md: say under `## 2.0.0` what changes for users"
    ]
    history.edit("## 1.0.0", "## 2.0.0\n\n- `external_id` is gone.\n\n## 1.0.0", "CHANGELOG.md")
    assert history.run("diff", "--check").returncode == 0


def test_an_entry_that_was_there_before_is_not_about_this_change(history: Repository) -> None:
    history.edit("version: 1.0.0", "version: 0.9.0")
    base = history.folder / "base.yaml"
    shutil.copy(history.folder / "openapi.yaml", base)
    git(history, "commit -q -a -m two")
    history.merge({**FIELD, "info": {"version": "1.0.0"}})
    assert history.run("diff", "HEAD", "--check").returncode == 1
    history.edit("- `validate`", "- `days`.\n- `validate`", "CHANGELOG.md")
    assert history.run("diff", "HEAD", "--check").returncode == 0


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("nowhere", "nowhere is neither a git ref nor a file"),
        ("--format=xml", "invalid choice"),
        ("README.md", "README.md: is not an OpenAPI document"),
        ("swagger.json", "swagger.json: is not an OpenAPI document"),
        ("broken.yaml", "broken.yaml:1: is not YAML"),
        ("empty", "empty has no openapi.yaml"),
        ("v0.yaml", "v0.yaml: info.version is one, and not MAJOR.MINOR.PATCH"),
        ("lost.yaml", "the reference #/lost leads nowhere"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(history: Repository, base: str, reason: str) -> None:
    written = {
        "README.md": "# Read me",
        "swagger.json": '{"swagger": "2.0", "paths": {}}',
        "broken.yaml": "openapi: [",
        "v0.yaml": "{openapi: 3.1.0, info: {title: a, version: one}, paths: {}}",
        "lost.yaml": "{openapi: 3.1.0, info: {title: a, version: 1.0.0}, paths: {/a: {$ref: '#/lost'}}}",
    }
    for name, text in written.items():
        (history.folder / name).write_text(text)
    git(history, "checkout -q --orphan empty", "rm -q -r --cached .", "commit -q --allow-empty -m three")
    git(history, "checkout -q -f change")
    finished = history.run("diff", base)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert reason in finished.stderr
    assert base.startswith("-") or finished.stderr.count("\n") == 1


def test_without_a_default_branch_a_base_must_be_named(repository: Repository) -> None:
    finished = repository.run("diff", GIT_CEILING_DIRECTORIES=str(repository.folder.parent))
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "name a git ref or a file" in finished.stderr


def test_the_formats_say_the_same(history: Repository) -> None:
    history.merge({**NO_FIELD, "info": {"title": "<b>|`"}})
    history.merge({"components": {"schemas": {"UpdateProjectRequest": {"description": "a|b `c` <i>\n%"}}}})
    said = {
        name: history.run("diff", "--format", name).stdout for name in ("text", "markdown", "html", "json", "github")
    }
    report = json.loads(said["json"])
    assert report["version"] == {"base": "1.0.0", "needed": "2.0.0", "stated": "1.0.0"}
    assert report["verdict"] == "breaking"
    assert list(report["changes"][0]) == ["severity", "direction", "field", "python", "rule", "from", "to", "line"]
    for name, text in said.items():
        assert name == "json" or "BREAKING: 2.0.0 needed, info.version says 1.0.0" in text
        assert "externalId" in text
        assert "\x1b" not in text
    table = [line for line in said["markdown"].splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {8}
    errors = [line for line in said["github"].splitlines() if line.startswith("::error file=openapi.yaml,line=")]
    assert len(errors) == 1
    assert "<i>" not in said["html"]
    for outside in ("http:", "https:", "src=", "<link", "url("):
        assert outside not in said["html"]


def test_a_terminal_gets_colour(history: Repository) -> None:
    history.merge(NO_FIELD)
    ours, theirs = pty.openpty()
    surroundings: Any = {**history.surroundings(), "stdout": theirs}
    with subprocess.Popen(history.command("diff"), **surroundings) as run:
        run.wait()
    assert os.read(ours, 9) == b"\x1b[31mBREA"
    os.close(ours)
    os.close(theirs)


def test_git_diff_shows_the_report_where_that_is_set_up(history: Repository) -> None:
    (history.folder / ".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    history.merge(FIELD)
    assert "@@" in history.shell("git diff openapi.yaml").stdout
    lines = (ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()
    (command,) = [line for line in lines if line.startswith("git config diff.openapi")]
    assert history.shell(command).returncode == 0
    shown = history.shell("git diff openapi.yaml").stdout
    assert shown.startswith("COMPATIBLE: 1.1.0 needed, info.version says 1.0.0\n")


def test_names_are_those_that_the_generator_gives() -> None:
    program = """
import json, sys
sys.path.insert(0, "tools")
from diff import class_name, snake_case
schemas = json.load(sys.stdin)
print(json.dumps({class_name(name): {part: snake_case(part) for part in parts} for name, parts in schemas.items()}))
"""
    document = json.loads((ROOT / "generated/activepieces_api/openapi.json").read_text("utf-8"))
    schemas = {name: list(schema.get("properties", {})) for name, schema in document["components"]["schemas"].items()}
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        input=json.dumps(schemas),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    fields = {
        model: set(names.values()) for model, names in json.loads(finished.stdout).items() if hasattr(models, model)
    }
    assert len(fields) > 10
    for model, names in fields.items():
        cls = getattr(models, model)
        generated = {field.name for field in attrs.fields(cls)} if attrs.has(cls) else set[str]()
        assert generated - {"additional_properties"} == names, model
