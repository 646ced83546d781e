"""What happens on the wire: time, broken connections, redirects, proxies, threads, tasks and forks."""

from __future__ import annotations

import email.utils
import json
import logging
import os
import random
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme

from activepieces_client import (
    Activepieces,
    APIConnectionError,
    APITimeoutError,
    AsyncActivepieces,
    RateLimitError,
)
from activepieces_client.models import UpdateProjectRequest
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.updates import Update

ID = "pRjEctId0000000000001"


def project() -> bytes:
    return json.dumps(StandIn().projects[0]).encode()


def update_at(update: Update, base_url: str, **options: Any) -> None:
    service = StandIn()
    service.base_url = base_url
    update(service, ID, {"displayName": "Acme"}, **options)


@pytest.mark.parametrize("dripped", ["head", "body"])
def test_a_server_that_drips_cannot_hold_a_call_on_a_kept_connection(dripped: str) -> None:
    body = project()

    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        connection.sendall(raw_server.HEAD % len(body) + body)
        raw_server.read_request(connection)
        if dripped == "body":
            connection.sendall(raw_server.HEAD % len(body))
        raw_server.drip(connection, body if dripped == "body" else raw_server.HEAD % len(body))

    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url, max_retries=0) as client:
        client.projects.update(ID, {}, timeout=2)
        start = time.monotonic()
        with pytest.raises(APITimeoutError):
            client.projects.update(ID, {}, timeout=0.25)
        assert 0.9 < time.monotonic() - start < 2  # four phases of 0.25
        assert server.connections == 1


def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Make a certificate for a server, which clients trust."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    context.load_cert_chain(tmp_path / "server.pem")
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return context


def test_a_server_that_drips_over_tls_cannot_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = certificate(tmp_path, monkeypatch)

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            raw_server.read_request(secured)
            raw_server.drip(secured, raw_server.HEAD % 2)

    with raw_server.serve(handle) as server:
        address = server.base_url.replace("http:", "https:")
        with Activepieces("sk-1", base_url=address, max_retries=0) as client:
            start = time.monotonic()
            with pytest.raises(APITimeoutError):
                client.projects.update(ID, {}, timeout=0.25)
            assert time.monotonic() - start < 5  # the head alone takes 7 s


def test_a_client_makes_one_context_for_tls(update: Update, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, make, made = certificate(tmp_path, monkeypatch), ssl.create_default_context, list[ssl.SSLContext]()
    body = project()

    def noted(*args: Any, **options: Any) -> ssl.SSLContext:
        made.append(make(*args, **options))
        return made[-1]

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            raw_server.read_request(secured)
            secured.sendall(raw_server.HEAD % len(body) + body)

    monkeypatch.setattr(ssl, "create_default_context", noted)
    with raw_server.serve(handle) as server:
        update_at(update, server.base_url.replace("http:", "https:"), check_applied=False)
    assert len(made) == 1


def test_the_last_phase_ends_with_the_attempt() -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        time.sleep(0.9)
        connection.sendall(b"H")
        raw_server.wait_for_the_end(connection)

    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url, max_retries=0) as client:
        start = time.monotonic()
        with pytest.raises(APITimeoutError):
            client.projects.update(ID, {}, timeout=httpx.Timeout(0.1, read=1.2))
        assert 1.4 < time.monotonic() - start < 2  # and not 0.9 and 1.2


@pytest.mark.parametrize("phase", ["read", "write"])
def test_each_phase_has_its_own_limit_too(phase: str) -> None:
    body = {"metadata": {"notes": "x" * 20_000_000}} if phase == "write" else {}

    def handle(connection: socket.socket) -> None:
        if phase == "read":
            raw_server.wait_for_the_end(connection)
        else:
            time.sleep(2)

    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url, max_retries=0) as client:
        start = time.monotonic()
        with pytest.raises(APITimeoutError, match="^WriteTimeout" if phase == "write" else "^ReadTimeout"):
            client.projects.update(ID, body, timeout=httpx.Timeout(4, **{phase: 0.2}))
        assert time.monotonic() - start < 3


def test_a_server_that_takes_a_body_in_drips_cannot_hold_a_call() -> None:
    def handle(connection: socket.socket) -> None:
        while connection.recv(65536):
            time.sleep(0.02)

    limits = httpx.Timeout(0.1, write=1.5)  # no write by itself takes as long as that
    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url, max_retries=0) as client:
        start = time.monotonic()
        with pytest.raises(APITimeoutError):
            client.projects.update(ID, {"metadata": {"notes": "x" * 60_000_000}}, timeout=limits)
        assert time.monotonic() - start < 8  # it would take 18 s


