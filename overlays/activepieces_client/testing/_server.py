"""The stand-in behind a socket, for curl and for programs of any language."""

from __future__ import annotations

import contextlib
import functools
import re
import sys
import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from ._service import MAX_BODY, framework_envelope

_MAX_LINE = 65536  # bytes

Answer = Callable[[httpx.Request], httpx.Response]


class _Server(ThreadingHTTPServer):
    block_on_close = False
    daemon_threads = True
    request_queue_size = 128  # many clients may come at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


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
        try:
            body = self._read_body()
        except ValueError:
            self.close_connection = True
            self._send(httpx.Response(400, json=framework_envelope(400, "Client Error")))
            return
        request = httpx.Request(
            self.command,
            self._url(),
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()],
            content=body,
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
        self._send(response)

    def _send(self, response: httpx.Response) -> None:
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
        """Read the body.

        Raises: ValueError where it has no length or two, ConnectionError where it ends too soon.
        """
        encodings, lengths = self.headers.get_all("Transfer-Encoding", []), self.headers.get_all("Content-Length", [])
        match [value.lower() for value in encodings], lengths:
            case [], []:
                return b""
            case ["chunked"], []:
                return b"".join(self._read_chunks())
            case [], [length] if re.fullmatch("[0-9]{1,20}", length):
                return self._read(int(length))
            case _:
                raise ValueError("no length, or two")

    def _read_chunks(self) -> Generator[bytes]:
        left = MAX_BODY
        while size := self._read_size():
            yield self._read(size)
            self.rfile.readline(_MAX_LINE)
            left -= size
            if left < 0:
                self.close_connection = True
                return
        while self.rfile.readline(_MAX_LINE).strip():
            pass

    def _read_size(self) -> int:
        size = self.rfile.readline(_MAX_LINE).partition(b";")[0].strip()
        if not re.fullmatch(b"[0-9a-fA-F]{1,16}", size):
            raise ValueError("no size of a chunk")
        return int(size, 16)

    def _read(self, size: int) -> bytes:
        if size > MAX_BODY:
            # It is refused unread, whatever else comes.
            self.close_connection = True
            size = MAX_BODY + 1
        content = self.rfile.read(size)
        if len(content) < size:
            raise ConnectionError("half a request")
        return content

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
