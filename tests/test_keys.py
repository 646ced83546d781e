"""API keys: their sources, their renewal, and that nothing shows them."""

from __future__ import annotations

import copy
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from activepieces_client import (
    Activepieces,
    ActivepiecesError,
    AsyncActivepieces,
    AuthenticationError,
    ConfigurationError,
    PermissionDeniedError,
)
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.leaks import API_KEY, no_leak
from .support.updates import ID, Update, project_json, sync_client, update_with

# Sources


def test_key_comes_from_a_file(
    service: StandIn, update: Update, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"\n {service.api_key}\n", encoding="utf-8")
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", str(file))
    update(service, ID, {}, client={"api_key": None})
    assert service.requests[0].headers["authorization"] == f"Bearer {service.api_key}"


def test_key_comes_from_a_callable(service: StandIn, update: Update) -> None:
    update(service, ID, {}, client={"api_key": lambda: service.member_key})
    assert service.requests[0].headers["authorization"] == f"Bearer {service.member_key}"


def test_key_comes_from_an_async_callable(service: StandIn, backend: str) -> None:
    async def read_key() -> str:
        await anyio.lowlevel.checkpoint()
        return service.member_key

    update_with(backend)(service, ID, {}, client={"api_key": read_key})
    assert service.requests[0].headers["authorization"] == f"Bearer {service.member_key}"


