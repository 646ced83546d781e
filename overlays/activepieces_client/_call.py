"""One call, as a generator without I/O: validate, send, renew the key, retry.

It yields each step (send, renew, or seconds to wait), receives the outcome, and returns the response.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Generator, Mapping
from typing import Any, TypedDict

import attrs
import httpx

from . import exceptions as errors
from ._http import is_rejected_key, parse_retry_after
from ._json import json_path
from ._log import logger
from ._retry import MAX_RETRY_AFTER, backoff, causes, is_tls_mismatch, should_retry
from ._specification import Operation, Specification

_DEFAULT_LIMITS = {"connect": 5.0, "read": 30.0, "write": 30.0, "pool": 30.0}  # seconds
DEFAULT_TIMEOUT = httpx.Timeout(**_DEFAULT_LIMITS)

Timeout = float | httpx.Timeout
"""Seconds for each phase of an attempt, or an `httpx.Timeout` with a number for each phase."""


def finite(timeout: Timeout) -> httpx.Timeout:
    """Return a timeout that limits every phase: a phase that is None gets the default.

    Raises:
        ConfigurationError: A phase is not a number of seconds above 0.
    """
    limits: list[object] = [*timeout.as_dict().values()] if isinstance(timeout, httpx.Timeout) else [timeout]
    for limit in limits:
        number = isinstance(limit, int | float) and not isinstance(limit, bool) and 0 < limit < math.inf
        if not number and not (limit is None and isinstance(timeout, httpx.Timeout)):
            raise errors.ConfigurationError(f"timeout must be seconds above 0, or an httpx.Timeout; it is {timeout!r}")
    return httpx.Timeout(**finite_limits(httpx.Timeout(timeout).as_dict()))


def finite_limits(limits: Mapping[str, float | None]) -> dict[str, float]:
    """Return the seconds of each phase, as a request carries them, without None."""
    return {**_DEFAULT_LIMITS, **{phase: limit for phase, limit in limits.items() if limit is not None}}


def _validate_max_retries(_: Settings, __: attrs.Attribute[int], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise errors.ConfigurationError(f"max_retries must be an integer from 0 up; it is {value!r}")


class CallOptions(TypedDict, total=False):
    """The options of one call; an option that is missing or None has the client's value."""

    timeout: Timeout | None
    max_retries: int | None
    check_applied: bool


@attrs.frozen(repr=False)  # attrs' repr fails on a half-initialised instance, which a traceback may show
class Settings:
    """The settings of a call.

    Attributes:
        specification: The operations.
        base_url: The address of the API.
        via: The proxy, for messages.
        timeout: The seconds of each phase of an attempt.
        max_retries: How often to retry.
        check_applied: Whether a response that does not show the requested values is an error.
        warned: The deviations of responses from their schemas that have been logged.
    """

    specification: Specification
    base_url: str
    via: str
    timeout: httpx.Timeout = attrs.field(converter=finite)
    max_retries: int = attrs.field(validator=_validate_max_retries)
    check_applied: bool = True
    warned: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]])

    def evolve(self, method: str, options: CallOptions) -> Settings:
        """Return the settings with the options of a method.

        Raises:
            TypeError: An option does not exist.
        """
        for name in options.keys() - CallOptions.__annotations__.keys():
            raise TypeError(f"{method}() got an unexpected keyword argument {name!r}")
        timeout, max_retries = options.get("timeout"), options.get("max_retries")
        return attrs.evolve(
            self,
            timeout=self.timeout if timeout is None else timeout,
            max_retries=self.max_retries if max_retries is None else max_retries,
            check_applied=options.get("check_applied", True),
        )


@attrs.frozen
class Send:
    """Send the request; the outcome is the response, or the error of httpx."""

    with_key: bool


@attrs.frozen
class Renew:
    """Renew the key; the outcome is whether it differs from the rejected one."""


Step = Send | Renew | float
"""The next step; a number is seconds to wait."""

Outcome = httpx.Response | httpx.RequestError | bool | None


