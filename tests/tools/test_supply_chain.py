"""Pins of tools, and what zizmor does not check of the workflows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from .repository import ROOT

PINS = sorted((ROOT / "requirements").glob("*.txt"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def workflow(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", cast(Any, YAML(typ="safe")).load(path))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in workflow(path)["jobs"].values():
        yield from job.get("steps", [])  # a job that is another workflow has none


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_tools_are_pinned_with_hashes_and_no_address(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "://" not in text
    requirements = re.sub(r"(?m)^ *#.*\n", "", text).replace("\\\n", " ").splitlines()
    assert requirements
    for requirement in requirements:
        assert re.match(r"[\w.\[\]-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement), requirement


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("requirements/*/package-lock.json")), ids=lambda path: path.parent.name
)
def test_node_programs_are_pinned_with_hashes_and_no_address(path: Path) -> None:
    packages = json.loads(path.read_text("utf-8"))["packages"]
    for name, package in packages.items():
        if name and not package.get("inBundle"):
            assert package["integrity"].startswith("sha512-"), name
            assert "resolved" not in package, name


def test_workflows_run_every_python_of_the_classifiers() -> None:
    classifiers = re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text("utf-8")
    )
    for name, job in (("ci.yml", "nox"), ("release.yml", "test")):
        jobs = workflow(ROOT / ".github" / "workflows" / name)["jobs"]
        assert jobs[job]["strategy"]["matrix"]["python"] == classifiers


def test_owner_stands_in_one_file() -> None:
    folders = ("*", ".github/*", ".github/*/*", "docs/*", "overlays/*/*", "tools/*", "tools/*/*")
    files = (path for pattern in folders for path in ROOT.glob(pattern) if path.is_file())
    text = {path.name for path in files if b"/OWNER/" in path.read_bytes() or b"//OWNER." in path.read_bytes()}
    assert text == {"pyproject.toml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_installation_is_one_of_pins(path: Path) -> None:
    for step in steps(path):
        for command in re.findall(r"pip install.*", step.get("run", "")):
            assert "--require-hashes" in command, command
