"""CONTRIBUTING.md, performed: its code blocks in order, on a copy of this folder."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from .repository import BASE, CACHE, ROOT, Repository

PUBLISHED = Path(__file__).parent / "published" / "live-2026-08.json"
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def blocks(heading: str, language: str) -> list[str]:
    """Return the code blocks of a section, without the indentation of their list."""
    section = re.split(r"(?m)^## ", TEXT.split(f"\n## {heading}\n")[1])[0]
    found = re.findall(rf"(?ms)^( *)```{language}\n(.*?)^ *```$", section)
    return [re.sub(rf"(?m)^{indentation}", "", block) for indentation, block in found]


def printed(heading: str) -> list[str]:
    """Return what the commands of a section print, without line numbers."""
    lines = "".join(blocks(heading, "console")).splitlines()
    return [re.sub(r"^openapi.yaml:\d+: ", "", line) for line in lines if not line.startswith("$ ")]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Copy the repository, and undo there what CONTRIBUTING.md describes."""
    repository = Repository.copy_live(tmp_path)
    shutil.copy(BASE / "CHANGELOG.md", tmp_path)
    document = tmp_path / "openapi.yaml"
    text = re.sub(r"(?m)^        executionDataRetentionDays:\n(          .*\n)+", "", document.read_text("utf-8"))
    text = text.replace(blocks("A new operation", "yaml")[0], "")
    document.write_text(re.sub(r"(?m)^  version: .*$", "  version: 1.0.0", text), "utf-8")
    methods = tmp_path / "overlays" / "activepieces_client" / "_projects.py"
    text = methods.read_text("utf-8")
    for block in blocks("A new operation", "python")[:2]:
        text = text.replace(f"\n{block}", "")
    methods.write_text(text, "utf-8")
    repository.generate()
    shutil.copy(document, tmp_path / "before.yaml")
    return repository


def succeeds(repository: Repository, module: str, *arguments: str) -> str:
    """Run a module with the generated package of the copy, and return its output."""
    path = os.pathsep.join(str(repository.folder / name) for name in ("generated", "overlays"))
    finished = repository.execute([sys.executable, "-m", module, *arguments], PYTHONPATH=path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def check_change(repository: Repository, entry: str) -> None:
    """Raise the version, write the changelog, and check the document as `nox` does."""
    assert repository.run("diff", "before.yaml", "--check").returncode == 1
    repository.edit("version: 1.0.0", "version: 1.1.0")
    repository.edit("## 1.0.0", f"## 1.1.0 (unreleased)\n\n- {entry}.\n\n## 1.0.0", "CHANGELOG.md")
    succeeds(repository, "tools.spec.diff", "before.yaml", "--check")
    succeeds(repository, "openapi_spec_validator", "--schema", "3.1", "openapi.yaml")
    succeeds(repository, "tools.spec.house_style")


def test_property_reaches_users_as_contributing_describes(repository: Repository) -> None:
    heading = "The API changed: do this"
    difference, verdict, argument = printed(heading)
    assert f": {difference}\n" in repository.run("upstream", str(PUBLISHED)).stdout
    (block,) = blocks(heading, "yaml")
    for owner in ("UpdateProjectRequest", "Project"):
        text = (repository.folder / "openapi.yaml").read_text("utf-8")
        start = re.search(rf"(?ms)^    {owner}:\n.*?^      properties:\n", text)
        assert start
        repository.edit(start[0], f"{start[0]}{block}")
    assert succeeds(repository, "tools.spec.diff", "before.yaml").startswith(f"{verdict}\n")
    check_change(repository, "`UpdateProjectRequest.execution_data_retention_days`")
    assert f"{argument}\n" in succeeds(repository, "tools.spec.regenerate")
    repository.call([{"executionDataRetentionDays": 30}], [])
    refused = repository.call([], [{"executionDataRetentionDays": 0}])
    assert refused["problems"] == [["$.executionDataRetentionDays"]]
    assert difference not in repository.run("upstream", str(PUBLISHED)).stdout


def test_operation_gets_its_method_as_contributing_describes(repository: Repository) -> None:
    heading = "A new operation"
    (operation,) = blocks(heading, "yaml")
    sync_method, async_method, test = blocks(heading, "python")
    methods = "overlays/activepieces_client/_projects.py"
    repository.edit("\n  /v1/projects/{id}:\n", f"\n  /v1/projects/{{id}}:\n{operation}")
    check_change(repository, "`client.projects.get`")
    succeeds(repository, "tools.spec.regenerate")
    repository.edit("\n\n\nclass AsyncProjects:", f"\n\n{sync_method}\n\nclass AsyncProjects:", methods)
    with (repository.folder / methods).open("a", encoding="utf-8") as file:
        file.write(f"\n{async_method}")
    (repository.folder / "tests" / "test_get.py").write_text(test, "utf-8")

    assert "(client.projects.get)" in succeeds(repository, "tools.spec.diff", "before.yaml")
    succeeds(repository, "ruff", "check", methods, "tests/test_get.py")
    succeeds(repository, "ruff", "format", "--check", methods, "tests/test_get.py")
    succeeds(repository, "mypy", f"--cache-dir={CACHE}-live", methods, "tests/test_get.py")
    assert "\n3 passed" in succeeds(repository, "pytest", "-p", "no:cacheprovider", "-q", "tests/test_get.py")
