"""The code blocks of README.md and docs/, run against the stand-in."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

import activepieces_client.bulk
import activepieces_client.testing
from activepieces_client import Activepieces
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


def run_in_process(block: Block, service: StandIn, patch: pytest.MonkeyPatch) -> str:
    """Run a block in this process, as a main module, and return what it prints."""
    patch.setenv("ACTIVEPIECES_API_KEY", service.api_key)
    patch.setenv("ACTIVEPIECES_BASE_URL", service.base_url)
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(block.text, str(block.path), "exec", dont_inherit=True), names)
    for value in names.values():
        if isinstance(value, Activepieces):
            value.close()  # a notebook's stays open
    assert service.api_key not in printed.getvalue()
    return printed.getvalue()


def assert_prints(block: Block, output: str) -> None:
    """Compare what a block prints with the comments beside its calls of print."""
    expected = re.findall(r"print\(.*\)  # (.+)", block.text)
    assert [line for line in output.splitlines() if line in expected] == expected, output


# Run in a separate process: pytest, and settings that a process can make only once.
NEEDS_PROCESS = "def test_", "logging", "opentelemetry"
PROCESSES = [block for block in PYTHON if any(word in block.text for word in NEEDS_PROCESS)]


@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in PYTHON if block not in PROCESSES])
def test_block_prints_its_comments(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serve().serve() as service:
        output = run_in_process(block, service, monkeypatch)
    assert_prints(block, output)


@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in PROCESSES])
def test_block_runs_as_a_process(block: Block, tmp_path: Path) -> None:
    script = tmp_path / "test_block.py"
    script.write_text(block.text, "utf-8")
    program = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in block.text else []
    with serve().serve() as service:
        finished = run([sys.executable, "-W", "error", *program, str(script)], service, tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert_prints(block, finished.stdout)
    if "logging.DEBUG" in block.text:
        assert "DEBUG:activepieces_client:POST /api/v1/projects/pRjEctId0000000000001" in finished.stderr


def test_readme_roll_out_updates_every_project(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (block for block in PYTHON if block.path.name == "README.md" and "update_many" in block.text)
    with serve().serve() as service:
        output = run_in_process(block, service, monkeypatch)
    assert service.projects[0]["metadata"]["tier"] == "gold"
    assert [project["maxConcurrentJobs"] for project in service.projects] == [25, 25]
    assert sorted(output.splitlines()) == ["Acme", *sorted(f"{project['id']} done" for project in service.projects)]


def test_readme_commands_change_and_undo(tmp_path: Path) -> None:
    (block,) = (block for block in blocks("sh") if block.path.name == "README.md" and "undo" in block.text)
    first, plan, *later = block.text.splitlines()
    with serve().serve() as service:
        before = [dict(project) for project in service.projects]
        commands = [
            first,
            "sed -i 's/,Acme,/,Acme EU,/' projects.csv",
            f"{plan.partition('#')[0]} || test $? = 3",
            *later,
        ]
        finished = run(["bash", "-euc", "\n".join(commands)], service, tmp_path)
        assert finished.returncode == 0, finished.stderr
        assert len([request for request in service.requests if request.method == "POST"]) == 2
        assert [project["displayName"] for project in service.projects] == [
            project["displayName"] for project in before
        ]


def test_script_of_a_schedule_updates_the_projects(tmp_path: Path) -> None:
    (block,) = (block for block in blocks("sh") if "cat > tiers.csv" in block.text)
    with serve().serve() as service:
        finished = run(["bash", "-uc", block.text], service, tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert [project["metadata"] for project in service.projects] == [{"tier": "gold"}, {"tier": "silver"}]


def test_workflow_plans_and_applies(tmp_path: Path) -> None:
    (block,) = (block for block in blocks("yaml") if block.path.name == "github-actions.md")
    steps = cast("Any", YAML(typ="safe")).load(block.text)["jobs"]["projects"]["steps"]
    summary = tmp_path / "summary.md"
    (tmp_path / "projects.csv").write_text("id,displayName\npRjEctId0000000000001,Acme EU\n", "utf-8")
    with serve().serve() as service:
        for name in ("Plan", "Apply", "Report"):
            (command,) = (step["run"] for step in steps if step.get("name") == name)
            finished = run(["bash", "-euc", f"export GITHUB_STEP_SUMMARY={summary}\n{command}"], service, tmp_path)
            assert finished.returncode == 0, finished.stderr
    assert summary.read_text("utf-8").count("Acme EU") == 2
    assert service.projects[0]["displayName"] == "Acme EU"


def test_reference_has_every_public_name() -> None:
    reference = "".join(path.read_text("utf-8") for path in (ROOT / "docs" / "reference").glob("*.md"))
    documented = set(
        re.findall(r"^\.\. \w+:: activepieces_client\.(?:bulk\.|testing\.)?(\w+)", reference, re.MULTILINE)
    )
    modules = (activepieces_client, activepieces_client.bulk, activepieces_client.testing)
    public: set[str] = {name for module in modules for name in vars(module)["__all__"]}
    assert public - documented == set()


def test_readme_has_at_most_100_lines() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 100
