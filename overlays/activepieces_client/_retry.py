"""When an attempt is retried, and after how long. No I/O."""

from __future__ import annotations

import email.utils
import random
import re
import time
from datetime import UTC

import httpx

# Seconds.
MIN_BACKOFF = 0.5
MAX_BACKOFF = 8.0
MAX_RETRY_AFTER = 60.0


def should_retry(outcome: object, *, idempotent: bool) -> bool:
    """Return whether a failed attempt may be sent again."""
    match outcome:
        # No connection was made, so nothing was sent.
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return True
        # The request may have been carried out. A broken body is a DecodingError to some engines (pyreqwest).
        case httpx.TimeoutException() | httpx.NetworkError() | httpx.RemoteProtocolError() | httpx.DecodingError():
            return idempotent
        # The server or a proxy was busy: request timeout, too many requests.
        case httpx.Response(status_code=408 | 429):
            return idempotent
        # The server or a proxy failed; codes outside the IANA list too, such as 520.
        case httpx.Response():
            return idempotent and outcome.status_code >= 500
        # A proxy that refuses, a URL that no transport takes: the next attempt would end alike.
        case _:
            return False


def backoff(retries: int) -> float:
    """Return the seconds to wait before the next retry.

    They grow exponentially with the retries so far, with full jitter.
    """
    return random.uniform(0, min(MAX_BACKOFF, MIN_BACKOFF * 2 ** min(retries, 10)))  # noqa: S311 - no secret


def parse_retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110, 10.2.3); None if unreadable.

    A number of seconds, with decimals too, which some proxies send; or a date in any of HTTP's three formats.
    """
    header = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", header):
        return float(header)
    try:
        date = email.utils.parsedate_to_datetime(header)
        # Every date of HTTP is in UTC, also where it does not say so: asctime's, and `-0000`.
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
