"""`nox -s upstream`: where the service's document differs from openapi.yaml."""

from __future__ import annotations

import copy
import json
import re
import shlex
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest
from tools.spec.checks import problems
from tools.spec.document import Document
from tools.spec.upstream import differences, known, main

from .repository import Repository, base, load, merge, whole_base
from .repository import document as document_of

PUBLISHED = Path(__file__).parent / "published"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.copy(tmp_path, generated=False)


def document() -> dict[str, Any]:
    """Return the frozen document as JSON values."""
    return copy.deepcopy(base().content)


def compare(theirs: object) -> list[tuple[str, str, str, Any, Any]]:
    """Return how another document differs from the frozen one."""
    found = [change for change in differences(base(), document_of(theirs)) if not known(change)]
    return [(change.direction, change.property, change.keyword, change.new, change.old) for change in found]


def elements(node: Any) -> list[Any]:
    found: list[Any] = node
    return found


def inlined(node: Any, whole: dict[str, Any]) -> Any:
    """Return a document as the service has it: OpenAPI 3.0 without references."""
    if isinstance(node, list):
        return [inlined(item, whole) for item in elements(node)]
    if not isinstance(node, dict):
        return node
    members = cast("dict[str, Any]", node)
    if "$ref" in members:
        target: Any = whole
        for key in members["$ref"].split("/")[1:]:
            target = target[key]
        return inlined(target, whole)
    plain = {key: inlined(child, whole) for key, child in members.items()}
    if isinstance(plain.get("enum"), list):
        return {"anyOf": [{"type": "string", "enum": [value]} for value in plain["enum"]]}
    if isinstance(plain.get("type"), list):
        plain |= {"type": plain["type"][0], "nullable": True}
    if isinstance(limit := plain.get("exclusiveMinimum"), int):
        plain |= {"minimum": limit, "exclusiveMinimum": True}
    branches = plain.get("anyOf", [])
    if {"type": "null"} in branches:
        plain = {**branches[0], "nullable": True}
    if {"type": "string"} in branches:
        plain = branches[0]  # an open enum, closed
    plain.pop("additionalProperties" if plain.get("additionalProperties") is False else "description", None)
    return plain


UPDATE = "POST /v1/projects/{id}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "static-2026-04",
            [
                "request globalConnectionExternalIds: property",
                "request maxConcurrentJobs: property",
                "response externalId: type",
                "response poolId: property",
            ],
        ),
        ("static-2026-08", []),
        (
            "live-2026-08",
            [
                "request notifyFlowOwnerOnFailure: property",
                "request plan.activeFlowsLimit: property",
                "request workerGroupId: property",
                "request executionDataRetentionDays: property",
                "response notifyFlowOwnerOnFailure: property",
                "response pieceSetId: property",
                "response workerGroupId: property",
                "response executionDataRetentionDays: property",
                "response plan.activeFlowsLimit: property",
            ],
        ),
    ],
)
def test_published_document_differences(repository: Repository, name: str, expected: list[str]) -> None:
    finished = repository.run("upstream", str(PUBLISHED / f"{name}.json"), "--verbose")
    assert (finished.returncode, finished.stderr) == (bool(expected), "")
    places = [line for line in finished.stdout.splitlines() if line.startswith("openapi.yaml:")]
    assert [place.split(": ", 1)[1].partition(": openapi")[0] for place in places] == [
        f"{UPDATE} {one}" for one in expected
    ]
    assert f"Known, and left out: {UPDATE} request $: required" in finished.stdout
    lines = (repository.folder / "openapi.yaml").read_text("utf-8").splitlines()
    for place in places:
        line = lines[int(place.split(":")[1]) - 1].strip()
        assert line.rstrip(":") in (*place.replace(":", "").split(), "properties")


def test_known_errors_of_the_list_are_left_out(repository: Repository) -> None:
    (repository.folder / "openapi.yaml").write_text(whole_base(), "utf-8")
    finished = repository.run("upstream", str(PUBLISHED / "static-2026-08.json"), "--verbose")
    listed = [line for line in finished.stdout.splitlines() if "GET /v1/projects request query" in line]
    assert {line.split(": ")[0] for line in listed} == {"Known, and left out"}
    assert {line.split(": ")[1].rpartition(".")[2] for line in listed} >= {"types", "limit"}