def test_a_call_within_a_call_leaves_the_outer_one_bounded() -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        raw_server.drip(connection, raw_server.HEAD % 2)

    with StandIn().serve() as vault, Activepieces(vault.api_key, base_url=vault.base_url) as inner:

        def key() -> str:
            return inner.projects.update(ID, {}).id

        with raw_server.serve(handle) as server, Activepieces(key, base_url=server.base_url, max_retries=0) as client:
            start = time.monotonic()
            with pytest.raises(APITimeoutError):
                client.projects.update(ID, {}, timeout=0.25)
            assert time.monotonic() - start < 5  # the head alone takes 7 s


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_a_connection_of_your_own_client_goes_on_working_without_us(timeout: float | None) -> None:
    with StandIn().serve() as service, httpx.Client(timeout=timeout) as own:
        client = Activepieces(service.api_key, base_url=service.base_url, http_client=own)
        client.projects.update(ID, {"displayName": "Acme"}, timeout=0.2)
        time.sleep(0.9)  # the deadline of that attempt is over
        url = f"{service.base_url}/v1/projects/{ID}"
        answer = own.post(url, json={}, headers={"authorization": f"Bearer {service.api_key}"})
        assert answer.json()["displayName"] == "Acme"


def test_a_source_of_keys_may_use_your_own_client_without_a_limit() -> None:
    with StandIn().serve() as service, httpx.Client(timeout=None) as own:

        def key() -> str:
            headers = {"authorization": f"Bearer {service.api_key}"}
            asked.append(own.post(f"{service.base_url}/v1/projects/{ID}", json={}, headers=headers).status_code)
            return service.api_key

        asked: list[int] = []
        sources: list[Any] = [service.api_key, key]
        for source in sources:  # the second finds the connection of the first
            client = Activepieces(source, base_url=service.base_url, http_client=own)
            assert client.projects.update(ID, {}, timeout=2).id == ID
        assert asked == [200]


@pytest.mark.anyio
async def test_a_source_of_keys_that_takes_longer_than_the_attempt_may_ends_it() -> None:
    async def slowly() -> str:
        await anyio.sleep(0.3)
        return "sk-1"

    def key() -> str:
        time.sleep(0.3)
        return "sk-1"

    said = "^TimeoutException: the attempt as a whole took longer than its phases may together "
    with StandIn().serve() as service, httpx.Client() as own:
        Activepieces(service.api_key, base_url=service.base_url, http_client=own).projects.update(ID, {})
        client = Activepieces(key, base_url=service.base_url, http_client=own, max_retries=0)
        with pytest.raises(APITimeoutError, match=said):
            client.projects.update(ID, {}, timeout=0.05)
        async with AsyncActivepieces(slowly, base_url=service.base_url, max_retries=0) as async_client:
            with pytest.raises(APITimeoutError, match=said):
                await async_client.projects.update(ID, {}, timeout=0.05)


def test_a_slow_server_within_the_limits_is_waited_for() -> None:
    body = project()

    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        connection.sendall(raw_server.HEAD % len(body))
        raw_server.drip(connection, body[:5])
        connection.sendall(body[5:])

    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url) as client:
        assert client.projects.update(ID, {}, timeout=1).id == ID


def test_a_kept_connection_that_the_server_closed_is_made_anew() -> None:
    body = project()

    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        connection.sendall(raw_server.HEAD % len(body) + body)
        raw_server.read_request(connection)  # and close, with the second request of this connection not answered

    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url) as client:
        client.projects.update(ID, {})
        client.projects.update(ID, {})
        assert server.connections == 2