def test_argument_beats_environment_beats_file(
    service: StandIn, update: Update, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIVEPIECES_API_KEY", service.member_key)
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", "/nowhere")
    update(service, ID, {}, client={"api_key": None})
    update(service, ID, {})
    keys = [request.headers["authorization"].removeprefix("Bearer ") for request in service.requests]
    assert keys == [service.member_key, service.api_key]


def test_missing_key_names_where_it_could_be() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Activepieces()
    for name in ("api_key", "ACTIVEPIECES_API_KEY", "ACTIVEPIECES_API_KEY_FILE"):
        assert name in str(caught.value)


def test_unreadable_key_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", "/nowhere/key")
    with pytest.raises(ConfigurationError, match="cannot read /nowhere/key: FileNotFoundError"):
        Activepieces()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_key_file_is_utf_8_with_or_without_a_mark(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{service.api_key}{'é' if encoding == 'cp1252' else ''}\n", encoding=encoding)
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", str(file))
    if encoding == "utf-8-sig":
        assert sync_client(service, api_key=None).projects.update(ID, {}).id == ID
        return
    name = {"utf-16": "UTF-16", "cp1252": "not UTF-8"}[encoding]
    with no_leak(), pytest.raises(ConfigurationError, match=f"{file} is {name}: save it as UTF-8"):
        sync_client(service, api_key=None)


@pytest.mark.skipif(os.name != "posix", reason="there are no such permissions here")
@pytest.mark.parametrize(("mode", "warnings"), [(0o600, 0), (0o640, 0), (0o644, 1)])
def test_key_file_that_others_can_read_has_one_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warnings: int
) -> None:
    file = tmp_path / "key"
    file.write_text("sk-1", encoding="utf-8")
    file.chmod(mode)
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", str(file))
    for _ in range(2):
        Activepieces().close()
    assert caplog.messages == [f"every user of this machine can read the key in {file}: chmod 600"] * warnings


@pytest.mark.parametrize("key", ["", "sk-hunter2\n", "sk hunter2", "sk-hunter2\0", "sk-hunter2é"])
@pytest.mark.parametrize("client", [Activepieces, AsyncActivepieces])
def test_key_that_no_header_carries_is_not_shown(client: type[Activepieces], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client(key)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    values = [
        value
        for frame in shown.stack
        if "activepieces_client" in frame.filename
        for value in (frame.locals or {}).values()
    ]
    assert values
    assert str(caught.value) == "api_key gives no key that a header can carry"
    assert "hunter2" not in "".join([str(caught.value), *values])


def test_representations_do_not_show_the_key(service: StandIn, update: Update) -> None:
    client = Activepieces(service.api_key)
    assert client.generated.token == ""
    service.fail(400)
    with pytest.raises(ActivepiecesError) as caught:
        update(service, ID, {})
    error = caught.value
    for shown in (repr(client), repr(client.generated), str(error), repr(error), repr(vars(error))):
        assert service.api_key not in shown
    client.close()


# Renewal


class Source:
    """Gives the keys in turn, and the last one for ever."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.reads = 0

    def __call__(self) -> str:
        self.reads += 1
        return self.keys[min(self.reads, len(self.keys)) - 1]

    async def slowly(self) -> str:
        await anyio.sleep(0.02)
        return self()


def session_expired() -> httpx.Response:
    """Respond as the service does after a change of the password."""
    return httpx.Response(403, json={"code": "SESSION_EXPIRED", "params": {}})


def test_key_is_renewed_on_401_and_expired_session(service: StandIn, update: Update) -> None:
    for failures in ([], [session_expired()]):
        source = Source("old", service.api_key)
        service.fail(*failures)
        assert update(service, ID, {"displayName": "Acme"}, client={"api_key": source}).display_name == "Acme"
        assert source.reads == 2
    keys = [request.headers["authorization"] for request in service.requests]
    assert keys == ["Bearer old", f"Bearer {service.api_key}"] * 2
    assert [request.content for request in service.requests] == [b'{"displayName":"Acme"}'] * 4


def test_key_is_renewed_only_once(service: StandIn, update: Update) -> None:
    for failures in ([], [session_expired() for _ in range(3)]):
        source = Source("old", "older", "oldest")
        service.requests.clear()
        service.fail(*failures)
        with pytest.raises((AuthenticationError, PermissionDeniedError)):
            update(service, ID, {}, client={"api_key": source})
        assert (source.reads, len(service.requests)) == (2, 2)


def test_string_is_not_renewed(service: StandIn, update: Update) -> None:
    service.fail(session_expired())
    with pytest.raises(PermissionDeniedError, match="SESSION_EXPIRED"):
        update(service, ID, {})
    with pytest.raises(AuthenticationError):
        update(service, ID, {}, client={"api_key": "old"})
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    "content",
    [
        b'{"code": "AUTHORIZATION", "params": {"message": "SESSION_EXPIRED"}}',
        b'{"code": "PERMISSION_DENIED", "params": {"role": "SESSION_EXPIRED"}}',
        b'{"statusCode": 403, "error": "Forbidden", "message": "SESSION_EXPIRED"}',
        b"<html>SESSION_EXPIRED",
        b'"SESSION_EXPIRED"',
        b"",
    ],
)
def test_other_403_does_not_renew_the_key(service: StandIn, update: Update, content: bytes) -> None:
    source = Source("old", service.api_key)
    service.fail(httpx.Response(403, content=content, headers={"Content-Type": "application/json"}))
    with pytest.raises(PermissionDeniedError) as caught:
        update(service, ID, {}, client={"api_key": source})
    assert caught.value.response.content == content
    assert (source.reads, len(service.requests)) == (1, 1)


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"403 Forbidden"])
def test_key_is_renewed_on_the_same_connection(status: bytes) -> None:
    source = Source("old", "new")
    content = b'{"code": "SESSION_EXPIRED", "params": {}}'

    def handle(connection: socket.socket) -> None:
        while request := raw_server.read_request(connection):
            if b"Bearer old" in request:
                raw_server.respond(connection, content, status=status)
            else:
                raw_server.respond(connection, project_json())

    with raw_server.serve(handle) as server, Activepieces(source, base_url=server.base_url) as client:
        assert client.projects.update(ID, {}).id == ID
        assert server.connections == 1


def test_unchanged_key_is_not_sent_again(service: StandIn, update: Update) -> None:
    source = Source("old")
    with pytest.raises(AuthenticationError, match="INVALID_BEARER_TOKEN"):
        update(service, ID, {}, client={"api_key": source})
    assert (source.reads, len(service.requests)) == (2, 1)


def test_key_file_is_read_again(service: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("old\n", encoding="utf-8")
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", str(file))
    client = sync_client(service, api_key=None)
    file.write_text(f"{service.api_key}\n", encoding="utf-8")
    client.projects.update(ID, {})
    assert len(service.requests) == 2


@pytest.mark.parametrize("value", ["", None, b"sk-1", f"{API_KEY}\n"])
def test_source_without_a_key_is_an_error(service: StandIn, update: Update, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        update(service, ID, {}, client={"api_key": lambda: value})
    assert str(caught.value) == "api_key() gives no key that a header can carry"
    assert service.requests == []


def test_error_of_a_source_passes_through(service: StandIn, update: Update) -> None:
    reads: list[None] = []

    def source() -> str:
        reads.append(None)
        raise TimeoutError("the vault is silent")

    with pytest.raises(TimeoutError, match="the vault is silent"):
        update(service, ID, {}, client={"api_key": source})
    assert len(reads) == 1
    assert service.requests == []


@pytest.mark.parametrize("renewed", [False, True])
def test_threads_read_the_key_once(renewed: bool) -> None:
    with StandIn().serve() as service:
        source = Source("old", service.api_key) if renewed else Source(service.api_key)

        def slow_source() -> str:
            time.sleep(0.02)
            return source()

        client = Activepieces(slow_source, base_url=service.base_url)
        threads = [threading.Thread(target=client.projects.update, args=(ID, {})) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
        assert source.reads == 1 + renewed
        assert (
            len([request for request in service.requests if service.api_key in request.headers["authorization"]]) == 16
        )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_fork_while_the_source_is_read() -> None:
    program = f"""
import os, sys, threading, time
from activepieces_client import Activepieces
parent, reading = os.getpid(), threading.Event()
def key():
    if os.getpid() == parent:
        reading.set()
        time.sleep(0.5)
    return sys.argv[1]
client = Activepieces(key)
thread = threading.Thread(target=client.projects.update, args=("{ID}", {{}}))
thread.start()
reading.wait()
child = os.fork()
if not child:
    client.projects.update("{ID}", {{}})
    os._exit(0)
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with StandIn().serve() as service:
        command = [sys.executable, "-W", "ignore", "-c", program, service.api_key]
        env = {**os.environ, "ACTIVEPIECES_BASE_URL": service.base_url}
        subprocess.run(command, env=env, check=True, timeout=20)
        assert len(service.requests) == 2


@pytest.mark.parametrize("renewed", [True, False])
@pytest.mark.anyio
async def test_tasks_renew_the_key_once(renewed: bool) -> None:
    with StandIn().serve() as service:
        source = Source("old", service.api_key) if renewed else Source("old")
        failures: list[AuthenticationError] = []

        async def update() -> None:
            try:
                await client.projects.update(ID, {})
            except AuthenticationError as error:
                failures.append(error)

        async with (
            AsyncActivepieces(source.slowly, base_url=service.base_url) as client,
            anyio.create_task_group() as group,
        ):
            # As many as there are connections: the others would begin with the key that was read again.
            for _ in range(8):
                group.start_soon(update)
        # A rejected key that is still the source's is read again by each call.
        assert source.reads == (2 if renewed else 1 + 8)
        assert len(failures) == (0 if renewed else 8)


def test_client_cannot_be_copied_or_pickled() -> None:
    client = Activepieces("sk-hunter2")
    for carry in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match=r"^a client cannot be copied or pickled: it has a key and connections$"):
            carry(client)
    client.close()
