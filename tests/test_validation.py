"""Validation of requests: every violation, with its location."""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import re
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

import pytest

from activepieces_client import RequestValidationError, validate
from activepieces_client.models import (
    ColorName,
    Metadata,
    PiecesFilterType,
    ProjectIconUpdate,
    ProjectPlanUpdate,
    UpdateProjectRequest,
)
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, sync_client


def violations_of(body: object) -> dict[str, str]:
    with pytest.raises(RequestValidationError) as caught:
        validate(cast(Any, body))
    return {violation.path: violation.message for violation in caught.value.violations}


def test_all_violations_are_reported_at_once(service: StandIn, update: Update) -> None:
    body = {
        "plan": {"pieces": ["a", 2], "nope": 1, "piecesFilterType": "SOME"},
        "displayname": "Acme",
        "icon": {},
        "maxConcurrentJobs": 0,
        "displayName": "a/b",
        "metadata": {"share": math.nan},
    }
    with pytest.raises(RequestValidationError) as caught:
        update(service, "", body)

    violations = {violation.path: violation.message for violation in caught.value.violations}
    # Values that JSON cannot carry come first; the rest is in the order of the validator.
    assert next(iter(violations)) == "$.metadata.share"
    assert violations.keys() == {
        "path.id",
        "$.plan.pieces[1]",
        "$.plan.nope",
        "$.plan.piecesFilterType",
        "$.displayname",
        "$.icon",
        "$.maxConcurrentJobs",
        "$.displayName",
        "$.metadata.share",
    }
    assert len(caught.value.violations) == len(violations)
    assert isinstance(caught.value, ValueError)
    head, first, *_ = str(caught.value).split("\n  ")
    assert head == "the request is invalid, and nothing was sent:"
    assert first == f"$.metadata.share: {violations['$.metadata.share']}"
    assert service.requests == []


def test_value_of_another_type_is_one_violation() -> None:
    with pytest.raises(RequestValidationError) as caught:
        validate({"plan": {"piecesFilterType": 5}})
    assert [violation.message for violation in caught.value.violations] == ['5 is not of type "string"']


def test_id_that_is_no_string(service: StandIn) -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    client = sync_client(service)
    for project_id, shown in ((5, "5"), (None, "null"), (b"p1", "\"b'p1'\""), (nested, "<list, nested very deep>")):
        with pytest.raises(RequestValidationError, match=re.escape(f'path.id: {shown} is not of type "string"')):
            client.projects.update(cast(str, project_id), {})
    assert service.requests == []


def test_valid_id_is_no_violation(service: StandIn, update: Update) -> None:
    with pytest.raises(RequestValidationError) as caught:
        update(service, ID, {"icon": 5})
    assert [str(violation) for violation in caught.value.violations] == ['$.icon: 5 is not of type "object"']


def test_id_that_no_url_can_carry_says_why(service: StandIn, update: Update) -> None:
    with pytest.raises(RequestValidationError) as caught:
        update(service, "a\ud800", {})
    assert [str(violation) for violation in caught.value.violations] == [
        "path.id: contains U+D800, which UTF-8 cannot carry"
    ]


@pytest.mark.parametrize(
    "project_id", ["", ".", "..", "a/../b", "../users", "a\\..\\b", "/a", "a" * 101, 5, None, "a\0b", "\ud800"]
)
def test_id_that_is_not_one_segment_is_invalid(service: StandIn, update: Update, project_id: str) -> None:
    try:
        with pytest.raises(RequestValidationError, match=r"path\.id"):
            update(service, project_id, {"displayName": "Acme"})
    finally:
        assert service.requests == []


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({"displayName": "a.b"}, "$.displayName", '"a.b" does not match "^[^./]+$"'),
        ({"displayName": ""}, "$.displayName", '"" does not match "^[^./]+$"'),
        ({"displayName": None}, "$.displayName", 'null is not of type "string"'),
        ({"maxConcurrentJobs": True}, "$.maxConcurrentJobs", 'true is not of types "null", "integer"'),
        ({"maxConcurrentJobs": 1.5}, "$.maxConcurrentJobs", '1.5 is not of types "null", "integer"'),
        ({"maxConcurrentJobs": 2**53}, "$.maxConcurrentJobs", "9007199254740992 is greater than the maximum of"),
        ({"icon": {"color": "TEAL"}}, "$.icon.color", '"TEAL" is not one of "RED", "BLUE"'),
        ({"icon": {}}, "$.icon", '"color" is a required property'),
        ({"displayname": 1}, "$.displayname", 'did you mean "displayName"?'),
        ({"display_name": 1}, "$.display_name", 'did you mean "displayName"?'),
        ({"plan": {"piecesFiltertype": 1}}, "$.plan.piecesFiltertype", 'did you mean "piecesFilterType"?'),
        ({"plan": {"quota": 1}}, "$.plan.quota", "known are activeFlowsLimit, pieces, piecesFilterType"),
        ({"metadata": []}, "$.metadata", '[] is not of type "object"'),
        ([], "$", '[] is not of type "object"'),
        ("Acme", "$", '"Acme" is not of type "object"'),
        (None, "$", 'null is not of type "object"'),
    ],
)
def test_each_constraint_is_validated(body: object, path: str, message: str) -> None:
    violations = violations_of(body)
    assert list(violations) == [path]
    assert message in violations[path]


