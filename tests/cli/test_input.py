"""The file of updates: its forms, and its violations with their lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from activepieces_client.testing import StandIn

from .command import ID, bodies, renames, run, run_json, write

WRONG = """\
{"id": "a", "body": {"displayname": "x", "icon": {"color": "PINKISH"}}}

{"id": "", "body": {}}
{"id": "b", "body": {"metadata": {"x": NaN}}}
{"id": "a", "body": {}}
{"id": "c"}
{"id": "d", "body": {}
{"id": 5, "body": {}}
{"id": "e", "body": {"metadata": {"x": 1, "x": 2}}}
{"id": "f ", "body": {}}
{"id": "g", "body": {"metadata": {"x": [9007199254740993]}}}

{"externalId": "h", "id": "h", "body": {}}
5
"""


@pytest.mark.parametrize("command", ["check", "apply", "plan"])
def test_every_violation_has_its_line(served: StandIn, command: str) -> None:
    finished = run(served, command, "-", given=WRONG)
    assert finished.returncode == 2
    assert [line.split(": ")[:2] for line in finished.stderr.splitlines()] == [
        ["line 1", "$.icon.color"],
        ["line 1", "$.displayname"],
        ["line 3", "path.id"],
        ["line 4", "$.metadata.x"],
        ["line 5", "path.id"],
        ["lines 6, 13, 14", "$"],
        ["line 7", "$"],
        ["line 8", "path.id"],
        ["line 9", "$"],
        ["line 10", "path.id"],
        ["line 11", "$.metadata.x[0]"],
    ]
    assert served.requests == []
    assert [found["line"] for found in run_json(served, command, "-", given=WRONG)] == [
        1, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14,
    ]  # fmt: skip


def test_identical_violations_are_one_line(served: StandIn) -> None:
    lines = [{"id": f"p{n}", "body": {"displayname": "x"}} for n in range(3000)]
    finished = run(served, "check", "-", given="".join(f"{json.dumps(line)}\n" for line in lines))
    (line,) = finished.stderr.splitlines()
    assert line.startswith("3000 lines (1, 2, 3, …): $.displayname: ")


def test_check_counts_and_needs_no_key(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "check", file, env={"ACTIVEPIECES_API_KEY": ""}).stdout == "20 updates are fine\n"
    assert run_json(served, "check", file) == [{"updates": 20}]
    write(file, renames(served)[:1])
    assert run(served, "check", file).stdout == "1 update is fine\n"
    assert served.requests == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        (b'[{"id": "a", "body": {}}]', "is a JSON array"),
        (b"PK\x03\x04 and so on", "is a spreadsheet workbook"),
        (b"\xff\xfe\x00\xd8", "starts as UTF-16"),
        (b"name\nx\n", "needs a column id"),
    ],
)
def test_other_file_type_is_named(served: StandIn, content: bytes, message: str) -> None:
    finished = run(served, "check", "-", given=content)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith("line 1: $: ")
    assert message in finished.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_lines_are_read_in_any_unicode(served: StandIn, encoding: str) -> None:
    line = json.dumps({"id": ID, "body": {"displayName": "Zoë 🚀"}}, ensure_ascii=False)
    assert run(served, "apply", "-", given=f"\r\n{line}\r\n".encode(encoding)).returncode == 0
    assert bodies(served) == [{"displayName": "Zoë 🚀"}]


def test_line_that_is_not_utf_8_is_named(served: StandIn) -> None:
    finished = run(served, "check", "-", given=b'{"id": "a", "body": {}}\n{"id": "\xe9", "body": {}}\n')
    assert finished.stderr == "line 2: $: is not UTF-8: save it as CSV UTF-8\n"


def test_empty_external_id_is_a_violation(served: StandIn) -> None:
    finished = run(served, "check", "-", given='{"externalId": "", "body": {}}')
    assert finished.stderr == "line 1: externalId: is not a string of at least one character\n"


def test_standard_input_leaves_a_record_with_an_option(
    served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = json.dumps({"id": ID, "body": {"displayName": "Acme"}})
    assert run(served, "apply", "-", given=line).returncode == 0
    assert list(tmp_path.iterdir()) == []
    line = json.dumps({"id": ID, "body": {"displayName": "Acme EU"}})
    assert run(served, "apply", "-", "--record", "record", given=line).returncode == 0
    assert run(served, "undo", "record", "--no-record").returncode == 0
    assert served.projects[0]["displayName"] == "Acme"
    assert [path.name for path in tmp_path.iterdir()] == ["record"]
    finished = run(served, "apply", "-", "--record", "record", given=line)
    assert (finished.returncode, served.projects[0]["displayName"]) == (2, "Acme")
    assert "File exists" in finished.stderr
