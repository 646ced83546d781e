"""One call, as a generator without I/O: validate, send, renew, retry.

It yields what to do (a request to send, a key to renew, seconds to wait), and is sent the outcome. The last thing that
it yields is the response with which the call ends.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, TypedDict

import attrs
import httpx

from . import exceptions as errors
from ._auth import READ_EXTENSION, is_rejected_key
from ._json import json_path
from ._log import logger
from ._retry import MAX_RETRY_AFTER, backoff, parse_retry_after, should_retry

if TYPE_CHECKING:
    from ._specification import Operation, Specification

# Seconds to send, to wait for the next bytes, to wait for a free connection; to connect.
DEFAULT_TIMEOUT = httpx.Timeout(30.0, connect=5.0)

HttpClient = httpx.Client | httpx.AsyncClient

Timeout = float | httpx.Timeout
"""Seconds for each phase of an attempt, or what httpx has for each phase by itself."""


class CallOptions(TypedDict, total=False):
    """The options of one call.

    An option that is missing or None has the client's value.
    """

    timeout: Timeout | None
    max_retries: int | None
    check_applied: bool


def _finite(timeout: Timeout) -> httpx.Timeout:
    """Return a timeout in which no phase lasts for ever: what is None is the default.

    Raises:
        ConfigurationError: A phase is not a number of seconds above 0.
    """
    limits: list[object] = [*timeout.as_dict().values()] if isinstance(timeout, httpx.Timeout) else [timeout]
    for limit in limits:
        number = isinstance(limit, int | float) and not isinstance(limit, bool) and 0 < limit < math.inf
        if not number and not (limit is None and isinstance(timeout, httpx.Timeout)):
            raise errors.ConfigurationError(f"timeout must be seconds above 0, or an httpx.Timeout; it is {timeout!r}")
    given = {phase: limit for phase, limit in httpx.Timeout(timeout).as_dict().items() if limit is not None}
    return httpx.Timeout(**{**DEFAULT_TIMEOUT.as_dict(), **given})


def _check_max_retries(_: Settings, __: attrs.Attribute[int], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise errors.ConfigurationError(f"max_retries must be an integer from 0 up; it is {value!r}")


@attrs.frozen(repr=False)  # one that is half made, in the traceback of an invalid value, could not be shown
class Settings:
    """What a call is made with."""

    specification: Specification
    base_url: str
    timeout: httpx.Timeout = attrs.field(converter=_finite)
    max_retries: int = attrs.field(validator=_check_max_retries)
    check_applied: bool = True
    headers: dict[str, str] = attrs.field(factory=dict[str, str])
    cookies: dict[str, str] = attrs.field(factory=dict[str, str])
    # What has been warned of: the operation, and where a response deviates from its schema.
    warned: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]])

    def evolve(self, **changes: object) -> Settings:
        """Return the same with changes; None changes nothing."""
        given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
        if "headers" in given:
            given["headers"] = {**self.headers, **given["headers"]}
        return attrs.evolve(self, **given)


@attrs.frozen
class Renewal:
    """Renew the key; the outcome is whether it is another than the rejected one.

    Attributes:
        rejected_read: The read of the key source that gave the rejected one.
    """

    rejected_read: int


Step = httpx.Request | Renewal | float
"""A request to send, a key to renew, or seconds to wait."""

Outcome = httpx.Response | httpx.RequestError | bool | None


def call(
    settings: Settings, http_client: HttpClient, method: str, url: str, arguments: dict[str, Any]
) -> Generator[Step | httpx.Response, Outcome, None]:
    """Decide each step of a call.

    Args:
        settings: What the call is made with.
        http_client: What builds its requests, with its own headers, cookies and parameters.
        method: The method.
        url: The path, without the address of the API.
        arguments: Those of `httpx.Client.request`.

    Raises:
        ActivepiecesError: What the call ends with, if not with a response.
    """
    operation, path = settings.specification.find(method, url)
    arguments = operation.validate_arguments(path, arguments)
    attempts = retries = 0
    renewed = False
    while True:
        request = _build_request(settings, http_client, method, url, arguments)
        outcome = yield request
        attempts += 1
        if logger.isEnabledFor(logging.DEBUG):
            name = errors.describe(request)
            logger.debug("%s: %r, attempt %d", name, outcome, attempts)
        if isinstance(outcome, httpx.Response) and outcome.is_success:
            _check_response(settings, operation, path, arguments.get("json"), outcome)
            yield outcome
        if is_rejected_key(outcome) and not renewed:
            renewed = True
            if (yield Renewal(request.extensions[READ_EXTENSION])):
                continue
        seconds = parse_retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        if seconds is None:
            seconds = backoff(retries)
        may_retry = retries < settings.max_retries and seconds <= MAX_RETRY_AFTER
        if not (may_retry and should_retry(outcome, idempotent=operation.idempotent)):
            raise _error(outcome, request, attempts)
        retries += 1
        yield seconds


def _build_request(
    settings: Settings, http_client: HttpClient, method: str, url: str, arguments: dict[str, Any]
) -> httpx.Request:
    headers = {**settings.headers, **arguments.get("headers", {})}
    cookies = {**settings.cookies, **arguments.get("cookies", {})} or None
    own: dict[str, Any] = {"headers": headers, "cookies": cookies, "timeout": settings.timeout}
    return http_client.build_request(method, settings.base_url + url, **{**arguments, **own})


def _check_response(
    settings: Settings, operation: Operation, path: dict[str, str], requested: Any, response: httpx.Response
) -> None:
    """Validate a success, and compare it with what was requested.

    Raises:
        ResponseValidationError: It cannot be read.
        NotAppliedError: It does not show what was requested.
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
    differences = operation.differences(path, requested, value) if settings.check_applied else []
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


def _error(outcome: Outcome, request: httpx.Request, attempts: int) -> errors.APIError:
    if isinstance(outcome, httpx.Response):
        return errors.status_error(outcome, attempts)
    kind = errors.APITimeoutError if isinstance(outcome, httpx.TimeoutException) else errors.APIConnectionError
    cause: BaseException | None = outcome if isinstance(outcome, BaseException) else None
    while cause and not str(cause):  # trio's TLS errors have no message of their own
        cause = cause.__context__
    # Its message only: the frames of httpx and httpcore, which tracebacks with locals show, hold the key.
    return kind(f"{type(outcome).__name__}: {cause or ''}".rstrip(": "), request, attempts)
