"""Settings are validated where they are given, and the error names the argument or the environment variable."""

from __future__ import annotations

import gc
import math
import warnings
from collections.abc import Awaitable, Generator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from activepieces_client import Activepieces, AsyncActivepieces, ConfigurationError, ServerError
from activepieces_client.testing import StandIn

from .support.updates import Update

ID = "pRjEctId0000000000001"
CLIENTS: list[Any] = [Activepieces, AsyncActivepieces]

TEXT: Any = "2"
NUMBERS: list[Any] = ["5", "", -1, -0.5, math.nan, math.inf, True, [5], b"5"]
TIMEOUTS: list[Any] = [
    *NUMBERS,
    httpx.Timeout(-1),
    httpx.Timeout(math.nan),
    httpx.Timeout(math.inf),
    httpx.Timeout(5, read=-1),
    httpx.Timeout(5, connect=TEXT),
]
COUNTS: list[Any] = [*NUMBERS, 1.5, 2.0]

INVALID: list[tuple[str, Any]] = [
    *(("timeout", value) for value in TIMEOUTS),
    *(("max_retries", value) for value in COUNTS),
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *INVALID,
        ("max_retries", None),
        ("api_key", 5),
        ("api_key", b"sk-1"),
        ("api_key", ["sk-1"]),
        ("base_url", 5),
        ("base_url", b"https://flows.example.com/api"),
        ("base_url", ""),
    ],
)
def test_invalid_argument_of_a_client_is_named(client: Any, name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        client(**{"api_key": "sk-1", name: value})


@pytest.mark.parametrize(("name", "value"), INVALID)
def test_invalid_argument_of_a_call_is_named(service: StandIn, update: Update, name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        update(service, ID, {}, **{name: value})
    assert service.requests == []


def test_unknown_argument_is_a_type_error(service: StandIn, update: Update) -> None:
    for client in CLIENTS:
        with pytest.raises(TypeError, match="retries"):
            client("sk-1", retries=3)
    with pytest.raises(TypeError, match="retries"):
        update(service, ID, {}, retries=3)
    assert service.requests == []


def test_none_is_the_default(service: StandIn, update: Update) -> None:
    update(service, ID, {})
    update(service, ID, {}, client={"timeout": None})
    update(service, ID, {}, timeout=None, client={"timeout": 7})
    timeouts = [request.extensions["timeout"] for request in service.requests]
    assert timeouts[0] == timeouts[1]
    assert timeouts[2]["read"] == 7

    service.requests.clear()
    service.fail(503, 503)
    with pytest.raises(ServerError):
        update(service, ID, {}, max_retries=None, client={"max_retries": 0})
    assert len(service.requests) == 1


@pytest.mark.parametrize("value", [3, 2.5, httpx.Timeout(3), httpx.Timeout(3, read=None)])
def test_valid_timeout_is_used(service: StandIn, update: Update, value: Any) -> None:
    update(service, ID, {}, client={"timeout": value})
    update(service, ID, {}, timeout=value)
    first, second = (request.extensions["timeout"] for request in service.requests)
    assert first["connect"] == second["connect"] == (2.5 if value == 2.5 else 3)
    assert None not in (*first.values(), *second.values())


# API keys


async def read_key() -> str:
    """Return a key, as a vault with an async client does."""
    return "sk-1"


class Vault:
    """An async callable that is no coroutine function."""

    async def __call__(self) -> str:
        return "sk-1"


class Later:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Generator[None, None, str]:
        yield
        return "sk-1"


def later() -> Awaitable[str]:
    return Later()


@pytest.mark.parametrize("source", [read_key, Vault(), lambda: read_key(), later])  # noqa: PLW0108 - not a coroutine function
def test_async_key_is_refused_by_the_sync_client(service: StandIn, source: Any) -> None:
    http_client = httpx.Client(transport=service.transport)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(ConfigurationError, match="api_key"):
            Activepieces(source, base_url=service.base_url, http_client=http_client).projects.update(ID, {})
        gc.collect()
    assert [str(warning.message) for warning in warned] == []
    assert service.requests == []


# The environment

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


UNREADABLE = [
    ("NO_PROXY", "fe11::/16"),
    ("NO_PROXY", "localhost,fe11::/16"),
    ("NO_PROXY", "[::1]"),
    ("no_proxy", "[::1]"),
    ("ALL_PROXY", "socks5://proxy.example.com:1080"),
    ("all_proxy", "socks5h://proxy.example.com:1080"),
    ("HTTPS_PROXY", "http://proxy.example.com:port"),
    ("HTTPS_PROXY", "ftp://proxy.example.com"),
    ("HTTPS_PROXY", "http://user:hunter2@proxy.example.com:port"),
    ("https_proxy", "ftp://user:hunter2@proxy.example.com"),
    ("HTTP_PROXY", "http://proxy.example.com:port"),
    ("SSL_CERT_FILE", "/nowhere/ca.pem"),
    ("SSL_CERT_FILE", __file__),
    ("SSL_CERT_DIR", "/nowhere"),
    ("ACTIVEPIECES_BASE_URL", ""),
    ("ACTIVEPIECES_BASE_URL", "flows.example.com/api"),
    ("ACTIVEPIECES_BASE_URL", "http://flows.example.com/api"),
    ("ACTIVEPIECES_BASE_URL", "https://flows.example.com:port/api"),
    ("ACTIVEPIECES_API_KEY", ""),
    ("ACTIVEPIECES_API_KEY", "sk hunter2"),
    ("ACTIVEPIECES_API_KEY_FILE", "/nowhere/key"),
]


def set_environment(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Set a variable beside a key, unless it is about the key."""
    if "API_KEY" not in name:
        monkeypatch.setenv("ACTIVEPIECES_API_KEY", "sk-1")
    monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("name", "value"), UNREADABLE)
def test_unreadable_environment_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    set_environment(monkeypatch, name, value)
    with pytest.raises(ConfigurationError) as caught:
        Activepieces()
    assert name.lower() in str(caught.value).lower()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), UNREADABLE)
def test_unreadable_environment_is_named_async(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    async def run() -> None:
        async with AsyncActivepieces() as client:
            await client.projects.update(ID, {}, max_retries=0)

    set_environment(monkeypatch, name, value)
    with pytest.raises(ConfigurationError) as caught:
        anyio.run(run)
    assert name.lower() in str(caught.value).lower()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, value in UNREADABLE if not name.startswith("ACTIVEPIECES")]
)
def test_environment_is_not_read_beside_your_client(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    # Made before, since making an httpx client reads the same environment.
    monkeypatch.setenv(name, value)
    with monkeypatch.context() as before:
        before.delenv(name)
        clients = httpx.Client(transport=service.transport), httpx.AsyncClient(transport=service.transport)
    with Activepieces(service.api_key, base_url=service.base_url, http_client=clients[0]) as client:
        assert client.projects.update(ID, {}).id == ID
    AsyncActivepieces(service.api_key, base_url=service.base_url, http_client=clients[1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NO_PROXY", "localhost,127.0.0.1,.example.com,*.internal,10.0.0.0/8,::1"),
        ("HTTPS_PROXY", "proxy.example.com:3128"),
        ("HTTPS_PROXY", "http://user:password@proxy.example.com"),
        ("ACTIVEPIECES_BASE_URL", "https://flows.example.com/api/"),
    ],
)
def test_readable_environment_is_accepted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    set_environment(monkeypatch, name, value)
    Activepieces().close()


def test_certificates_of_the_environment_may_be_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_environment(monkeypatch, "SSL_CERT_DIR", str(tmp_path))
    Activepieces().close()
