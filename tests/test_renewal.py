"""A key that can be renewed is asked for again when the service says 401: once, and by one call for all."""

from __future__ import annotations

import copy
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import anyio
import httpx
import pytest

from activepieces_client import (
    Activepieces,
    AsyncActivepieces,
    AuthenticationError,
    ConfigurationError,
    PermissionDeniedError,
)
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.updates import Update, project_json

ID = "pRjEctId0000000000001"


class Source:
    """Gives the keys in turn, and the last one for ever."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        return self.keys[min(self.asked, len(self.keys)) - 1]

    async def slowly(self) -> str:
        await anyio.sleep(0.02)
        return self()


def test_a_changed_key_is_tried_once_more(service: StandIn, update: Update) -> None:
    source = Source("old", service.api_key)
    assert update(service, ID, {"displayName": "Acme"}, client={"api_key": source}).display_name == "Acme"
    keys = [request.headers["authorization"] for request in service.requests]
    assert keys == ["Bearer old", f"Bearer {service.api_key}"]
    assert [request.content for request in service.requests] == [b'{"displayName":"Acme"}'] * 2


def session_expired() -> httpx.Response:
    """Respond as the service does after a change of the password."""
    return httpx.Response(403, json={"code": "SESSION_EXPIRED", "params": {}})


def test_expired_session_renews_the_key(service: StandIn, update: Update) -> None:
    source = Source("old", service.api_key)
    service.fail(session_expired())
    assert update(service, ID, {"displayName": "Acme"}, client={"api_key": source}).display_name == "Acme"
    keys = [request.headers["authorization"] for request in service.requests]
    assert keys == ["Bearer old", f"Bearer {service.api_key}"]
    assert source.asked == 2


def test_expired_session_renews_the_key_once(service: StandIn, update: Update) -> None:
    source = Source("old", "older", "oldest")
    service.fail(*[session_expired() for _ in range(3)])
    with pytest.raises(PermissionDeniedError, match="SESSION_EXPIRED") as caught:
        update(service, ID, {}, client={"api_key": source})
    assert caught.value.code == "SESSION_EXPIRED"
    assert (source.asked, len(service.requests)) == (2, 2)


def test_expired_session_of_a_string_is_not_renewed(service: StandIn, update: Update) -> None:
    service.fail(session_expired())
    with pytest.raises(PermissionDeniedError, match="SESSION_EXPIRED"):
        update(service, ID, {})
    assert len(service.requests) == 1


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
    assert (source.asked, len(service.requests)) == (1, 1)


@pytest.mark.parametrize("read", [b"401 Unauthorized", b"403 Forbidden"])
def test_key_is_renewed_on_the_same_connection(read: bytes) -> None:
    source = Source("old", "new")
    content = b'{"code": "SESSION_EXPIRED", "params": {}}'

    def handle(connection: socket.socket) -> None:
        while request := raw_server.read_request(connection):
            if b"Bearer old" in request:
                raw_server.respond(connection, content, status=read)
            else:
                raw_server.respond(connection, project_json())

    with raw_server.serve(handle) as server, Activepieces(source, base_url=server.base_url) as client:
        assert client.projects.update(ID, {}).id == ID
        assert server.connections == 1


def test_a_key_that_stays_the_same_is_not_tried_again(service: StandIn, update: Update) -> None:
    source = Source("old")
    with pytest.raises(AuthenticationError, match="INVALID_BEARER_TOKEN"):
        update(service, ID, {}, client={"api_key": source})
    assert (source.asked, len(service.requests)) == (2, 1)


def test_two_bad_keys_are_enough(service: StandIn, update: Update) -> None:
    source = Source("old", "older", "oldest")
    with pytest.raises(AuthenticationError):
        update(service, ID, {}, client={"api_key": source})
    assert (source.asked, len(service.requests)) == (2, 2)


def test_a_string_is_not_renewed(service: StandIn, update: Update) -> None:
    with pytest.raises(AuthenticationError):
        update(service, ID, {}, client={"api_key": "old"})
    assert len(service.requests) == 1


def test_a_key_file_is_read_again(service: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("old\n", encoding="utf-8")
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", str(file))
    http_client = httpx.Client(transport=service.transport)
    client = Activepieces(base_url=service.base_url, http_client=http_client)
    file.write_text(f"{service.api_key}\n", encoding="utf-8")
    client.projects.update(ID, {})
    assert len(service.requests) == 2


def test_a_source_that_gives_no_key(service: StandIn, update: Update) -> None:
    with pytest.raises(ConfigurationError) as caught:
        update(service, ID, {}, client={"api_key": Source("sk-1\n")})
    assert str(caught.value) == "api_key() gives no key that a header can carry"
    assert service.requests == []


def test_what_the_source_raises_is_its_own_and_nothing_is_repeated(service: StandIn, update: Update) -> None:
    asked: list[None] = []

    def source() -> str:
        asked.append(None)
        raise TimeoutError("the vault is silent")

    with pytest.raises(TimeoutError, match="the vault is silent"):
        update(service, ID, {}, client={"api_key": source})
    assert len(asked) == 1
    assert service.requests == []


def test_many_threads_ask_the_source_once() -> None:
    with StandIn().serve() as service:
        source = Source("old", service.api_key)

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
        assert source.asked == 2
        assert (
            len([request for request in service.requests if service.api_key in request.headers["authorization"]]) == 16
        )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_that_is_forked_while_the_source_is_asked_asks_it_too() -> None:
    program = f"""
import os, sys, threading, time
from activepieces_client import Activepieces
parent, asked = os.getpid(), threading.Event()
def key():
    if os.getpid() == parent:
        asked.set()
        time.sleep(0.5)
    return sys.argv[1]
client = Activepieces(key)
thread = threading.Thread(target=client.projects.update, args=("{ID}", {{}}))
thread.start()
asked.wait()
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
async def test_many_tasks_ask_the_source_once(renewed: bool) -> None:
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
            for _ in range(16):
                group.start_soon(update)
        assert source.asked == 2
        assert len(failures) == (0 if renewed else 16)


def test_clients_do_not_carry_their_key_away() -> None:
    client = Activepieces("sk-hunter2")
    for carry in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            carry(client)
    client.close()
