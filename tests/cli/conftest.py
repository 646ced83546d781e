"""A stand-in that the commands reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from activepieces_client.testing import StandIn


@pytest.fixture(autouse=True)
def state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give each test separate lock files."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def served() -> Iterator[StandIn]:
    with StandIn({"displayName": f"Project {n}"} for n in range(20)).serve() as service:
        yield service
