"""A key that can be renewed is asked for again when the service says 401: once, and by one call for all."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import anyio
import httpx
import pytest

from activepieces_client import Activepieces, AsyncActivepieces, AuthenticationError, ConfigurationError
from activepieces_client.testing import StandIn

from .conftest import Update

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


def test_an_async_source_is_not_for_the_sync_client(service: StandIn) -> None:
    http_client = httpx.Client(transport=service.transport)
    source = Source("sk-1")
    not_for_sync = cast(Callable[[], str], source.slowly)
    client = Activepieces(not_for_sync, base_url=service.base_url, http_client=http_client)
    with pytest.warns(RuntimeWarning, match="never awaited"), pytest.raises(ConfigurationError):
        client.projects.update(ID, {})


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
