"""What becomes of the service's answers: a project, or one exception that says what happened."""

from __future__ import annotations

import contextlib
import copy
import logging
import pickle
from typing import Any

import httpx
import pytest

from activepieces_client import (
    Activepieces,
    ActivepiecesError,
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncActivepieces,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    Difference,
    NotAppliedError,
    NotFoundError,
    PayloadTooLargeError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    ServerError,
)
from activepieces_client.models import Metadata, Project
from activepieces_client.testing import StandIn

from .support.updates import Update, update_sync

ID = "pRjEctId0000000000001"
ONCE: dict[str, Any] = {"max_retries": 0}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, APIStatusError),
        (400, BadRequestError),
        (401, AuthenticationError),
        (402, PaymentRequiredError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (413, PayloadTooLargeError),
        (418, APIStatusError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
        (520, ServerError),
        (599, ServerError),
    ],
)
def test_each_status_has_its_error(service: StandIn, update: Update, status: int, error: type[APIStatusError]) -> None:
    service.fail(status)
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {"displayName": "Acme"}, **ONCE)
    assert type(caught.value) is error
    assert caught.value.status_code == status
    assert str(status) in str(caught.value)
    assert f"POST /api/v1/projects/{ID}, 1 attempt)" in str(caught.value)
    assert caught.value.response.status_code == status
    assert caught.value.request.headers["authorization"] == "[redacted]"
    assert caught.value.attempts == error(caught.value.response).attempts == 1


SAID: list[tuple[tuple[int, dict[str, Any]], str]] = [
    ((404, {"code": "GONE", "params": {"message": "by hand"}}), "404 GONE: by hand"),
    ((404, {"code": "GONE", "params": {"message": "by hand"}, "message": "before"}), "404 GONE: before"),
    ((404, {"message": "", "params": {"message": "by hand"}}), "404: by hand"),
    ((404, {"message": 5, "params": {"a": 1}}), '404: {"a": 1}'),
    ((404, {"message": "m" * 600}), "404: " + "m" * 500),
    ((404, {"params": {"a": "b" * 492}}), '404: {"a": "' + "b" * 492 + "…"),
    ((404, {"params": {"a": "b" * 491}}), '404: {"a": "' + "b" * 491 + '"}'),
    ((404, {"params": {}}), "404: Not Found"),
    ((499, {}), "499: no reason given"),
]


@pytest.mark.parametrize(("answer", "said"), SAID)
def test_what_an_answer_says_is_said(
    service: StandIn, update: Update, answer: tuple[int, dict[str, Any]], said: str
) -> None:
    service.fail(httpx.Response(answer[0], json=answer[1]))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {}, **ONCE)
    assert str(caught.value) == f"{said} (POST /api/v1/projects/{ID}, 1 attempt)"
    assert caught.value.message == said.partition(": ")[2]


def test_a_redirect_says_where_to(service: StandIn, update: Update) -> None:
    service.fail((302, {"location": "/login"}))
    with pytest.raises(APIStatusError, match='302: a redirect to "/login", which is not followed '):
        update(service, ID, {})


@pytest.mark.anyio
async def test_no_redirect_is_followed_whatever_your_client_says(service: StandIn) -> None:
    service.fail(*[(307, {"location": f"{service.base_url}/v1/projects/{ID}"})] * 2)
    options: dict[str, Any] = {"transport": service.transport, "follow_redirects": True}
    http_client, async_http_client = httpx.Client(**options), httpx.AsyncClient(**options)
    client = Activepieces(service.api_key, base_url=service.base_url, http_client=http_client)
    async_client = AsyncActivepieces(service.api_key, base_url=service.base_url, http_client=async_http_client)
    with pytest.raises(APIStatusError, match="a redirect"):
        client.projects.update(ID, {})
    with pytest.raises(APIStatusError, match="a redirect"):
        await async_client.projects.update(ID, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b'{"code": "ENTI',
        b"\xff\xfe",
        b"[1]",
        b'"text"',
        b'{"code": 5, "params": []}',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("status", [404, 502, 520])
def test_any_body_of_an_error_becomes_the_right_error(
    service: StandIn, update: Update, status: int, body: bytes
) -> None:
    service.fail(httpx.Response(status, content=body, headers={"content-type": "application/json"}))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {}, **ONCE)
    assert caught.value.status_code == status
    assert caught.value.code is None
    assert caught.value.params == {}
    assert caught.value.message


