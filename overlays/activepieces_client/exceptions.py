"""The errors that this client raises.

ActivepiecesError
├── ConfigurationError                  the client cannot work as it is set up
├── RequestValidationError              the request breaks a rule; nothing was sent (also a ValueError)
├── ResponseValidationError             the service accepted the request, but its answer cannot be read
├── NotAppliedError                     the service accepted the request, but did not do all of it
└── APIError
    ├── APIConnectionError              no answer
    │   └── APITimeoutError             no answer in time
    └── APIStatusError                  an answer that is not a success
        ├── BadRequestError             400
        ├── AuthenticationError         401
        ├── PaymentRequiredError        402
        ├── PermissionDeniedError       403
        ├── NotFoundError               404
        ├── ConflictError               409
        ├── PayloadTooLargeError        413
        ├── RateLimitError              429
        └── ServerError                 5xx
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Sequence
from typing import Any

import attrs
import httpx

from ._json import is_object, shorten

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "ActivepiecesError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConflictError",
    "Difference",
    "NotAppliedError",
    "NotFoundError",
    "PayloadTooLargeError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "Problem",
    "RateLimitError",
    "RequestValidationError",
    "ResponseValidationError",
    "ServerError",
]


@attrs.frozen
class Problem:
    """One rule that a request breaks: where (a JSONPath into the body, or `path.id` for a parameter), and how."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@attrs.frozen
class Difference:
    """One field that is not as the request asked: where (a JSONPath), what was asked, and what is."""

    path: str
    asked: Any
    actual: Any

    def __str__(self) -> str:
        return f"{self.path}: asked {shorten(self.asked)}, is {shorten(self.actual)}"


class ActivepiecesError(Exception):
    """Any error of this client."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle would call the constructor with the message alone; ours take what the message is made from.
        return Exception.__new__, (type(self), *self.args), self.__dict__


class ConfigurationError(ActivepiecesError):
    """The client cannot work as it is set up: a key or an address is missing or malformed."""


class RequestValidationError(ActivepiecesError, ValueError):
    """The request breaks rules of the specification; nothing was sent.

    Attributes:
        problems: Every rule that it breaks, in the order of the request.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n  ".join(["nothing was sent, since the request is not valid:", *map(str, problems)]))


class ResponseValidationError(ActivepiecesError):
    """The service accepted the request, but its answer cannot be read; do not take it for a failed update.

    Attributes:
        response: The answer.
    """

    def __init__(self, message: str, response: httpx.Response) -> None:
        self.response = response
        super().__init__(f"{message} ({describe(response.request)}, status {response.status_code})")


class NotAppliedError(ActivepiecesError):
    """The service accepted the request, but what it answers is not what was asked.

    Attributes:
        project: The project as it is now.
        fields: Every field that is not as asked.
    """

    def __init__(self, project: Any, fields: Sequence[Difference]) -> None:
        self.project = project
        self.fields: tuple[Difference, ...] = tuple(fields)
        super().__init__("\n  ".join(["the service accepted the update, but did not do all of it:", *map(str, fields)]))


class APIError(ActivepiecesError):
    """There was no answer, or not a success.

    Attributes:
        request: The request that was sent last, without its key.
        attempts: How often it was sent.
    """

    def __init__(self, message: str, request: httpx.Request, attempts: int = 1) -> None:
        self.request = request
        self.attempts = attempts
        super().__init__(f"{message} ({describe(request)}, {attempts} attempt{'s' if attempts != 1 else ''})")


class APIConnectionError(APIError):
    """There was no answer: no connection, or one that broke."""


class APITimeoutError(APIConnectionError):
    """There was no answer in time; the service may have made the update all the same."""


_BY_STATUS: dict[int, type[APIStatusError]] = {}


class APIStatusError(APIError):
    """The answer is not a success.

    Attributes:
        status_code: The HTTP status.
        code: The service's word for what went wrong, such as ENTITY_NOT_FOUND; None where it gave none.
        params: What the service says about it, by name; empty where it says nothing.
        message: What went wrong, for people.
        response: The answer.
    """

    def __init_subclass__(cls, status: int | None = None) -> None:
        if status:
            _BY_STATUS[status] = cls

    def __init__(self, response: httpx.Response, attempts: int = 1) -> None:
        envelope = _envelope(response)
        code, params = envelope.get("code"), envelope.get("params")
        self.response = response
        self.status_code: int = response.status_code
        self.code: str | None = code if isinstance(code, str) else None
        self.params: dict[str, Any] = params if is_object(params) else {}
        words = (envelope.get("message"), self.params.get("message"), self.params and shorten(self.params, 500))
        said = next((word[:500] for word in words if isinstance(word, str) and word), response.reason_phrase)
        if response.has_redirect_location:
            said = f"a redirect to {shorten(response.headers['location'])}, which is not followed"
        self.message: str = said or "no reason given"
        head = f"{self.status_code} {self.code}" if self.code else self.status_code
        super().__init__(f"{head}: {self.message}", response.request, attempts)


class BadRequestError(APIStatusError, status=400):
    """400: the service found the body invalid."""


class AuthenticationError(APIStatusError, status=401):
    """401: the key is unknown or expired."""


class PaymentRequiredError(APIStatusError, status=402):
    """402: the platform's plan does not include this."""


class PermissionDeniedError(APIStatusError, status=403):
    """403: the key may not do this."""


class NotFoundError(APIStatusError, status=404):
    """404: there is no such project, or no such route."""


class ConflictError(APIStatusError, status=409):
    """409: the external id is taken, or a rule of the business is broken."""


class PayloadTooLargeError(APIStatusError, status=413):
    """413: the body is too large."""


class RateLimitError(APIStatusError, status=429):
    """429: too many requests.

    Attributes:
        retry_after: How long the service asks to wait, in seconds; None where it does not say.
    """

    def __init__(self, response: httpx.Response, attempts: int = 1) -> None:
        self.retry_after: float | None = retry_after(response)
        super().__init__(response, attempts)


class ServerError(APIStatusError):
    """5xx: the service, or a proxy in front of it, failed."""


def status_error(response: httpx.Response, attempts: int) -> APIStatusError:
    """Find the exception for an answer that is not a success, whatever its status and its body."""
    other = ServerError if response.status_code >= 500 else APIStatusError
    return _BY_STATUS.get(response.status_code, other)(response, attempts)


def retry_after(response: httpx.Response) -> float | None:
    """Read how many seconds `Retry-After` asks to wait: a number of seconds, or a date (RFC 9110)."""
    header = response.headers.get("Retry-After", "").strip()
    if header.isdecimal():
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def describe(request: httpx.Request) -> str:
    """Name a request by method and path, as it may stand in a log."""
    return f"{request.method} {request.url.path}"


def _envelope(response: httpx.Response) -> dict[str, Any]:
    try:
        body: object = response.json()
    except (ValueError, RecursionError):  # HTML, half a body, bytes that are not UTF-8: a proxy's, not the service's
        return {}
    return body if is_object(body) else {}