class Level(enum.IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()


def deep() -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(5000):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        (float("nan"), "$.metadata.x", "is nan, which JSON cannot carry"),
        (float("-inf"), "$.metadata.x", "is -inf, which JSON cannot carry"),
        pytest.param(10**309, "$.metadata.x", "is a number of this size, which JSON cannot carry", id="large"),
        pytest.param(10**5000, "$.metadata.x", "is a number of this size, which JSON cannot carry", id="huge"),
        (decimal.Decimal("1.1"), "$.metadata.x", "is of type Decimal"),
        (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "$.metadata.x", "is of type datetime"),
        (b"bytes", "$.metadata.x", "is of type bytes"),
        ({1, 2}, "$.metadata.x", "is of type set"),
        ({1: "a"}, "$.metadata.x", "has a key of type int, but JSON has only strings"),
        ({"a b": {None: 1}}, '$.metadata.x["a b"]', "has a key of type NoneType, but JSON has only strings"),
        ("a\0b", "$.metadata.x", "contains U+0000, which the service cannot store"),
        ([{"__proto__": 1}], "$.metadata.x[0]", 'has the key "__proto__", which the service rejects'),
        ({"a\0": 1}, "$.metadata.x", "has a key that contains U+0000"),
        ("\ud83d", "$.metadata.x", "contains U+D83D, which UTF-8 cannot carry"),
        ({"\udc00": 1}, "$.metadata.x", "has a key that contains U+DC00"),
        ([0, object()], "$.metadata.x[1]", "is of type object"),
    ],
)
def test_value_that_json_cannot_carry_is_located(value: object, path: str, message: str) -> None:
    violations = violations_of({"metadata": {"x": value}})
    assert list(violations) == [path]
    assert violations[path].startswith(message)


def test_largest_float_and_200_levels_are_valid() -> None:
    value: list[Any] = []
    for _ in range(196):  # plus the levels around it: metadata, the body, and the request
        value = [value]
    validate({"metadata": {"largest": sys.float_info.max, "deep": value}})
    (message,) = violations_of({"metadata": {"deep": [value]}}).values()
    assert message == "is nested more than 200 levels deep"


def test_value_that_contains_itself_is_invalid() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    assert violations_of({"metadata": {"object": value}}) == {"$.metadata.object.self": "contains itself"}
    array: list[Any] = []
    array.append(array)
    assert violations_of({"metadata": {"array": array}}) == {"$.metadata.array[0]": "contains itself"}


def test_very_deep_value_is_invalid() -> None:
    (message,) = violations_of({"metadata": deep()}).values()
    assert "nested more than" in message


def test_subclasses_of_json_types_are_sent_as_json(service: StandIn, update: Update) -> None:
    body: Mapping[str, Any] = MappingProxyType(
        {
            "displayName": Text("Acme"),
            "icon": {"color": ColorName.RED},
            "plan": {"piecesFilterType": PiecesFilterType.ALLOWED, "pieces": ("a", "b")},
            "metadata": MappingProxyType({"level": Level.HIGH, "inner": MappingProxyType({"a": ("b",)})}),
        }
    )
    update(service, ID, body, check_applied=False)
    assert service.requests[0].json == {
        "displayName": "Acme",
        "icon": {"color": "RED"},
        "plan": {"piecesFilterType": "ALLOWED", "pieces": ["a", "b"]},
        "metadata": {"level": 3, "inner": {"a": ["b"]}},
    }


def test_model_that_is_no_json_says_why() -> None:
    metadata = Metadata()
    metadata.additional_properties = cast(Any, 5)
    with pytest.raises(RequestValidationError) as caught:
        validate(UpdateProjectRequest(metadata=metadata))
    assert [str(violation) for violation in caught.value.violations] == ["$: 'int' object is not iterable"]


def test_model_with_attributes_of_other_types(service: StandIn, update: Update) -> None:
    icon = cast(ProjectIconUpdate, {"color": "RED"})
    plan = ProjectPlanUpdate(pieces_filter_type=cast(PiecesFilterType, "ALLOWED"))
    with pytest.raises(RequestValidationError) as caught:
        update(service, ID, UpdateProjectRequest(display_name="Acme", icon=icon, plan=plan))
    assert {violation.path: violation.message for violation in caught.value.violations} == {
        "$.icon": (
            'is {"color": "RED"}, but the model takes a ProjectIconUpdate: write ProjectIconUpdate.from_dict(…)'
        ),
        "$.plan.pieces_filter_type": (
            'is "ALLOWED", but the model takes a PiecesFilterType: write PiecesFilterType.ALLOWED'
        ),
    }
    assert service.requests == []


def test_model_that_cannot_be_converted_is_invalid(service: StandIn, update: Update) -> None:
    metadata = Metadata()
    metadata.additional_properties = cast(dict[str, Any], 5)
    with pytest.raises(RequestValidationError) as caught:
        update(service, ID, UpdateProjectRequest(metadata=metadata))
    assert [violation.path for violation in caught.value.violations] == ["$"]
    assert service.requests == []


def test_values_beyond_100_characters_are_shortened() -> None:
    for name, shown in (
        ("ü/" + "ü" * 96, '"ü/' + "ü" * 96 + '"'),
        ("ü/" + "ü" * 97, '"ü/' + "ü" * 96 + "…"),
        ("ü/" + "ü" * 10_000, '"ü/' + "ü" * 96 + "…"),
    ):
        assert violations_of({"displayName": name}) == {"$.displayName": f'{shown} does not match "^[^./]+$"'}


def test_valid_body_passes() -> None:
    validate({"displayName": "Acme", "maxConcurrentJobs": None, "metadata": {}})
    validate(UpdateProjectRequest(display_name="Acme"))
    validate({})
