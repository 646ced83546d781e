"""The text of a release: tools/release/text.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from .repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.copy(tmp_path, generated=False)


def write_changelog(repository: Repository, heading: str) -> None:
    (repository.folder / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## {heading}\n\n- A field.\n\n## 0.9.0\n\n- Old.\n"
    )


def test_text_is_the_changelog_section(repository: Repository) -> None:
    write_changelog(repository, "1.0.0 (2026-12-01)")
    finished = repository.run("release.text", "v1.0.0")
    assert (finished.returncode, finished.stdout) == (0, "- A field.\n")


@pytest.mark.parametrize(
    ("heading", "tag", "reason"),
    [
        ("1.0.0 (unreleased)", "v1.0.0", "no section `## 1.0.0 (YYYY-MM-DD)`"),
        ("1.1.0 (2026-12-01)", "v1.0.0", "no section `## 1.0.0 (YYYY-MM-DD)`"),
        ("1.0.0 (2026-12-01)", "v1.0.1", "the tag is v1.0.1, and info.version of openapi.yaml is 1.0.0"),
    ],
)
def test_tag_and_dated_section_must_match(repository: Repository, heading: str, tag: str, reason: str) -> None:
    write_changelog(repository, heading)
    finished = repository.run("release.text", tag)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert reason in finished.stderr
