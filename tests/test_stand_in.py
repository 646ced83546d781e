"""The stand-in behaves as api-facts say the service does, where no recording shows it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import httpx
import pytest

from activepieces_client.testing import StandIn

ID = "pRjEctId0000000000001"


def post(
    service: StandIn,
    body: Any,
    *,
    project_id: str = ID,
    key: str | None = None,
    content_type: str = "application/json",
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {key or service.api_key}", "content-type": content_type}
    with httpx.Client(transport=service.transport) as client:
        return client.post(f"{service.base_url}/v1/projects/{project_id}", content=content, headers=headers)


def test_what_is_missing_in_a_project_is_made_up() -> None:
    service = StandIn([{"displayName": "Mine", "plan": {"pieces": []}}, {}, {"id": "given"}])
    first, second, third = service.projects
    assert (first["displayName"], first["plan"]["pieces"], first["metadata"]) == ("Mine", [], None)
    assert re.fullmatch("[0-9a-zA-Z]{21}", first["id"])
    assert first["plan"]["projectId"] == first["id"] != second["id"]
    assert third["id"] == "given"
    assert StandIn([]).projects == []


def test_the_body_is_checked_before_the_key() -> None:
    service = StandIn()
    assert post(service, {"displayName": 5}, key="nope").status_code == 400
    assert post(service, {}, key="nope").json()["code"] == "INVALID_BEARER_TOKEN"
    assert post(service, {}, key="sk-nope").json()["code"] == "AUTHENTICATION"


def test_metadata_is_replaced_whole_and_comes_back_as_a_jsonb_column_has_it() -> None:
    service = StandIn([{"metadata": {"old": 1}}])
    answer = post(service, b'{"metadata": {"bb": 1, "a": {"z": 1, "y": 2.0}, "c": 9007199254740993, "d": 1e400}}').text
    assert '"metadata": {"a": {"y": 2, "z": 1}, "c": 9007199254740992, "d": null, "bb": 1}' in answer


def test_a_job_limit_sets_the_pool_and_null_clears_both() -> None:
    service = StandIn()
    pool = post(service, {"maxConcurrentJobs": 3}).json()["poolId"]
    assert re.fullmatch("[0-9a-zA-Z]{21}", pool)
    cleared = post(service, {"maxConcurrentJobs": None}).json()
    assert (cleared["poolId"], cleared["maxConcurrentJobs"]) == (None, None)
    assert post(service, {"maxConcurrentJobs": 2147483647}).json()["poolId"] == pool


def test_external_ids() -> None:
    service = StandIn([{"externalId": "one"}, {"externalId": "two"}])
    taken = post(service, {"externalId": "two"})
    assert (taken.status_code, taken.json()["code"]) == (409, "PROJECT_EXTERNAL_ID_ALREADY_EXISTS")
    assert post(service, {"externalId": "one"}).json()["externalId"] == "one"
    assert post(service, {"externalId": " \t"}).json()["externalId"] == "one"
    assert post(service, {"externalId": "three"}, key=service.member_key).json()["externalId"] == "one"
    assert post(service, {"externalId": "three"}).json()["externalId"] == "three"


@pytest.mark.parametrize(
    "body", [{"displayName": "a\0b"}, {"externalId": "\0"}, {"metadata": {"\0": 1}}, {"plan": {"pieces": ["\0"]}}]
)
def test_a_nul_character_is_a_server_error(body: dict[str, Any]) -> None:
    answer = post(StandIn(), body)
    assert answer.status_code == 500
    assert set(answer.json()) == {"statusCode", "code", "error", "message"}


def test_unknown_fields_are_dropped_in_silence_at_every_level() -> None:
    service = StandIn()
    answer = post(
        service, {"displayname": "x", "plan": {"quota": 1}, "icon": {"color": "RED", "shape": "round"}}
    ).json()
    assert "displayname" not in answer
    assert "quota" not in answer["plan"]
    assert answer["icon"] == {"color": "RED"}


def test_half_a_surrogate_pair_is_replaced() -> None:
    answer = post(StandIn(), b'{"displayName": "a\\ud83d", "metadata": {"\\udc00": "\\ud83d\\ude00"}}').json()
    assert answer["displayName"] == "a\ufffd"
    assert answer["metadata"] == {"\ufffd": "\U0001f600"}


def test_great_depth_is_answered() -> None:
    for depth in (100, 300, 420, 470, 490, 600, 900, 5000):
        status = post(StandIn(), b'{"metadata": {"x": ' + b"[" * depth + b"]" * depth + b"}}").status_code
        assert status == 200 if depth == 100 else status in (200, 400, 500)
        assert post(StandIn(), b"[" * depth + b"]" * depth).status_code == 400


def test_every_problem_of_a_body_is_in_the_message() -> None:
    message = post(StandIn(), {"releasesEnabled": 1, "plan": {"pieces": [1], "piecesFilterType": 3}}).json()["message"]
    assert "body/releasesEnabled Invalid input: expected boolean, received number" in message
    assert "body/plan/pieces/0 Invalid input: expected string, received number" in message
    assert message.count("body/plan/piecesFilterType") == 1
    message = post(StandIn(), {"displayName": True, "maxConcurrentJobs": 2**60}).json()["message"]
    assert "body/displayName Invalid input: expected string, received boolean" in message
    assert "body/maxConcurrentJobs Too big: expected number to be <=9007199254740991" in message


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"", 400, "FST_ERR_CTP_EMPTY_JSON_BODY"),
        ("application/json", b'{"metadata": {"x": NaN}}', 400, "FST_ERR_CTP_INVALID_JSON_BODY"),
        ("application/json; charset=utf-8", b"{}", 200, None),
        ("text/plain", b"{}", 400, "FST_ERR_VALIDATION"),
        ("application/x-www-form-urlencoded", b"a=b", 415, "FST_ERR_CTP_INVALID_MEDIA_TYPE"),
        ("application/json", b"{" + b" " * (29 * 2**20) + b"}", 413, "FST_ERR_CTP_BODY_TOO_LARGE"),
    ],
    ids=["empty", "NaN", "charset", "text", "form", "large"],
)
def test_bodies(content_type: str, body: bytes, status: int, code: str | None) -> None:
    answer = post(StandIn(), body, content_type=content_type)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_an_empty_id_creates_a_project() -> None:
    service = StandIn([])
    assert post(service, {"displayName": "New"}, project_id="").status_code == 201
    assert [project["displayName"] for project in service.projects] == ["New"]


def test_an_id_that_is_no_part_of_a_url_is_refused() -> None:
    assert post(StandIn(), {}, project_id="%zz").json()["code"] == "FST_ERR_BAD_URL"


def test_an_id_of_more_than_100_characters_is_an_unknown_route() -> None:
    assert post(StandIn(), {}, project_id="a" * 100).json()["code"] == "ENTITY_NOT_FOUND"
    assert "code" not in post(StandIn(), {}, project_id="a" * 101).json()


def test_failures_come_in_order_and_change_nothing() -> None:
    service = StandIn()
    failures = httpx.ReadTimeout, httpx.ConnectError("no"), httpx.Response(520, html="<p>Oops</p>")
    service.fail(503, (429, {"retry-after": "1"}), *failures)
    assert post(service, {"displayName": "x"}).status_code == 503
    assert post(service, {"displayName": "x"}).headers["retry-after"] == "1"
    with pytest.raises(httpx.ReadTimeout):
        post(service, {"displayName": "x"})
    with pytest.raises(httpx.ConnectError, match="no"):
        post(service, {"displayName": "x"})
    assert post(service, {"displayName": "x"}).text == "<p>Oops</p>"
    assert service.projects[0]["displayName"] == "Project 1"
    assert post(service, {"displayName": "x"}).status_code == 200
    assert len(service.requests) == 6


def test_many_threads_lose_no_update() -> None:
    with StandIn({"displayName": f"Project {number}"} for number in range(8)).serve() as service:

        def run(project: dict[str, Any]) -> None:
            with httpx.Client(headers={"authorization": f"Bearer {service.api_key}"}) as client:
                for number in range(20):
                    url = f"{service.base_url}/v1/projects/{project['id']}"
                    assert client.post(url, json={"metadata": {"n": number}}).status_code == 200

        threads = [threading.Thread(target=run, args=(project,)) for project in service.projects]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [project["metadata"] for project in service.projects] == [{"n": 19}] * 8
    assert len(service.requests) == 160


def test_a_chunked_body_is_read() -> None:
    with StandIn().serve() as service, httpx.Client() as client:
        headers = {"authorization": f"Bearer {service.api_key}", "content-type": "application/json"}
        answer = client.post(
            f"{service.base_url}/v1/projects/{ID}", content=iter([b'{"displayName"', b': "Acme"}']), headers=headers
        )
        assert answer.json()["displayName"] == "Acme"


def test_a_chunked_body_may_have_trailers() -> None:
    with StandIn().serve() as service:
        head = (
            f"POST /api/v1/projects/{ID} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.api_key}\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", httpx.URL(service.base_url).port)) as client:
            client.sendall(head.encode() + b"2\r\n{}\r\n0\r\nX-Checksum: 1\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_an_answer_to_head_has_no_body() -> None:
    with StandIn().serve() as service, httpx.Client() as client:
        for _ in range(2):  # what came after the head would be taken for the second answer
            answer = client.head(f"{service.base_url}/v1/projects/{ID}")
            assert (answer.status_code, answer.content) == (404, b"")


def test_a_request_without_a_body_has_no_object() -> None:
    service = StandIn()
    with httpx.Client(transport=service.transport) as client:
        answer = client.post(f"{service.base_url}/v1/projects/{ID}")
    assert (answer.status_code, answer.json()["code"]) == (400, "FST_ERR_VALIDATION")


def test_a_host_that_is_none_is_left_aside() -> None:
    with StandIn().serve() as service:
        address = "127.0.0.1", httpx.URL(service.base_url).port
        with socket.create_connection(address) as client:
            client.sendall(b"GET /api HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_an_error_of_the_stand_in_itself_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError(request.method)

    service = StandIn()
    service.answer = answer  # type: ignore[method-assign]
    with service.serve(), pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{service.base_url}/v1/projects/{ID}", json={})
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_the_command_prints_an_address_and_a_key_that_work() -> None:
    command = [sys.executable, "-m", "activepieces_client.testing", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        greeting = ""
        while "displayName" not in greeting:
            greeting += process.stdout.readline()
        (url,) = re.findall(r"curl (\S+)", greeting)
        (authorization,) = re.findall(r"-H 'Authorization: (.*?)'", greeting)
        (body,) = re.findall(r"-d '(.*?)'", greeting)
        headers = {"authorization": authorization, "content-type": "application/json"}
        assert httpx.post(url, content=body, headers=headers).json()["displayName"] == "Acme EU"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


def test_the_command_says_what_is_wrong() -> None:
    command = [sys.executable, "-m", "activepieces_client.testing", "--port", "99999"]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert finished.returncode == 2
    assert "cannot serve on port 99999" in finished.stderr
    assert "Traceback" not in finished.stderr
