"""A server that does to a connection whatever a test wants, on a raw socket."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

Handler = Callable[[socket.socket], None]
"""Called with each connection, in its own thread; it is closed afterwards."""


class Server:
    """A running server: its address, and its connections."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}/api"
        self.connections = 0
        self.closed = 0

    def open_connections(self, at_most: int) -> int:
        """Return the number of open connections, once it is small enough, or after 20 s."""
        end = time.monotonic() + 20  # which only a failing test takes
        while (count := self.connections - self.closed) > at_most and time.monotonic() < end:
            time.sleep(0.002)
        return count


def read_request(connection: socket.socket) -> bytes:
    """Return a request with its body, or nothing from a closed connection."""
    received = bytearray()
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return b""
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return bytes(head + b"\r\n\r\n" + body)


def respond(
    connection: socket.socket,
    content: bytes,
    *headers: bytes,
    status: bytes = b"200 OK",
    media: bytes = b"application/json",
) -> None:
    """Send one response."""
    lines = [b"HTTP/1.1 " + status, b"Content-Type: " + media, b"Content-Length: %d" % len(content), *headers]
    connection.sendall(b"\r\n".join([*lines, b"", content]))


def wait_for_the_end(connection: socket.socket) -> None:
    """Read until the client closes the connection."""
    while connection.recv(65536):
        pass


def drip(connection: socket.socket, content: bytes, seconds: float = 0.1) -> None:
    """Send a byte at a time."""
    for byte in content:
        connection.sendall(bytes([byte]))
        time.sleep(seconds)


@contextlib.contextmanager
def serve(handle: Handler, path: Path | None = None) -> Generator[Server]:
    """Serve on a free port of 127.0.0.1, or on a Unix domain socket at a path."""
    if path is None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        server = Server(listener.getsockname()[1])
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(128)
        server = Server(80)

    def run(connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                handle(connection)
        finally:
            server.closed += 1

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                threading.Thread(target=run, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