def test_a_connection_that_never_was_is_tried_again(service: StandIn, update: Update) -> None:
    service.fail(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    with pytest.raises(APITimeoutError, match=r"PoolTimeout.*3 attempts") as caught:
        update(service, ID, {})
    assert caught.value.attempts == 3


FAILURES: list[tuple[Any, list[float], list[float]]] = [
    ((503, {}), [0] * 6, [0.5, 1, 2, 4, 8, 8]),
    ((503, {"retry-after": " 0 "}), [0] * 6, [0] * 6),
    ((429, {"retry-after": "60"}), [60] * 6, [60] * 6),
    ((503, {"retry-after": "soon"}), [0] * 6, [0.5, 1, 2, 4, 8, 8]),
    ((503, {"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}), [0] * 6, [0] * 6),
    (httpx.ReadTimeout, [0] * 6, [0.5, 1, 2, 4, 8, 8]),
]


@pytest.mark.parametrize(("failure", "least", "most"), FAILURES)
def test_how_long_it_waits_before_each_repeat(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, failure: Any, least: list[float], most: list[float]
) -> None:
    def throw(*bounds: float) -> float:
        return bounds[dice]

    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setattr(random, "uniform", throw)
    http_client = httpx.Client(transport=service.transport)
    client = Activepieces(service.api_key, base_url=service.base_url, http_client=http_client)
    for dice, expected in ((0, least), (1, most)):  # noqa: B007 - the function above reads it
        service.fail(*[failure] * 6)
        client.projects.update(ID, {}, max_retries=6)
        assert waits == expected
        waits.clear()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_waiting_can_be_cancelled_and_lets_others_run(service: StandIn, backend: str) -> None:
    async def run() -> int:
        ticks = 0
        async with AsyncActivepieces(
            service.api_key,
            base_url=service.base_url,
            http_client=httpx.AsyncClient(transport=service.transport),
        ) as client:
            service.fail((503, {"retry-after": "30"}))
            with anyio.move_on_after(0.3):
                async with anyio.create_task_group() as group:
                    group.start_soon(client.projects.update, ID, UpdateProjectRequest())
                    while True:
                        await anyio.sleep(0.01)
                        ticks += 1
        return ticks

    start = time.monotonic()
    assert anyio.run(run, backend=backend) > 10
    assert time.monotonic() - start < 2


def test_proxies_of_the_environment_are_used(update: Update, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[bytes] = []
    body = project()

    def proxy(connection: socket.socket) -> None:
        requests.append(raw_server.read_request(connection))
        connection.sendall(raw_server.HEAD % len(body) + body)

    with raw_server.serve(proxy) as server:
        monkeypatch.setenv("HTTP_PROXY", server.base_url.removesuffix("/api"))
        monkeypatch.setenv("NO_PROXY", "other.test")
        for name in ("http_proxy", "no_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        update_at(update, "http://flows.test/api", client={"allow_http": True}, check_applied=False)
    assert requests[0].startswith(b"POST http://flows.test/api/v1/projects/")


def test_certificates_of_the_environment_are_trusted(
    update: Update, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    context.load_cert_chain(tmp_path / "server.pem")
    body = project()

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            raw_server.read_request(secured)
            secured.sendall(raw_server.HEAD % len(body) + body)

    with raw_server.serve(handle) as server:
        address = server.base_url.replace("http:", "https:")
        with pytest.raises(APIConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            update_at(update, address, max_retries=0)
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        update_at(update, address, check_applied=False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_parent_and_child_use_one_client_after_a_fork() -> None:
    program = f"""
import os, sys
from activepieces_client import Activepieces, ConfigurationError
closed = Activepieces()
closed.close()
client = Activepieces()
client.projects.update("{ID}", {{}})
child = os.fork()
for number in range(50):
    client.projects.update("{ID}", {{"externalId": str(os.getpid())}}, check_applied=False)
client.close()
try:
    closed.projects.update("{ID}", {{}})
except ConfigurationError as error:
    assert "closed" in str(error)
else:
    sys.exit("a closed client came to life again")
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with StandIn().serve() as service:
        settings = {"ACTIVEPIECES_API_KEY": service.api_key, "ACTIVEPIECES_BASE_URL": service.base_url}
        subprocess.run([sys.executable, "-c", program], env={**os.environ, **settings}, check=True, timeout=60)
    assert len(service.requests) == 101


def test_cookies_of_the_service_are_sent_back(update: Update) -> None:
    with StandIn().serve() as service:
        service.fail((503, {"retry-after": "0", "set-cookie": "node=7; Path=/"}))
        update(service, ID, {})
        assert [request.headers.get("cookie") for request in service.requests] == [None, "node=7"]


def test_each_attempt_is_one_line_in_the_log_without_key_and_body(
    service: StandIn, update: Update, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="activepieces_client")
    service.fail((503, {"retry-after": "0"}))
    update(service, ID, {"displayName": "Acme"})
    lines = [record.getMessage() for record in caplog.records if record.name == "activepieces_client"]
    assert len(lines) == 2
    assert f"POST /api/v1/projects/{ID}" in lines[0]
    assert "503" in lines[0]
    assert "attempt 1 of 3" in lines[0]
    assert lines[1] == f"POST /api/v1/projects/{ID}: <Response [200 OK]>, attempt 2 of 3"
    assert service.api_key not in "".join(lines)
    assert "Acme" not in "".join(lines)


def test_a_long_wait_is_said_by_the_error(service: StandIn, update: Update) -> None:
    service.fail((429, {"retry-after": "3600"}))
    with pytest.raises(RateLimitError) as caught:
        update(service, ID, {}, max_retries=0)
    assert caught.value.retry_after == 3600

    service.fail((429, {"retry-after": email.utils.formatdate(time.time() + 3600, usegmt=True)}))
    with pytest.raises(RateLimitError) as caught:
        update(service, ID, {}, max_retries=0)
    assert caught.value.retry_after == pytest.approx(3600, abs=10)