def test_both_envelopes_are_read(service: StandIn, update: Update) -> None:
    with pytest.raises(NotFoundError) as not_found:
        update(service, "noSuchProject", {})
    assert not_found.value.code == "ENTITY_NOT_FOUND"
    assert not_found.value.params == {"entityId": "noSuchProject", "entityType": "project"}

    with pytest.raises(ServerError) as out_of_range:
        update(service, ID, {"maxConcurrentJobs": 2**31}, **ONCE)
    assert out_of_range.value.code == "22003"
    assert out_of_range.value.message == 'value "2147483648" is out of range for type integer'


def test_a_broken_connection_and_a_silent_one(service: StandIn, update: Update) -> None:
    service.fail(httpx.ReadError, httpx.ReadTimeout)
    with pytest.raises(APIConnectionError) as broken:
        update(service, ID, {}, **ONCE)
    with pytest.raises(APITimeoutError) as silent:
        update(service, ID, {}, **ONCE)
    assert type(broken.value) is APIConnectionError
    assert "ReadTimeout" in str(silent.value)


def test_a_failure_is_told_by_its_words_or_those_of_what_led_to_it(
    service: StandIn, update: Update, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = httpx.ReadError("")

    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    monkeypatch.setattr(service, "handle", answer)
    for words, context, said in (
        ("the end of file X", ValueError("unsaid"), "ReadError: the end of file X"),
        ("", ValueError("bad record"), "ReadError: bad record"),
        ("", None, "ReadError"),
    ):
        error = httpx.ReadError(words)
        error.__context__ = context
        with pytest.raises(APIConnectionError) as caught:
            update(service, ID, {}, **ONCE)
        assert str(caught.value) == f"{said} (POST /api/v1/projects/{ID}, 1 attempt)"


def test_an_error_of_your_own_making_is_of_one_attempt() -> None:
    error = APIConnectionError("no network", httpx.Request("GET", "https://flows.example.com/api"))
    assert (str(error), error.attempts) == ("no network (GET /api, 1 attempt)", 1)


def test_over_a_socket_too(update: Update) -> None:
    with StandIn().serve() as service:
        service.fail(httpx.ReadError, httpx.ReadTimeout, 520)
        with pytest.raises(APIConnectionError):
            update(service, ID, {}, **ONCE)
        with pytest.raises(APITimeoutError):
            update(service, ID, {}, timeout=0.2, **ONCE)
        with pytest.raises(ServerError, match="520"):
            update(service, ID, {}, **ONCE)


def test_a_base_url_without_api_is_explained(update: Update) -> None:
    explained = pytest.raises(ResponseValidationError, match=r"does base_url end in /api\?")
    with StandIn().serve() as service, explained as caught:
        update(service, ID, {}, client={"base_url": service.base_url.removesuffix("/api")})
    assert caught.value.response.status_code == 200


def answer(service: StandIn, **changes: Any) -> httpx.Response:
    return httpx.Response(200, json={**copy.deepcopy(service.projects[0]), **changes})


def test_an_answer_with_new_fields_and_values_is_a_project(
    service: StandIn, update: Update, caplog: pytest.LogCaptureFixture
) -> None:
    service.fail(answer(service, type="ROBOT", icon={"color": "TEAL", "shape": "round"}, region="g1"))
    project = update(service, ID, {})
    assert project.type_ == "ROBOT"
    assert project.icon.color == "TEAL"
    assert project.additional_properties == {"region": "g1"}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_an_answer_that_breaks_the_specification_is_a_project_and_a_warning(
    service: StandIn, update: Update, caplog: pytest.LogCaptureFixture
) -> None:
    service.fail(answer(service, platformId="too short", maxConcurrentJobs="many"))
    assert isinstance(update(service, ID, {}), Project)
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert ["$.platformId" in message for message in messages].count(True) == 1
    assert ["$.maxConcurrentJobs" in message for message in messages].count(True) == 1


@pytest.mark.parametrize("content", [b"{}", b"null", b"[]", b'{"id": 1}', b"", b'{"id": "', b"[" * 100_000])
def test_an_answer_that_is_no_project_does_not_look_like_a_failed_update(
    service: StandIn, update: Update, content: bytes
) -> None:
    service.fail(httpx.Response(200, content=content, headers={"content-type": "application/json"}))
    with pytest.raises(ResponseValidationError) as caught:
        update(service, ID, {})
    assert caught.value.response.content == content


def test_answers_of_great_depth(service: StandIn, update: Update) -> None:
    def answers(depth: int) -> tuple[httpx.Response, httpx.Response]:
        """No project, and one with metadata, both of a depth."""
        deep = b"[" * depth + b"]" * depth
        project = answer(service, metadata={"x": None}).content.replace(b"null", deep)
        return httpx.Response(200, content=deep), httpx.Response(200, content=project)

    nothing, project = answers(300)
    service.fail(nothing, project, project)
    with pytest.raises(ResponseValidationError, match="cannot be checked"):
        update(service, ID, {})
    assert isinstance(update(service, ID, {}), Project)
    with pytest.raises(NotAppliedError):
        update(service, ID, {"metadata": {}})

    for depth in (900, 5000):  # somewhere there, Python's own reader of JSON gives up, and its writer before it
        service.fail(*answers(depth))
        bodies: list[dict[str, Any]] = [{}, {"metadata": {}}]
        for body in bodies:
            with pytest.raises((ResponseValidationError, NotAppliedError)):
                update(service, ID, body)


def test_what_the_service_ignored_is_said(update: Update) -> None:
    service = StandIn([{"type": "PERSONAL", "displayName": "Mine"}])
    body = {"displayName": "Acme", "icon": {"color": "RED"}, "maxConcurrentJobs": 5.0}
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, body)
    assert caught.value.fields == (
        Difference("$.displayName", "Acme", "Mine"),
        Difference("$.icon.color", "RED", "CYAN"),
    )
    assert str(caught.value) == (
        "the service accepted the update, but did not do all of it:"
        '\n  $.displayName: asked "Acme", is "Mine"\n  $.icon.color: asked "RED", is "CYAN"'
    )
    assert caught.value.project.display_name == "Mine"
    assert caught.value.project.max_concurrent_jobs == 5

    assert update(service, ID, body, check_applied=False).display_name == "Mine"


