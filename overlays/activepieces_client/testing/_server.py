"""The stand-in behind a socket, for curl and for programs of any language.

h11 reads and writes HTTP/1.1 here, as it does for httpx.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from typing import Any

import h11
import httpx

from ._errors import framework_envelope

_CHUNK = 65536  # bytes
_LINGER = 1.0  # seconds in which a client can read the last response before the connection closes
_FRAMING = {b"connection", b"content-length", b"transfer-encoding"}

Handle = Callable[[httpx.Request], httpx.Response]


class Server(socketserver.ThreadingTCPServer):
    """Serve on 127.0.0.1, from a thread for each connection.

    Args:
        handle: Makes the response of a request.
        body_limit: The number of bytes of a body after which reading stops.
        port: 0 is any free one.
    """

    allow_reuse_address = True
    block_on_close = False
    daemon_threads = True
    request_queue_size = 128  # many clients may connect at once

    def __init__(self, handle: Handle, body_limit: int, port: int) -> None:
        self.handle = handle
        self.body_limit = body_limit
        self.stopping = threading.Event()
        super().__init__(("127.0.0.1", port), _Connection)

    def start(self) -> int:
        """Serve from a thread that lets the interpreter end, and return the port."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return int(self.server_address[1])

    def stop(self) -> None:
        """Stop serving."""
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the traceback of an error, unless a client closed its connection."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Connection(socketserver.BaseRequestHandler):
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride] - no other server makes connections
    request: socket.socket

    def handle(self) -> None:
        self._http = h11.Connection(h11.SERVER)
        try:
            while (request := self._receive()) and not self.server.stopping.is_set():
                self._send(self.server.handle(request), with_body=request.method != "HEAD")
                if self._http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
                    return
                self._http.start_next_cycle()
        except h11.RemoteProtocolError:
            with contextlib.suppress(h11.LocalProtocolError):
                self._send(httpx.Response(400, json=framework_envelope(400, "Client Error")))
        except h11.LocalProtocolError:
            pass  # a response that HTTP/1.1 cannot carry, such as one with status 101
        except httpx.TimeoutException:
            self.server.stopping.wait()
        except httpx.RequestError:
            pass

    def finish(self) -> None:
        """Read on for a moment: closing with unread data would reset the connection.

        The client would lose the response with it.
        """
        self.request.shutdown(socket.SHUT_WR)
        self.request.settimeout(_LINGER)
        while self.request.recv(_CHUNK):
            pass

    def _receive(self) -> httpx.Request | None:
        """Receive a request; None at the end of the connection."""
        head: h11.Request | None = None
        body = bytearray()
        while len(body) <= self.server.body_limit:
            match self._http.next_event():
                case h11.Request() as head:
                    pass
                case h11.Data(data=data):
                    body += data
                case h11.NEED_DATA:
                    if self._http.they_are_waiting_for_100_continue:
                        self.request.sendall(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
                    received = self.request.recv(_CHUNK)
                    if not received:
                        return None
                    self._http.receive_data(received)
                case _:  # the end of the message or of the connection
                    break
        return _request(head, bytes(body)) if head else None

    def _send(self, response: httpx.Response, *, with_body: bool = True) -> None:
        if not isinstance(response.stream, httpx.SyncByteStream):
            raise TypeError("a server of threads needs a response with a sync stream")
        # The raw bytes: `response.content` would be decompressed.
        body = b"".join(response.stream)
        headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _FRAMING]
        events: list[h11.Event] = [
            h11.Response(
                status_code=response.status_code,
                reason=response.reason_phrase,
                headers=[*headers, (b"Content-Length", b"%d" % len(body))],
            )
        ]
        if with_body:
            events.append(h11.Data(data=body))
        events.append(h11.EndOfMessage())
        self.request.sendall(b"".join(self._http.send(event) or b"" for event in events))


def _request(head: h11.Request, body: bytes) -> httpx.Request:
    host = dict(head.headers).get(b"host", b"").decode("latin-1")
    try:
        url = httpx.URL(f"http://{host}{head.target.decode()}")
    except httpx.InvalidURL:
        url = httpx.URL("http://localhost")
    # httpx normalizes the URL; the extension keeps the target as it was sent.
    extensions = {"target": head.target}
    headers = [(name, value) for name, value in head.headers]
    return httpx.Request(head.method.decode(), url, headers=headers, content=body, extensions=extensions)
