"""The plugins for pytest (docs/testing.md tests its fixtures) and PyInstaller, and testing.project."""

from __future__ import annotations

import os
import runpy
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest

from activepieces_client import Activepieces
from activepieces_client.testing import project


def test_plugin_does_nothing_unless_requested() -> None:
    assert "ACTIVEPIECES_BASE_URL" not in os.environ


def test_project_is_a_valid_response() -> None:
    found = project(display_name="Acme", external_id="customer-4711", metadata={"tier": "gold"})
    page = {"data": [found], "next": None, "previous": None}
    http_client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=page)))
    with Activepieces("sk-made-up", http_client=http_client) as client:
        assert [project.to_dict() for project in client.projects.list()] == [found]


def test_project_rejects_an_unknown_property() -> None:
    with pytest.raises(ValueError, match="did you mean 'displayName'"):
        project(display_nam="Acme")


def test_pyinstaller_collects_document_and_models() -> None:
    (hooks,) = (entry for entry in entry_points(group="pyinstaller40") if entry.module.startswith("activepieces"))
    (folder,) = hooks.load()()
    # By this name, coverage takes the hook for a part of the package.
    collected = runpy.run_path(str(Path(folder, "hook-activepieces_api.py")), run_name="activepieces_client.hook")
    assert "openapi.json" in {Path(source).name for source, _ in collected["datas"]}
    assert "activepieces_api.models.project" in collected["hiddenimports"]
