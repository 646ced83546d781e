"""Validation by Prism, a mock server: `nox -s proof -- contract`, not by default.

It reads openapi.yaml, but no other file of this repository.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import attrs
import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activepieces_client import Activepieces, RequestValidationError, validate
from activepieces_client.models import UpdateProjectRequest
from activepieces_client.testing import StandIn

from ..support import raw_server, strategies

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = str(ROOT / "openapi.yaml")
PRISM = ROOT / "requirements" / "prism" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
KEY = "sk-1"
ID = "pRjEctId0000000000001"
CASES = int(os.environ.get("CASES", "2000"))
drawn = settings(
    max_examples=CASES // 2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


@attrs.frozen
class Relay:
    """Keeps what is sent to Prism."""

    base_url: str
    requests: list[bytes]


@contextmanager
def prism(*arguments: str) -> Generator[int]:
    """Run Prism, and give its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    options = ["--port", str(port), "--verboseLevel", "silent"]
    with subprocess.Popen(["node", str(PRISM), *arguments, *options]) as process:
        try:
            for _ in range(300):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    requests: list[bytes] = []
    with prism("mock", DOCUMENT) as port:

        def handle(connection: socket.socket) -> None:
            request = raw_server.read_request(connection)
            requests.append(request)
            with socket.create_connection(("127.0.0.1", port)) as upstream:
                upstream.sendall(request.replace(b"\r\nConnection: keep-alive", b"\r\nConnection: close"))
                while received := upstream.recv(65536):
                    connection.sendall(received)

        with raw_server.serve(handle) as server:
            yield Relay(server.base_url.removesuffix("/api"), requests)


@pytest.fixture(scope="module")
def client(relay: Relay) -> Iterator[Activepieces]:
    with Activepieces(KEY, base_url=relay.base_url, max_retries=0) as client:
        yield client


def received(relay: Relay) -> tuple[str, Any]:
    """Return the id and the body of the only request that was sent."""
    (request,) = relay.requests
    head, _, body = request.partition(b"\r\n\r\n")
    match = re.match(rb"POST /v1/projects/([^/?#]*) HTTP/1.1\r\n", head)
    assert match, head
    return unquote(match[1].decode("ascii")), json.loads(body)


def canonical(value: Any) -> str:
    """Write a JSON value so that 1, 1.0 and true differ, which are equal in Python."""
    return json.dumps(value, sort_keys=True)


def in_ascii(value: Any) -> Any:
    """Replace characters that no header carries: Prism puts violations into one."""
    text = json.dumps(value, ensure_ascii=False).encode("ascii", "replace").decode()
    return json.loads(text.replace("\x7f", "?"))


@drawn
@given(strategies.any_for("UpdateProjectRequest").map(in_ascii))
def test_request_is_valid_for_client_and_prism(relay: Relay, body: Any) -> None:
    try:
        validate(body)
        ours = True
    except RequestValidationError:
        ours = False
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    content = json.dumps(body).encode()
    status = httpx.post(f"{relay.base_url}/v1/projects/{ID}", content=content, headers=headers, timeout=60).status_code
    assert status in (200, 400)
    assert ours == (status == 200)


ids = st.text(st.characters(exclude_characters="\0/\\", exclude_categories=["Cs"]), min_size=1, max_size=100)


@drawn
@given(ids.filter(lambda text: text not in (".", "..")), strategies.conforming("UpdateProjectRequest"), st.booleans())
def test_prism_receives_what_was_given(
    relay: Relay, client: Activepieces, project_id: str, body: dict[str, Any], typed: bool
) -> None:
    relay.requests.clear()
    given_body = UpdateProjectRequest.from_dict(body) if typed else body
    project = client.projects.update(project_id, given_body, check_applied=False, timeout=60)
    assert project.id == ID  # the example of the document
    sent_id, sent = received(relay)
    assert (sent_id, canonical(sent)) == (project_id, canonical(body))


@settings(drawn, max_examples=CASES // 10)
@given(strategies.any_for("UpdateProjectRequest").map(in_ascii))
def test_response_of_the_stand_in_is_valid_for_prism(front: str, body: Any) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    response = httpx.post(f"{front}/v1/projects/{ID}", json=body, headers=headers, timeout=60)
    assert '"location":["response"' not in response.headers.get("sl-violations", "")


@pytest.fixture(scope="module")
def front() -> Iterator[str]:
    """A stand-in, with Prism before it that validates its responses."""
    service = StandIn()
    service.api_key = KEY
    with service.serve(), prism("proxy", DOCUMENT, service.base_url) as port:
        yield f"http://127.0.0.1:{port}"
