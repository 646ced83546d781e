"""A stand-in whose updates take two of ten database connections each."""

from __future__ import annotations

import threading
import time

import httpx

from activepieces_client.testing import StandIn


class Pooled(StandIn):
    """A service that ten updates in flight can block, for `patience` seconds.

    Attributes:
        hung: Whether each held one connection and waited for another.
    """

    def __init__(self, number: int, seconds: float = 0.005, patience: float = 60.0) -> None:
        super().__init__({"displayName": f"Project {n}"} for n in range(number))
        self.hung = False
        self._connections = threading.Semaphore(10)
        self._seconds = seconds  # between the first connection and the second
        self._patience = patience

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return super().handle(request)
        with self._connections:
            time.sleep(self._seconds)
            if not self._connections.acquire(timeout=self._patience):
                self.hung = True
                return httpx.Response(500)
            try:
                return super().handle(request)
            finally:
                self._connections.release()
