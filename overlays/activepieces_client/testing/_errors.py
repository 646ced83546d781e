"""The error responses of the service, in its two envelopes."""

from __future__ import annotations

import http
from collections.abc import Mapping
from typing import Any


class ErrorResponse(Exception):  # noqa: N818 - it is a response of the stand-in, not an error in it
    """An error response, which ends the handling of a request."""

    def __init__(self, status: int, envelope: Mapping[str, Any]) -> None:
        self.status = status
        self.envelope = envelope
        super().__init__(status)


def framework_envelope(status: int, message: str = "", code: str | None = None) -> dict[str, Any]:
    """Return the web framework's envelope."""
    phrase = http.HTTPStatus(status).phrase if status in set(http.HTTPStatus) else "Unknown"
    if status == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        phrase = "Payload Too Large"  # Python's phrase for it changed with 3.13, Node's did not
    return {"statusCode": status, **({"code": code} if code else {}), "error": phrase, "message": message or phrase}


def service_error(status: int, code: str, **params: Any) -> ErrorResponse:
    """Return an error in the service's own envelope."""
    return ErrorResponse(status, {"code": code, "params": params})


def framework_error(status: int, message: str, code: str | None = None) -> ErrorResponse:
    """Return an error in the web framework's envelope."""
    return ErrorResponse(status, framework_envelope(status, message, code))
