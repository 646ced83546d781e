"""Malformed HTTP: the served stand-in responds, and prints nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from activepieces_client.testing import StandIn

ID = "pRjEctId0000000000001"
GOOD = (
    b"POST /api/v1/projects/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
    b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)

methods = (
    st.sampled_from([b"POST", b"GET", b"HEAD", b"PUT", b"CONNECT", b"OPTIONS", b"", b"post", b"P\0ST"]) | st.binary()
)
targets = st.sampled_from(
    [
        f"/api/v1/projects/{ID}".encode(),
        b"/api/v1/projects/",
        b"/api/v1/projects",
        b"/",
        b"*",
        b"//",
        b"/api/v1/projects/%",
        b"/api/v1/projects/%ff%00",
        b"/api/v1/projects/\xff",
        b"/api/v1/projects/a?b#c",
        b"/api/../api/v1/projects/a",
        b"http://other.test/api/v1/projects/a",
        b"http://[::/",
        b"127.0.0.1:443",
    ]
)
versions = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9", b"HTTP/1.1.1", b"", b"X"])
lengths = st.sampled_from(
    [b"0", b"2", b"1", b"3", b"-1", b"2, 2", b"+2", b"0x2", b"2.0", b"", b"9" * 30, b"\xb2", b"two"]
)
headers = st.lists(
    st.one_of(
        lengths.map(lambda value: b"Content-Length: " + value),
        st.sampled_from(
            [
                b"Transfer-Encoding: chunked",
                b"Transfer-Encoding: gzip, chunked",
                b"Transfer-Encoding: rot13",
                b"Host: [::",
                b"Host: a b",
                b"Host: \xff",
                b"Expect: 100-continue",
                b"Connection: close",
                b"Content-Type: application/json",
                b"Content-Type: \xff",
                b"Authorization: Bearer \xff",
                b"no colon",
                b" folded",
                b": no name",
            ]
        ),
        st.binary(max_size=30),
    ),
    max_size=6,
)
bodies = st.sampled_from(
    [
        b"",
        b"{}",
        b'{"displayName": "x"}',
        b"2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}\r\n",
        b"zz\r\n{}\r\n",
        b"-1\r\n{}",
        b"f" * 30 + b"\r\n",
        b"2;x=y\r\n{}\r\n0\r\nX: y\r\n\r\n",
        b"\xff\xfe",
        b"[" * 5000,
    ]
) | st.binary(max_size=100)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Something like a request, or several of them."""
    line = b" ".join([draw(methods), draw(targets), draw(versions)])
    end = draw(st.sampled_from([b"\r\n", b"\n", b"\r"]))
    return end.join([line, *draw(headers), b"", draw(bodies)])


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A valid request, of which some bytes are others, or missing."""
    good = GOOD % (ID.encode(), b"sk-1")
    start, length = draw(st.integers(0, len(good))), draw(st.integers(0, 40))
    return good[:start] + draw(st.binary(max_size=10)) + good[start + length :]


@pytest.fixture(scope="module")
def served() -> Iterator[StandIn]:
    with StandIn().serve() as service:
        yield service


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(content=(GOOD % (ID.encode(), b"sk-1")).replace(b"127.0.0.1", b"[::"), leave=False)
@given(
    content=st.binary() | requests() | mangled() | st.lists(requests(), max_size=3).map(b"".join), leave=st.booleans()
)
def test_next_request_of_a_connection_has_a_response(
    served: StandIn, capfd: pytest.CaptureFixture[str], content: bytes, leave: bool
) -> None:
    url = httpx.URL(served.base_url)
    with socket.create_connection((url.host, url.port or 0), timeout=5) as connection:
        connection.sendall(content)
        if not leave:
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    with socket.create_connection((url.host, url.port or 0), timeout=5) as connection:
        connection.sendall(GOOD % (served.projects[0]["id"].encode(), served.api_key.encode()))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert capfd.readouterr() == ("", "")


def send(service: StandIn, head: bytes, body: bytes) -> bytes:
    """Send an update with some header lines and a body, and return the response."""
    url = httpx.URL(service.base_url)
    line = b"POST /api/v1/projects/%s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" % ID.encode()
    key = b"Authorization: Bearer %s\r\n" % service.api_key.encode()
    response = b""
    with socket.create_connection((url.host, url.port or 0), timeout=5) as connection:
        connection.sendall(line + key + head + b"\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        while received := connection.recv(65536):
            response += received
    return response


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: +2\r\n", b"{}"),
        (b"Content-Length: -1\r\n", b"{}"),
        (b"Content-Length: \xb2\r\n", b"{}"),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{} "),
        (b"Transfer-Encoding: gzip\r\n", b"{}"),
        (b"Transfer-Encoding: chunked\r\n", b"-2\r\n{}\r\n0\r\n\r\n"),
    ],
)
def test_body_of_unclear_length_is_a_bad_request(head: bytes, body: bytes) -> None:
    with StandIn().serve() as service:
        status, _, content = send(service, head, body).partition(b"\r\n\r\n")
        assert status.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert json.loads(content) == {"statusCode": 400, "error": "Bad Request", "message": "Client Error"}
        assert service.requests == []


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 9\r\n", b"{}"),
        (b"Transfer-Encoding: chunked\r\n", b"9\r\n{}"),
        (b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n"),
    ],
)
def test_half_a_request_has_no_response(head: bytes, body: bytes) -> None:
    with StandIn().serve() as service:
        assert send(service, head, body) == b""
        assert service.requests == []


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 2\r\n", b"{}"),
        (b"X-Name: \xff\r\nContent-Length: 2\r\n", b"{}"),
        (b"Transfer-Encoding: chunked\r\n", b"1\r\n{\r\n1\r\n}\r\n0\r\nX-Checksum: 1\r\n\r\n"),
    ],
    ids=["length", "header of any bytes", "chunks and trailers"],
)
def test_well_formed_request_is_handled(head: bytes, body: bytes) -> None:
    with StandIn().serve() as service:
        assert send(service, head, body).startswith(b"HTTP/1.1 200 OK\r\n")
        assert service.requests[0].json == {}


def test_client_that_expects_100_continue_receives_it() -> None:
    with StandIn().serve() as service:
        response = send(service, b"Expect: 100-continue\r\nContent-Length: 2\r\n", b"")
        assert response.startswith(b"HTTP/1.1 100 ")


@pytest.mark.parametrize("chunked", [False, True])
def test_body_over_the_limit_has_an_early_response(chunked: bool) -> None:
    content = b" " * (29 * 2**20 + 1)
    head = b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: 1000000000000\r\n"
    chunk = b"1000000\r\n" + content[: 2**24] + b"\r\n"
    with StandIn(release="0.83").serve() as service:
        response = send(service, head, chunk * 2 if chunked else content)
        assert response.startswith(b"HTTP/1.1 413 ")
        assert json.loads(response.partition(b"\r\n\r\n")[2])["code"] == "FST_ERR_CTP_BODY_TOO_LARGE"


def test_response_reaches_a_client_that_still_sends() -> None:
    """Closing a connection with unread data resets it, which loses the response."""
    with StandIn().serve() as service:
        url = httpx.URL(service.base_url)
        with socket.create_connection((url.host, url.port or 0), timeout=5) as connection:
            connection.sendall(b"no request\r\n\r\n")
            connection.recv(1, socket.MSG_PEEK)  # the response is there
            connection.sendall(b"x" * 2**20)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
