"""NotAppliedError: the response does not show the requested values."""

from __future__ import annotations

import contextlib
import pickle

import pytest

from activepieces_client import UNSET, Difference, NotAppliedError
from activepieces_client.models import Metadata
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, project_response, update_with


def test_ignored_properties_are_reported(update: Update) -> None:
    service = StandIn([{"type": "PERSONAL", "displayName": "Mine"}])
    body = {"displayName": "Acme", "icon": {"color": "RED"}, "maxConcurrentJobs": 5.0}
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, body)
    assert caught.value.differences == (
        Difference("$.displayName", "Acme", "Mine"),
        Difference("$.icon.color", "RED", "CYAN"),
    )
    assert str(caught.value) == (
        "the service accepted the request, but did not apply all of it:"
        '\n  $.displayName: requested "Acme", the response shows "Mine"'
        '\n  $.icon.color: requested "RED", the response shows "CYAN"'
    )
    assert caught.value.project.display_name == "Mine"
    assert caught.value.project.max_concurrent_jobs == 5

    assert update(service, ID, body, check_applied=False).display_name == "Mine"


def test_external_id_is_ignored_for_a_member(service: StandIn, update: Update) -> None:
    with pytest.raises(NotAppliedError, match=r'\$\.externalId: requested "mine", the response shows null'):
        update(service, ID, {"externalId": "mine"}, client={"api_key": service.member_key})


def test_rounded_integer_is_reported(service: StandIn, update: Update) -> None:
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"metadata": {"n": 2**53 + 1, "a": 1}})
    (field,) = caught.value.differences
    assert field == Difference("$.metadata", {"n": 2**53 + 1, "a": 1}, {"a": 1, "n": 2**53})


def test_float_that_returns_as_an_integer_is_equal(service: StandIn, update: Update) -> None:
    # JavaScript pads the digits that tell the float from its neighbours with zeros: 58883123955706850.
    project = update(service, ID, {"metadata": {"x": 5.888312395570685e16, "y": 5.0}})
    assert isinstance(project.metadata, Metadata)
    assert float(project.metadata["x"]) == 5.888312395570685e16


def test_shorter_list_is_reported_whole(service: StandIn, update: Update) -> None:
    service.fail(project_response(service, plan={**service.projects[0]["plan"], "pieces": ["a"]}))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"plan": {"pieces": ["a", "b"]}})
    assert caught.value.differences == (Difference("$.plan.pieces", ["a", "b"], ["a"]),)


def test_response_about_another_project_is_reported(service: StandIn, update: Update) -> None:
    service.fail(project_response(service, id="pRjEctId0000000000002"))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {})
    assert caught.value.differences == (Difference("path.id", ID, "pRjEctId0000000000002"),)


@pytest.mark.parametrize(
    ("requested", "returned", "equal"),
    [
        ("a", "b", False),
        ("1", 1, False),
        (0, False, False),
        (True, 1, False),
        (None, None, True),
        (None, 0, False),
        (1.5, 1, False),
        (1.0, 1, True),
        (2.0**60, 1152921504606847000, True),
        (1e300, 10**400, False),
        ("a", ["a"], False),
        (5, [5], False),
        (["a"], None, False),
        ([1], [1, 2], False),
        ([True], [1], False),
        ([2.0**60], [1152921504606847000], True),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, [], False),
    ],
)
def test_values_are_compared_as_json(service: StandIn, requested: object, returned: object, equal: bool) -> None:
    service.fail(project_response(service, metadata={"x": returned}))
    with contextlib.nullcontext() if equal else pytest.raises(NotAppliedError):
        update_with("sync")(service, ID, {"metadata": {"x": requested}})


# What the response lacks: a server that is older than a property drops it in silence.


@pytest.mark.parametrize("value", [5, None])
def test_lacking_property_is_reported(service: StandIn, update: Update, value: int | None) -> None:
    service.fail(project_response(service, "maxConcurrentJobs", displayName="Acme"))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"displayName": "Acme", "maxConcurrentJobs": value})
    (difference,) = caught.value.differences
    assert (difference.path, difference.requested) == ("$.maxConcurrentJobs", value)
    assert difference.returned is UNSET
    assert str(difference).endswith(", the response lacks it")
    assert str(difference) in str(caught.value)
    assert caught.value.project.display_name == "Acme"


def test_missing_and_different_properties_are_reported(service: StandIn, update: Update) -> None:
    service.fail(project_response(service, "metadata", displayName="Other"))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"displayName": "Acme", "metadata": {"a": 1}})
    assert caught.value.differences == (
        Difference("$.displayName", "Acme", "Other"),
        Difference("$.metadata", {"a": 1}, UNSET),
    )


def test_property_that_no_response_has_passes(service: StandIn, update: Update) -> None:
    service.fail(project_response(service, "globalConnectionExternalIds"))
    assert update(service, ID, {"globalConnectionExternalIds": ["a"]}).id == ID


def test_lacking_property_that_was_not_sent_passes(service: StandIn, update: Update) -> None:
    service.fail(project_response(service, "maxConcurrentJobs", "metadata", "externalId", "poolId"))
    assert update(service, ID, {}).id == ID


def test_lacking_property_passes_unchecked(service: StandIn, update: Update) -> None:
    service.fail(project_response(service, "maxConcurrentJobs"))
    assert update(service, ID, {"maxConcurrentJobs": 5}, check_applied=False).id == ID


def test_difference_of_a_lacking_property_is_pickled(service: StandIn, update: Update) -> None:
    service.fail(project_response(service, "maxConcurrentJobs"))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"maxConcurrentJobs": 5})
    (difference,) = pickle.loads(pickle.dumps(caught.value)).differences
    assert difference.returned is UNSET
    assert difference == caught.value.differences[0]


def test_difference_shows_requested_and_returned() -> None:
    difference = Difference("$.displayName", "Acme", "Mine")
    assert (difference.path, difference.requested, difference.returned) == ("$.displayName", "Acme", "Mine")
    assert str(difference) == '$.displayName: requested "Acme", the response shows "Mine"'
