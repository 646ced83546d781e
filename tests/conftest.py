"""What the tests share: a stand-in for the service, and one way to call every kind of client."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Callable, Generator, Iterator
from typing import Any, Protocol

import anyio
import httpx
import pytest

from activepieces_client import Activepieces, AsyncActivepieces
from activepieces_client.models import Project
from activepieces_client.testing import StandIn

from .canary import CANARY, searched


class Update(Protocol):
    """Updates a project of a stand-in through one kind of client; `client` are the client's arguments."""

    def __call__(
        self, service: StandIn, project_id: str, body: Any, *, client: dict[str, Any] | None = None, **options: Any
    ) -> Project: ...


def settings(service: StandIn, http_client: Callable[..., Any], given: dict[str, Any] | None) -> dict[str, Any]:
    settings = {"api_key": service.api_key, "base_url": service.base_url, **(given or {})}
    if service.base_url.startswith("https://activepieces.test"):
        settings.setdefault("http_client", http_client(transport=service.transport))
    return settings


def update_sync(
    service: StandIn, project_id: str, body: Any, *, client: dict[str, Any] | None = None, **options: Any
) -> Project:
    with searched(), Activepieces(**settings(service, httpx.Client, client)) as activepieces:
        return activepieces.projects.update(project_id, body, **options)


def update_async(backend: str) -> Update:
    def update(
        service: StandIn, project_id: str, body: Any, *, client: dict[str, Any] | None = None, **options: Any
    ) -> Project:
        async def run() -> Project:
            async with AsyncActivepieces(**settings(service, httpx.AsyncClient, client)) as activepieces:
                return await activepieces.projects.update(project_id, body, **options)

        with searched():
            return anyio.run(run, backend=backend)

    return update


@pytest.fixture(params=["sync", "asyncio", "trio"])
def kind(request: pytest.FixtureRequest) -> str:
    """One test, three times: with the sync client, and with the async client under asyncio and under trio."""
    kind: str = request.param
    return kind


@pytest.fixture
def update(kind: str, request: pytest.FixtureRequest) -> Update:
    """The update of each kind of client."""
    request.getfixturevalue("every_line_is_logged")
    return update_sync if kind == "sync" else update_async(kind)


def stand_in_at(base_url: str) -> StandIn:
    """Return a stand-in whose address is that of another server, for `update`."""
    service = StandIn()
    service.base_url = base_url
    return service


def project_json(**changes: Any) -> bytes:
    """Return the first project of a stand-in, as the body of a response."""
    return json.dumps({**StandIn().projects[0], **changes}).encode()


@pytest.fixture
def service() -> StandIn:
    return StandIn()


@pytest.fixture(params=["in process", "socket"])
def any_service(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    """A stand-in twice: called in process, and behind a socket."""
    stand_in = StandIn()
    if request.param == "in process":
        yield stand_in
    else:
        with stand_in.serve():
            yield stand_in


@pytest.fixture
def every_line_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("activepieces_client", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)


def pytest_sessionstart() -> None:
    """Have the commands that the tests start take Ctrl-C, which they ignore where pytest runs in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that logs or prints the key."""
    report = yield
    if any(CANARY in text for _, text in report.sections):
        report.outcome, report.longrepr = "failed", "the key stands in what was logged or printed"
    return report


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACTIVEPIECES_API_KEY", "ACTIVEPIECES_API_KEY_FILE", "ACTIVEPIECES_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
