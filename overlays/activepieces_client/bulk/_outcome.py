"""The outcome of one update, and the kinds of errors that it can have."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

from activepieces_client._http import error_envelope
from activepieces_client._json import is_object
from activepieces_client.exceptions import (
    ActivepiecesError,
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ConfigurationError,
    NotAppliedError,
    RateLimitError,
    RequestValidationError,
    ResponseValidationError,
    ServerError,
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

# What the service responds where the update itself is at fault.
_FINAL_STATUSES = {400, 402, 404, 409, 413}


def is_final(error: ActivepiecesError | None) -> bool:
    """Return whether the same update would end the same way again.

    It succeeded (None), or its error is about the update itself. A status counts only in one of the service's two
    envelopes: a proxy has 404s of its own.
    """
    if isinstance(error, APIStatusError):
        return error.status_code in _FINAL_STATUSES and _has_service_envelope(error)
    return error is None or isinstance(error, RequestValidationError | NotAppliedError)


def is_systemic(error: ActivepiecesError) -> bool:
    """Return whether an error is not about its update: others are likely to have it."""
    if isinstance(error, ResponseValidationError):
        return not error.reached
    return isinstance(error, APIConnectionError | APIStatusError | ConfigurationError) and not is_final(error)


def is_transient(error: ActivepiecesError) -> bool:
    """Return whether a systemic error may pass; a missing permission does not."""
    return not (isinstance(error, APIStatusError) and error.status_code == 403 and _has_service_envelope(error))


def is_congestion(error: ActivepiecesError) -> bool:
    """Return whether fewer updates in flight may help."""
    return isinstance(error, RateLimitError | ServerError | APITimeoutError)


def is_outage(error: ActivepiecesError) -> bool:
    """Return whether the server may be restarting, which takes some time."""
    return is_congestion(error) or isinstance(error, APIConnectionError)


def _has_service_envelope(error: APIStatusError) -> bool:
    """Return whether the service itself responded, and not a proxy."""
    envelope = error_envelope(error.response)
    if error.code is not None and is_object(envelope.get("params")):
        return True
    # The web framework's own 404 is an unknown route: the base URL is wrong, not the update.
    return envelope.get("statusCode") == error.status_code != 404
