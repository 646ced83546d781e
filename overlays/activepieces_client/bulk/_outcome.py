"""The outcome of one update of a roll-out, and what its error says about the update."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

from activepieces_client._json import is_object
from activepieces_client.exceptions import (
    ActivepiecesError,
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    NotAppliedError,
    NotFoundError,
    PayloadTooLargeError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    RequestValidationError,
    ResponseValidationError,
    ServerError,
    error_envelope,
)

if TYPE_CHECKING:
    from activepieces_api.models import Project


@attrs.frozen
class Updated:
    """An update that was made.

    Attributes:
        index: The position of the update among those given, from 0.
        project_id: The id of the project.
        project: The project as it is after the update.
        error: None.
    """

    index: int
    project_id: str
    project: Project
    error: None = None


@attrs.frozen
class Failed:
    """An update that failed.

    Attributes:
        index: The position of the update among those given, from 0.
        project_id: The id of the project.
        error: What `update` would have raised.
        project: None.
    """

    index: int
    project_id: str
    error: ActivepiecesError
    project: None = None


UpdateOutcome: TypeAlias = Updated | Failed
"""The outcome of one update: where `error` is None, there is a `project`."""

_ABOUT_THE_UPDATE = BadRequestError, PaymentRequiredError, NotFoundError, ConflictError, PayloadTooLargeError


def is_final(error: ActivepiecesError | None) -> bool:
    """Return whether the same update would end the same way again: it succeeded, or the error is about the update.

    The service uses these statuses for it, in one of its two envelopes: a proxy has 404s of its own.
    """
    if isinstance(error, _ABOUT_THE_UPDATE):
        return _is_of_the_service(error)
    return error is None or isinstance(error, RequestValidationError | NotAppliedError)


def says_nothing(error: ActivepiecesError) -> bool:
    """Return whether an error says nothing about its own update: the next one is likely to fail with it too."""
    if isinstance(error, ResponseValidationError):
        return not error.reached
    return isinstance(error, APIConnectionError | APIStatusError | ConfigurationError) and not is_final(error)


def is_congestion(error: ActivepiecesError) -> bool:
    """Return whether fewer updates at a time may help: the server or a proxy is busy, or fails."""
    return isinstance(error, RateLimitError | ServerError | APITimeoutError)


def is_outage(error: ActivepiecesError) -> bool:
    """Return whether the server may be restarting, which takes longer than what else may pass by itself."""
    return is_congestion(error) or isinstance(error, APIConnectionError)


def may_pass(error: ActivepiecesError) -> bool:
    """Return whether an error that says nothing about its update may pass by itself; what a key may not do stays so."""
    return not (isinstance(error, PermissionDeniedError) and _is_of_the_service(error))


def _is_of_the_service(error: APIStatusError) -> bool:
    envelope = error_envelope(error.response)
    if error.code is not None and is_object(envelope.get("params")):
        return True
    # The web framework's 404 is of an unknown route: the address is wrong, and not the update.
    return envelope.get("statusCode") == error.status_code != 404
