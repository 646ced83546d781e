"""Messages of errors: the server that was called, and the reason it gave."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from activepieces_client import APIConnectionError, APIStatusError, APITimeoutError
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, stand_in_at

# Connections


@pytest.mark.parametrize(
    ("base_url", "named"),
    [
        ("https://flows.example.com/api", "https://flows.example.com:443"),
        ("https://flows.example.com:8443/api", "https://flows.example.com:8443"),
        ("http://localhost/api", "http://localhost:80"),
        ("http://[::1]:8080/api", "http://[::1]:8080"),
    ],
)
@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (httpx.ConnectError, APIConnectionError),
        (httpx.RemoteProtocolError, APIConnectionError),
        (httpx.ReadTimeout, APITimeoutError),
        (httpx.PoolTimeout, APITimeoutError),
    ],
)
def test_connection_error_names_the_server(
    service: StandIn,
    update: Update,
    kind: str,
    base_url: str,
    named: str,
    failure: type[httpx.TransportError],
    error: type[APIConnectionError],
) -> None:
    make: Any = httpx.Client if kind == "sync" else httpx.AsyncClient
    client = {"base_url": base_url, "http_client": make(transport=service.transport)}
    service.fail(failure)
    with pytest.raises(error) as caught:
        update(service, ID, {}, client=client, max_retries=0)
    assert named in str(caught.value)
    assert f"POST /api/v1/projects/{ID}" in str(caught.value)


def test_refused_connection_names_the_server(update: Update) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    with pytest.raises(APIConnectionError, match=f"http://127.0.0.1:{port}\\b"):
        update(stand_in_at(f"http://127.0.0.1:{port}/api"), ID, {}, max_retries=0)


@pytest.mark.parametrize(
    ("message", "context", "reason"),
    [
        ("the end of file X", ValueError("hidden"), "ReadError: the end of file X"),
        ("", ValueError("bad record"), "ReadError: bad record"),
        ("", None, "ReadError"),
    ],
)
def test_connection_error_has_its_first_cause_message(
    service: StandIn, update: Update, message: str, context: Exception | None, reason: str
) -> None:
    failure = httpx.ReadError(message)
    failure.__context__ = context
    service.fail(failure)
    with pytest.raises(APIConnectionError) as caught:
        update(service, ID, {}, max_retries=0)
    assert str(caught.value) == (f"{reason} from https://activepieces.test:443 (POST /api/v1/projects/{ID}, 1 attempt)")


# Reasons

ENVELOPES: list[tuple[int, dict[str, Any], str]] = [
    (404, {"code": "GONE", "params": {"message": "by hand"}}, "404 GONE: by hand"),
    (404, {"code": "GONE", "params": {"message": "by hand"}, "message": "before"}, "404 GONE: before"),
    (404, {"message": "", "params": {"message": "by hand"}}, "404: by hand"),
    (404, {"message": 5, "params": {"a": 1}}, '404: {"a": 1}'),
    (404, {"message": "m" * 600}, "404: " + "m" * 500),
    (404, {"params": {"a": "b" * 492}}, '404: {"a": "' + "b" * 492 + "…"),
    (404, {"params": {"a": "b" * 491}}, '404: {"a": "' + "b" * 491 + '"}'),
    (404, {"message": "a\x1b[31mb"}, "404: a[31mb"),
    (404, {"params": {}}, "404: Not Found"),
    (499, {}, "499: no reason given"),
]


@pytest.mark.parametrize(("status", "envelope", "message"), ENVELOPES)
def test_reason_of_an_envelope_is_shown(
    service: StandIn, update: Update, status: int, envelope: dict[str, Any], message: str
) -> None:
    service.fail(httpx.Response(status, json=envelope))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {}, max_retries=0)
    assert str(caught.value) == f"{message} (POST /api/v1/projects/{ID}, 1 attempt)"
    assert caught.value.message == message.partition(": ")[2]


def test_redirect_message_has_its_location(service: StandIn, update: Update) -> None:
    service.fail((302, {"location": "/login"}))
    with pytest.raises(APIStatusError, match='302: a redirect to "/login", which is not followed '):
        update(service, ID, {})


REASONS = [
    ("text/plain", "upstream connect error", "upstream connect error"),
    ("text/plain; charset=utf-8", "  überlastet\n", "überlastet"),
    (
        "application/problem+json",
        '{"title": "Forbidden", "detail": "This address is not allowed"}',
        "address is not all",
    ),
    ("application/problem+json", '{"type": "about:blank", "title": "Blocked by policy"}', "Blocked by policy"),
    ("application/json", '{"error": {"message": "no healthy upstream"}}', "no healthy upstream"),
    ("application/json", '{"error": {"message": "no healthy upstream", "code": 503}}', "no healthy upstream"),
    ("application/json", '{"error": "invalid_request"}', "invalid_request"),
    ("application/json", '{"error": "Bad Request", "message": "the real reason"}', "the real reason"),
    ("application/json", '{"message": "the real reason", "error": {"message": "another"}}', "the real reason"),
]


@pytest.mark.parametrize(("media_type", "content", "reason"), REASONS)
def test_reason_is_shown(service: StandIn, update: Update, media_type: str, content: str, reason: str) -> None:
    service.fail(httpx.Response(502, content=content.encode(), headers={"Content-Type": media_type}))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {}, max_retries=0)
    assert reason in caught.value.message
    assert reason in str(caught.value)
    assert caught.value.message == caught.value.message.strip()


UNREASONABLE: list[tuple[str, bytes]] = [
    ("text/html", b"<html><h1>Bad gateway</h1></html>"),
    ("text/plain", b""),
    ("text/plain", b" \n"),
    ("text/plain; charset=nonsense", b"\xff\xfe\x00"),
    ("application/octet-stream", b"\x00\x01"),
    ("application/problem+json", b'{"detail": 5, "title": null}'),
    ("application/problem+json", b"[]"),
    ("application/json", b'{"error": {"message": {}}}'),
    ("application/json", b'{"error": ["x"]}'),
    ("application/json", b'{"error": null, "message": ""}'),
    ("", b"<html>"),
]


@pytest.mark.parametrize(("media_type", "content"), UNREASONABLE)
def test_without_a_reason_the_phrase_is_shown(
    service: StandIn, update: Update, media_type: str, content: bytes
) -> None:
    service.fail(httpx.Response(502, content=content, headers={"Content-Type": media_type}))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {}, max_retries=0)
    assert "<" not in str(caught.value)
    assert "\x00" not in str(caught.value)
    assert caught.value.message


def test_long_reason_is_cut(service: StandIn, update: Update) -> None:
    text = "x" * 10_000
    service.fail(*[httpx.Response(502, text=text), httpx.Response(502, json={"error": {"message": text}})])
    for _ in range(2):
        with pytest.raises(APIStatusError) as caught:
            update(service, ID, {}, max_retries=0)
        assert "xxx" in caught.value.message
        assert len(caught.value.message) <= 501
