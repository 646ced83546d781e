"""Arguments of clients and calls: validated at once, and named in errors."""

from __future__ import annotations

import gc
import math
import warnings
from collections.abc import Awaitable, Generator
from typing import Any

import httpx
import pytest

from activepieces_client import Activepieces, AsyncActivepieces, ConfigurationError, ServerError
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, sync_client

CLIENTS: list[Any] = [Activepieces, AsyncActivepieces]

TEXT: Any = "2"
NUMBERS: list[Any] = ["5", "", -1, -0.5, math.nan, math.inf, True, [5], b"5"]
TIMEOUTS: list[Any] = [
    *NUMBERS,
    0,
    httpx.Timeout(-1),
    httpx.Timeout(5, read=0),
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
    """An async callable that is not a coroutine function."""

    async def __call__(self) -> str:
        return "sk-1"


class Later:
    """An awaitable that is not a coroutine."""

    def __await__(self) -> Generator[None, None, str]:
        yield
        return "sk-1"


def later() -> Awaitable[str]:
    return Later()


@pytest.mark.parametrize("source", [read_key, Vault(), lambda: read_key(), later])  # noqa: PLW0108 - not a coroutine function
def test_sync_client_rejects_an_async_key(service: StandIn, source: Any) -> None:
    http_client = httpx.Client(transport=service.transport)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(ConfigurationError, match="api_key"):
            Activepieces(source, base_url=service.base_url, http_client=http_client).projects.update(ID, {})
        gc.collect()
    assert [str(warning.message) for warning in warned] == []
    assert service.requests == []


@pytest.mark.parametrize("source", [read_key, Vault()])
def test_async_key_is_rejected_before_any_call(service: StandIn, source: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^api_key must not be async for Activepieces"):
        Activepieces(source, base_url=service.base_url)


# Addresses


@pytest.mark.parametrize(
    "base_url",
    [
        "http://flows.example.com/api",
        "http://10.0.0.1/api",
        "http://localhost.example.com/api",
        "http://127.0.0.1.example.com/api",
        "ftp://flows.example.com",
        "flows.example.com/api",
        "https://",
        "",
        "https://user:password@flows.example.com/api",
        "https://flows.example.com/api?x=1",
        "https://flows.example.com/api#x",
        "https://flows.example.com/api?",
        "https://flows.example.com/api#",
        "https://flows.example.com:port/api",
        "https://flows.example.com/api ",
        "https://flows.example.com/my api",
    ],
)
def test_address_must_be_https_and_an_address_alone(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        Activepieces("sk-1", base_url=base_url)


def test_invalid_address_is_shown_an_example() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Activepieces("sk-1", base_url="flows.example.com/api")
    assert (
        str(caught.value)
        == "base_url must be a URL without user, query, fragment and spaces, like https://cloud.activepieces.com/api"
    )


@pytest.mark.parametrize("base_url", ["https://flows.example.com/api/v1", "https://flows.example.com/api/v1/"])
def test_address_with_the_version_is_told_its_end(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^base_url must end before /v1, which each operation adds"):
        Activepieces("sk-1", base_url=base_url)


@pytest.mark.parametrize(
    "base_url", ["http://localhost:8080/api", "http://127.0.0.1/api", "http://127.1.2.3/api", "http://[::1]:1/api/"]
)
def test_loopback_may_be_http(base_url: str) -> None:
    Activepieces("sk-1", base_url=base_url).close()


def test_http_is_used_where_it_is_allowed(service: StandIn) -> None:
    client = sync_client(service, base_url="http://flows.example.com/api", allow_http=True)
    client.projects.update(ID, {})
    assert service.requests[0].url == f"http://flows.example.com/api/v1/projects/{ID}"


def test_default_address_is_the_cloud(service: StandIn) -> None:
    sync_client(service, base_url=None).projects.update(ID, {})
    assert service.requests[0].url == f"https://cloud.activepieces.com/api/v1/projects/{ID}"


def test_slashes_at_the_end_of_an_address_are_dropped(service: StandIn) -> None:
    sync_client(service, base_url="https://activepieces.test/api//").projects.update(ID, {})
    assert service.requests[0].url == f"https://activepieces.test/api/v1/projects/{ID}"
    assert Activepieces("sk-1", base_url="https://flows.example.com/X//").base_url == "https://flows.example.com/X"
