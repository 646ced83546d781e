"""What the response lacks, of what was sent, was not applied: a server older than the property drops it in silence."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import httpx
import pytest

import activepieces_client
from activepieces_client import Difference, NotAppliedError
from activepieces_client.testing import StandIn

from .support.updates import Update

ID = "pRjEctId0000000000001"


def response_without(service: StandIn, *names: str, **changes: Any) -> httpx.Response:
    """Respond as a server does that does not know some properties."""
    project = {**copy.deepcopy(service.projects[0]), **changes}
    return httpx.Response(200, json={name: value for name, value in project.items() if name not in names})


@pytest.mark.parametrize("value", [5, None])
def test_lacking_property_was_not_applied(service: StandIn, update: Update, value: int | None) -> None:
    service.fail(response_without(service, "maxConcurrentJobs", displayName="Acme"))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"displayName": "Acme", "maxConcurrentJobs": value})
    (difference,) = caught.value.fields
    assert (difference.path, difference.requested) == ("$.maxConcurrentJobs", value)
    assert difference.returned is activepieces_client.UNSET
    assert "the response lacks it" in str(difference)
    assert "the response lacks it" in str(caught.value)
    assert caught.value.project.display_name == "Acme"


def test_lacking_and_different_properties_are_all_told(service: StandIn, update: Update) -> None:
    service.fail(response_without(service, "metadata", displayName="Other"))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"displayName": "Acme", "metadata": {"a": 1}})
    assert caught.value.fields == (
        Difference("$.displayName", "Acme", "Other"),
        Difference("$.metadata", {"a": 1}, activepieces_client.UNSET),
    )


def test_property_that_no_response_has_passes(service: StandIn, update: Update) -> None:
    service.fail(response_without(service, "globalConnectionExternalIds"))
    assert update(service, ID, {"globalConnectionExternalIds": ["a"]}).id == ID


def test_lacking_property_that_was_not_sent_passes(service: StandIn, update: Update) -> None:
    service.fail(response_without(service, "maxConcurrentJobs", "metadata", "externalId", "poolId"))
    assert update(service, ID, {}).id == ID


def test_lacking_property_passes_unchecked(service: StandIn, update: Update) -> None:
    service.fail(response_without(service, "maxConcurrentJobs"))
    assert update(service, ID, {"maxConcurrentJobs": 5}, check_applied=False).id == ID


def test_difference_of_a_lacking_property_is_pickled(service: StandIn, update: Update) -> None:
    service.fail(response_without(service, "maxConcurrentJobs"))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"maxConcurrentJobs": 5})
    (difference,) = pickle.loads(pickle.dumps(caught.value)).fields
    assert difference.returned is activepieces_client.UNSET
    assert difference == caught.value.fields[0]


def test_difference_says_what_was_requested_and_returned() -> None:
    difference = Difference("$.displayName", "Acme", "Mine")
    assert (difference.path, difference.requested, difference.returned) == ("$.displayName", "Acme", "Mine")
    assert '"Acme"' in str(difference)
    assert '"Mine"' in str(difference)
    assert str(difference).startswith("$.displayName: ")
