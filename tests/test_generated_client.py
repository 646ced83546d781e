"""`client.generated` and the clients derived from it: every guarantee holds."""

from __future__ import annotations

import functools
import socket
import time
from collections.abc import Callable
from typing import Any

import anyio
import attrs
import httpx
import pytest

from activepieces_api import AuthenticatedClient
from activepieces_api.api.projects import get_project, update_project
from activepieces_client import (
    Activepieces,
    APITimeoutError,
    AsyncActivepieces,
    AuthenticationError,
    ConfigurationError,
    RequestValidationError,
)
from activepieces_client.models import Project, UpdateProjectRequest
from activepieces_client.testing import StandIn

from .support import raw_server
from .support.updates import ID, async_client, project_json, sync_client

BODY = UpdateProjectRequest(display_name="Acme")
INVALID = UpdateProjectRequest(display_name="a/b")


@pytest.fixture
def client(service: StandIn) -> Activepieces:
    return sync_client(service)


def with_headers(generated: AuthenticatedClient) -> AuthenticatedClient:
    return generated.with_headers({"X-Team": "platform"})


def with_cookies(generated: AuthenticatedClient) -> AuthenticatedClient:
    return generated.with_cookies({"session": "s1"})


def with_timeout(generated: AuthenticatedClient) -> AuthenticatedClient:
    return generated.with_timeout(httpx.Timeout(20))


def with_all(generated: AuthenticatedClient) -> AuthenticatedClient:
    return with_timeout(with_cookies(with_headers(generated)))


Derive = Callable[[AuthenticatedClient], AuthenticatedClient]
DERIVATIONS: list[Derive] = [with_headers, with_cookies, with_timeout, with_all, attrs.evolve]


def test_generated_function_has_every_guarantee(service: StandIn, client: Activepieces) -> None:
    check(service, lambda body: update_project.sync(ID, client=client.generated, body=body))


def test_generated_async_function_has_every_guarantee(service: StandIn, backend: str) -> None:
    async def run(body: UpdateProjectRequest) -> Any:
        return await update_project.asyncio(ID, client=async_client(service).generated, body=body)

    check(service, lambda body: anyio.run(run, body, backend=backend))


def test_leaving_the_generated_client_leaves_ours_open() -> None:
    with StandIn().serve() as service, Activepieces(service.api_key, base_url=service.base_url) as client:
        with client.generated as generated:
            update_project.sync(ID, client=generated, body=BODY)
        assert client.projects.update(ID, BODY).display_name == "Acme"


@pytest.mark.anyio
async def test_leaving_async_generated_keeps_the_client_open() -> None:
    with StandIn().serve() as service:
        async with AsyncActivepieces(service.api_key, base_url=service.base_url) as client:
            async with client.generated as generated:
                await update_project.asyncio(ID, client=generated, body=BODY)
            assert (await client.projects.update(ID, BODY)).display_name == "Acme"


def check(service: StandIn, update: Callable[[UpdateProjectRequest], Any]) -> None:
    """Check that a client has a key, validates, and retries."""
    with pytest.raises(RequestValidationError):
        update(INVALID)
    assert service.requests == []
    service.fail((503, {"retry-after": "0"}))
    assert isinstance(update(BODY), Project)
    assert [request.headers["authorization"] for request in service.requests] == [f"Bearer {service.api_key}"] * 2
    service.fail(401)
    with pytest.raises(AuthenticationError):
        update(BODY)
    service.requests.clear()


@pytest.mark.parametrize("derive", DERIVATIONS)
def test_derived_client_has_every_guarantee(service: StandIn, client: Activepieces, derive: Derive) -> None:
    derived = derive(client.generated)
    check(service, lambda body: update_project.sync(ID, client=derived, body=body))


@pytest.mark.parametrize("derive", DERIVATIONS)
def test_derived_async_client_has_every_guarantee(service: StandIn, backend: str, derive: Derive) -> None:
    async def run(body: UpdateProjectRequest) -> Any:
        return await update_project.asyncio(ID, client=derive(async_client(service).generated), body=body)

    check(service, lambda body: anyio.run(run, body, backend=backend))


@pytest.mark.anyio
async def test_derived_client_sends_its_headers_and_cookies(service: StandIn, client: Activepieces) -> None:
    update_project.sync(ID, client=with_all(client.generated), body=BODY)
    await update_project.asyncio(ID, client=with_all(async_client(service).generated), body=BODY)
    sent = [(request.headers["X-Team"], request.headers["Cookie"]) for request in service.requests]
    assert sent == [("platform", "session=s1")] * 2


@pytest.mark.parametrize("derive", DERIVATIONS)
def test_deriving_leaves_our_client_as_it_was(service: StandIn, client: Activepieces, derive: Derive) -> None:
    derive(client.generated)
    client.projects.update(ID, BODY)
    sent = service.requests[0]
    assert "X-Team" not in sent.headers
    assert "Cookie" not in sent.headers
    assert sent.extensions["timeout"]["read"] != 20


def test_derived_timeout_ends_a_call(kind: str) -> None:
    def handle(connection: socket.socket) -> None:
        raw_server.read_request(connection)
        raw_server.wait_for_the_end(connection)

    async def update_async() -> None:
        async with AsyncActivepieces("sk-1", base_url=server.base_url, max_retries=0) as client:
            await update_project.asyncio(ID, client=client.generated.with_timeout(httpx.Timeout(0.1)), body=BODY)

    def update() -> None:
        with Activepieces("sk-1", base_url=server.base_url, max_retries=0) as client:
            update_project.sync(ID, client=client.generated.with_timeout(httpx.Timeout(0.1)), body=BODY)

    with raw_server.serve(handle) as server:
        call = update if kind == "sync" else functools.partial(anyio.run, update_async, backend=kind)
        start = time.monotonic()
        with pytest.raises(APITimeoutError):
            call()
        assert time.monotonic() - start < 20  # and not the 30 s that the client waits by default


