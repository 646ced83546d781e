"""The exception for each status and each failure: class, attributes, copies."""

from __future__ import annotations

import json
import pickle
import traceback
from decimal import Decimal
from typing import Any

import httpx
import pytest

from activepieces_client import (
    Activepieces,
    ActivepiecesError,
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PayloadTooLargeError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from activepieces_client.testing import StandIn

from .support.updates import ID, Update

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
    assert caught.value.response.status_code == status
    assert caught.value.request.headers["authorization"] == "[redacted]"
    assert caught.value.attempts == error(caught.value.response).attempts == 1


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
def test_error_with_any_body_has_its_status(service: StandIn, update: Update, status: int, body: bytes) -> None:
    service.fail(httpx.Response(status, content=body, headers={"content-type": "application/json"}))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {}, **ONCE)
    assert caught.value.status_code == status
    assert caught.value.code is None
    assert caught.value.params == {}
    assert caught.value.message


def test_service_envelope_is_read(service: StandIn, update: Update) -> None:
    with pytest.raises(NotFoundError) as caught:
        update(service, "noSuchProject", {})
    assert caught.value.code == "ENTITY_NOT_FOUND"
    assert caught.value.params == {"entityId": "noSuchProject", "entityType": "project"}


def test_framework_envelope_is_read(service: StandIn, update: Update) -> None:
    message = 'value "2147483648" is out of range for type integer'
    service.fail(httpx.Response(500, json={"statusCode": 500, "code": "22003", "error": "Error", "message": message}))
    with pytest.raises(ServerError) as caught:
        update(service, ID, {}, **ONCE)
    assert (caught.value.code, caught.value.message) == ("22003", message)


def test_response_of_an_error_is_one_of_httpx(service: StandIn, update: Update) -> None:
    service.fail(httpx.Response(500, json={"code": "ERROR", "params": {"share": 0.1}}))
    with pytest.raises(ServerError) as caught:
        update(service, ID, {}, **ONCE)
    response = caught.value.response
    assert response.json(parse_float=Decimal)["params"] == {"share": Decimal("0.1")}
    assert response.json() == json.loads(response.content) == {"code": "ERROR", "params": {"share": 0.1}}
    assert pickle.loads(pickle.dumps(response)).json() == response.json()


def test_broken_connection_is_a_connection_error(any_service: StandIn, update: Update) -> None:
    any_service.fail(httpx.ReadError)
    with pytest.raises(APIConnectionError) as caught:
        update(any_service, ID, {}, **ONCE)
    assert type(caught.value) is APIConnectionError
    assert caught.value.attempts == 1


def test_connection_error_keeps_its_cause_alone(any_service: StandIn, update: Update) -> None:
    any_service.fail(httpx.ReadError)
    with pytest.raises(APIConnectionError) as caught:
        update(any_service, ID, {}, **ONCE)
    cause = caught.value.__cause__
    assert isinstance(cause, httpx.TransportError)
    assert type(cause).__name__ in str(caught.value)
    assert (cause.__traceback__, cause.__cause__, cause.__context__) == (None, None, None)


def test_silent_server_is_a_timeout_error(any_service: StandIn, update: Update) -> None:
    any_service.fail(httpx.ReadTimeout)
    with pytest.raises(APITimeoutError, match="ReadTimeout"):
        update(any_service, ID, {}, timeout=0.2, **ONCE)


def test_status_outside_the_iana_list_over_a_socket(update: Update) -> None:
    with StandIn().serve() as service:
        service.fail(520)
        with pytest.raises(ServerError, match="520"):
            update(service, ID, {}, **ONCE)


def test_error_from_a_socket_can_be_pickled(update: Update) -> None:
    with StandIn().serve() as service, pytest.raises(APIStatusError) as caught:
        update(service, "noSuchProject", {})
    assert "network_stream" not in caught.value.response.extensions
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_errors_can_be_pickled(service: StandIn, update: Update) -> None:
    service.fail(404, (429, {"retry-after": "3"}), httpx.ReadTimeout, httpx.Response(200, json={}))
    for _ in range(4):
        with pytest.raises(ActivepiecesError) as caught:
            update(service, ID, {}, **ONCE)
        again: ActivepiecesError = pickle.loads(pickle.dumps(caught.value))
        assert (type(again), str(again)) == (type(caught.value), str(caught.value))
        assert vars(again).keys() == vars(caught.value).keys()
        assert service.api_key not in repr(pickle.dumps(caught.value))


def test_error_that_users_make_has_one_attempt() -> None:
    request = httpx.Request("GET", "https://flows.example.com/api")
    error = APIConnectionError("no network", request)
    assert error.attempts == 1
    assert str(error) == "no network from https://flows.example.com:443 (GET /api, 1 attempt)"
    assert str(APIError("no", request)) == "no (GET /api, 1 attempt)"
    assert str(APIStatusError(httpx.Response(418, request=request))) == "418: I'm a teapot (GET /api, 1 attempt)"


def test_redirect_is_not_followed(service: StandIn, update: Update, kind: str) -> None:
    service.fail((307, {"location": f"{service.base_url}/v1/projects/{ID}"}))
    make: Any = httpx.Client if kind == "sync" else httpx.AsyncClient
    client = {"http_client": make(transport=service.transport, follow_redirects=True)}
    with pytest.raises(APIStatusError, match="a redirect"):
        update(service, ID, {}, client=client)
    assert len(service.requests) == 1


@pytest.mark.parametrize(("project_id", "body"), [("noSuchProject", {}), (ID, {"displayName": "a/b"}), (ID, {"a": 1})])
def test_traceback_has_a_handful_of_our_frames(service: StandIn, project_id: str, body: dict[str, object]) -> None:
    http_client = httpx.Client(transport=service.transport)
    client = Activepieces(service.api_key, base_url=service.base_url, http_client=http_client)
    with pytest.raises(ActivepiecesError) as caught:
        client.projects.update(project_id, body)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[0].filename == __file__
    assert len([frame for frame in frames if "httpx" not in frame.filename]) <= 6
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
