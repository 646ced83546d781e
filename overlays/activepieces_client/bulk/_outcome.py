"""The outcome of one update, and the kinds of errors that it can have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import attrs

from activepieces_client import exceptions as errors
from activepieces_client._http import error_envelope
from activepieces_client._json import is_object

if TYPE_CHECKING:
    from activepieces_api.models import Project

    from ._plan import Change


@attrs.frozen
class Updated:
    """An update that was made.

    Attributes:
        index: The position of the update among those given, from 0.
        project_id: The id of the project.
        project: The project as it is after the update.
        change: The change of the plan that the update comes from; None if it does not come from a plan.
        error: None.
    """

    index: int
    project_id: str
    project: Project
    change: Change | None = None
    error: None = None


@attrs.frozen
class Failed:
    """An update that failed.

    Attributes:
        index: The position of the update among those given, from 0.
        project_id: The id of the project.
        error: The error that `update` would have raised.
        change: The change of the plan that the update comes from; None if it does not come from a plan.
        project: None.
    """

    index: int
    project_id: str
    error: errors.ActivepiecesError
    change: Change | None = None
    project: None = None


UpdateOutcome: TypeAlias = Updated | Failed
"""The outcome of one update: if its `error` is None, it has a `project`."""

# The service responds with these if the update itself is at fault.
_FINAL_STATUSES = {400, 402, 404, 409, 413}

# The codes of database errors about a value: SQLSTATE classes 22 (data) and 23 (constraints).
_SQLSTATE_OF_A_VALUE = re.compile("2[23][0-9A-Z]{3}")


def is_final(error: errors.ActivepiecesError | None) -> bool:
    """Return whether the same update would end in the same way again.

    It succeeded (None), or its error is about the update itself. A status counts only in one of the service's two
    envelopes, since a proxy responds with 404, too.
    """
    if not isinstance(error, errors.APIStatusError):
        return error is None or isinstance(error, errors.RequestValidationError | errors.NotAppliedError)
    envelope = error_envelope(error.response)
    framework = envelope.get("statusCode") == error.status_code
    service = error.code is not None and is_object(envelope.get("params"))
    if error.status_code == 500:
        return framework and bool(_SQLSTATE_OF_A_VALUE.fullmatch(error.code or ""))
    if error.status_code == 403:  # a permission that the key lacks for this project
        return service and "projectId" in error.params
    # The web framework's own 404 is an unknown route: the base URL is wrong, not the update.
    return error.status_code in _FINAL_STATUSES and (service or (framework and error.status_code != 404))


def is_shared(error: errors.ActivepiecesError) -> bool:
    """Return whether an error is not about its update: others are likely to have it."""
    if isinstance(error, errors.ResponseValidationError):
        return not error.reached
    return isinstance(
        error, errors.APIConnectionError | errors.APIStatusError | errors.ConfigurationError
    ) and not is_final(error)


def is_fault(error: errors.ActivepiecesError) -> bool:
    """Return whether a shared error may pass by itself; a wrong key or address does not."""
    return isinstance(error, errors.APIConnectionError | errors.RateLimitError | errors.ServerError)
