"""Update Activepieces projects: typed, checked before sending, safe to leave running.

from activepieces_client import Activepieces
from activepieces_client.models import UpdateProjectRequest

with Activepieces() as client:
    project = client.projects.update("pRjEctId0000000000001", UpdateProjectRequest(display_name="Acme EU"))
"""

from ._client import Activepieces, AsyncActivepieces
from ._exceptions import (
    ActivepiecesError,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    Difference,
    NotAppliedError,
    NotFoundError,
    PayloadTooLargeError,
    PaymentRequiredError,
    PermissionDeniedError,
    Problem,
    RateLimitError,
    RequestValidationError,
    ResponseValidationError,
    ServerError,
)
from ._projects import validate

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "Activepieces",
    "ActivepiecesError",
    "AsyncActivepieces",
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
    "validate",
]
