"""What stands in the place of the generated client's httpx client, and makes every call a safe one.

The policy of a call is one generator that does no I/O: it yields a request to send or a number of seconds to wait,
and is sent what came of it. Two guards of a dozen lines, sync and async, carry that out.
"""

from __future__ import annotations

import functools
import logging
import math
import random
import re
import threading
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypedDict

import attrs
import httpx

from . import exceptions as errors
from ._json import json_path

if TYPE_CHECKING:
    from ._connections import Connections
    from ._specification import Operation, Specification

logger = logging.getLogger("activepieces_client")

# Seconds.
MIN_BACKOFF = 0.5
MAX_BACKOFF = 8.0
MAX_RETRY_AFTER = 60.0

# Bytes; a peer that takes few at a time is noticed between two chunks.
_CHUNK = 65536

_TOO_LONG = "the attempt as a whole took longer than its phases may together"

Step = httpx.Request | float | httpx.Response
"""A request to send, a number of seconds to wait, or the answer with which the call is done."""

Outcome = httpx.Response | httpx.RequestError | None
"""What came of a step: an answer, or why there is none; None after a wait."""


HttpClient = httpx.Client | httpx.AsyncClient

Timeout = float | httpx.Timeout
"""Seconds for each phase of an attempt, or what httpx has for each phase by itself."""


def finite(timeout: Timeout | None, default: httpx.Timeout) -> httpx.Timeout:
    """Take each phase that has no limit from the default, since no call may wait for ever."""
    limits = {phase: limit for phase, limit in httpx.Timeout(timeout).as_dict().items() if limit is not None}
    return httpx.Timeout(**{**default.as_dict(), **limits})


class CallOptions(TypedDict, total=False):
    """What a call may have of its own; what it has not is the client's."""

    timeout: Timeout | None
    max_retries: int | None
    check_applied: bool


