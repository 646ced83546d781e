"""Every Python block of README.md and docs/ runs as it is written, against the stand-in; the commands run too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import activepieces_client.bulk
import activepieces_client.testing
from activepieces_client.testing import StandIn

from .documentation import ROOT, Block, blocks

PYTHON = list(blocks("python"))


def serve() -> StandIn:
    """Return a stand-in with the projects that the blocks are about."""
    return StandIn(projects=[{"displayName": "Acme", "externalId": "customer-4711"}, {}])


def run(command: list[str], service: StandIn, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with the settings of a stand-in."""
    settings = {
        "ACTIVEPIECES_API_KEY": service.api_key,
        "ACTIVEPIECES_BASE_URL": service.base_url,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    finished = subprocess.run(
        command, cwd=folder, env={**os.environ, **settings}, capture_output=True, encoding="utf-8", check=False
    )
    assert service.api_key not in finished.stdout + finished.stderr
    return finished


@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in PYTHON])
def test_block_runs_and_prints_what_it_says(block: Block, tmp_path: Path) -> None:
    script = tmp_path / "test_block.py"
    script.write_text(block.text, "utf-8")
    program = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in block.text else ["-W", "error"]
    with serve().serve() as service:
        finished = run([sys.executable, *program, str(script)], service, tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    # A comment beside a print is what it prints.
    expected = re.findall(r"print\(.*\)  # (.+)", block.text)
    assert [line for line in finished.stdout.splitlines() if line in expected] == expected, finished.stdout
    if "logging.DEBUG" in block.text:
        assert "DEBUG:activepieces_client:POST /api/v1/projects/pRjEctId0000000000001" in finished.stderr


def test_roll_out_of_readme_updates_every_project(tmp_path: Path) -> None:
    (block,) = (block for block in PYTHON if block.path.name == "README.md" and "update_many" in block.text)
    with serve().serve() as service:
        finished = run([sys.executable, "-c", block.text], service, tmp_path)
    assert [project["metadata"] for project in service.projects] == [{"tier": "gold"}] * 2
    assert finished.stdout.splitlines()[-1] == "every update was sent"


def test_commands_of_readme_update_the_projects(tmp_path: Path) -> None:
    of_readme = (block for block in blocks("sh") if block.path.name == "README.md")
    (block,) = (block for block in of_readme if "activepieces-client update" in block.text)
    with serve().serve() as service:
        finished = run(["bash", "-uc", block.text], service, tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert [project["metadata"] for project in service.projects] == [{"tier": "gold"}, {"tier": "silver"}]
    assert service.projects[0]["displayName"] == "Acme EU"


def test_reference_has_every_public_name() -> None:
    reference = "".join(path.read_text("utf-8") for path in (ROOT / "docs" / "reference").glob("*.md"))
    documented = set(
        re.findall(r"^\.\. \w+:: activepieces_client\.(?:bulk\.|testing\.)?(\w+)", reference, re.MULTILINE)
    )
    modules = (activepieces_client, activepieces_client.bulk, activepieces_client.testing)
    public: set[str] = {name for module in modules for name in vars(module)["__all__"]}
    assert public - documented == set()


def test_readme_has_at_most_150_lines() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


def test_links_of_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https://|#)([^)#]+)", (ROOT / "README.md").read_text("utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []
