"""The stand-in behind a socket, for curl and for programs of any language."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Answer = Callable[[httpx.Request], httpx.Response]


class _Server(ThreadingHTTPServer):
    block_on_close = False
    daemon_threads = True
    request_queue_size = 128  # many clients may come at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body go out in two writes; without this, the second waits for the first to be acknowledged.
    disable_nagle_algorithm = True

    def __init__(self, answer: Answer, stopping: threading.Event, *arguments: Any) -> None:
        self._answer = answer
        self._stopping = stopping
        super().__init__(*arguments)

    def handle_one_answer(self) -> None:
        """Answer one request, whatever its method."""
        request = httpx.Request(
            self.command,
            self._url(),
            headers=list(self.headers.items()),
            content=self._read_body(),
            extensions={"target": self.path.encode("latin-1")},
        )
        try:
            response = self._answer(request)
        except httpx.TimeoutException:
            self._stopping.wait()
            self.close_connection = True
            return
        except httpx.RequestError:
            self.close_connection = True
            return
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.content)

    # The names are the base class's.
    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = handle_one_answer  # noqa: N815

    def _url(self) -> httpx.URL:
        try:
            return httpx.URL(f"http://{self.headers['Host']}{self.path}")
        except httpx.InvalidURL:
            return httpx.URL("http://localhost")

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._read_chunks())
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(int(length) if length.isdecimal() else 0)

    def _read_chunks(self) -> Generator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: standard error is the program's."""


@contextlib.contextmanager
def serve(answer: Answer, port: int) -> Generator[str]:
    """Serve on 127.0.0.1 from a thread of its own, and yield the address; port 0 is any free one."""
    stopping = threading.Event()
    with _Server(("127.0.0.1", port), functools.partial(_Handler, answer, stopping)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            stopping.set()
            server.shutdown()
            thread.join()
