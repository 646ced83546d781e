"""Fixtures of all tests: a stand-in, kinds of client, a clean environment."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Generator, Iterator

import pytest

from activepieces_client._specification import specification
from activepieces_client.bulk import _schedule
from activepieces_client.testing import StandIn

from .support.leaks import SECRETS
from .support.updates import Update, update_with


@pytest.fixture(params=["sync", "asyncio", "trio"])
def kind(request: pytest.FixtureRequest) -> str:
    """The sync client, and the async client under asyncio and under trio."""
    kind: str = request.param
    return kind


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    """The event loops of the async client."""
    backend: str = request.param
    return backend


@pytest.fixture
def update(kind: str, debug_logs: None) -> Update:  # noqa: ARG001 - logs must not show the key
    """The update of each kind of client."""
    return update_with(kind)


@pytest.fixture
def service() -> StandIn:
    return StandIn()


@pytest.fixture(params=["in process", "socket"])
def any_service(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    """A stand-in, called in process and over a socket."""
    stand_in = StandIn()
    if request.param == "in process":
        yield stand_in
    else:
        with stand_in.serve():
            yield stand_in


@pytest.fixture
def debug_logs(caplog: pytest.LogCaptureFixture) -> None:
    """Log at the level debug."""
    for name in ("activepieces_client", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have this thread wait no time, and note how long it would have; a server's thread waits on."""
    waits: list[float] = []
    thread, sleep = threading.get_ident(), time.sleep

    def note(seconds: float) -> None:
        if threading.get_ident() == thread:
            waits.append(seconds)
        else:
            sleep(seconds)

    monkeypatch.setattr(time, "sleep", note)
    return waits


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make roll-outs pause for milliseconds instead of seconds."""
    for name in ("FIRST_PAUSE", "MAX_PAUSE"):
        monkeypatch.setattr(_schedule, name, getattr(_schedule, name) / 1000)


def pytest_sessionstart() -> None:
    """Have started commands take Ctrl-C, which a shell's background jobs ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


# mutmut runs, for each mutant, the tests that called its function, in no order, up to the first failure.
UNDER_MUTMUT = "MUTANT_UNDER_TEST" in os.environ
SLOW_FILES = {"test_connections", "test_deadline", "test_model_values", "test_network"}


@pytest.fixture(autouse=UNDER_MUTMUT)
def fresh_specification() -> None:
    """Have each test call the functions that read the document, which is cached otherwise."""
    specification.cache_clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is slow last, under mutmut."""
    if UNDER_MUTMUT:
        items.sort(key=lambda item: item.path.stem in SLOW_FILES)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that logs or prints the key or the password."""
    report = yield
    if any(secret in text for _, text in report.sections for secret in SECRETS):
        report.outcome, report.longrepr = "failed", "a secret is in what was logged or printed"
    return report


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the settings of this package and of httpx from the environment."""
    for name in ("API_KEY", "API_KEY_FILE", "BASE_URL", "LOG"):
        monkeypatch.delenv(f"ACTIVEPIECES_{name}", raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
