"""What errors say: where a request went, what a proxy or the service gave as its reason, what is invalid."""

from __future__ import annotations

import json
import logging
import os
import pickle
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

import activepieces_api
from activepieces_client import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ResponseValidationError,
)
from activepieces_client.testing import StandIn

from .support.updates import Update, project_json, stand_in_at

ID = "pRjEctId0000000000001"


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


# Reasons

REASONS: list[tuple[str, str, str]] = [
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
def test_without_a_reason_there_is_the_phrase(
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


# Violations


def test_nan_of_a_response_is_called_nan(service: StandIn, update: Update, caplog: pytest.LogCaptureFixture) -> None:
    content = project_json(platformId="PLACE").replace(b'"PLACE"', b"NaN")
    service.fail(httpx.Response(200, content=content))
    update(service, ID, {})
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "$.platformId: NaN" in warnings[0]
    assert "null" not in warnings[0]


NULLABLE = {"anyOf": [{"$ref": "#/components/schemas/ProjectIconUpdate"}, {"type": "null"}]}
VALIDATE = """
import json, sys
from activepieces_client import RequestValidationError, validate

for body in json.load(sys.stdin):
    try:
        validate(body)
        print("valid")
    except RequestValidationError as error:
        print(json.dumps([[problem.path, problem.message] for problem in error.problems]))
"""


def problems_with(document: Any, folder: Path, bodies: list[Any]) -> list[Any]:
    """Validate bodies of updates against another document, in a process of its own; None is valid."""
    installed = Path(activepieces_api.__file__).parent
    shutil.copytree(installed, folder / "activepieces_api")
    (folder / "activepieces_api" / "openapi.json").write_text(json.dumps(document), "utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    finished = subprocess.run(
        [sys.executable, "-c", VALIDATE],
        input=json.dumps(bodies),
        stdout=subprocess.PIPE,
        env=environment,
        encoding="utf-8",
        check=True,
    )
    return [None if line == "valid" else json.loads(line) for line in finished.stdout.splitlines()]


def test_violation_in_a_nullable_reference_is_precise(tmp_path: Path) -> None:
    document = json.loads(Path(activepieces_api.__file__).with_name("openapi.json").read_text("utf-8"))
    schemas = document["components"]["schemas"]
    schemas["UpdateProjectRequest"]["properties"]["icon"] = NULLABLE
    bodies: list[Any] = [
        {"icon": None},
        {"icon": {"color": "RED"}},
        {"icon": {}},
        {"icon": {"color": "PINKK"}},
        {"icon": 5},
    ]
    null, good, empty, unknown, number = problems_with(document, tmp_path / "nullable", bodies)
    assert (null, good) == (None, None)
    assert number[0][0] == "$.icon"
    assert "object" in number[0][1]
    assert "null" in number[0][1]
    assert "anyOf" not in json.dumps([empty, unknown, number])
    assert len(number) == len(empty) == len(unknown) == 1

    del schemas["UpdateProjectRequest"]["properties"]["icon"]["anyOf"]
    schemas["UpdateProjectRequest"]["properties"]["icon"]["$ref"] = "#/components/schemas/ProjectIconUpdate"
    of_a_plain_reference = problems_with(document, tmp_path / "plain", bodies[2:4])
    assert [empty, unknown] == of_a_plain_reference
    assert [problems[0][0] for problems in of_a_plain_reference] == ["$.icon", "$.icon.color"]


def test_violation_in_a_nullable_reference_of_a_response(
    service: StandIn, update: Update, caplog: pytest.LogCaptureFixture
) -> None:
    service.fail(httpx.Response(200, json={**service.projects[0], "metadata": "gold"}))
    with pytest.raises(ResponseValidationError) as caught:
        update(service, ID, {})
    said = str(caught.value) + "".join(caplog.messages)
    assert '$.metadata: "gold" is not of type' in said
    assert "anyOf" not in said


# Reached or not

NOT_REACHED: list[tuple[str, bytes]] = [
    ("text/html", b"<!doctype html><title>Activepieces</title>"),
    ("text/plain", b"ok"),
    ("application/json", b"<html>"),
    ("application/json", b""),
]
REACHED: list[bytes] = [b"{}", b"null", b"[]", b'{"id": 1}']


@pytest.mark.parametrize(("media_type", "content"), NOT_REACHED)
def test_what_is_not_json_did_not_reach_the_service(
    service: StandIn, update: Update, media_type: str, content: bytes
) -> None:
    service.fail(httpx.Response(200, content=content, headers={"Content-Type": media_type}))
    with pytest.raises(ResponseValidationError, match=r"does base_url end in /api\?") as caught:
        update(service, ID, {})
    assert caught.value.reached is False
    assert pickle.loads(pickle.dumps(caught.value)).reached is False


@pytest.mark.parametrize("content", REACHED)
def test_json_that_is_no_project_reached_the_service(service: StandIn, update: Update, content: bytes) -> None:
    service.fail(httpx.Response(200, content=content, headers={"Content-Type": "application/json"}))
    with pytest.raises(ResponseValidationError, match="accepted") as caught:
        update(service, ID, {})
    assert caught.value.reached is True
    assert "base_url" not in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).reached is True
