"""Compressed responses: decoded, up to a size."""

from __future__ import annotations

import gzip
import socket
import zlib

import httpx
import pytest

from activepieces_client import ActivepiecesError, APIConnectionError, APIStatusError, ResponseValidationError
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.updates import ID, Update, call, project_json, stand_in_at

# httpx leaves the generators of a body that is not read to its end to the garbage collector, and trio warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

TOO_LARGE = gzip.compress(b" " * (100 * 2**20 + 1), 1)


def response(status: int, content: bytes, encoding: str) -> httpx.Response:
    """Return a response whose body is on the wire as it is given here."""
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding, "Content-Length": str(len(content))}
    return httpx.Response(status, stream=httpx.ByteStream(content), headers=headers)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzip.compress(project_json(), mtime=0)),
        ("GZIP", gzip.compress(project_json(), mtime=0)),
        ("deflate", zlib.compress(project_json())),
        ("gzip, gzip", gzip.compress(gzip.compress(project_json(), mtime=0), mtime=0)),
        ("identity", project_json()),
        ("", project_json()),
    ],
)
def test_compressed_response_is_decoded(service: StandIn, update: Update, encoding: str, content: bytes) -> None:
    service.fail(response(200, content, encoding))
    assert update(service, ID, {}).id == ID


def test_page_is_requested_and_decoded_as_gzip(kind: str) -> None:
    def handle(connection: socket.socket) -> None:
        asked.append(b"\r\naccept-encoding: gzip\r\n" in raw_server.read_request(connection).lower())
        raw_server.respond(connection, gzip.compress(page, mtime=0), b"Content-Encoding: gzip")

    asked: list[bool] = []
    page = b'{"data": [%s], "next": null, "previous": null}' % b", ".join([project_json()] * 100)
    with raw_server.serve(handle) as server:
        assert len(call(kind, stand_in_at(server.base_url), "list")) == 100
    assert asked == [True]


@pytest.mark.parametrize("content", [b"not gzip", b"\x1f\x8b", gzip.compress(project_json(), mtime=0)[:20]])
def test_body_that_cannot_be_decoded_is_an_error(service: StandIn, update: Update, content: bytes) -> None:
    service.fail(response(200, content, "gzip"))
    with pytest.raises((APIConnectionError, ResponseValidationError)):
        update(service, ID, {}, max_retries=0)


def test_compressed_error_has_its_code(service: StandIn, update: Update) -> None:
    service.fail(response(404, gzip.compress(b'{"code": "ENTITY_NOT_FOUND", "params": {}}'), "gzip"))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {})
    assert caught.value.code == "ENTITY_NOT_FOUND"
    assert caught.value.response.headers["Content-Length"] == str(len(caught.value.response.content))


@pytest.mark.parametrize("status", [200, 404])
def test_response_above_the_size_limit_is_an_error(service: StandIn, update: Update, status: int) -> None:
    service.fail(response(status, TOO_LARGE, "gzip"))
    with pytest.raises(ActivepiecesError, match="is larger than 100 MiB") as caught:
        update(service, ID, {})
    assert isinstance(caught.value, ResponseValidationError)
    assert caught.value.reached is (status == 200)
    assert len(service.requests) == 1
