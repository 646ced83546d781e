"""The parts of HTTP requests and responses that the other modules read or change."""

from __future__ import annotations

import email.utils
import re
import time
from datetime import UTC
from typing import Any

import httpx

from ._json import is_object

# PostgreSQL's error classes 22 (data exception) and 23 (integrity constraint violation).
_SQLSTATE_OF_REQUEST = re.compile(r"2[23][0-9A-Z]{3}")


def error_envelope(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of a response; an empty one if it is not an object, such as a proxy's HTML."""
    try:
        body: object = response.json()
    except (ValueError, RecursionError):  # HTML, half a body, bytes that are not UTF-8
        return {}
    return body if is_object(body) else {}


def is_rejected_key(response: httpx.Response) -> bool:
    """Return whether the service rejects the key: 401, or 403 with SESSION_EXPIRED."""
    status = response.status_code
    return status == 401 or (status == 403 and error_envelope(response).get("code") == "SESSION_EXPIRED")


def is_about_request(response: httpx.Response) -> bool:
    """Return whether the same request would fail again: a 500 of the database about a value (SQLSTATE 22 or 23)."""
    code = error_envelope(response).get("code")
    return response.status_code == 500 and isinstance(code, str) and bool(_SQLSTATE_OF_REQUEST.fullmatch(code))


def parse_retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110, 10.2.3); None if it is missing or unreadable.

    It is a number of seconds, which some proxies send with decimals, or a date in any of HTTP's three formats.
    """
    header = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", header):
        return float(header)
    try:
        date = email.utils.parsedate_to_datetime(header)
        # Every date of HTTP is in UTC, even without a zone (asctime's format) and with the zone `-0000`.
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def parse_cookies(request: httpx.Request) -> dict[str, str]:
    """Return the cookies of a request, as httpx writes them into its `Cookie` header."""
    return dict(pair.split("=", 1) for pair in request.headers.get("Cookie", "").split("; ") if "=" in pair)


def redact(request: httpx.Request | None) -> None:
    """Take the key out of a request, which lives on in responses, errors and hooks."""
    if request is not None and "Authorization" in request.headers:
        request.headers["Authorization"] = "[redacted]"
