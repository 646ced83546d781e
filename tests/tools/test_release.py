"""What a release is made with: its text, and the look for known vulnerabilities."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .repository import ROOT, Repository

VULNERABLE = {
    "name": "zlib-ng",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}],
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.copy(tmp_path)


def write_changelog(repository: Repository, heading: str) -> None:
    (repository.folder / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## {heading}\n\n- A field.\n\n## 0.9.0\n\n- Old.\n"
    )


def test_the_text_of_a_release_is_what_the_changelog_says_of_it(repository: Repository) -> None:
    write_changelog(repository, "1.0.0 (2026-12-01)")
    finished = repository.run("release", "v1.0.0")
    assert (finished.returncode, finished.stdout) == (0, "- A field.\n")


@pytest.mark.parametrize(
    ("heading", "tag", "said"),
    [
        ("1.0.0 (unreleased)", "v1.0.0", "no section `## 1.0.0 (YYYY-MM-DD)`"),
        ("1.1.0 (2026-12-01)", "v1.0.0", "no section `## 1.0.0 (YYYY-MM-DD)`"),
        ("1.0.0 (2026-12-01)", "v1.0.1", "the tag is v1.0.1, and info.version of openapi.yaml is 1.0.0"),
    ],
)
def test_nothing_is_released_that_the_changelog_or_the_tag_does_not_name(
    repository: Repository, heading: str, tag: str, said: str
) -> None:
    write_changelog(repository, heading)
    finished = repository.run("release", tag)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert said in finished.stderr


def audit(folder: Path, pip_audit: str) -> subprocess.CompletedProcess[str]:
    """Run the audit with a pip-audit that asks nobody."""
    program = folder / "pip-audit"
    program.write_text(f"#!/bin/sh\n{pip_audit}\n")
    program.chmod(0o755)
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "audit.py"],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_known_vulnerability_is_told_once_and_fails(tmp_path: Path) -> None:
    answer = json.dumps({"dependencies": [VULNERABLE, {"name": "attrs", "version": "26.1.0", "vulns": []}]})
    finished = audit(tmp_path, f"echo '{answer}'; exit 1")
    assert finished.returncode == 1
    assert finished.stdout.splitlines() == [
        "zlib-ng 1.0: PYSEC-2026-1, mended by 1.1",
        "packages audited: 2; known vulnerabilities: 1",
    ]


def test_where_nobody_can_be_asked_the_audit_says_so_and_passes(tmp_path: Path) -> None:
    finished = audit(tmp_path, "echo 'ConnectionError: no network' >&2; exit 1")
    assert finished.returncode == 0
    assert "tests.txt was not audited: ConnectionError: no network" in finished.stderr
    assert finished.stdout == "packages audited: 0; known vulnerabilities: 0\n"
