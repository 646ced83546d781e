"""`nox -s upstream`: where a document of the service and openapi.yaml part."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from .repository import Repository, load, merge

PUBLISHED = Path(__file__).parent / "published"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.copy(tmp_path)


def document(repository: Repository) -> dict[str, Any]:
    """Give openapi.yaml as data."""
    text = (repository.folder / "generated/activepieces_api/openapi.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


def compare(repository: Repository, theirs: object) -> list[tuple[str, str, str, Any, Any]]:
    """Hold openapi.yaml against another document, and list the differences."""
    (repository.folder / "theirs.json").write_text(json.dumps(theirs), "utf-8")
    finished = repository.run("upstream", "theirs.json", "--format", "json")
    assert finished.stderr == ""
    found = json.loads(finished.stdout)["differences"]
    assert finished.returncode == bool(found)
    return [(one["direction"], one["field"], one["kind"], one["ours"], one["theirs"]) for one in found]


def elements(node: Any) -> list[Any]:
    found: list[Any] = node
    return found


def inlined(node: Any, whole: dict[str, Any]) -> Any:
    """Write a document as the service does: OpenAPI 3.0, without references, each value of an enum by itself."""
    if isinstance(node, list):
        return [inlined(part, whole) for part in elements(node)]
    if not isinstance(node, dict):
        return node
    members = cast("dict[str, Any]", node)
    if "$ref" in members:
        target: Any = whole
        for key in members["$ref"].split("/")[1:]:
            target = target[key]
        return inlined(target, whole)
    plain = {key: inlined(part, whole) for key, part in members.items()}
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


def test_the_stale_document_is_read_and_what_it_lacks_is_named(repository: Repository) -> None:
    finished = repository.run("upstream", str(PUBLISHED / "static-2026-04.json"))
    assert (finished.returncode, finished.stderr) == (1, "")
    head, *places, what_next = finished.stdout.splitlines()
    assert head.endswith("static-2026-04.json and openapi.yaml part in 4 places:")
    assert [place.partition(": ")[2].partition(": openapi")[0] for place in places] == [
        "updateProject request globalConnectionExternalIds: removed",
        "updateProject request maxConcurrentJobs: removed",
        "updateProject response externalId: nullable",
        "updateProject response poolId: removed",
    ]
    lines = (repository.folder / "openapi.yaml").read_text("utf-8").splitlines()
    named = [lines[int(place.split(":")[1]) - 1].strip() for place in places]
    assert named == ["globalConnectionExternalIds:", "maxConcurrentJobs:", "externalId:", "poolId:"]
    assert "nox -s regenerate" in what_next


def test_the_unusable_document_is_one_line_that_says_why(repository: Repository) -> None:
    finished = repository.run("upstream", str(PUBLISHED / "live-2026-05.json"))
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.count("\n") == 1
    assert "requestBody/content/application~1json/schema is not a schema: there is no keyword `def`" in finished.stderr


def test_other_spellings_are_no_difference(repository: Repository) -> None:
    ours = document(repository)
    assert compare(repository, ours) == []
    theirs = inlined({"paths": ours["paths"], "openapi": "3.0.3"}, ours)
    operation = theirs["paths"].pop("/v1/projects/{id}")["post"]
    del operation["operationId"]
    operation["responses"] = {"200": operation["responses"]["200"]}
    operation["parameters"] = [{"in": "path", "name": "projectId", "required": True, "schema": {"type": "string"}}]
    theirs["paths"] = {"/v1/other": {}, "/v1/projects/{projectId}/": {"post": operation}}
    assert '"$ref"' not in json.dumps(theirs)
    assert compare(repository, theirs) == []
    assert repository.run("upstream", "openapi.yaml").returncode == 0


@pytest.mark.parametrize("case", load("upstream.yaml"), ids=lambda case: " ".join(case["found"][:3]))
def test_each_kind_of_difference_is_found(repository: Repository, case: dict[str, Any]) -> None:
    theirs = merge(document(repository), {"components": {"schemas": case["patch"]}})
    assert compare(repository, theirs) == [tuple(case["found"])]


def test_query_parameters_and_a_missing_operation_are_differences(repository: Repository) -> None:
    theirs = document(repository)
    operation = theirs["paths"]["/v1/projects/{id}"]["post"]
    operation["parameters"] += [{"in": "query", "name": "dry", "schema": {"type": "boolean"}}]
    assert compare(repository, theirs) == [("request", "query.dry", "added", None, {"type": "boolean"})]
    theirs["paths"] = {"/v1/projects": {"post": operation}}
    assert [one[:3] for one in compare(repository, theirs)] == [("request", "$", "removed")]


@pytest.fixture
def published() -> Iterator[dict[str, bytes]]:
    """Serve documents over HTTP, as text; `address` is where."""
    documents: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = documents.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it has there
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    documents["address"] = f"http://127.0.0.1:{server.server_port}".encode()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield documents
    server.shutdown()
    server.server_close()


def test_57_megabytes_from_an_address_are_no_problem(repository: Repository, published: dict[str, bytes]) -> None:
    theirs = document(repository)
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
def test_what_cannot_be_read_is_one_line_and_exit_2(
    repository: Repository, published: dict[str, bytes], content: bytes | None, reason: str
) -> None:
    if content is not None:
        published["/docs"] = content
    source = f"{published['address'].decode()}/docs"
    finished = repository.run("upstream", source)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith(source)
    assert finished.stderr.count("\n") == 1
    assert reason in finished.stderr


def test_an_address_where_nothing_answers_and_a_file_that_is_not_there_are_exit_2(repository: Repository) -> None:
    for source in ("http://127.0.0.1:1/docs", "nowhere.json"):
        finished = repository.run("upstream", source)
        assert (finished.returncode, finished.stdout, finished.stderr.count("\n")) == (2, "", 1)


def test_markdown_is_a_table_that_says_what_to_do_next(repository: Repository) -> None:
    finished = repository.run("upstream", str(PUBLISHED / "static-2026-04.json"), "--format", "markdown")
    table = [line for line in finished.stdout.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 4
    assert {line.count("|") for line in table} == {8}
    assert "nox -s regenerate" in finished.stdout
