"""Decide if an attempt is retried, and after how many seconds."""

from __future__ import annotations

import random
import ssl
from collections.abc import Iterator

import httpx

from ._http import is_about_request

MIN_BACKOFF = 0.5  # seconds
MAX_BACKOFF = 8.0
MAX_RETRY_AFTER = 60.0


def should_retry(outcome: httpx.Response | httpx.RequestError, *, idempotent: bool) -> bool:
    """Return whether a failed attempt may be sent again."""
    match outcome:
        # An untrusted certificate stays untrusted, and a port that does not speak TLS will not start to.
        case httpx.ConnectError() if is_tls_mismatch(outcome):
            return False
        # No connection was made, so nothing was sent.
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return True
        # The request may have been carried out. A broken body is a DecodingError to some engines (pyreqwest).
        case httpx.TimeoutException() | httpx.NetworkError() | httpx.RemoteProtocolError() | httpx.DecodingError():
            return idempotent
        # The server or a proxy was busy: request timeout, too many requests.
        case httpx.Response(status_code=408 | 429):
            return idempotent
        # The server or a proxy failed; codes outside the IANA list count, such as 520.
        case httpx.Response():
            return idempotent and outcome.status_code >= 500 and not is_about_request(outcome)
        # A proxy that rejects the request, or a URL that no transport takes: the next attempt would end alike.
        case _:
            return False


def is_tls_mismatch(error: BaseException) -> bool:
    """Return whether a TLS handshake failed, rather than broke off, as in a restart of the server."""
    return any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in causes(error))


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and the errors that led to it."""
    found: BaseException | None = error
    while found:
        yield found
        found = found.__cause__ or found.__context__


def backoff(retries: int) -> float:
    """Return the seconds to wait before the next retry.

    They grow exponentially with the retries so far, with full jitter.
    """
    return random.uniform(0, min(MAX_BACKOFF, MIN_BACKOFF * 2 ** min(retries, 10)))  # noqa: S311 - not a secret
