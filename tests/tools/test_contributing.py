"""CONTRIBUTING.md, performed: the code blocks of its procedures, on a copy of this repository.

Here, the tools and tests that a procedure touches run on the copy. `nox -s proof -- procedures` sets PROCEDURES, so
that all default sessions of nox run on it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from .repository import BASE, ROOT, Repository

PUBLISHED = Path(__file__).parent / "published" / "live-2026-08.json"
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
CHANGE, OPERATION, RESOURCE = "The API changed: do this", "A new operation", "A new resource"
# nox may need the proxies and certificates that a fixture of all tests removes.
ENVIRONMENT = dict(os.environ)
OVERLAY = "overlays/activepieces_client"
IMPORTS = r"from __future__ import annotations\n\n"
PATHS = r"\n(?=  /v1/projects/\{id\}:\n)"
WHOLE = r"\A\Z"


def blocks(heading: str, language: str) -> list[str]:
    """Return the code blocks of a section, without the indentation of their list."""
    section = re.split(r"(?m)^## ", TEXT.split(f"\n## {heading}\n")[1])[0]
    found = re.findall(rf"(?ms)^( *)```{language}\n(.*?)^ *```$", section)
    return [re.sub(rf"(?m)^{indentation}", "", block) for indentation, block in found]


def printed(heading: str) -> list[str]:
    """Return what the commands of a section print, without line numbers."""
    lines = "".join(blocks(heading, "console")).splitlines()
    return [re.sub(r"^openapi.yaml:\d+: ", "", line) for line in lines if not line.startswith("$ ")]


def insertions(heading: str) -> list[tuple[str, str, str]]:
    """Return the file of each block, the pattern after which it goes, and the block."""
    document, code = blocks(heading, "yaml"), blocks(heading, "python")
    match heading:
        case "The API changed: do this":
            property_, example = document
            return [
                ("openapi.yaml", r"(?ms)^    UpdateProjectRequest:\n.*?^      properties:\n", property_),
                ("openapi.yaml", r"(?ms)^    Project:\n.*?^      properties:\n", property_),
                ("openapi.yaml", r"(?ms)operationId: updateProject\n.*?^ +'200':\n.*?^ +value:\n", example),
                (f"{OVERLAY}/testing/_releases.py", r"(?m)^_SINCE = \{\n", code[0]),
            ]
        case "A new operation":
            imports, method, async_method, test = code
            return [
                ("openapi.yaml", PATHS, document[0]),
                ("openapi.yaml", r"\n(?=    Metadata:\n)", document[1]),
                (f"{OVERLAY}/_projects.py", IMPORTS, imports),
                (f"{OVERLAY}/_projects.py", r"\Z", f"\n{method}"),
                (f"{OVERLAY}/_async_projects.py", IMPORTS, imports),
                (f"{OVERLAY}/_async_projects.py", r"\Z", f"\n{async_method}"),
                ("tests/test_worker_groups.py", WHOLE, test),
            ]
        case _:
            module, imports, attribute, async_attribute, test = code
            return [
                ("openapi.yaml", r"\ntags:\n", document[0]),
                ("openapi.yaml", PATHS, document[1]),
                (f"{OVERLAY}/_project_members.py", WHOLE, module),
                (f"{OVERLAY}/_client.py", IMPORTS, imports),
                (f"{OVERLAY}/_client.py", r" return Projects\(.*\)\n", f"\n{attribute}"),
                (f"{OVERLAY}/_client.py", r" return AsyncProjects\(.*\)\n", f"\n{async_attribute}"),
                ("tests/test_project_members.py", WHOLE, test),
            ]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Copy the repository, without what the procedures add: they may have been performed here."""
    repository = Repository.copy_live(tmp_path)
    performed = False
    for heading in (CHANGE, OPERATION, RESOURCE):
        for name, _, block in insertions(heading):
            file = tmp_path / name
            if file.exists() and block in (text := file.read_text("utf-8")):
                file.write_text(text.replace(block, ""), "utf-8")
                performed = True
    shutil.copy(BASE / "CHANGELOG.md", tmp_path)
    document = tmp_path / "openapi.yaml"
    text = re.sub(r"(?m)^  version: .*$", "  version: 1.0.0", document.read_text("utf-8"))
    document.write_text(text, "utf-8")
    if performed:
        repository.generate()
    shutil.copy(document, tmp_path / "before.yaml")
    return repository


def succeeds(repository: Repository, *command: str) -> str:
    """Run a module with the generated package of the copy, and return its output."""
    path = os.pathsep.join(str(repository.folder / name) for name in ("generated", "overlays"))
    finished = repository.execute([sys.executable, "-m", *command], PYTHONPATH=path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def perform(repository: Repository, heading: str) -> str:
    """Insert the blocks, raise the version, write the changelog and regenerate; return what is new in generated/."""
    for name, pattern, block in insertions(heading):
        file = repository.folder / name
        text = file.read_text("utf-8") if file.exists() else ""
        match = re.search(pattern, text)
        assert match, (name, pattern)
        file.write_text(f"{text[: match.end()]}{block}{text[match.end() :]}", "utf-8")
    assert repository.run("diff", "before.yaml", "--check").returncode == 1
    repository.edit("version: 1.0.0", "version: 1.1.0")
    repository.edit("## 1.0.0", "## 1.1.0 (unreleased)\n\n- A change.\n\n## 1.0.0", "CHANGELOG.md")
    succeeds(repository, "tools.spec.diff", "before.yaml", "--check")
    generated = succeeds(repository, "tools.spec.regenerate")
    if os.environ.get("PROCEDURES"):
        # The tests of the copy perform the procedures too, but do not run all sessions again.
        for arguments in (("-s", "format"), ()):
            environment = {**ENVIRONMENT, "PROCEDURES": ""}
            finished = repository.execute([sys.executable, "-m", "nox", *arguments], **environment)
            assert finished.returncode == 0, finished.stdout + finished.stderr
    for name, *_ in insertions(heading):
        if name.startswith("tests/"):
            succeeds(repository, "pytest", "-p", "no:cacheprovider", "-q", name)
    return generated


def test_property_reaches_users_as_contributing_describes(repository: Repository) -> None:
    difference, verdict, argument = printed(CHANGE)
    published = json.loads(PUBLISHED.read_text("utf-8"))
    update = published["paths"]["/v1/projects/{id}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    update["properties"]["runTimeoutSeconds"] = update["properties"]["executionDataRetentionDays"]
    (repository.folder / "published.json").write_text(json.dumps(published), "utf-8")
    assert f": {difference}\n" in repository.run("upstream", "published.json").stdout
    assert f"{argument}\n" in perform(repository, CHANGE)
    assert difference not in repository.run("upstream", "published.json").stdout
    reported = succeeds(repository, "tools.spec.diff", "before.yaml").partition(";")[0]
    assert reported.partition(":")[0] == verdict.partition(":")[0]
    repository.call([{"runTimeoutSeconds": 600}], [])
    assert repository.call([], [{"runTimeoutSeconds": 0}])["problems"] == [["$.runTimeoutSeconds"]]


def test_operation_gets_its_method_as_contributing_describes(repository: Repository) -> None:
    perform(repository, OPERATION)
    assert ": projects.list_worker_groups.sync(" in succeeds(repository, "tools.spec.diff", "before.yaml")


def test_resource_gets_its_class_as_contributing_describes(repository: Repository) -> None:
    perform(repository, RESOURCE)
    assert ": project_members.delete_project_member.sync(" in succeeds(repository, "tools.spec.diff", "before.yaml")