def test_derived_clients_share_our_connections() -> None:
    content = project_json(displayName="Acme")

    def handle(connection: socket.socket) -> None:
        while raw_server.read_request(connection):
            raw_server.respond(connection, content)

    with raw_server.serve(handle) as server:
        with Activepieces("sk-1", base_url=server.base_url) as client:
            client.projects.update(ID, BODY)
            for derive in DERIVATIONS:
                update_project.sync(ID, client=derive(client.generated), body=BODY)
        assert server.connections == 1
        assert server.open_connections(at_most=0) == 0


def test_get_httpx_client_has_every_guarantee(service: StandIn, client: Activepieces) -> None:
    http_client = client.generated.get_httpx_client()

    def post(body: UpdateProjectRequest) -> object:
        return Project.from_dict(http_client.post(f"/v1/projects/{ID}", json=body.to_dict()).json())

    check(service, post)


def test_missing_body_is_invalid(service: StandIn, client: Activepieces) -> None:
    with pytest.raises(RequestValidationError, match='request: "body" is a required property'):
        client.generated.get_httpx_client().post(f"/v1/projects/{ID}")
    assert service.requests == []


def test_httpx_client_has_its_settings(service: StandIn, client: Activepieces) -> None:
    def note(message: httpx.Request | httpx.Response) -> None:
        seen.append(type(message))

    seen: list[type] = []
    http_client = client.generated.get_httpx_client()
    assert http_client.base_url == f"{service.base_url}/"
    http_client.headers["X-Team"] = "platform"
    http_client.params = http_client.params.set("trace", "1")
    http_client.cookies.set("session", "s1")
    http_client.timeout = httpx.Timeout(20)
    http_client.event_hooks = {"request": [note], "response": [note]}
    update_project.sync(ID, client=client.generated, body=BODY)
    (sent,) = service.requests
    assert (sent.headers["X-Team"], sent.headers["Cookie"], sent.url.query) == ("platform", "session=s1", b"trace=1")
    assert sent.extensions["timeout"] == httpx.Timeout(20).as_dict()
    assert seen == [httpx.Request, httpx.Response]


def test_httpx_client_streams_and_sends(service: StandIn, client: Activepieces) -> None:
    http_client = client.generated.get_httpx_client()
    with http_client.stream("POST", f"/v1/projects/{ID}", json={"displayName": "Streamed"}) as response:
        assert b"Streamed" in b"".join(response.iter_bytes())
    request = http_client.build_request("POST", f"/v1/projects/{ID}", json={"displayName": "Sent"}, timeout=None)
    assert http_client.send(request).json()["displayName"] == "Sent"
    assert request.headers["Authorization"] == "[redacted]"
    get_project.sync(ID, client=client.generated.with_timeout(httpx.Timeout(None)))
    default = {"connect": 5, "read": 30, "write": 30, "pool": 30}
    assert [request.extensions["timeout"] for request in service.requests[1:]] == [default] * 2


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 2000])
def test_content_that_is_not_json_is_invalid(service: StandIn, client: Activepieces, content: bytes) -> None:
    with pytest.raises(RequestValidationError, match=r"\$: is not JSON"):
        client.generated.get_httpx_client().post(f"/v1/projects/{ID}", content=content)
    assert service.requests == []


def test_number_beyond_the_floats_is_invalid(service: StandIn, client: Activepieces) -> None:
    with pytest.raises(RequestValidationError, match=r"\$\.metadata\.x: is a number of this size"):
        client.generated.get_httpx_client().post(f"/v1/projects/{ID}", content=b'{"metadata":{"x":1%s}}' % (b"0" * 309))
    assert service.requests == []


@pytest.mark.parametrize("id_", ["", ".", "..", "../x", "a/../b"])
def test_id_of_another_path_sends_nothing(service: StandIn, client: Activepieces, id_: str) -> None:
    with pytest.raises(RequestValidationError, match="is not one segment of a path"):
        update_project.sync(id_, client=client.generated, body=BODY)
    assert service.requests == []


@pytest.mark.parametrize(
    "url", ["https://elsewhere.test/api/v1/projects", "https://activepieces.test/apis/v1/projects"]
)
def test_request_to_another_address_is_not_sent(service: StandIn, client: Activepieces, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not under https://activepieces\.test/api, so nothing"):
        client.generated.get_httpx_client().get(url)
    assert service.requests == []


def test_generated_client_shows_base_url_and_no_key(service: StandIn) -> None:
    for client in (sync_client(service), async_client(service)):
        for generated in (client.generated, *(derive(client.generated) for derive in DERIVATIONS)):
            shown = repr(generated)
            assert f"_base_url={service.base_url!r}" in shown
            assert "token=''" in shown
            assert service.api_key not in shown


def test_functions_of_the_other_kind_raise(service: StandIn, client: Activepieces) -> None:
    for generated in (client.generated, with_all(client.generated)):
        call = functools.partial(update_project.asyncio, ID, client=generated, body=BODY)
        with pytest.raises(ConfigurationError, match=r"^client\.generated of Act.* was not sent$"):
            anyio.run(call)
    for generated in (async_client(service).generated, with_all(async_client(service).generated)):
        with pytest.raises(ConfigurationError, match=r"^client\.generated of Async.* was not sent$"):
            update_project.sync(ID, client=generated, body=BODY)
    assert service.requests == []
