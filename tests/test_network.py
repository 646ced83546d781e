"""TLS, proxies, kept and forked connections, and cookies."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client import Activepieces, APIConnectionError
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.certificates import server_context
from .support.updates import ID, Update, project_json, stand_in_at, sync_client


def serve_tls(context: ssl.SSLContext) -> raw_server.Handler:
    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            raw_server.read_request(secured)
            raw_server.respond(secured, project_json())

    return handle


def test_certificates_of_the_environment_are_trusted(
    update: Update, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with raw_server.serve(serve_tls(server_context(tmp_path))) as server:
        service = stand_in_at(server.base_url.replace("http:", "https:"))
        with pytest.raises(APIConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            update(service, ID, {}, max_retries=0)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert update(service, ID, {}).id == ID


def test_client_makes_one_tls_context(update: Update, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    context, make, made = server_context(tmp_path), ssl.create_default_context, list[ssl.SSLContext]()

    def make_noted(*args: Any, **options: Any) -> ssl.SSLContext:
        made.append(make(*args, **options))
        return made[-1]

    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    monkeypatch.setattr(ssl, "create_default_context", make_noted)
    with raw_server.serve(serve_tls(context)) as server:
        update(stand_in_at(server.base_url.replace("http:", "https:")), ID, {})
    assert len(made) == 1


@pytest.mark.parametrize("name", ["HTTP_PROXY", "all_proxy"])
def test_proxy_of_the_environment_is_used(update: Update, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    requests: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        requests.append(raw_server.read_request(connection))
        raw_server.respond(connection, project_json())

    with raw_server.serve(proxy) as server:
        monkeypatch.setenv(name, server.base_url.removesuffix("/api"))
        monkeypatch.setenv("NO_PROXY", "other.test")
        update(stand_in_at("http://flows.test/api"), ID, {}, client={"allow_http": True})
    assert requests[0].startswith(b"POST http://flows.test/api/v1/projects/")


def test_connection_that_the_server_closed_is_replaced() -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        raw_server.respond(connection, project_json())
        raw_server.read_request(connection)  # and close, without a response to the second request

    with raw_server.serve(handle) as server, Activepieces("sk-1", base_url=server.base_url) as client:
        client.projects.update(ID, {})
        client.projects.update(ID, {})
        assert server.connections == 2


def test_connection_closed_while_idle_is_not_used() -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        raw_server.respond(connection, project_json())

    with (
        raw_server.serve(handle) as server,
        Activepieces("sk-1", base_url=server.base_url, max_retries=0) as client,
    ):
        client.projects.update(ID, {})
        time.sleep(0.1)  # until the server has closed it
        client.projects.update(ID, {})
        assert server.connections == 2


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_http_client_connection_keeps_no_deadline(timeout: float | None) -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        raw_server.respond(connection, project_json())
        raw_server.read_request(connection)
        time.sleep(2.4)  # longer than the deadline of the first request, which is 2.2 s
        raw_server.respond(connection, b"{}")

    with raw_server.serve(handle) as server, httpx.Client(timeout=timeout) as http_client:
        client = Activepieces("sk-1", base_url=server.base_url, http_client=http_client)
        client.projects.update(ID, {}, timeout=httpx.Timeout(1, write=0.1, pool=0.1))
        assert http_client.get(server.base_url).json() == {}
        assert server.connections == 1


def test_cookies_of_the_server_are_sent_back() -> None:
    with StandIn().serve() as service:
        project = httpx.Response(200, json=service.projects[0], headers={"set-cookie": "node=7; Path=/"})
        service.fail(project)
        with sync_client(service) as client:
            client.projects.update(ID, {})
            client.projects.update(ID, {})
        assert [request.headers.get("cookie") for request in service.requests] == [None, "node=7"]


FORK = f"""
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_parent_and_child_use_one_client_after_a_fork() -> None:
    with StandIn().serve() as service:
        settings = {"ACTIVEPIECES_API_KEY": service.api_key, "ACTIVEPIECES_BASE_URL": service.base_url}
        subprocess.run([sys.executable, "-c", FORK], env={**os.environ, **settings}, check=True, timeout=60)
    assert len(service.requests) == 101


# Proxies of the environment


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_loopback_never_goes_through_a_proxy(update: Update, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with StandIn().serve() as service:
        assert update(service, ID, {}).id == ID


@pytest.mark.parametrize(
    ("variable", "value"), [("HTTPS_PROXY", "http://user:hunter2@127.0.0.1:9"), ("ALL_PROXY", "127.0.0.1:9")]
)
def test_dead_proxy_is_named(update: Update, monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(APIConnectionError) as caught:
        update(stand_in_at("https://flows.test/api"), ID, {}, max_retries=0)
    assert f"through the proxy http://127.0.0.1:9 ({variable})" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_no_proxy_excepts_an_address(update: Update, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "flows.invalid:443")
    with pytest.raises(APIConnectionError) as caught:
        update(stand_in_at("https://flows.invalid/api"), ID, {}, max_retries=0)
    assert "proxy" not in str(caught.value)