def test_what_the_service_has_is_yaml_to_paste(repository: Repository) -> None:
    theirs = json.loads((PUBLISHED / "live-2026-08.json").read_text("utf-8"))
    schema = theirs["paths"]["/v1/projects/{id}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    kinds = {"anyOf": [{"type": "string", "enum": ["A"]}, {"type": "string", "enum": ["B"]}]}
    alerts = {"type": "object", "properties": {"to": {"type": "array", "items": kinds}}, "required": ["to"]}
    schema["properties"]["alerts"] = {"anyOf": [alerts, {"type": "null"}]}
    body = {"content": {"application/json": {"schema": alerts}}}
    parameter = {"name": "q", "in": "query", "schema": {"type": "number", "nullable": False}}
    operation = {"parameters": [parameter], "requestBody": body, "responses": {"200": {**body, "description": "Done."}}}
    theirs["paths"]["/v1/tags"] = {"post": operation}
    (repository.folder / "theirs.json").write_text(json.dumps(theirs), "utf-8")

    printed = repository.run("upstream", "theirs.json", "--operations", "/v1/tags").stdout
    assert re.search(r"\nKnown, and left out: \d+; `--verbose` prints them.\n", printed)
    file = repository.folder / "openapi.yaml"
    for place, part in re.findall(r"(?m)^  Under (\S+):\n((?:    .*\n)+)", printed):
        start, key = "", place.rpartition(".")[2]
        path = f"  {place.partition('.')[2]}:\n" if place.startswith("paths") else ""
        if path:
            key = "paths"
        elif key == "properties":
            start = rf"^    {place.split('.')[-2]}:\n(?:.*\n)*?"
        text = file.read_text("utf-8")
        match = re.search(rf"(?m){start}^ *{key}:\n", text)
        assert match, place
        file.write_text(f"{text[: match.end()]}{path}{part}{text[match.end() :]}", "utf-8")
    assert problems(Document.read(file)) == []
    assert "openapi.yaml has nothing" not in repository.run("upstream", "theirs.json").stdout


def test_unusable_document_is_one_line(repository: Repository) -> None:
    finished = repository.run("upstream", str(PUBLISHED / "live-2026-05.json"))
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.count("\n") == 1
    assert "content/application~1json/schema is not a schema" in finished.stderr


def test_other_spellings_are_no_difference() -> None:
    ours = document()
    assert compare(ours) == []
    theirs = inlined({"paths": ours["paths"], "openapi": "3.0.3"}, ours)
    operation = theirs["paths"].pop("/v1/projects/{id}")["post"]
    del operation["operationId"]
    operation["responses"] = {"200": operation["responses"]["200"]}
    operation["parameters"] = [{"in": "path", "name": "projectId", "required": True, "schema": {"type": "string"}}]
    theirs["paths"] = {"/v1/other": {}, "/v1/projects/{projectId}/": {"post": operation}}
    assert '"$ref"' not in json.dumps(theirs)
    assert compare(theirs) == []


@pytest.mark.parametrize("case", load("upstream.yaml"), ids=lambda case: " ".join(case["found"][:3]))
def test_each_kind_of_difference_is_found(case: dict[str, Any]) -> None:
    theirs = merge(document(), {"components": {"schemas": case["patch"]}})
    assert compare(theirs) == [tuple(case[name]) for name in ("found", "also") if name in case]


def test_query_parameter_and_missing_operation_differ() -> None:
    theirs = document()
    operation = theirs["paths"]["/v1/projects/{id}"]["post"]
    operation["parameters"] += [{"in": "query", "name": "dry", "schema": {"type": "boolean"}}]
    assert [one[:3] for one in compare(theirs)] == [("request", "query.dry", "parameter")]
    theirs["paths"] = {"/v1/projects": {"post": operation}}
    assert [one[:3] for one in compare(theirs)] == [("request", "", "operation")]


@pytest.fixture
def published() -> Iterator[dict[str, bytes]]:
    """Serve documents over HTTP as text; `address` is the base URL."""
    documents: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = documents.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it has there
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    documents["address"] = f"http://127.0.0.1:{server.server_port}".encode()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield documents
    server.shutdown()
    server.server_close()


def test_57_megabytes_from_an_address_are_no_problem(repository: Repository, published: dict[str, bytes]) -> None:
    theirs = document()
    theirs["paths"] |= {f"/v1/other/{number}": {"get": {"x": "y" * 57_000}} for number in range(1000)}
    published["/docs"] = json.dumps(theirs).encode()
    finished = repository.run("upstream", f"{published['address'].decode()}/docs")
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "404"),
        (b"<!doctype html><title>Activepieces</title>", "is not"),
        (b'{"openapi": "3.0.3"', "is not JSON"),
        (b'{"openapi": "3.0.3"}', "is not an OpenAPI document"),
        (b"", "is not an OpenAPI document"),
        (b"\xff\xfe\x00", "cannot be read"),
        (
            b'{"openapi": "3.0.3", "paths": {"/v1/projects/{id}": {"post": {"requestBody": {"$ref": "#/a"}}}}}',
            "nowhere",
        ),
    ],
    ids=["missing", "HTML", "half", "no paths", "empty", "bytes", "reference"],
)
def test_unreadable_source_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str], published: dict[str, bytes], content: bytes | None, reason: str
) -> None:
    if content is not None:
        published["/docs"] = content
    source = f"{published['address'].decode()}/docs"
    assert main([source]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(source)
    assert printed.err.count("\n") == 1
    assert reason in printed.err


def test_unreachable_source_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    for source in ("http://127.0.0.1:1/docs", "nowhere.json"):
        assert main([source]) == 2
        printed = capsys.readouterr()
        assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_report_ends_with_what_to_do_and_a_closed_pipe(repository: Repository) -> None:
    source = PUBLISHED / "static-2026-04.json"
    finished = repository.run("upstream", str(source))
    assert "nox -s regenerate" in finished.stdout.splitlines()[-1]
    command = shlex.join(repository.command("upstream", str(source)))
    assert repository.shell(f"{command} | true").stderr == ""
