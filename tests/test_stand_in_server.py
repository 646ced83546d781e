"""The stand-in behind a socket, and as a command."""

from __future__ import annotations

import gzip
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn

ID = "pRjEctId0000000000001"


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(503),
        httpx.Response(200, content=b""),
        httpx.Response(302, headers={"location": "/login"}),
        httpx.Response(204),
        httpx.Response(304),
        httpx.Response(500, content=iter([b"a", b"b"])),
        httpx.Response(599, headers={"content-length": "7"}),
    ],
    ids=lambda response: response.status_code,
)
def test_response_of_any_kind_ends_over_a_socket(failure: httpx.Response) -> None:
    with StandIn().serve() as service, httpx.Client() as client:
        for _ in range(2):  # on one connection: surplus bytes of the first response would begin the second
            service.fail(failure)
            assert client.get(service.base_url).status_code == failure.status_code
            assert client.get(service.base_url).status_code == 200


def test_compressed_response_stays_so_over_a_socket() -> None:
    with StandIn().serve() as service:
        service.fail(httpx.Response(200, content=gzip.compress(b"{}"), headers={"content-encoding": "gzip"}))
        assert httpx.get(service.base_url).json() == {}


@pytest.mark.parametrize("failure", [httpx.RemoteProtocolError, httpx.Response(101)])
def test_failure_without_response_ends_the_connection(failure: Any) -> None:
    with StandIn().serve() as service:
        service.fail(failure)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(service.base_url)


def test_timeout_over_a_socket_is_silence() -> None:
    with StandIn().serve() as service:
        service.fail(httpx.ReadTimeout)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(service.base_url, timeout=0.2)


def test_head_has_no_body() -> None:
    with StandIn().serve() as service, httpx.Client() as client:
        for _ in range(2):  # a body would be read as the second response
            response = client.head(f"{service.base_url}/v1/projects/{ID}")
            assert (response.status_code, response.content) == (404, b"")


def test_stopped_server_handles_nothing_more() -> None:
    with httpx.Client() as client:
        with StandIn().serve() as service:
            url = service.base_url
            assert client.get(url).status_code == 200
        with pytest.raises(httpx.TransportError):
            client.get(url)
    assert len(service.requests) == 1
    assert service.base_url == "https://activepieces.test/api"


def test_server_never_left_lets_the_interpreter_end() -> None:
    program = """
import httpx
from activepieces_client.testing import StandIn
service = StandIn()
context = service.serve()
context.__enter__()
print(httpx.get(service.base_url).status_code)
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert (finished.stdout.strip(), finished.stderr, finished.returncode) == (b"200", b"", 0)


def test_invalid_host_makes_no_difference() -> None:
    with StandIn().serve() as service:
        address = "127.0.0.1", httpx.URL(service.base_url).port
        with socket.create_connection(address) as client:
            client.sendall(b"GET /api HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200 OK")


async def async_body() -> AsyncIterator[bytes]:
    yield b"{}"


def divide_by_zero(request: httpx.Request) -> httpx.Response:
    return httpx.Response(len(request.method) // 0)


def respond_async(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=async_body())


@pytest.mark.parametrize(
    ("handler", "error"),
    [(divide_by_zero, "ZeroDivisionError"), (respond_async, "needs a response with a sync stream")],
)
def test_error_of_a_handler_is_printed(
    handler: Callable[[httpx.Request], httpx.Response], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service = StandIn()
    service.handlers["updateProject"] = handler
    with service.serve(), pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{service.base_url}/v1/projects/{ID}", json={})
    printed, deadline = "", time.monotonic() + 10  # the thread of the connection prints when it has closed
    while error not in printed and time.monotonic() < deadline:
        time.sleep(0.01)
        printed += capsys.readouterr().err
    assert error in printed


Command = Callable[..., tuple[subprocess.Popen[str], str]]
COMMAND = [sys.executable, "-m", "activepieces_client.testing"]


@pytest.fixture
def command() -> Iterator[Command]:
    """Start the command, and return it with its output before the requests."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen([*COMMAND, "--port", "0", *arguments], stdout=subprocess.PIPE, encoding="utf-8")
        started.append(process)
        assert process.stdout is not None
        return process, "".join(iter(process.stdout.readline, "Each request:\n")) + process.stdout.readline()

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        with process:
            assert process.wait(timeout=10) == 0


def test_command_prints_an_address_and_a_key_that_work(command: Command) -> None:
    process, greeting = command()
    (url,) = re.findall(r"curl (\S+)", greeting)
    (authorization,) = re.findall(r"-H 'Authorization: (.*?)'", greeting)
    (body,) = re.findall(r"-d '(.*?)'", greeting)
    headers = {"authorization": authorization, "content-type": "application/json"}
    assert httpx.post(url, content=body, headers=headers).json()["displayName"] == "Acme EU"
    assert process.stdout is not None
    assert re.fullmatch(rf"\d\d:\d\d:\d\d POST /api/v1/projects/{ID} 200\n", process.stdout.readline())


def test_command_rehearses_a_file_and_an_outage(command: Command, tmp_path: Path) -> None:
    line = {"id": "mine", "body": {"displayName": "Mine", "metadata": {"a": 1}}}
    (tmp_path / "projects.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    process, greeting = command("--projects", str(tmp_path / "projects.jsonl"), "--fail", "503:2", "--fail", "429")
    (url,) = re.findall(r"curl (\S+)", greeting)
    (key,) = re.findall(r"Bearer (\S+)'", greeting)
    with httpx.Client(headers={"authorization": f"Bearer {key}"}) as client:
        found = client.get(url).json()
        assert (found["displayName"], found["metadata"]) == ("Mine", {"a": 1})
        assert [client.post(url, json={}).status_code for _ in range(4)] == [503, 503, 429, 200]
    assert process.stdout is not None
    statuses = [process.stdout.readline().split()[-1] for _ in range(5)]
    assert statuses == ["200", "503", "503", "429", "200"]


def test_command_serves_a_number_of_projects(command: Command) -> None:
    _, greeting = command("--projects", "0")
    assert "/v1/projects/ID " in greeting
    _, greeting = command("--projects", "3")
    (url,) = re.findall(r"curl (\S+)1 ", greeting)
    (key,) = re.findall(r"Bearer (\S+)'", greeting)
    assert httpx.get(f"{url}3", headers={"authorization": f"Bearer {key}"}).json()["displayName"] == "Project 3"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "99999"], "cannot serve on port 99999"),
        (["--release", "0.1"], "invalid choice: '0.1'"),
        (["--projects", "missing.jsonl"], "No such file"),
        (["--projects", __file__], "is not as `list --output jsonl` writes it"),
        (["--projects", "FILE", "--release", "0.83"], "project 1 has an unknown property 'sensitive'"),
        (["--fail", "often"], "invalid failures value: 'often'"),
    ],
)
def test_command_reports_invalid_arguments(arguments: list[str], message: str, tmp_path: Path) -> None:
    if "FILE" in arguments:
        (tmp_path / "FILE").write_text('{"id": "p1", "body": {"sensitive": true}}', "utf-8")
    finished = subprocess.run([*COMMAND, *arguments], capture_output=True, encoding="utf-8", check=False, cwd=tmp_path)
    assert finished.returncode == 2
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr
