"""Models and UNSET in copies, pickles and processes; members of enums."""

from __future__ import annotations

import copy
import enum
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import activepieces_api.types
import activepieces_client
from activepieces_client import validate
from activepieces_client.models import ColorName, Project, ProjectIconUpdate, UpdateProjectRequest
from activepieces_client.testing import StandIn

from .support.updates import ID, Update


def pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def pickled_as_before_python_3(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value, protocol=0))


COPIES = [copy.copy, copy.deepcopy, pickled, pickled_as_before_python_3]


@pytest.mark.parametrize("copied", COPIES)
def test_unset_stays_the_same_object(copied: Callable[[Any], Any]) -> None:
    unset = activepieces_client.UNSET
    assert copied(unset) is unset
    assert copied([unset])[0] is unset


def test_unset_is_that_of_the_generator() -> None:
    unset = activepieces_client.UNSET
    assert unset is activepieces_api.types.UNSET
    assert unset is UpdateProjectRequest().display_name
    assert repr(unset) == "UNSET"
    assert not unset


@pytest.mark.parametrize("copied", COPIES)
def test_copied_request_is_equal_and_sends_the_same(
    service: StandIn, update: Update, copied: Callable[[Any], Any]
) -> None:
    body = UpdateProjectRequest(display_name="Acme", icon=ProjectIconUpdate(ColorName.RED))
    again = copied(body)
    assert again == body
    assert again.to_dict() == body.to_dict()
    update(service, ID, again)
    assert service.requests[0].content == b'{"displayName":"Acme","icon":{"color":"RED"}}'


@pytest.mark.parametrize("copied", COPIES)
def test_copied_project_is_equal(service: StandIn, update: Update, copied: Callable[[Any], Any]) -> None:
    lacking = {name: value for name, value in service.projects[0].items() if name != "maxConcurrentJobs"}
    service.projects[0].clear()
    service.projects[0].update(lacking)
    project = update(service, ID, {})
    again = copied(project)
    assert isinstance(again, Project)
    assert again == project
    assert again.to_dict() == project.to_dict() == service.projects[0]


def validated(body: UpdateProjectRequest) -> UpdateProjectRequest:
    """Validate a body, in another process."""
    validate(body)
    return body


def test_models_cross_a_process_pool(service: StandIn, update: Update) -> None:
    body = UpdateProjectRequest(display_name="Acme")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        again = pool.submit(validated, body).result()
    assert again == body
    update(service, ID, again)
    assert service.requests[0].content == b'{"displayName":"Acme"}'


class Tenant(str, enum.Enum):  # noqa: UP042 - this test is about the older kind
    """Ids, as programs older than `enum.StrEnum` hold them."""

    ACME = ID


class NewTenant(enum.StrEnum):
    """Ids, as programs hold them today."""

    ACME = ID


class Id(str):
    """A string that shows itself otherwise than it is."""

    __slots__ = ()

    def __str__(self) -> str:
        return "shown"


STRINGS = [
    pytest.param(Tenant.ACME, id="Enum"),
    pytest.param(NewTenant.ACME, id="StrEnum"),
    pytest.param(Id(ID), id="str"),
]


@pytest.mark.parametrize("project_id", STRINGS)
def test_id_is_sent_as_its_value(service: StandIn, update: Update, project_id: str) -> None:
    assert update(service, project_id, {}).id == ID
    assert service.requests[0].url.path == f"/api/v1/projects/{ID}"


@pytest.mark.parametrize("value", STRINGS)
def test_string_in_a_body_is_sent_as_its_value(service: StandIn, update: Update, value: str) -> None:
    project = update(service, ID, {"displayName": value, "metadata": {"tenant": value, value: [value]}})
    assert project.display_name == ID
    update(service, ID, UpdateProjectRequest(display_name=value))
    assert service.requests[1].content == b'{"displayName":"%s"}' % ID.encode()
