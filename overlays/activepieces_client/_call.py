"""One call as a generator that does no I/O: validate, send, renew the key, retry, and return the response or raise.

It yields what to do (a request to send, a key to renew, seconds to wait), and is sent the outcome. The last thing that
it yields is the response with which the call ends.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import attrs
import httpx

from . import exceptions as errors
from ._auth import KEY_EXTENSION, is_rejected_key
from ._json import json_path
from ._log import logger
from ._retry import MAX_RETRY_AFTER, backoff, parse_retry_after, should_retry

if TYPE_CHECKING:
    from ._connections import AsyncPool, SyncPool
    from ._specification import Operation, Specification


@attrs.frozen
class Renewal:
    """Renew the key, unless that was done since the one that was rejected; the outcome is whether it differs."""

    rejected: int


@attrs.frozen
class Wait:
    """Wait so many seconds."""

    seconds: float


Timeout = float | httpx.Timeout
"""Seconds for each phase of an attempt, or what httpx has for each phase by itself."""


@attrs.frozen
class CallOptions:
    """What a call may have of its own; what is None is the client's."""

    timeout: Timeout | None = None
    max_retries: int | None = None
    check_applied: bool = True


Step = httpx.Request | Renewal | Wait
Outcome = httpx.Response | httpx.RequestError | bool | None


@attrs.frozen
class Settings:
    """What a call is made with."""

    specification: Specification = attrs.field(repr=False)
    base_url: str
    timeout: httpx.Timeout
    max_retries: int
    check_applied: bool = True
    # What has been warned of: the operation, and where a response deviates from its schema.
    warned: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]], repr=False)


def call(
    settings: Settings,
    client: httpx.Client | httpx.AsyncClient,
    pool: SyncPool | AsyncPool,
    method: str,
    url: str,
    arguments: dict[str, Any],
) -> Generator[Step | httpx.Response, Outcome, None]:
    """Decide each step of a call.

    Args:
        settings: What the call is made with.
        client: What has headers, cookies and a timeout of their own for the call.
        pool: What it is sent with.
        method: The method.
        url: The path, without the address of the API.
        arguments: Those of `httpx.Client.request`.

    Raises:
        ActivepiecesError: What the call ends with, if not with a response.
    """
    operation, path = settings.specification.find(method, url)
    arguments = operation.validate_arguments(path, _supported(arguments))
    attempts = retries = 0
    renewed = False
    while True:
        request = _build_request(settings, client, pool, method, url, arguments)
        outcome = yield request
        attempts += 1
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(
                "%s: %r, attempt %d of %d", errors.describe(request), outcome, attempts, settings.max_retries + 1
            )
        if isinstance(outcome, httpx.Response) and outcome.is_success:
            _check_response(settings, operation, path, arguments.get("json"), outcome)
            yield outcome
        if is_rejected_key(outcome) and not renewed:
            renewed = True
            if (yield Renewal(request.extensions[KEY_EXTENSION])):
                continue
        seconds = parse_retry_after(outcome) if isinstance(outcome, httpx.Response) else None
        if seconds is None:
            seconds = backoff(retries)
        may_retry = retries < settings.max_retries and seconds <= MAX_RETRY_AFTER
        if not (may_retry and should_retry(outcome, idempotent=operation.idempotent)):
            raise _error(outcome, request, attempts)
        retries += 1
        yield Wait(seconds)


def _supported(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that are set, of those that the generated functions use.

    Raises:
        ConfigurationError: Another one is set, which would not be validated or would undo a guarantee.
    """
    given = {
        name: value for name, value in arguments.items() if value is not None and value is not httpx.USE_CLIENT_DEFAULT
    }
    for name in given.keys() - {"json", "params", "headers", "cookies"}:
        raise errors.ConfigurationError(
            f"{name} cannot be set for a request through client.generated; nothing was sent"
        )
    return given


def _build_request(
    settings: Settings,
    client: httpx.Client | httpx.AsyncClient,
    pool: SyncPool | AsyncPool,
    method: str,
    url: str,
    arguments: dict[str, Any],
) -> httpx.Request:
    headers = {**pool.headers, **client.headers, **arguments.get("headers", {})}
    cookies = {**dict(client.cookies), **arguments.get("cookies", {})}
    return pool.http_client.build_request(
        method,
        settings.base_url + url,
        json=arguments.get("json"),
        params=arguments.get("params"),
        headers=headers,
        cookies=cookies or None,
        timeout=finite(client.timeout, settings.timeout),
    )


def finite(timeout: httpx.Timeout, default: httpx.Timeout) -> httpx.Timeout:
    """Return a timeout in which no phase may last for ever: what is None comes from the default."""
    given = timeout.as_dict()
    if None not in given.values():
        return timeout
    limits = {phase: limit for phase, limit in given.items() if limit is not None}
    return httpx.Timeout(**{**default.as_dict(), **limits})


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
    except LookupError:
        raise errors.ResponseValidationError("has a status that the document lacks", response, reached=True) from None
    if schema is None:
        return
    try:
        value: Any = response.json()
    except (ValueError, RecursionError):
        raise errors.unreadable(response) from None
    deviations = {json_path(location): message for location, message in schema.violations(value)}
    not_applied = operation.differences(path, requested, value) if settings.check_applied else []
    if not (deviations or not_applied):
        return
    try:
        model = schema.parse(value)
    except (LookupError, TypeError, ValueError, AttributeError):
        reasons = "\n  ".join(["cannot be read:", *map(": ".join, deviations.items())])
        raise errors.ResponseValidationError(reasons, response, reached=True) from None
    for deviation, message in deviations.items():
        kind = (operation.id, re.sub(r"\[\d+\]", "[*]", deviation))
        if kind not in settings.warned:
            settings.warned.add(kind)
            logger.warning("%s: the response is not as specified, is it time to upgrade? %s: %s", *kind, message)
    if not_applied:
        raise errors.NotAppliedError(model, not_applied)


def _error(outcome: Outcome, request: httpx.Request, attempts: int) -> errors.APIError:
    if isinstance(outcome, httpx.Response):
        return errors.status_error(outcome, attempts)
    kind = errors.APITimeoutError if isinstance(outcome, httpx.TimeoutException) else errors.APIConnectionError
    cause: BaseException | None = outcome if isinstance(outcome, BaseException) else None
    while cause and not str(cause):  # trio's TLS errors have no message of their own
        cause = cause.__context__
    # Its message only: the frames of httpx and httpcore, which tracebacks with locals show, hold the key.
    return kind(f"{type(outcome).__name__}: {cause or ''}".rstrip(": "), request, attempts)
