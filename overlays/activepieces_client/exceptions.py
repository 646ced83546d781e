"""The errors that this client raises.

ActivepiecesError
├── ConfigurationError                  the client cannot work as it is set up
├── RequestValidationError (ValueError)  the request is invalid; nothing was sent
├── ResponseValidationError             a success that cannot be read; see `reached`
├── NotAppliedError                     the service accepted it, but did not apply all
└── APIError
    ├── APIConnectionError              no response
    │   └── APITimeoutError             no response in time
    └── APIStatusError                  a response whose status is not a success
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

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import httpx

from activepieces_api.types import UNSET

from ._http import error_envelope, parse_retry_after
from ._json import is_object, shorten

if TYPE_CHECKING:
    from activepieces_api.models import Project

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
    "RateLimitError",
    "RequestValidationError",
    "ResponseValidationError",
    "ServerError",
    "Violation",
]


@attrs.frozen
class Violation:
    """One violation of a request.

    Attributes:
        path: A JSONPath into the body, or a parameter, such as `path.id`.
        message: The constraint, and the value if it is short.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@attrs.frozen
class Difference:
    """One property that is not as requested.

    Attributes:
        path: A JSONPath into the body, or a parameter, such as `path.id`.
        requested: The requested value.
        returned: The value that the response shows; UNSET if it lacks the property, because the server is older.
    """

    path: str
    requested: Any
    returned: Any

    def __str__(self) -> str:
        shown = "the response lacks it" if self.returned is UNSET else f"the response shows {shorten(self.returned)}"
        return f"{self.path}: requested {shorten(self.requested)}, {shown}"


class ActivepiecesError(Exception):
    """Any error of this client."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle would call the constructor with the message, but these constructors take other arguments.
        return Exception.__new__, (type(self), *self.args), self.__dict__


class ConfigurationError(ActivepiecesError):
    """The client cannot work as it is set up.

    An argument or an environment variable is missing or invalid.
    """


class RequestValidationError(ActivepiecesError, ValueError):
    """The request is invalid; nothing was sent.

    Attributes:
        violations: Every violation found. If the arguments cannot form a request at all, such as an id that is not a
            string, the reason.
    """

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations: tuple[Violation, ...] = tuple(violations)
        super().__init__("\n  ".join(["the request is invalid, and nothing was sent:", *map(str, violations)]))


class ResponseValidationError(ActivepiecesError):
    """The status is a success, but the response cannot be read.

    Attributes:
        response: The response.
        reached: True if the service accepted the request: do not take it for a failed update. False if something else
            responded, such as the web page that a base_url without /api leads to.
    """

    def __init__(self, message: str, response: httpx.Response, *, reached: bool = True) -> None:
        self.response = response
        self.reached = reached
        who = (
            "the service accepted the request, but its response" if reached else "the API was not reached: the response"
        )
        super().__init__(f"{who} {message} ({describe(response.request)}, status {response.status_code})")


class NotAppliedError(ActivepiecesError):
    """The service accepted the request, but the response does not show it applied.

    Attributes:
        project: The project as it is now.
        differences: Every property that differs.
    """

    def __init__(self, project: Project, differences: Sequence[Difference]) -> None:
        self.project = project
        self.differences: tuple[Difference, ...] = tuple(differences)
        super().__init__(
            "\n  ".join(["the service accepted the request, but did not apply all of it:", *map(str, differences)])
        )


class APIError(ActivepiecesError):
    """There was no response, or its status is not a success.

    Attributes:
        request: The request that was sent last, without its key.
        attempts: How often it was sent.
        retries: How often it was sent again after a failure; renewals of the key do not count.
    """

    retries: int = 0

    def __init__(self, message: str, request: httpx.Request, attempts: int = 1) -> None:
        self.request = request
        self.attempts = attempts
        super().__init__(f"{message} ({describe(request)}, {attempts} attempt{'s' if attempts != 1 else ''})")


class APIConnectionError(APIError):
    """There was no response: no connection, or one that broke.

    `__cause__` is the exception of httpx, without its traceback, whose frames hold the key.
    """

    def __init__(self, message: str, request: httpx.Request, attempts: int = 1) -> None:
        super().__init__(f"{message} from {_origin(request.url)}", request, attempts)


class APITimeoutError(APIConnectionError):
    """There was no response in time. The service may have carried out the request."""


# PostgreSQL's unique_violation: a create with an external id that another project has.
UNIQUE_VIOLATION = "23505"

_BY_STATUS: dict[int, type[APIStatusError]] = {}


class APIStatusError(APIError):
    """The status of the response is not a success.

    Attributes:
        status_code: The status code.
        code: The error code of the service, such as ENTITY_NOT_FOUND; None if the response has none.
        params: The details that the service adds to the code, by name; often empty.
        message: The reason, for people.
        retry_after: The seconds that `Retry-After` asks to wait; None if the response has none.
        response: The response.
    """

    def __init_subclass__(cls, status: int | None = None) -> None:
        if status:
            _BY_STATUS[status] = cls

    def __init__(self, response: httpx.Response, attempts: int = 1) -> None:
        envelope = error_envelope(response)
        code, params = envelope.get("code"), envelope.get("params")
        self.response = response
        self.status_code: int = response.status_code
        self.code: str | None = code if isinstance(code, str) else None
        self.params: dict[str, Any] = params if is_object(params) else {}
        self.message: str = _reason(response, envelope)
        self.retry_after: float | None = parse_retry_after(response)
        status = f"{self.status_code} {self.code}" if self.code else self.status_code
        super().__init__(f"{status}: {self.message}", response.request, attempts)


class BadRequestError(APIStatusError, status=400):
    """400: the service found the body invalid."""


class AuthenticationError(APIStatusError, status=401):
    """401: the key is unknown or expired."""


class PaymentRequiredError(APIStatusError, status=402):
    """402: the platform's plan does not include this."""


