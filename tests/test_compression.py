"""Compressed responses, which were not requested: named, not decompressed."""

from __future__ import annotations

import functools
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from activepieces_client import APIStatusError, ResponseValidationError
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, project_json

MEBIBYTE = 2**20

# Of zeros. gzip makes at most 1,032 bytes of one.
BOMB = 64 * MEBIBYTE
CHUNK = 2**14


class Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in chunks, as from a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), CHUNK):
            yield self._content[start : start + CHUNK]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def response(status: int, content: bytes, encoding: str) -> httpx.Response:
    """Return a response whose body is on the wire as it is given here."""
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    return httpx.Response(status, stream=Chunks(content), headers=headers)


@functools.cache
def bomb() -> bytes:
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeros = bytes(MEBIBYTE)
    return b"".join([*(compressor.compress(zeros) for _ in range(BOMB // MEBIBYTE)), compressor.flush()])


ENCODED = [
    ("gzip", gzip.compress(project_json())),
    ("GZIP", gzip.compress(project_json())),
    ("deflate", zlib.compress(project_json())),
    ("gzip", b"not gzip"),
    ("gzip", gzip.compress(project_json())[:-9]),
    ("gzip, gzip", gzip.compress(gzip.compress(project_json()))),
    ("x-unknown", b"\x0b\x02\x80 not brotli"),
]


@pytest.mark.parametrize(("encoding", "content"), ENCODED)
def test_compressed_success_names_the_encoding(service: StandIn, update: Update, encoding: str, content: bytes) -> None:
    service.fail(response(200, content, encoding))
    with pytest.raises(ResponseValidationError, match=f"is compressed \\({encoding}\\)") as caught:
        update(service, ID, {})
    assert caught.value.reached is True
    assert caught.value.response.content == content
    assert len(service.requests) == 1
    assert service.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(("encoding", "content"), ENCODED)
def test_compressed_error_keeps_its_status(service: StandIn, update: Update, encoding: str, content: bytes) -> None:
    service.fail(response(404, content, encoding))
    with pytest.raises(APIStatusError, match="404: Not Found") as caught:
        update(service, ID, {})
    assert caught.value.code is None
    assert len(service.requests) == 1


@pytest.mark.parametrize("encoding", ["identity", "", "gzip"])
def test_uncompressed_body_is_read_whatever_its_header(service: StandIn, update: Update, encoding: str) -> None:
    service.fail(response(200, project_json(), encoding))
    assert update(service, ID, {}).id == ID


@pytest.mark.parametrize(("encoding", "content"), [("gzip", bomb), ("gzip, gzip", lambda: gzip.compress(bomb()))])
@pytest.mark.parametrize(("status", "error"), [(200, ResponseValidationError), (404, APIStatusError)])
def test_bomb_is_not_decompressed(
    service: StandIn, update: Update, status: int, error: type[Exception], encoding: str, content: Callable[[], Any]
) -> None:
    service.fail(response(status, content(), encoding))
    tracemalloc.start()
    try:
        with pytest.raises(error):
            update(service, ID, {}, max_retries=0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < BOMB / 4  # a few times what is on the wire, which is 64 kB
