"""The pytest plugin: fixtures that do nothing unless a test requests them, and close what they open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .. import Activepieces
from ._stand_in import StandIn


@pytest.fixture
def activepieces_stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A stand-in behind a socket, which clients find by the environment."""
    with StandIn().serve() as stand_in:
        monkeypatch.setenv("ACTIVEPIECES_API_KEY", stand_in.api_key)
        monkeypatch.setenv("ACTIVEPIECES_BASE_URL", stand_in.base_url)
        yield stand_in


@pytest.fixture
def activepieces(activepieces_stand_in: StandIn) -> Iterator[Activepieces]:
    """A client of the stand-in."""
    with Activepieces(activepieces_stand_in.api_key, base_url=activepieces_stand_in.base_url) as client:
        yield client
