"""The httpx clients that calls go through: yours for all of them, or one of ours for each call that is under way."""

from __future__ import annotations

import collections
import contextlib
import functools
import os
import ssl
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

import httpx

# Seconds for each phase: sending, waiting for the next bytes, waiting for a free connection; connecting.
DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=5.0)

# So many calls at once have a httpx client of their own; those beyond share the pool of one, which holds as many.
OWN_CLIENTS = 100

HttpClient = TypeVar("HttpClient", httpx.Client, httpx.AsyncClient)


class Cookies(httpx.Cookies):
    """Looks for cookies only in an answer that sets some; httpx takes 5 % of a call to find that there are none."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Keep the cookies that an answer sets."""
        if "Set-Cookie" in response.headers:
            super().extract_cookies(response)


class OwnClient(httpx.Client):
    """A `httpx.Client` that has its cookies in common with others."""

    cookies: Any = None  # where httpx has a property, which copies what it is given

    def __init__(self, ssl_context: ssl.SSLContext, cookies: Cookies) -> None:
        super().__init__(verify=ssl_context, timeout=DEFAULT_TIMEOUT)
        self.cookies = cookies


class OwnAsyncClient(httpx.AsyncClient):
    """A `httpx.AsyncClient` that has its cookies in common with others."""

    cookies: Any = None  # as above

    def __init__(self, ssl_context: ssl.SSLContext, cookies: Cookies) -> None:
        super().__init__(verify=ssl_context, timeout=DEFAULT_TIMEOUT)
        self.cookies = cookies


class Connections(Generic[HttpClient]):
    """Gives each call a httpx client: in the pool of a common one, each call looks at the connections of all others.

    Attributes:
        shared: The httpx client with the settings of all: your own, or the one of ours that has no call of its own.
    """

    shared: HttpClient

    def __init__(self, make: Callable[[ssl.SSLContext, Cookies], HttpClient], yours: HttpClient | None) -> None:
        self._make: Callable[[ssl.SSLContext, Cookies], HttpClient] = make
        self._yours: HttpClient | None = yours
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._own: list[HttpClient] = []
        self._free: collections.deque[HttpClient | None] = collections.deque()
        if self._yours is None:
            self._new: Callable[[], HttpClient] = functools.partial(self._make, httpx.create_ssl_context(), Cookies())
            self._own.append(self._new())
            self._free.extend([None] * OWN_CLIENTS)
        self.shared = self._yours or self._own[0]

    def _follow_fork(self) -> None:
        """Begin anew in a forked process, since the parent goes on with the connections that there are."""
        if self._process != os.getpid() and not self.shared.is_closed:
            self._start()

    @contextlib.contextmanager
    def one(self) -> Generator[HttpClient]:
        """Give the one that was used last, so that few are kept busy, or the shared one where none is free."""
        self._follow_fork()
        try:
            http_client = self.shared if self.shared.is_closed else self._free.pop()
        except IndexError:
            http_client = self.shared
        try:
            if http_client is None:
                http_client = self._new()
                self._own.append(http_client)
            yield http_client
        finally:
            if http_client is not self.shared:
                self._free.append(http_client)

    def own(self) -> list[HttpClient]:
        """List what is to be closed with the client."""
        self._follow_fork()
        return self._own