def call(settings: Settings, request: httpx.Request) -> Generator[Step, Outcome, httpx.Response]:
    """Yield each step of a call, and return its response.

    Args:
        settings: The settings of the call.
        request: The request, with its content read and without a key.

    Raises:
        ActivepiecesError: The call ends without a response to return.
    """
    operation, path = settings.specification.find(settings.base_url, request)
    members = operation.read(request, path)
    attempts = retries = 0
    renewed = False
    while True:
        outcome = yield Send(operation.secured)
        assert isinstance(outcome, httpx.Response | httpx.RequestError)  # noqa: S101 - for type checkers
        attempts += 1
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s: %r, attempt %d", errors.describe(request), outcome, attempts)
        if isinstance(outcome, httpx.Response):
            if outcome.is_success:
                _check_response(settings, operation, members, outcome)
                return outcome
            if operation.secured and not renewed and is_rejected_key(outcome):
                renewed = True
                if (yield Renew()):
                    continue
        seconds = parse_retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        if seconds is None:
            seconds = backoff(retries)
        may_retry = retries < settings.max_retries and seconds <= MAX_RETRY_AFTER
        if not (may_retry and should_retry(outcome, idempotent=operation.idempotent)):
            error = _error(outcome, request, attempts, settings.via)
            error.retries = retries
            raise error
        retries += 1
        reason = f"status {outcome.status_code}" if isinstance(outcome, httpx.Response) else _reason(outcome)
        logger.info("%s: retry %d in %.1f s after %s", errors.describe(request), retries, seconds, reason)
        yield seconds


def _check_response(
    settings: Settings, operation: Operation, members: dict[str, Any], response: httpx.Response
) -> None:
    """Validate a success, and compare it with the request.

    Raises:
        ResponseValidationError: The response cannot be read.
        NotAppliedError: The response does not show the requested values.
    """
    try:
        schema = operation.response(response.status_code)
        value: Any = response.json() if schema else None
    except LookupError:
        raise errors.ResponseValidationError("has a status that the document lacks", response) from None
    except (ValueError, RecursionError):
        raise errors.unreadable(response) from None
    if schema is None:
        return
    deviations = {json_path(location): message for location, message in schema.violations(value)}
    differences = operation.differences(members, value) if settings.check_applied else []
    if not (deviations or differences):
        return
    try:
        model = schema.parse(value)
    except (LookupError, TypeError, ValueError, AttributeError):
        reasons = "\n  ".join(["cannot be read:", *map(": ".join, deviations.items())])
        raise errors.ResponseValidationError(reasons, response) from None
    for deviation, message in deviations.items():
        kind = (operation.id, re.sub(r"\[\d+\]", "[*]", deviation))
        if kind not in settings.warned:
            settings.warned.add(kind)
            logger.warning("%s: the response is not as specified, is it time to upgrade? %s: %s", *kind, message)
    if differences:
        raise errors.NotAppliedError(model, differences)


def _error(
    outcome: httpx.Response | httpx.RequestError, request: httpx.Request, attempts: int, via: str
) -> errors.APIError:
    if isinstance(outcome, httpx.Response):
        return errors.status_error(outcome, attempts)
    kind = errors.APITimeoutError if isinstance(outcome, httpx.TimeoutException) else errors.APIConnectionError
    hint = " (SSL_CERT_FILE or an http_client can trust another certificate)" if is_tls_mismatch(outcome) else ""
    error = kind(f"{_reason(outcome)}{hint}{via}", request, attempts)
    # The frames of httpx and httpcore, which tracebacks with locals show, hold the key.
    outcome.__cause__ = outcome.__context__ = None
    error.__cause__ = outcome.with_traceback(None)
    return error


def _reason(error: httpx.RequestError) -> str:
    """Return the name and the message of an error; trio's TLS errors have it in their context."""
    messages = (str(cause) for cause in causes(error))
    return f"{type(error).__name__}: {next(filter(None, messages), '')}".rstrip(": ")
