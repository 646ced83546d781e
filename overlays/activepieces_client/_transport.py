"""The transport that keeps the deadline of a sync attempt, from its first byte.

A workaround for encode/httpx#1450. The timeouts of httpx limit each read and write: a server that sends a byte now and
then stays within them, and holds a call for hours. A task is cancelled; a thread can only be stopped where it waits,
which is in the network streams of httpcore. Those are what this module replaces, by the `network_backend` that httpcore
documents for that purpose.

Connections through a proxy of the environment, and to the hosts of NO_PROXY, keep the deadline over the body alone: for
them, httpx chooses the transport.

httpx has no argument for it, which is why the transport makes its pool itself. Once it has one, or a timeout for a
whole request, this module goes: tests/test_deadline.py fails then.
"""

from __future__ import annotations

import ssl
from typing import Any

import httpcore
import httpx

from ._deadline import TOO_LONG, remaining

# Bytes; between two chunks it shows that a server takes few at a time.
_CHUNK = 65536


def _limited(timeout: float | None) -> float:
    left = remaining()
    if left <= 0:
        raise httpcore.ReadTimeout(TOO_LONG)
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose reads and writes end at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _limited(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _CHUNK):
            self._stream.write(buffer[start : start + _CHUNK], _limited(timeout))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

    def start_tls(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(*arguments, **options))


class _Backend(httpcore.SyncBackend):
    def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        return _Stream(super().connect_tcp(*arguments, **options))


class DeadlineTransport(httpx.HTTPTransport):
    """An `httpx.HTTPTransport` whose connections keep the deadline.

    It is a subclass for those who instrument that class.
    """

    def __init__(self, ssl_context: ssl.SSLContext, limits: httpx.Limits) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(),
        )
