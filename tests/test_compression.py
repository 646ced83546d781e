"""A response that is compressed although the request asked for it as it is: decoded, but not without a bound."""

from __future__ import annotations

import functools
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from activepieces_client import APIStatusError, ResponseValidationError
from activepieces_client.testing import StandIn

from .support.updates import Update, project_json

ID = "pRjEctId0000000000001"
MEBIBYTE = 2**20

# The client decodes at most 64 MiB. It does so piece by piece, and gzip makes at most 1,032 bytes of one.
BOUND = 64 * MEBIBYTE
PIECE = 2**14


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in pieces, as from a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), PIECE):
            yield self._content[start : start + PIECE]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def compressed(status: int, content: bytes, coding: str) -> httpx.Response:
    """Return a response whose body is on the wire as it is given here."""
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    return httpx.Response(status, stream=Pieces(content), headers=headers)


@functools.cache
def bomb() -> bytes:
    """Compress four times as many zeros as the client decodes."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeros = bytes(MEBIBYTE)
    return b"".join([*(compressor.compress(zeros) for _ in range(4 * BOUND // MEBIBYTE)), compressor.flush()])


def bomb_in_a_bomb() -> bytes:
    """Compress that again, to one piece, which decodes at once."""
    return gzip.compress(bomb())


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        ("gzip", gzip.compress(project_json())),
        ("GZIP", gzip.compress(project_json())),
        ("deflate", zlib.compress(project_json())),
        ("identity", project_json()),
        ("", project_json()),
    ],
)
def test_compressed_project_is_one(service: StandIn, update: Update, coding: str, content: bytes) -> None:
    service.fail(compressed(200, content, coding))
    assert update(service, ID, {}).id == ID
    assert service.requests[0].headers["Accept-Encoding"] == "identity"


def test_compressed_error_is_read(service: StandIn, update: Update) -> None:
    content = gzip.compress(b'{"code": "ENTITY_NOT_FOUND", "params": {}}')
    service.fail(compressed(404, content, "gzip"))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {})
    assert caught.value.code == "ENTITY_NOT_FOUND"


@pytest.mark.parametrize(("coding", "content"), [("gzip", bomb), ("gzip, gzip", bomb_in_a_bomb)])
@pytest.mark.parametrize(("status", "error"), [(200, ResponseValidationError), (404, APIStatusError)])
def test_bomb_is_not_decoded_to_its_end(
    service: StandIn, update: Update, status: int, error: type[Exception], coding: str, content: Callable[[], bytes]
) -> None:
    service.fail(compressed(status, content(), coding))
    tracemalloc.start()
    try:
        with pytest.raises(error):
            update(service, ID, {}, max_retries=0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * BOUND  # what is decoded, the same once more where it is joined, and a margin


@pytest.mark.parametrize(
    ("coding", "content"),
    [
        ("gzip", b"not gzip"),
        ("gzip", project_json()),
        ("gzip", gzip.compress(project_json())[:-9]),
        ("deflate", b"\xff" * 100),
        ("gzip, gzip", gzip.compress(project_json())),
    ],
)
@pytest.mark.parametrize(("status", "error"), [(200, ResponseValidationError), (404, APIStatusError)])
def test_undecodable_body_has_the_error_of_its_status(
    service: StandIn, update: Update, status: int, error: type[Exception], coding: str, content: bytes
) -> None:
    service.fail(compressed(status, content, coding))
    with pytest.raises(error):
        update(service, ID, {})
    assert len(service.requests) == 1


def test_unknown_coding_is_named(service: StandIn, update: Update) -> None:
    service.fail(compressed(200, b"\x0b\x02\x80 not brotli", "x-unknown"))
    with pytest.raises(ResponseValidationError, match="x-unknown"):
        update(service, ID, {})
