"""`nox -s diff`: what a change does to users, and which version it needs."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import Any

import attrs
import pytest
from openapi_python_client.parser.properties import Class, EnumProperty
from openapi_python_client.strings import ClassName, PythonIdentifier
from tools.spec.diff import main, report
from tools.spec.document import Document
from tools.spec.names import class_name, constant, snake_case
from tools.spec.report import FORMATS

from activepieces_client import models

from .repository import AUTHOR, ROOT, Repository, base, document, git, load, merge


@pytest.mark.parametrize("case", load("diff.yaml"), ids=lambda case: case["name"])
def test_verdict_of_each_kind_of_change(case: dict[str, Any]) -> None:
    frozen = base()
    before = merge(copy.deepcopy(frozen.content), case.get("before", {}))
    after = document(merge(copy.deepcopy(before), case.get("patch", {})))
    if "edit" in case:
        assert case["edit"][0] in frozen.text
        after = Document.parse(frozen.text.replace(*case["edit"]), "openapi.yaml")
    found = report(document(before), after, {})
    rows = [
        [entry.severity, entry.change.direction, entry.change.property, entry.change.python_name, entry.rule.name]
        for _, entries in found.by_operation().items()
        for entry in entries
    ]
    assert rows == case["changes"]
    assert not rows or any(case.get("witness", "") in entry.reason for entry in found.entries)


@pytest.fixture
def history(tmp_path: Path) -> Repository:
    """Return a repository on a branch of the default branch."""
    repository = Repository.copy(tmp_path, generated=False)
    git(repository, "init -q -b main", "add openapi.yaml CHANGELOG.md", "commit -q -m one", "checkout -q -b change")
    return repository


PROPERTY = {"components": {"schemas": {"UpdateProjectRequest": {"properties": {"days": {"type": "integer"}}}}}}
NO_PROPERTY = {"components": {"schemas": {"UpdateProjectRequest": {"properties": {"externalId": None}}}}}
PATTERN = {
    "components": {
        "schemas": {"UpdateProjectRequest": {"properties": {"displayName": {"pattern": "^(?!draft)[^./]+$"}}}}
    }
}
PLACE = "/components/schemas/UpdateProjectRequest/properties/displayName/pattern"
HEAD = "COMPATIBLE: needs 1.1.0; info.version is 1.0.0, raise it"


def test_base_is_where_the_branch_left_the_default_branch(history: Repository) -> None:
    history.merge(PROPERTY)
    for name in ([], ["main"], ["HEAD"]):
        finished = history.run("diff", *name)
        assert (finished.returncode, finished.stderr) == (0, "")
        head, blank, operation, change, reason = finished.stdout.splitlines()
        assert (head, blank, operation) == (HEAD, "", "POST /v1/projects/{id}")
        assert change.split() == [
            *("compatible", "request", "days", "(UpdateProjectRequest.days):"),
            *("property", "added:", "optional", "integer"),
        ]
        assert reason.strip().startswith("Users may send it. [request-property-added] openapi.yaml:")
        number = int(reason.rpartition("openapi.yaml:")[2])
        assert (history.folder / "openapi.yaml").read_text("utf-8").splitlines()[number - 1].strip() == "days:"


def test_check_demands_version_and_changelog(history: Repository) -> None:
    assert history.run("diff", "--check").returncode == 0

    history.merge(NO_PROPERTY)
    finished = history.run("diff", "--check")
    assert finished.returncode == 1
    assert finished.stdout.startswith("BREAKING: needs 2.0.0; info.version is 1.0.0, raise it\n")
    assert finished.stderr.splitlines() == [
        "openapi.yaml: info.version must be 2.0.0 or more; it is 1.0.0",
        "CHANGELOG.md: describe under `## 2.0.0` what changes for users",
    ]

    history.merge({"info": {"version": "2.0.0"}})
    finished = history.run("diff", "--check")
    assert finished.stdout.startswith("BREAKING: 2.0.0 is enough\n")
    assert finished.stderr.splitlines() == ["CHANGELOG.md: describe under `## 2.0.0` what changes for users"]
    history.edit("## 1.0.0", "## 2.0.0\n\n- `external_id` is gone.\n\n## 1.0.0", "CHANGELOG.md")
    assert history.run("diff", "--check").returncode == 0


def test_changelog_entry_of_before_is_not_enough(history: Repository) -> None:
    history.edit("version: 1.0.0", "version: 0.9.0")
    git(history, "commit -q -a -m two")
    history.merge({**PROPERTY, "info": {"version": "1.0.0"}})
    assert history.run("diff", "HEAD", "--check").returncode == 1
    history.edit("- `validate`", "- `days`.\n- `validate`", "CHANGELOG.md")
    assert history.run("diff", "HEAD", "--check").returncode == 0


def test_unproven_change_needs_major_unless_accepted(history: Repository) -> None:
    history.merge(PATTERN)
    head = "MAY BREAK: needs 2.0.0 unless it is accepted; info.version is 1.0.0, raise it"
    finished = history.run("diff", "--check")
    assert (finished.returncode, finished.stdout.splitlines()[0]) == (1, head)
    why = "no name has a blank"
    assert f"[request-unproven@{PLACE}] openapi.yaml:" in finished.stdout
    accepted = history.run("diff", "--accept", f"request-unproven@{PLACE}={why}")
    assert accepted.stdout.splitlines()[0] == HEAD
    assert f"Accepted: {why}" in accepted.stdout

    message = f"Blanks\n\nAccept: request-unproven@{PLACE}={why}"
    subprocess.run(["git", "commit", "-q", "-a", "-m", message], cwd=history.folder, check=True, env=AUTHOR)
    assert history.run("diff").stdout == accepted.stdout


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        (f"request-unproven@{PLACE}=", "is not RULE@POINTER=REASON"),
        (f"no-such-rule@{PLACE}=why", "is not RULE@POINTER=REASON"),
        ("request-unproven@/info=why", "no change that may break has this rule and pointer"),
        (f"request-narrower@{PLACE}=why", "no change that may break has this rule and pointer"),
    ],
)
def test_acceptance_of_nothing_is_an_error(history: Repository, argument: str, reason: str) -> None:
    history.merge(PATTERN)
    finished = history.run("diff", "--accept", argument)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert reason in finished.stderr


def test_explain_prints_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--explain", "x-idempotent-removed"]) == 0
    assert capsys.readouterr().out == (
        "x-idempotent-removed: breaking. The client no longer retries 408, 429 and 5xx; users handle them.\n"
    )
    with pytest.raises(SystemExit) as raised:
        main(["--explain", "nothing"])
    assert raised.value.code == 2


@pytest.mark.parametrize(
    ("name", "reason"),
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
def test_bad_input_is_one_line_and_exit_2(history: Repository, name: str, reason: str) -> None:
    written = {
        "README.md": "# Read me",
        "swagger.json": '{"swagger": "2.0", "paths": {}}',
        "broken.yaml": "openapi: [",
        "v0.yaml": "{openapi: 3.1.0, info: {title: a, version: one}, paths: {}}",
        "lost.yaml": "{openapi: 3.1.0, info: {title: a, version: 1.0.0}, paths: {/a: {$ref: '#/lost'}}}",
    }
    for file, text in written.items():
        (history.folder / file).write_text(text)
    git(history, "checkout -q --orphan empty", "rm -q -r --cached .", "commit -q --allow-empty -m three")
    git(history, "checkout -q -f change")
    finished = history.run("diff", name)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert reason in finished.stderr
    assert name.startswith("-") or finished.stderr.count("\n") == 1


def test_without_default_branch_a_base_must_be_named(tmp_path: Path) -> None:
    repository = Repository.copy(tmp_path, generated=False)
    finished = repository.run("diff", GIT_CEILING_DIRECTORIES=str(repository.folder.parent))
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "fatal: not a git repository" in finished.stderr


def test_formats_report_the_same() -> None:
    after = merge(copy.deepcopy(base().content), NO_PROPERTY)
    after = merge(after, {"components": {"schemas": {"UpdateProjectRequest": {"description": "a|b `c` <i>\n%"}}}})
    printed = {name: as_format(report(base(), document(after), {})) for name, as_format in FORMATS.items()}
    found = json.loads(printed.pop("json"))
    assert (found["verdict"], found["needed"], len(found["changes"])) == ("breaking", "2.0.0", 2)
    for name, text in printed.items():
        assert "BREAKING: needs 2.0.0; info.version is 1.0.0, raise it" in text
        assert "externalId" in text
        assert "\x1b" not in text
        assert name == "text" or "<i>" not in text
    assert printed["markdown"].count("<article") == printed["html"].count("<article") == 2
    # A blank line would end the HTML within Markdown.
    assert "\n\n" not in printed["markdown"]
    for outside in ("http:", "https:", "src=", "<link", "url("):
        assert outside not in printed["html"]


def test_lines_are_links_where_the_host_is_known(history: Repository) -> None:
    history.merge(NO_PROPERTY)
    host = {"GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": "c0ffee"}
    for name in ("html", "markdown"):
        assert (
            "https://git.example/a/b/blob/c0ffee/openapi.yaml#L" in history.run("diff", "--format", name, **host).stdout
        )


def test_long_texts_differ_word_by_word(history: Repository) -> None:
    history.edit("Your own id for the project, unique", "Your own name for the project, unique")
    shown = history.run("diff").stdout
    assert "description: Your own [-id-] [+name+] for the project, … cannot be cleared." in shown
    assert "own <del>id</del> <ins>name</ins> for" in history.run("diff", "--format", "html").stdout


def test_added_operation_shows_its_signature(history: Repository) -> None:
    parameter = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Metadata"}}}}
    operation = {"operationId": "tagAll", "tags": ["projects"], "parameters": [parameter], "requestBody": body}
    history.merge({"paths": {"/v1/tags": {"put": {**operation, "responses": {"204": {"description": "Done."}}}}}})
    signature = "projects.tag_all.sync(limit: int = UNSET, body: Metadata) -> None"
    assert f"operation added: {signature}\n" in history.run("diff").stdout


def test_component_of_many_operations_differs_once(history: Repository) -> None:
    operation = base().content["paths"]["/v1/projects/{id}"]["post"]
    paths = {f"/v1/copies/{{id}}/{name}": {"post": {**operation, "operationId": f"copy{name}"}} for name in range(30)}
    history.merge({"paths": paths})
    git(history, "commit -q -a -m two")
    history.merge({"components": {"schemas": {"Project": {"properties": {"poolId": None, "x": {"type": "integer"}}}}}})
    title, first, _, second, _ = history.run("diff", "HEAD").stdout.splitlines()[2:]
    assert title == "Project, in 31 operations"
    assert (first.split()[2], second.split()[2]) == ("Project.pool_id:", "Project.x:")
    found = json.loads(history.run("diff", "HEAD", "--format", "json").stdout)
    assert [len(change["operations"]) for change in found["changes"]] == [31, 31]

    long = {f"{'y' * 600}{number}": {"type": "string"} for number in range(80)}
    history.merge({"components": {"schemas": {"Project": {"properties": long}}}})
    comment = history.run("diff", "HEAD", "--format", "markdown").stdout
    assert len(comment) < 65_536
    shown = comment.count("<article")
    assert 0 < shown < 82
    assert comment.rstrip().endswith(f"<p>… and {82 - shown} more: <code>nox -s diff</code></p>")


def test_version_is_based_on_the_last_release(history: Repository) -> None:
    git(history, "checkout -q main", "tag v1.0.0", "tag v0.9.0", "tag v2.0.0-rc1")
    history.edit("1.0.0 (unreleased)", "1.0.0 (2026-11-01)", "CHANGELOG.md")
    history.merge({**PROPERTY, "info": {"version": "1.1.0"}})
    history.edit("## 1.0.0", "## 1.1.0 (unreleased)\n\n- `days`.\n\n## 1.0.0", "CHANGELOG.md")
    git(history, "commit -q -a -m days", "checkout -q -b hours")
    history.merge({"components": {"schemas": {"UpdateProjectRequest": {"properties": {"hours": {"type": "integer"}}}}}})
    assert history.run("diff").stdout.startswith("COMPATIBLE: 1.1.0 is enough\n")
    finished = history.run("diff", "--check")
    assert finished.stderr == "CHANGELOG.md: describe under `## 1.1.0` what changes for users\n"
    history.edit("- `days`.\n", "- `days`.\n- `hours`.\n", "CHANGELOG.md")
    assert history.run("diff", "--check").returncode == 0

    # What no release has may go.
    history.merge({"components": {"schemas": {"UpdateProjectRequest": {"properties": {"days": None}}}}})
    history.merge({"components": {"schemas": {"UpdateProjectRequest": {"properties": {"hours": None}}}}})
    assert history.run("diff").stdout.startswith("BREAKING (unchanged since v1.0.0): 1.1.0 is enough\n")
    history.merge(NO_PROPERTY)
    assert history.run("diff").stdout.startswith("BREAKING: needs 2.0.0; info.version is 1.1.0, raise it\n")
    history.edit("## 1.1.0", "## 2.0.0 (unreleased)\n\n- No `external_id`.\n\n## 1.1.0", "CHANGELOG.md")
    expected = "collect 2.0.0 (unreleased) and 1.1.0 (unreleased) in one section"
    assert expected in history.run("diff", "--check").stderr


def test_merge_in_progress_reports_the_branch_alone(history: Repository) -> None:
    history.edit("maxLength: 100", "maxLength: 200")
    git(history, "commit -q -a -m longer", "checkout -q main")
    history.edit("      x-idempotent: true\n", "")
    git(history, "commit -q -a -m once", "checkout -q change")
    subprocess.run(["git", "merge", "--no-commit", "main"], cwd=history.folder, check=True, env=AUTHOR)
    finished = history.run("diff")
    assert finished.stdout.startswith(HEAD)
    assert "idempotent" not in finished.stdout

    git(history, "merge --abort")
    history.edit("            maxLength: 200\n", "<<<<<<< HEAD\n            maxLength: 200\n=======\n")
    finished = history.run("diff")
    assert finished.returncode == 2
    assert re.fullmatch(r"openapi.yaml:\d+: is in conflict: .*\n", finished.stderr)


def test_shown_signatures_and_shallow_clones_are_no_guess(history: Repository, tmp_path: Path) -> None:
    git(history, "config log.showSignature true")
    history.merge(PATTERN)
    message = f"Drafts\n\nAccept: request-unproven@{PLACE}=no draft"
    subprocess.run(["git", "commit", "-q", "-a", "-m", message], cwd=history.folder, check=True, env=AUTHOR)
    assert history.run("diff").stdout.startswith(HEAD)

    tree = Repository(tmp_path / "tree")
    git(history, f"worktree add -q --detach {tree.folder}")
    shutil.copytree(history.folder / "tools", tree.folder / "tools")
    assert tree.run("diff").stdout == history.run("diff").stdout

    git(history, "checkout -q --orphan other", "commit -q -m other")
    finished = history.run("diff")
    assert finished.returncode == 2
    assert finished.stderr.startswith("git merge-base main HEAD: ")
    (history.folder / ".git" / "shallow").write_text("")
    finished = history.run("diff", "nowhere")
    assert "nowhere is neither a git ref nor a file: git rev-parse" in finished.stderr
    assert "fatal: Needed a single revision" in finished.stderr


def test_git_diff_shows_the_report(history: Repository) -> None:
    (history.folder / ".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    environment = history.folder / ".nox" / "diff"
    venv.create(environment, symlinks=True)
    (packages,) = environment.glob("lib/*/site-packages")
    (packages / "of_the_tests.pth").write_text(sysconfig.get_path("purelib"))
    history.merge(PROPERTY)
    assert "@@" in history.shell("git diff openapi.yaml").stdout
    lines = (ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()
    (command,) = [line for line in lines if line.startswith("git config diff.openapi")]
    assert history.shell(command).returncode == 0
    (history.folder / "docs").mkdir()
    for folder in (".", "docs"):
        assert history.shell(f"cd {folder} && git diff").stdout.startswith(f"{HEAD}\n")

    # Where there can be no report, there are the lines.
    history.edit("openapi: 3.1.0", "openapi: [")
    assert "+openapi: [" in history.shell("git diff openapi.yaml").stdout
    shutil.rmtree(history.folder / ".nox")
    assert "+openapi: [" in history.shell("git diff openapi.yaml").stdout


def test_names_are_those_that_the_generator_gives() -> None:
    content = json.loads((ROOT / "generated/activepieces_api/openapi.json").read_text("utf-8"))
    schemas = {name: list(schema.get("properties", {})) for name, schema in content["components"]["schemas"].items()}
    names = {class_name(name): set(map(snake_case, properties)) for name, properties in schemas.items()}
    known = {model: attributes for model, attributes in names.items() if hasattr(models, model)}
    assert len(known) > 10
    for model, attributes in known.items():
        cls = getattr(models, model)
        generated = {field.name for field in attrs.fields(cls)} if attrs.has(cls) else set[str]()
        assert generated - {"additional_properties"} == attributes, model


@pytest.mark.parametrize("name", ["_links", "a/b", "+1", "1st", "højde", "ds9Performer", "HTTPServer", "class", "x.y"])
def test_odd_names_are_those_that_the_generator_gives(name: str) -> None:
    assert snake_case(name) == PythonIdentifier(name, "field_")


def test_constants_are_those_that_the_generator_gives() -> None:
    class_info = Class(ClassName("Mode", ""), PythonIdentifier("mode", ""))
    values = ["ab", "a b", "fooBar", "+1", "højde"]
    generated = EnumProperty.values_from_list(values, class_info, [])
    assert [constant(value, index) for index, value in enumerate(values)] == list(generated)
    assert [constant(1, 0), constant(-1, 1)] == list(EnumProperty.values_from_list([1, -1], class_info, []))