def test_an_external_id_is_ignored_for_who_does_not_own_the_platform(service: StandIn, update: Update) -> None:
    with pytest.raises(NotAppliedError, match=r"\$\.externalId: asked \"mine\", is null"):
        update(service, ID, {"externalId": "mine"}, client={"api_key": service.member_key})


def test_a_rounded_integer_is_said(service: StandIn, update: Update) -> None:
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {"metadata": {"n": 2**53 + 1, "a": 1}})
    (field,) = caught.value.fields
    assert field == Difference("$.metadata", {"n": 2**53 + 1, "a": 1}, {"a": 1, "n": 2**53})


def test_a_float_that_comes_back_as_an_integer_is_what_was_asked(service: StandIn, update: Update) -> None:
    # JavaScript pads the digits that tell the float from its neighbours with zeros: 58883123955706850.
    project = update(service, ID, {"metadata": {"x": 5.888312395570685e16, "y": 5.0}})
    assert isinstance(project.metadata, Metadata)
    assert float(project.metadata["x"]) == 5.888312395570685e16


def test_a_list_that_came_back_shorter_is_said(service: StandIn, update: Update) -> None:
    service.fail(answer(service, plan={**service.projects[0]["plan"], "pieces": ["a"]}))
    with pytest.raises(NotAppliedError, match=r"\$\.plan\.pieces: asked \[\"a\", \"b\"\], is \[\"a\"\]"):
        update(service, ID, {"plan": {"pieces": ["a", "b"]}})