@attrs.frozen
class Policy:
    """What a call does, step by step."""

    specification: Specification = attrs.field(repr=False)
    base_url: str
    timeout: httpx.Timeout
    max_retries: int
    check_applied: bool = True
    raise_429: bool = False
    _warned: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]], repr=False)

    def exchange(
        self, http_client: HttpClient, *, method: str, url: str, **arguments: Any
    ) -> Generator[Step, Outcome, None]:
        """Decide each step of one call, or raise the error with which it ends."""
        operation, path_values = self.specification.operation_of(method, url)
        arguments = operation.check_arguments(path_values, arguments)
        attempt = 0
        while True:
            attempt += 1
            request = self._request(http_client, method, self.base_url + url, arguments)
            outcome = yield request
            # A request lives on in answers and errors; the key must not.
            request.headers["Authorization"] = "[redacted]"
            if isinstance(outcome, httpx.Response):
                outcome.next_request = None  # where a redirect leads, which httpx prepares with the key
            if logger.isEnabledFor(logging.DEBUG):
                name = errors.describe(request)
                logger.debug("%s: %r, attempt %d of %d", name, outcome, attempt, 1 + self.max_retries)
            if isinstance(outcome, httpx.Response) and outcome.is_success:
                value = self._check_answer(operation, path_values, arguments.get("json"), outcome)
                vars(outcome)["json"] = lambda value=value: value  # the generated parser would read it a second time
                outcome.stream = httpx.ByteStream(outcome.content)  # that of httpx leads back to the answer, a cycle
                yield outcome
            elif attempt <= self.max_retries and self._worth_repeating(operation, outcome):
                yield delay(outcome, attempt)
            else:
                raise _error(request, outcome, attempt)

    def _worth_repeating(self, operation: Operation, outcome: Outcome) -> bool:
        if isinstance(outcome, httpx.Response):
            temporary = outcome.status_code == 408 or outcome.status_code >= 500
            return operation.safe_to_repeat and (temporary or (outcome.status_code == 429 and not self.raise_429))
        never_was = isinstance(outcome, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        broke = isinstance(outcome, (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError))
        return never_was or (broke and operation.safe_to_repeat)

    def _request(self, http_client: HttpClient, method: str, url: str, arguments: dict[str, Any]) -> httpx.Request:
        """Build what `http_client.build_request` would, which merges on every call what is nearly always the same."""
        of_client, of_call = http_client.headers.raw, arguments.get("headers", {}).items()
        cookies = http_client.cookies
        if "cookies" in arguments:
            cookies = httpx.Cookies(cookies)
            cookies.update(arguments["cookies"])
        merged: dict[str, Any] = {
            "headers": _headers(tuple(of_client), tuple(of_call), self.specification.version),
            "params": http_client.params.merge(arguments.get("params")) or None,
            "cookies": cookies,
        }
        return httpx.Request(method, url, **{**arguments, **merged}, extensions={"timeout": self.timeout.as_dict()})

    def _check_answer(
        self, operation: Operation, path_values: dict[str, str], asked: Any, answer: httpx.Response
    ) -> Any:
        """Read an answer, and hold it against the specification and against what was asked."""
        try:
            schema = operation.answer(answer.status_code)
            value: Any = answer.json() if schema else None
        except LookupError:
            raise errors.ResponseValidationError("the specification has no answer with this status", answer) from None
        except (ValueError, RecursionError):
            hint = "the answer is not JSON, so the API may not have been reached: does base_url end in /api?"
            raise errors.ResponseValidationError(hint, answer) from None
        deviations = {json_path(keys): message for keys, message in (schema.violations(value) if schema else ())}
        differences = operation.differences(path_values, asked, value) if self.check_applied else []
        if not schema or not (deviations or differences):
            return value
        try:
            model = schema.model(value)
        except (LookupError, TypeError, ValueError, AttributeError):
            reasons = "\n  ".join(["its answer cannot be read", *map(": ".join, deviations.items())])
            raise errors.ResponseValidationError(f"the service accepted the request, but {reasons}", answer) from None
        for path, message in deviations.items():
            kind = (operation.id, re.sub(r"\[\d+\]", "[*]", path))
            if kind not in self._warned:
                self._warned.add(kind)
                logger.warning("%s: the answer is not as specified, is it time to regenerate? %s: %s", *kind, message)
        if differences:
            raise errors.NotAppliedError(model, differences)
        return value


def delay(outcome: Outcome, attempt: int) -> float:
    """Seconds to wait before the next attempt: what the service asks for, or exponential with full jitter."""
    asked = errors.retry_after(outcome) if isinstance(outcome, httpx.Response) else None
    if asked is not None and asked <= MAX_RETRY_AFTER:
        return asked
    return random.uniform(0, min(MAX_BACKOFF, MIN_BACKOFF * 2 ** (attempt - 1)))  # noqa: S311 - no secret


def _error(request: httpx.Request, outcome: Outcome, attempts: int) -> errors.APIError:
    if isinstance(outcome, httpx.Response):
        return errors.status_error(outcome, attempts)
    kind = errors.APITimeoutError if isinstance(outcome, httpx.TimeoutException) else errors.APIConnectionError
    cause: BaseException | None = outcome
    while cause and not str(cause):  # trio's errors of TLS have no words of their own
        cause = cause.__context__
    # By its words only: the frames of httpx and httpcore, which tracebacks with locals show, hold the key.
    return kind(f"{type(outcome).__name__}: {cause or ''}".rstrip(": "), request, attempts)


@functools.lru_cache
def _headers(
    of_client: tuple[tuple[bytes, bytes], ...], of_call: tuple[tuple[str, str], ...], specification_version: str
) -> httpx.Headers:
    """Merge the headers of the httpx client and of the call, nearly always the same ones."""
    headers = httpx.Headers(of_client)
    headers.update(of_call)
    headers["Accept-Encoding"] = "identity"
    if headers.get("User-Agent", "").startswith("python-httpx/"):
        # The package has the version of its specification.
        ours = f"activepieces-client/{specification_version} openapi/{specification_version}"
        headers["User-Agent"] = f"{ours} python-httpx/{httpx.__version__}"
    return headers


def _total(request: httpx.Request) -> float:
    """Seconds for an attempt as a whole, since a byte now and then keeps it within the limit of each phase."""
    phases: dict[str, float] = request.extensions["timeout"]
    return sum(phases.values())


class _Deadline(threading.local):
    """When the attempt of this thread must be over, on the monotonic clock."""

    end = math.inf

    def limit(self, event: str, info: dict[str, Any]) -> None:
        """Hold a new connection to the deadline of the attempt that uses it; httpx's extension `trace`."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            stream = info["return_value"]
            stream.read = functools.partial(self._read, stream.read)
            stream.write = functools.partial(self._write, stream.write)

    def _read(self, read: Callable[..., bytes], max_bytes: int, timeout: float | None = None) -> bytes:
        return read(max_bytes, timeout=self._left(timeout))

    def _write(self, write: Callable[..., None], content: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(content), _CHUNK):
            write(content[start : start + _CHUNK], timeout=self._left(timeout))

    def _left(self, timeout: float | None) -> float | None:
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpx.TimeoutException(_TOO_LONG)
        # Your own client may use the connection for requests of its own, which have no deadline.
        return timeout if left == math.inf else min(left, left if timeout is None else timeout)


_deadline = _Deadline()


@attrs.frozen
class Guard:
    """Carries a policy out with a `httpx.Client`."""

    policy: Policy
    connections: Connections[httpx.Client]
    auth: httpx.Auth

    def request(self, **arguments: Any) -> httpx.Response:
        """Do what `httpx.Client.request` does, safely."""
        exchange = self.policy.exchange(self.connections.shared, **arguments)
        step = next(exchange)
        while not isinstance(step, httpx.Response):
            step = exchange.send(self._carry_out(step))
        return step

    def _carry_out(self, step: httpx.Request | float) -> Outcome:
        if not isinstance(step, httpx.Request):
            time.sleep(step)
            return None
        step.extensions["trace"] = _deadline.limit
        before, _deadline.end = _deadline.end, time.monotonic() + _total(step)
        try:
            with self.connections.one() as http_client:
                return http_client.send(step, auth=self.auth, follow_redirects=False)
        except httpx.RequestError as error:
            return error
        finally:
            _deadline.end = before


@attrs.frozen
class AsyncGuard:
    """Carries a policy out with a `httpx.AsyncClient`, under asyncio and trio."""

    policy: Policy
    connections: Connections[httpx.AsyncClient]
    auth: httpx.Auth

    async def request(self, **arguments: Any) -> httpx.Response:
        """Do what `httpx.AsyncClient.request` does, safely."""
        exchange = self.policy.exchange(self.connections.shared, **arguments)
        step = next(exchange)
        while not isinstance(step, httpx.Response):
            step = exchange.send(await self._carry_out(step))
        return step

    async def _carry_out(self, step: httpx.Request | float) -> Outcome:
        import anyio  # noqa: PLC0415 - when it is first needed

        if not isinstance(step, httpx.Request):
            await anyio.sleep(step)
            return None
        try:
            with self.connections.one() as http_client, anyio.move_on_after(_total(step)):
                return await http_client.send(step, auth=self.auth, follow_redirects=False)
        except httpx.RequestError as error:
            return error
        return httpx.TimeoutException(_TOO_LONG)
