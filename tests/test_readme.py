"""Every Python block of the README, run as it is written, against the stand-in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from activepieces_client.testing import StandIn

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def blocks() -> Iterator[tuple[str, str]]:
    """Find each block, with the heading that it stands under."""
    heading = ""
    for title, block in re.findall(r"(?ms)^## ([^\n]+)|^```python\n(.*?)^```", README):
        heading = title or heading
        if block:
            yield heading, block


@pytest.mark.parametrize("block", [pytest.param(block, id=heading) for heading, block in blocks()])
def test_a_block_does_what_it_says(block: str, tmp_path: Path) -> None:
    script = tmp_path / "test_block.py"
    script.write_text(block, "utf-8")
    program = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in block else ["-W", "error"]
    with StandIn(projects=[{"displayName": "Acme"}, {}]).serve() as service:
        settings = {"ACTIVEPIECES_API_KEY": service.api_key, "ACTIVEPIECES_BASE_URL": service.base_url}
        finished = subprocess.run(
            [sys.executable, *program, script],
            env={**os.environ, **settings},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert service.api_key not in finished.stdout + finished.stderr
    if said := re.findall(r"print\(.*\)  # (.+)", block):
        # What a line prints stands beside it; a line without that is not reached.
        assert finished.stdout.splitlines() == said
    if "update_many" in block:
        assert [project["metadata"] for project in service.projects] == [{"tier": "gold"}] * 2
    if "logging" in block:
        assert "DEBUG:activepieces_client:POST /api/v1/projects/pRjEctId0000000000001" in finished.stderr


def test_the_commands_from_the_shell_do_what_they_say(tmp_path: Path) -> None:
    section = README.partition("## From the shell\n")[2].partition("\n## ")[0]
    blocks = [block for block in re.findall(r"(?ms)^```sh\n(.*?)^```", section) if not block.startswith("pip install")]
    with StandIn(projects=[{"displayName": "Acme"}, {}]).serve() as service:
        finished = subprocess.run(
            ["bash", "-euc", "".join(blocks)],
            cwd=tmp_path,
            env={
                **os.environ,
                "ACTIVEPIECES_API_KEY": service.api_key,
                "ACTIVEPIECES_BASE_URL": service.base_url,
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert finished.returncode == 0, finished.stderr
    assert [project["metadata"] for project in service.projects] == [{"tier": "gold"}, {"tier": "silver"}]
    assert service.projects[0]["displayName"] == "Acme EU"
