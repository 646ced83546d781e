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
from activepieces_api.api.projects import update_project
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


def test_leaving_the_generated_client_leaves_ours_open(service: StandIn, client: Activepieces) -> None:
    with client.generated as generated:
        project = update_project.sync(ID, client=generated, body=BODY)
        assert isinstance(project, Project)
    assert client.projects.update(ID, BODY).display_name == "Acme"
    assert len(service.requests) == 2


@pytest.mark.anyio
async def test_leaving_async_generated_client_leaves_ours_open(service: StandIn) -> None:
    client = async_client(service)
    async with client.generated as generated:
        project = await update_project.asyncio(ID, client=generated, body=BODY)
        assert isinstance(project, Project)
    assert (await client.projects.update(ID, BODY)).display_name == "Acme"
    assert len(service.requests) == 2


def test_leaving_the_generated_client_keeps_our_connections() -> None:
    with StandIn().serve() as service, Activepieces(service.api_key, base_url=service.base_url) as client:
        with client.generated as generated:
            update_project.sync(ID, client=generated, body=BODY)
        client.projects.update(ID, BODY)


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


def test_derived_client_sends_its_headers_and_cookies(service: StandIn, client: Activepieces) -> None:
    update_project.sync(ID, client=with_all(client.generated), body=BODY)
    sent = service.requests[0].headers
    assert (sent["X-Team"], sent["Cookie"]) == ("platform", "session=s1")


@pytest.mark.anyio
async def test_derived_async_client_sends_headers_and_cookies(service: StandIn) -> None:
    await update_project.asyncio(ID, client=with_all(async_client(service).generated), body=BODY)
    sent = service.requests[0].headers
    assert (sent["X-Team"], sent["Cookie"]) == ("platform", "session=s1")


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


def test_get_httpx_client_returns_an_httpx_client(service: StandIn) -> None:
    for generated in (sync_client(service).generated, with_headers(sync_client(service).generated)):
        assert isinstance(generated.get_httpx_client(), httpx.Client)
    for generated in (async_client(service).generated, with_headers(async_client(service).generated)):
        assert isinstance(generated.get_async_httpx_client(), httpx.AsyncClient)


def test_get_httpx_client_has_every_guarantee(service: StandIn, client: Activepieces) -> None:
    http_client = client.generated.get_httpx_client()

    def post(body: UpdateProjectRequest) -> object:
        return Project.from_dict(http_client.post(f"/v1/projects/{ID}", json=body.to_dict()).json())

    check(service, post)


def test_missing_body_is_invalid(service: StandIn, client: Activepieces) -> None:
    with pytest.raises(RequestValidationError, match='request: "body" is a required property'):
        client.generated.get_httpx_client().post(f"/v1/projects/{ID}")
    assert service.requests == []


@pytest.mark.parametrize(
    "arguments", [{"content": b"{}"}, {"data": {}}, {"files": {}}, {"timeout": 5}, {"auth": ("a", "b")}]
)
def test_unsupported_argument_raises(service: StandIn, client: Activepieces, arguments: dict[str, Any]) -> None:
    http_client = client.generated.get_httpx_client()
    with pytest.raises(ConfigurationError, match=f"has no {next(iter(arguments))}; nothing was sent"):
        http_client.request("POST", f"/v1/projects/{ID}", **arguments)
    assert service.requests == []


def test_request_beside_the_guarded_method_raises(service: StandIn, client: Activepieces) -> None:
    http_client = client.generated.get_httpx_client()
    refused = pytest.raises(ConfigurationError, match=r"nothing would validate it: .* the functions of")
    with refused, http_client.stream("POST", f"https://activepieces.test/api/v1/projects/{ID}", json={}):
        pass
    with pytest.raises(ConfigurationError, match="nothing would validate it"):
        http_client.send(http_client.build_request("POST", f"https://activepieces.test/api/v1/projects/{ID}"))
    assert service.requests == []


def test_async_request_beside_the_guarded_method_raises(service: StandIn, backend: str) -> None:
    async def stream() -> None:
        http_client = async_client(service).generated.get_async_httpx_client()
        async with http_client.stream("POST", f"https://activepieces.test/api/v1/projects/{ID}", json={}):
            pass

    with pytest.raises(ConfigurationError, match="nothing would validate it"):
        anyio.run(stream, backend=backend)
    assert service.requests == []


def test_generated_client_shows_base_url_and_no_key(service: StandIn) -> None:
    for client in (sync_client(service), async_client(service)):
        shown = repr(client.generated)
        assert f"_base_url={service.base_url!r}" in shown
        assert "token=''" in shown
        assert service.api_key not in shown


def test_functions_of_the_other_kind_raise(service: StandIn, client: Activepieces) -> None:
    for generated in (client.generated, with_all(client.generated)):
        call = functools.partial(update_project.asyncio, ID, client=generated, body=BODY)
        with pytest.raises(ConfigurationError, match=r"^client\.generated of Activepieces is for sync"):
            anyio.run(call)
    for generated in (async_client(service).generated, with_all(async_client(service).generated)):
        with pytest.raises(ConfigurationError, match=r"^client\.generated of AsyncActivepieces is for asyncio"):
            update_project.sync(ID, client=generated, body=BODY)
    assert service.requests == []


def test_derived_client_does_not_show_the_key(service: StandIn, client: Activepieces) -> None:
    for derive in DERIVATIONS:
        derived = derive(client.generated)
        assert derived.token == ""
        assert service.api_key not in repr(derived)
