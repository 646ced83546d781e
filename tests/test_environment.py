"""Settings from the environment, and errors that name a variable."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from activepieces_client import Activepieces, AsyncActivepieces, ConfigurationError
from activepieces_client.testing import StandIn

from .support.updates import ID, async_client, sync_client


def test_key_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn().serve() as service:
        monkeypatch.setenv("ACTIVEPIECES_API_KEY", service.api_key)
        monkeypatch.setenv("ACTIVEPIECES_BASE_URL", service.base_url)
        with Activepieces() as client:
            assert client.projects.update(ID, {"displayName": "Acme"}).display_name == "Acme"


def test_argument_beats_the_environment(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIVEPIECES_BASE_URL", "https://nowhere.test/api")
    sync_client(service).projects.update(ID, {})
    assert str(service.requests[0].url).startswith(service.base_url)


UNUSABLE = [
    ("ALL_PROXY", "socks5://proxy.example.com:1080"),
    ("all_proxy", "socks5h://proxy.example.com:1080"),
    ("HTTPS_PROXY", "http://proxy.example.com:port"),
    ("HTTPS_PROXY", "ftp://proxy.example.com"),
    ("HTTPS_PROXY", "http://user:hunter2@proxy.example.com:port"),
    ("https_proxy", "ftp://user:hunter2@proxy.example.com"),
    ("SSL_CERT_FILE", "/nowhere/ca.pem"),
    ("SSL_CERT_FILE", __file__),
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


@pytest.mark.parametrize("client", [Activepieces, AsyncActivepieces])
@pytest.mark.parametrize(("name", "value"), UNUSABLE)
def test_unusable_variable_is_named(monkeypatch: pytest.MonkeyPatch, client: Any, name: str, value: str) -> None:
    set_environment(monkeypatch, name, value)
    with pytest.raises(ConfigurationError) as caught:
        client()
    assert name.lower() in str(caught.value).lower()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, value in UNUSABLE if not name.startswith("ACTIVEPIECES")]
)
def test_http_client_needs_no_environment(
    service: StandIn, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    # Made before, since making an httpx client reads the same environment.
    monkeypatch.setenv(name, value)
    with monkeypatch.context() as before:
        before.delenv(name)
        clients = httpx.Client(transport=service.transport), httpx.AsyncClient(transport=service.transport)
    assert sync_client(service, http_client=clients[0]).projects.update(ID, {}).id == ID
    async_client(service, http_client=clients[1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NO_PROXY", "localhost,127.0.0.1,.example.com,*.internal,10.0.0.0/8,::1"),
        ("HTTPS_PROXY", "proxy.example.com:3128"),
        ("HTTPS_PROXY", "http://user:password@proxy.example.com"),
        ("ACTIVEPIECES_BASE_URL", "https://flows.example.com/api/"),
    ],
)
def test_usable_variable_is_accepted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    set_environment(monkeypatch, name, value)
    Activepieces().close()
