"""Log records, and the variable ACTIVEPIECES_LOG."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import httpx
import pytest

from activepieces_client.testing import StandIn

from .support.updates import ID, Update

UPDATE = f"""
from activepieces_client import Activepieces

with Activepieces() as client:
    client.projects.update("{ID}", {{"displayName": "Acme"}})
"""


def logged(service: StandIn, level: str | None, program: str = UPDATE) -> list[str]:
    """Run a program, and return what it writes on standard error."""
    environment = {name: value for name, value in os.environ.items() if name != "ACTIVEPIECES_LOG"}
    environment |= {"ACTIVEPIECES_API_KEY": service.api_key, "ACTIVEPIECES_BASE_URL": service.base_url}
    environment |= {"ACTIVEPIECES_LOG": level} if level is not None else {}
    finished = subprocess.run(
        [sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, encoding="utf-8", check=True
    )
    assert service.api_key not in finished.stderr
    assert "Acme" not in finished.stderr
    return finished.stderr.splitlines()


def retry_and_deviate(service: StandIn) -> None:
    """Have the next call make two attempts, with a response that has a warning."""
    deviating = {**service.projects[0], "displayName": "Acme", "platformId": "too short"}
    service.fail((503, {"retry-after": "0"}), httpx.Response(200, json=deviating))


def count(lines: list[str], text: str) -> int:
    return sum(text in line for line in lines)


def test_each_attempt_is_one_line_without_key_and_body(
    service: StandIn, update: Update, caplog: pytest.LogCaptureFixture
) -> None:
    service.fail((503, {"retry-after": "0"}))
    update(service, ID, {"displayName": "Acme"})
    lines = [record.getMessage() for record in caplog.records if record.name == "activepieces_client"]
    assert lines == [
        f"POST /api/v1/projects/{ID}: <Response [503 Service Unavailable]>, attempt 1",
        f"POST /api/v1/projects/{ID}: retry 1 in 0.0 s after status 503",
        f"POST /api/v1/projects/{ID}: <Response [200 OK]>, attempt 2",
    ]


@pytest.mark.parametrize("level", ["debug", "DEBUG"])
def test_debug_logs_each_attempt(level: str) -> None:
    with StandIn().serve() as service:
        retry_and_deviate(service)
        lines = logged(service, level)
    assert count(lines, f"POST /api/v1/projects/{ID}") >= 2
    shown = [line for line in lines if re.fullmatch(r"[-\d]+ [\d:,]+ DEBUG activepieces_client: .*, attempt \d", line)]
    assert [line[-1] for line in shown] == ["1", "2"]
    assert count(lines, "$.platformId") == 1


def test_info_logs_retries_and_warnings() -> None:
    with StandIn().serve() as service:
        retry_and_deviate(service)
        lines = logged(service, "info")
    assert count(lines, "attempt 2") == 0
    assert count(lines, "$.platformId") == 1
    assert count(lines, "retry 1 in 0.0 s after status 503") == 1
    assert count(lines, "activepieces_client") == 2  # the name of the logger, which Python's last resort leaves out


@pytest.mark.parametrize("level", [None, ""])
def test_without_a_level_nothing_is_set_up(level: str | None) -> None:
    with StandIn().serve() as service:
        assert logged(service, level) == []


@pytest.mark.parametrize(("level", "retries"), [("warning", 0), ("loud", 0)])
def test_log_level_never_stops_a_program(level: str, retries: int) -> None:
    with StandIn().serve() as service:
        retry_and_deviate(service)
        lines = logged(service, level)
    assert count(lines, "retry 1") == retries
    assert count(lines, "$.platformId") == 1
    assert count(lines, "ACTIVEPIECES_LOG is ignored: 'loud' is not a level") == (level == "loud")


@pytest.mark.parametrize("after", [False, True])
def test_program_with_its_own_logging_keeps_it(after: bool) -> None:
    configure = "import logging; logging.basicConfig(level=logging.DEBUG, format='OURS %(message)s')"
    imported = "import activepieces_client"
    program = "\n".join([*([imported, configure] if after else [configure, imported]), UPDATE])
    with StandIn().serve() as service:
        lines = logged(service, "debug", program)
    assert count(lines, "attempt 1") == 1
    assert count(lines, "OURS POST") == 1