def test_an_answer_about_another_project_is_not_taken_for_this_one(service: StandIn, update: Update) -> None:
    service.fail(answer(service, id="pRjEctId0000000000002"))
    with pytest.raises(NotAppliedError) as caught:
        update(service, ID, {})
    assert caught.value.fields == (Difference("path.id", ID, "pRjEctId0000000000002"),)


@pytest.mark.parametrize(
    ("asked", "actual", "same"),
    [
        ("a", "b", False),
        ("1", 1, False),
        (0, False, False),
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
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, [], False),
    ],
)
def test_what_is_what_was_asked(service: StandIn, asked: object, actual: object, same: bool) -> None:
    service.fail(answer(service, metadata={"x": actual}))
    told = None if same else pytest.raises(NotAppliedError)
    with told or contextlib.nullcontext():
        update_sync(service, ID, {"metadata": {"x": asked}})


def test_true_is_not_1(service: StandIn, update: Update) -> None:
    service.fail(answer(service, metadata={"x": 1}))
    with pytest.raises(NotAppliedError):
        update(service, ID, {"metadata": {"x": True}})


def test_errors_can_be_pickled(service: StandIn, update: Update) -> None:
    service.fail(404, (429, {"retry-after": "3"}), httpx.ReadTimeout, httpx.Response(200, json={}))
    for _ in range(4):
        with pytest.raises(ActivepiecesError) as caught:
            update(service, ID, {}, **ONCE)
        again = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), str(again)) == (type(caught.value), str(caught.value))
        assert service.api_key not in repr(pickle.dumps(caught.value))


def test_what_may_be_repeated_is_repeated(service: StandIn, update: Update) -> None:
    now = {"retry-after": "0"}
    service.fail((503, now), (429, now))
    assert update(service, ID, {"displayName": "Acme"}).display_name == "Acme"
    assert len(service.requests) == 3

    service.fail((503, now), (503, now), (502, now))
    with pytest.raises(ServerError, match=r"502.*3 attempts"):
        update(service, ID, {})

    service.fail((429, now), (429, now), (429, now))
    with pytest.raises(RateLimitError, match=r"429.*3 attempts") as caught:
        update(service, ID, {})
    assert caught.value.attempts == 3

    service.requests.clear()
    service.fail((409, now))
    with pytest.raises(ConflictError, match="1 attempt"):
        update(service, ID, {})
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("status", "times"), [(400, 1), (404, 1), (407, 1), (408, 2), (409, 1), (429, 2), (499, 1), (500, 2), (599, 2)]
)
def test_which_statuses_are_repeated(service: StandIn, update: Update, status: int, times: int) -> None:
    service.fail(*[(status, {"retry-after": "0"})] * 2)
    with pytest.raises(APIStatusError):
        update(service, ID, {}, max_retries=1)
    assert len(service.requests) == times


def test_a_kind_of_deviation_is_warned_of_once(service: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    http_client = httpx.Client(transport=service.transport)
    client = Activepieces(service.api_key, base_url=service.base_url, http_client=http_client)
    plans: list[dict[str, Any]] = [{"pieces": [1, 2]}, {"pieces": ["a", "b", 3]}, {"pieces": [], "locked": "no"}]
    for plan in plans:
        service.fail(answer(service, plan={**service.projects[0]["plan"], **plan}))
        client.projects.update(ID, {})
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    places = [warning.split("? ")[1].split(":")[0] for warning in warnings]
    assert places == ["$.plan.pieces[*]", "$.plan.locked"]
    assert warnings[0] == (
        "updateProject: the answer is not as specified, is it time to regenerate? "
        '$.plan.pieces[*]: 1 is not of type "string"'
    )
