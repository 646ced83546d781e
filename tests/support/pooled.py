"""A stand-in with the ten database connections of a default server: an update holds one and waits for a second."""

from __future__ import annotations

import threading
import time

import httpx

from activepieces_client.testing import StandIn


class Pooled(StandIn):
    """With ten updates in flight, each may hold a connection and wait for another, which ends only after `patience`.

    Attributes:
        hung: Whether that has happened: the service waits for good.
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
