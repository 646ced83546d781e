"""Validation agrees with another implementation of JSON Schema.

`nox -s contract` draws 100,000 cases, and compares with another server: contract/test_prism.py.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any, cast

import httpx
import jsonschema  # type: ignore[import-untyped]  # it brings no types
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from activepieces_client import Activepieces, RequestValidationError, ResponseValidationError, validate

from .support import strategies

CASES = int(os.environ.get("CASES", "200"))
drawn = settings(
    max_examples=CASES // 2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

VALIDATOR = cast(Any, jsonschema).Draft202012Validator
REQUEST = VALIDATOR(strategies.definition("UpdateProjectRequest"))
RESPONSE = VALIDATOR(strategies.definition("Project"))


def agree(value: Any, ours: bool, theirs: bool) -> bool:
    """Return whether both validators agree, except on two known differences.

    ECMA-262, which OpenAPI asks for, takes `$` for the end; Python's `re`, also for the place before a last newline.
    The key `__proto__`, which the service rejects at any depth, is a rule that no schema can express.
    """
    text = json.dumps(value)
    return ours == theirs or r'\n"' in text or '"__proto__"' in text


@drawn
@given(strategies.any_for("UpdateProjectRequest"))
def test_request_is_valid_for_both_validators(body: Any) -> None:
    try:
        validate(body)
        ours = True
    except RequestValidationError:
        ours = False
    assert agree(body, ours, REQUEST.is_valid(body))


@drawn
@given(strategies.any_for("Project"))
def test_response_is_valid_for_both_validators(caplog: pytest.LogCaptureFixture, value: Any) -> None:
    caplog.clear()
    content = json.dumps(value).encode()
    # One client for all cases would warn of each kind of violation only once.
    client = Activepieces("sk-1", base_url="https://activepieces.test/api", http_client=http_client(content))
    try:
        client.projects.update("pRjEctId0000000000001", {}, check_applied=False)
        ours = not [record for record in caplog.records if record.levelno >= logging.WARNING]
    except ResponseValidationError:
        ours = False
    assert agree(value, ours, RESPONSE.is_valid(value))


class OneContent(httpx.BaseTransport):
    """Responds to every request with the same content, which may change."""

    content = b""

    def handle_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - httpx's signature
        return httpx.Response(200, content=self.content)


TRANSPORT = OneContent()
HTTP_CLIENT = httpx.Client(transport=TRANSPORT)


def http_client(content: bytes) -> httpx.Client:
    """Return one client for all cases: making one takes ten times as long as a case."""
    TRANSPORT.content = content
    return HTTP_CLIENT
