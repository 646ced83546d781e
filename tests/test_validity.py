"""What is valid is what another implementation of JSON Schema says, of requests and of answers.

`nox -s contract` draws 100,000 cases; contract.py has another judge, a server.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from typing import Any, cast

import httpx
import jsonschema  # type: ignore[import-untyped]  # it brings no types
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from activepieces_client import Activepieces, RequestValidationError, ResponseValidationError, validate

from .support import strategies

CASES = int(os.environ.get("CASES", "300"))
drawn = settings(
    max_examples=CASES // 2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

JUDGE = cast(Any, jsonschema).Draft202012Validator
REQUEST = JUDGE(strategies.definition("UpdateProjectRequest"))
ANSWER = JUDGE(strategies.definition("Project"))

# Why client and judge may part, by name. Each is asked only where they do.
EXPLAINED: dict[str, Callable[[str], bool]] = {
    # ECMA-262, which OpenAPI asks for: $ is the end. For Python's `re`, it is also the place before a last newline.
    "a newline at the end": lambda text: r'\n"' in text,
}


def agree(value: Any, ours: bool, theirs: bool) -> bool:
    return ours == theirs or any(explains(json.dumps(value)) for explains in EXPLAINED.values())


@drawn
@given(strategies.any_for("UpdateProjectRequest"))
def test_requests(body: Any) -> None:
    try:
        validate(body)
        ours = True
    except RequestValidationError:
        ours = False
    assert agree(body, ours, REQUEST.is_valid(body))


@drawn
@given(strategies.any_for("Project"))
def test_answers(caplog: pytest.LogCaptureFixture, answer: Any) -> None:
    caplog.clear()
    content = json.dumps(answer).encode()
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content))) as http_client:
        client = Activepieces("sk-1", base_url="https://activepieces.test/api", http_client=http_client)
        try:
            client.projects.update("pRjEctId0000000000001", {}, check_applied=False)
            ours = not [record for record in caplog.records if record.levelno >= logging.WARNING]
        except ResponseValidationError:
            ours = False
    assert agree(answer, ours, ANSWER.is_valid(answer))
