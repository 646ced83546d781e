"""A server that does to a connection whatever a test wants, on a raw socket."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Generator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

Handler = Callable[[socket.socket], None]
"""Called with each connection, on a thread of its own; the connection is closed afterwards."""


class Server:
    """The address of the server, and how many connections were made to it."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/api"
        self.connections = 0


def read_request(connection: socket.socket) -> bytes:
    """Read one request: its head, and a body of the length that it says."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return received
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def serve(handle: Handler) -> Generator[Server]:
    """Serve on a free port of 127.0.0.1."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])

    def run(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            handle(connection)

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
