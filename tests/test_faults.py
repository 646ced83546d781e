"""Whatever happens on the wire, a call ends: in time, with one error that says what it was, and with a clean pool.

faults.yaml says what happens, and what comes of it.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import gzip
import json
import random
import socket
import ssl
import string
import struct
import time
import zlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, cast

import anyio.from_thread
import attrs
import httpx
import pytest
import trustme
from ruamel.yaml import YAML

import activepieces_client
from activepieces_client import Activepieces, AsyncActivepieces
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.leaks import API_KEY, no_leak

ID = "pRjEctId0000000000001"
MIB = 2**20

# With this seed, the first delays before a repeat are short: they are drawn with `random`.
IMPATIENT = 425717

FAULTS: list[dict[str, Any]] = cast(Any, YAML(typ="safe")).load(Path(__file__).with_name("faults.yaml"))


def bomb() -> bytes:
    """Compress a gigabyte of zeros: 16 MiB of them, and the same piece again and again."""
    stream = zlib.compressobj(wbits=31)
    head, piece = (stream.compress(bytes(2**24)) + stream.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return head + piece * 63


def names() -> dict[str, str]:
    """Give what the texts of the table may name; bytes as latin-1."""
    project = json.dumps(StandIn().projects[0]).encode()
    contents = {
        "ok": raw_server.HEAD % len(project),
        "project": project,
        "length": str(len(project)).encode(),
        "gzip": gzip.compress(project),
        "bomb": gzip.compress(bomb()),
    }
    return {name: content.decode("latin-1") for name, content in contents.items()}


NAMES = names()


def expand(text: str, **more: object) -> str:
    in_2s = email.utils.formatdate(time.time() + 2, usegmt=True)
    return string.Template(text).substitute(NAMES, in_2s=in_2s, **more)


@functools.cache
def certificate_of_nobody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cast(Any, trustme.CA().issue_cert("127.0.0.1")).configure_cert(context)
    return context


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_some(connection: socket.socket) -> None:
    connection.recv(10)


def flood(connection: socket.socket, content: bytes) -> None:
    while True:
        connection.sendall(content * 1000)


def tls(connection: socket.socket) -> None:
    certificate_of_nobody().wrap_socket(connection, server_side=True)


STEPS: dict[str, Callable[..., object]] = {
    "close": socket.socket.close,
    "reset": reset,
    "silence": raw_server.wait_for_the_end,
    "read some": read_some,
    "tls": tls,
    "send": socket.socket.sendall,
    "drip": functools.partial(raw_server.drip, seconds=0.02),
    "flood": flood,
}


@attrs.define
class Scene:
    """What the server does, until it is well; and the requests that it has read."""

    fault: dict[str, Any]
    elsewhere: str = ""
    well: bool = False
    requests: list[bytes] = attrs.field(factory=list[bytes])

    def play(self, steps: list[str | dict[str, str]], connection: socket.socket) -> None:
        for step in steps:
            ((name, text),) = step.items() if isinstance(step, dict) else ((step, None),)
            content = [] if text is None else [expand(text, elsewhere=self.elsewhere).encode("latin-1")]
            STEPS[name](connection, *content)

    def handle(self, connection: socket.socket) -> None:
        if not self.well:
            self.play(self.fault.get("before", []), connection)
        while request := raw_server.read_request(connection):
            self.requests.append(request)
            self.play([{"send": "$ok$project"}] if self.well else self.fault.get("answer", []), connection)


@contextlib.contextmanager
def calling(kind: str, base_url: str) -> Generator[Callable[..., Any]]:
    """Make a client of a kind with a pool of one connection, and give a function that updates a project with it."""
    limits = httpx.Limits(max_connections=1)
    if kind == "sync":
        with (
            httpx.Client(limits=limits, follow_redirects=True) as http_client,
            Activepieces(API_KEY, base_url=base_url, http_client=http_client, max_retries=1, timeout=2) as client,
        ):
            yield functools.partial(client.projects.update, ID, check_applied=False)
    else:
        with (
            anyio.from_thread.start_blocking_portal(kind) as portal,
            portal.wrap_async_context_manager(
                httpx.AsyncClient(limits=limits, follow_redirects=True)
            ) as async_http_client,
        ):
            async_client = AsyncActivepieces(
                API_KEY, base_url=base_url, http_client=async_http_client, max_retries=1, timeout=2
            )

            def update(body: dict[str, Any], **options: Any) -> Any:
                call = functools.partial(async_client.projects.update, ID, body, check_applied=False, **options)
                return portal.call(call)

            yield update


@pytest.mark.usefixtures("every_line_is_logged")
@pytest.mark.parametrize("kind", ["sync", "asyncio", "trio"])
@pytest.mark.parametrize("fault", FAULTS, ids=[fault["name"] for fault in FAULTS])
# Under trio, httpx does not close the generators of a body that it cannot decode.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_fault(fault: dict[str, Any], kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    scene = Scene(fault)
    body: dict[str, Any] = {"metadata": {"notes": "x" * 8 * MIB}} if fault.get("body") == "large" else {}
    least, most = fault.get("seconds", (0, 5))
    attempts = fault.get("attempts", 1)
    expected: type[Exception] | None = getattr(activepieces_client, fault["error"], None)

    with raw_server.serve(raw_server.wait_for_the_end) as other, raw_server.serve(scene.handle) as server:
        scene.elsewhere = other.base_url
        for name, value in fault.get("environment", {}).items():
            monkeypatch.setenv(name, expand(value, port=server.port))
        url = expand(fault.get("url", server.base_url), port=server.port)
        with calling(kind, url) as update:

            def call() -> Exception | None:
                try:
                    with no_leak():
                        update(body, **fault.get("call", {}))
                except activepieces_client.ActivepiecesError as error:
                    return error
                return None

            random.seed(IMPATIENT)
            start = time.monotonic()
            error = call()
            took = time.monotonic() - start

            assert type(error) is (expected or type(None)), error
            assert fault.get("says", "") in str(error)
            assert {name: getattr(error, name) for name in fault.get("has", {})} == fault.get("has", {})
            assert getattr(error, "attempts", 1) == attempts
            assert fault.get("arrived", attempts) in ("any", len(scene.requests))
            assert least <= took <= most

            if "url" in fault:
                random.seed(IMPATIENT)
                assert type(call()) is expected
                assert server.open_connections(at_most=1) <= 1
            else:
                scene.well = True
                if "next" in fault:
                    assert type(call()) is getattr(activepieces_client, fault["next"])
                assert update({}).id == ID
                assert server.open_connections(at_most=1) == 1
        assert server.open_connections(at_most=0) == 0
        assert other.connections == 0