class PermissionDeniedError(APIStatusError, status=403):
    """403: the key may not do this, or its session has expired."""


class NotFoundError(APIStatusError, status=404):
    """404: the project or the route does not exist."""


class ConflictError(APIStatusError, status=409):
    """409: the external id is taken, or the service does not allow the change."""


class PayloadTooLargeError(APIStatusError, status=413):
    """413: the body is too large."""


class RateLimitError(APIStatusError, status=429):
    """429: too many requests."""


class ServerError(APIStatusError):
    """5xx: the service, or a proxy in front of it, failed."""


def status_error(response: httpx.Response, attempts: int) -> APIStatusError:
    """Return the exception for a response that is not a success."""
    other = ServerError if response.status_code >= 500 else APIStatusError
    return _BY_STATUS.get(response.status_code, other)(response, attempts)


def is_taken(error: Exception) -> bool:
    """Return whether a value must be unique and is not, such as an external id (PostgreSQL's unique_violation)."""
    return isinstance(error, ServerError) and error.code == UNIQUE_VIOLATION


def unreadable(response: httpx.Response) -> ResponseValidationError:
    """Return the exception for a success that is not JSON: a truncated response, or one that is not the service's."""
    content_type = response.headers.get("Content-Type", "")
    if re.match(r"application/([\w.+-]+\+)?json", content_type, re.IGNORECASE):
        return ResponseValidationError("is not JSON", response)
    message = f"is {content_type.partition(';')[0] or 'of no type'} and not JSON: does base_url end in /api?"
    return ResponseValidationError(message, response, reached=False)


def describe(request: httpx.Request) -> str:
    """Return the method and the path of a request, for logs and messages."""
    return f"{request.method} {request.url.path}"


def _reason(response: httpx.Response, envelope: dict[str, Any]) -> str:
    """Return the reason that a response gives, in one of the forms that services and proxies have for it."""
    if response.has_redirect_location:
        return f"a redirect to {shorten(response.headers['location'])}, which is not followed"
    if (
        envelope.get("code") == UNIQUE_VIOLATION and b'"externalId"' in response.request.content
    ):  # the database's message does not say which
        return f"the external id {shorten(json.loads(response.request.content).get('externalId'))} is taken"
    params, error = envelope.get("params"), envelope.get("error")
    texts = [
        envelope.get("message"),
        params.get("message") if is_object(params) else None,
        error.get("message") if is_object(error) else None,
        envelope.get("detail"),  # application/problem+json (RFC 9457), and its title
        envelope.get("title"),
        shorten(params, 500) if is_object(params) and params else None,
        error,
        response.text if response.headers.get("Content-Type", "").startswith("text/plain") else None,
        response.reason_phrase,
    ]
    # Control characters could do harm in a terminal.
    plain = ("".join(filter(str.isprintable, text)).strip()[:500] for text in texts if isinstance(text, str))
    return next(filter(None, plain), "no reason given")


def _origin(url: httpx.URL) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}:{url.port or {'https': 443, 'http': 80}.get(url.scheme, 0)}"
