"""Where the key and the address come from, and what is refused at once."""

from __future__ import annotations

import traceback
from pathlib import Path

import httpx
import pytest

from activepieces_client import (
    Activepieces,
    ActivepiecesError,
    AsyncActivepieces,
    BadRequestError,
    ConfigurationError,
)
from activepieces_client.testing import StandIn

from .support.updates import Update

ID = "pRjEctId0000000000001"


def test_key_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn().serve() as service:
        monkeypatch.setenv("ACTIVEPIECES_API_KEY", service.api_key)
        monkeypatch.setenv("ACTIVEPIECES_BASE_URL", service.base_url)
        with Activepieces() as client:
            assert client.projects.update(ID, {"displayName": "Acme"}).display_name == "Acme"


def test_the_key_comes_from_a_file(
    service: StandIn, update: Update, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(f"\n {service.api_key}\n", encoding="utf-8")
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", str(key_file))
    update(service, ID, {}, client={"api_key": None})
    assert service.requests[0].headers["authorization"] == f"Bearer {service.api_key}"


def test_explicit_beats_environment_beats_file(
    service: StandIn, update: Update, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTIVEPIECES_API_KEY", service.member_key)
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", "/nowhere")
    monkeypatch.setenv("ACTIVEPIECES_BASE_URL", "https://nowhere.test/api")
    update(service, ID, {}, client={"api_key": None})
    update(service, ID, {})
    keys = [request.headers["authorization"].removeprefix("Bearer ") for request in service.requests]
    assert keys == [service.member_key, service.api_key]


def test_without_an_address_it_is_the_cloud() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(400)

    client = Activepieces("sk-1", http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    with pytest.raises(BadRequestError):
        client.projects.update(ID, {})
    assert asked == [f"https://cloud.activepieces.com/api/v1/projects/{ID}"]


def test_slashes_at_the_end_of_the_address_are_no_part_of_it(service: StandIn, update: Update) -> None:
    service.fail(400)
    with pytest.raises(BadRequestError) as caught:
        update(service, ID, {}, client={"base_url": "https://activepieces.test/apiX//"})
    assert caught.value.request.url == f"https://activepieces.test/apiX/v1/projects/{ID}"


def test_what_is_no_address_alone_is_told_what_one_looks_like() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Activepieces("sk-1", base_url="flows.example.com/api")
    assert str(caught.value) == "base_url must be an address alone, like https://flows.example.com/api"


def test_the_key_comes_from_a_callable(service: StandIn, update: Update) -> None:
    update(service, ID, {}, client={"api_key": lambda: service.member_key})
    assert service.requests[0].headers["authorization"] == f"Bearer {service.member_key}"


@pytest.mark.anyio
async def test_the_key_comes_from_an_async_callable() -> None:
    async def key() -> str:
        return service.api_key

    with StandIn().serve() as service:
        async with AsyncActivepieces(key, base_url=service.base_url) as client:
            await client.projects.update(ID, {})


def test_without_a_key_the_error_says_what_was_looked_for() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Activepieces()
    for place in ("api_key", "ACTIVEPIECES_API_KEY", "ACTIVEPIECES_API_KEY_FILE"):
        assert place in str(caught.value)


def test_a_key_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIVEPIECES_API_KEY_FILE", "/nowhere/key")
    with pytest.raises(ConfigurationError, match="cannot read /nowhere/key: FileNotFoundError"):
        Activepieces()


@pytest.mark.parametrize("key", ["", "sk-hunter2\n", "sk hunter2", "sk-hunter2\0", "sk-hunter2é"])
@pytest.mark.parametrize("client", [Activepieces, AsyncActivepieces])
def test_a_key_that_no_header_carries_is_refused_at_once_and_not_shown(client: type[Activepieces], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client(key)
    ours = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = [
        local
        for frame in ours.stack
        if "activepieces_client" in frame.filename
        for local in (frame.locals or {}).values()
    ]
    assert shown
    assert str(caught.value) == "api_key gives no key that a header can carry"
    assert "hunter2" not in "".join([str(caught.value), *shown])


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
        "https://flows.example.com:port/api",
    ],
)
def test_an_address_that_is_not_https_or_not_an_address_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        Activepieces("sk-1", base_url=base_url)


@pytest.mark.parametrize(
    "base_url", ["http://localhost:8080/api", "http://127.0.0.1/api", "http://127.1.2.3/api", "http://[::1]:1/api/"]
)
def test_loopback_may_be_http(base_url: str) -> None:
    Activepieces("sk-1", base_url=base_url).close()


def test_no_representation_shows_the_key(service: StandIn, update: Update) -> None:
    client = Activepieces(service.api_key)
    assert client.generated.token == ""
    service.fail(400)
    with pytest.raises(ActivepiecesError) as caught:
        update(service, ID, {})
    error = caught.value
    for shown in (repr(client), repr(client.generated), str(error), repr(error), repr(vars(error))):
        assert service.api_key not in shown
    client.close()
