"""A stand-in with the ten database connections of a default server: an update holds one and waits for a second."""

from __future__ import annotations

import threading
import time

import httpx

from activepieces_client.testing import StandIn


class Pooled(StandIn):
    """With ten updates in flight, each may hold a connection and wait for another: it stops responding for good."""

    def __init__(self, number: int, seconds: float = 0.005) -> None:
        super().__init__({"displayName": f"Project {n}"} for n in range(number))
        self._connections = threading.BoundedSemaphore(10)
        self._seconds = seconds  # between the first connection and the second

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return super().handle(request)
        with self._connections:
            time.sleep(self._seconds)
            with self._connections:
                return super().handle(request)
