"""The journal: its file, final outcomes, and what the next run sends."""

from __future__ import annotations

import errno
import itertools
import json
import os
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from activepieces_client.testing import StandIn

from .command import Updates, bodies, journal, renames, run, run_json, write


@pytest.mark.parametrize("content", [b"a note", b"{}", b'{"journal": 1', b'{"journal": 2, "of": "x"}\n', b"\0" * 100])
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_other_file_as_journal_is_unchanged(
    served: StandIn, tmp_path: Path, content: bytes, options: list[str]
) -> None:
    file, note = write(tmp_path / "updates.jsonl", renames(served)), tmp_path / "note.txt"
    if content == b'{"journal": 1':
        content += b"}"
    note.write_bytes(content)
    finished = run(served, "apply", file, "--journal", note, *options)
    assert finished.returncode == 2
    assert finished.stderr.splitlines() == [
        f"activepieces-client: {note} is not a journal, and stays as it is: give another path"
    ]
    assert note.read_bytes() == content
    assert served.requests == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.txt", "updates.jsonl"]


def test_input_as_journal_is_unchanged(served: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "updates.jsonl"
    file.write_text(json.dumps({"id": served.projects[0]["id"], "body": {}}), "utf-8")  # without a final newline
    before = file.read_bytes()
    assert run(served, "apply", file, "--journal", file).returncode == 2
    assert file.read_bytes() == before


def test_journal_in_a_missing_folder_is_an_error(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    path = tmp_path / "missing" / "journal"
    finished = run(served, "apply", file, "--journal", path)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert str(path) in finished.stderr
    assert not path.parent.exists()
    assert served.requests == []


@pytest.mark.parametrize("path", ["folder", "pipe"])
def test_journal_must_be_a_file(served: StandIn, tmp_path: Path, path: str) -> None:
    file, journal_path = write(tmp_path / "updates.jsonl", renames(served)), tmp_path / path
    if path == "folder":
        journal_path.mkdir()
    else:
        os.mkfifo(journal_path)
    finished = run(served, "apply", file, "--journal", journal_path)
    assert finished.returncode == 2
    assert str(journal_path) in finished.stderr
    assert served.requests == []


def test_dry_run_and_plan_write_nothing(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "apply", file, "--dry-run").returncode == 3
    assert run(served, "plan", file).returncode == 3
    assert [path.name for path in tmp_path.iterdir()] == ["updates.jsonl"]
    assert run(served, "apply", file).returncode == 0
    path = Path(f"{file}.journal")
    path.write_bytes(path.read_bytes()[:-5])  # a torn line, which only a run cuts off
    before = path.read_bytes()
    assert "19 final in the journal" in run(served, "plan", file).stdout
    assert path.read_bytes() == before


def test_update_that_was_overwritten_is_sent_again(served: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "updates.jsonl"
    for name in ("A", "B", "A"):
        write(file, [(served.projects[0]["id"], {"displayName": name})])
        assert run(served, "apply", file).returncode == 0
    assert [body["displayName"] for body in bodies(served)] == ["A", "B", "A"]
    assert run(served, "apply", file).returncode == 0
    assert len(bodies(served)) == 3


def test_journal_tells_servers_apart(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served)[:1])
    with StandIn(served.projects).serve() as other:
        for service in (served, other):
            assert run(service, "apply", file).returncode == 0
            assert len(service.requests) == 1


def test_run_leaves_only_the_journal(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "apply", file).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["updates.jsonl", "updates.jsonl.journal"]
    assert served.api_key not in Path(f"{file}.journal").read_text("utf-8")


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_torn_last_line_is_cut_off(served: StandIn, tmp_path: Path, cut: int) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "apply", file).returncode == 0
    path = Path(f"{file}.journal")
    path.write_bytes(path.read_bytes()[:-cut])
    assert run(served, "apply", file).returncode == 0
    assert len(served.requests) == 21
    assert sorted(entry["line"] for entry in journal(file)) == list(range(1, 21))


@pytest.mark.parametrize("size", [0, 1, 20])
def test_torn_first_line_is_a_journal_that_just_begins(served: StandIn, tmp_path: Path, size: int) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "apply", file).returncode == 0
    path = Path(f"{file}.journal")
    path.write_bytes(path.read_bytes()[:size])
    assert run(served, "apply", file).returncode == 0
    assert len(served.requests) == 40


def test_damaged_line_is_named(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "apply", file).returncode == 0
    path = Path(f"{file}.journal")
    lines = path.read_bytes().splitlines(keepends=True)
    for damage in (b"{}\n", b"half a li\n", b"[1]\n"):
        content = b"".join([*lines[:3], damage, *lines[3:]])
        path.write_bytes(content)
        finished = run(served, "apply", file)
        assert finished.returncode == 2
        assert "line 4 of the journal" in finished.stderr
        assert path.read_bytes() == content


def test_second_run_sends_nothing_that_is_done(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    finished = run(served, "apply", file)
    assert finished.returncode == 0
    assert "20 updates, 20 done, 0 rejected, 0 failed, 0 left" in finished.stderr
    assert [project["displayName"] for project in served.projects] == [f"Name {n}" for n in range(20)]
    *nothing, last = run_json(served, "apply", file)
    assert nothing == []
    assert last["summary"] == {
        "updates": 20, "done": 20, "rejected": 0, "failed": 0, "left": 0, "interrupted": False, "stopped": None,
    }  # fmt: skip
    assert len(served.requests) == 20


def test_corrected_line_is_sent_and_the_others_are_not(served: StandIn, tmp_path: Path) -> None:
    served.projects[5]["externalId"] = "taken"
    updates: Updates = [*renames(served)[:3], (served.projects[3]["id"], {"externalId": "taken"})]
    file = write(tmp_path / "updates.jsonl", updates)
    finished = run(served, "apply", file)
    assert finished.returncode == 1
    assert "correct them" in finished.stderr

    finished = run(served, "apply", file)
    assert finished.returncode == 1
    assert f"rejected earlier, not sent again: line 4: {updates[3][0]}: ConflictError: 409" in finished.stderr
    assert "PROJECT_EXTERNAL_ID_ALREADY_EXISTS" in finished.stderr
    assert "correct them" in finished.stderr
    assert len(served.requests) == 4

    # A line is inserted, one is removed, one is corrected, and all are written in another way.
    changed: Updates = [(served.projects[9]["id"], {"displayName": "New"}), *updates[1:3]]
    lines = [{"body": body, "id": project_id} for project_id, body in changed]
    lines.append({"id": updates[3][0], "body": {"externalId": "free"}})
    file.write_text("".join(f"{json.dumps(line)}  \n\n" for line in lines), "utf-8")
    finished = run(served, "apply", file)
    assert finished.returncode == 0
    assert "4 done, 0 rejected" in finished.stderr
    assert sorted(map(str, bodies(served)[4:])) == ["{'displayName': 'New'}", "{'externalId': 'free'}"]


def service_error(status: int) -> httpx.Response:
    return httpx.Response(status, json={"code": "SOMETHING", "params": {}})


FINAL = {
    "400": httpx.Response(400, json={"statusCode": 400, "error": "Bad Request", "message": "no"}),
    "402": service_error(402),
    "404": service_error(404),
    "409": service_error(409),
    "413": httpx.Response(413, json={"statusCode": 413, "code": "FST_ERR_CTP_BODY_TOO_LARGE", "message": "no"}),
}
NOT_FINAL = {
    "404 of a proxy": httpx.Response(404, html="<p>not here</p>"),
    "400 of a proxy": httpx.Response(400, text="no"),
    "423": httpx.Response(423, text="locked"),
}


@pytest.mark.parametrize("response", FINAL.values(), ids=FINAL)
def test_error_about_the_line_is_final(served: StandIn, tmp_path: Path, response: httpx.Response) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served)[:1])
    served.fail(response)
    assert run(served, "apply", file).returncode == 1
    assert [entry["outcome"] for entry in journal(file)] == ["rejected"]
    assert run(served, "apply", file).returncode == 1
    assert len(served.requests) == 1


def test_not_applied_is_final(served: StandIn, tmp_path: Path) -> None:
    served.projects[0]["type"] = "PERSONAL"
    file = write(tmp_path / "updates.jsonl", renames(served)[:1])
    assert "NotAppliedError" in run(served, "apply", file).stderr
    assert "NotAppliedError" in run(served, "apply", file).stderr
    assert len(served.requests) == 1


@pytest.mark.parametrize("response", NOT_FINAL.values(), ids=NOT_FINAL)
@pytest.mark.usefixtures("short_pauses")
def test_other_error_is_not_final(served: StandIn, tmp_path: Path, response: httpx.Response) -> None:
    updates = renames(served)
    file = write(tmp_path / "updates.jsonl", updates)
    served.handlers["updateProject"] = lambda _: response
    finished = run(served, "apply", file)
    assert finished.returncode == 1
    assert "run this again" in finished.stderr
    assert len(served.requests) <= 20
    assert {entry["outcome"] for entry in journal(file)} <= {"failed"}
    del served.handlers["updateProject"]  # the cause is gone
    assert run(served, "apply", file).returncode == 0
    assert [project["displayName"] for project in served.projects] == [body["displayName"] for _, body in updates]


def test_mixed_outcomes_are_counted(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", [("nowhere", {}), *renames(served)])
    finished = run(served, "apply", file)
    assert finished.returncode == 1
    assert "20 done, 1 rejected, 0 failed, 0 left" in finished.stderr
    assert Counter(entry["outcome"] for entry in journal(file)) == {"done": 20, "rejected": 1}
    line = next(line for line in finished.stderr.splitlines() if "nowhere" in line)
    assert line.count("nowhere") == 1
    assert line.startswith("line 1, NotFoundError: 404 ENTITY_NOT_FOUND: ")


def test_outcome_is_on_disk_before_it_is_shown(
    served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def show(descriptor: int) -> None:
        sync(descriptor)
        sys.stdout.write(f"synced {os.fstat(descriptor).st_size}\n")

    monkeypatch.setattr(os, "fsync", show)
    file = write(tmp_path / "updates.jsonl", renames(served)[:3])
    lines = run(served, "apply", file, "--output", "json").stdout.splitlines()[-7:]
    sizes = [int(line.removeprefix("synced ")) for line in lines[:6:2]]
    assert len(set(sizes)) == 3
    assert [next(iter(json.loads(line))) for line in lines[1::2] + lines[6:]] == ["line", "line", "line", "summary"]


def test_journal_on_a_full_disk_stops_the_roll_out(
    served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, calls = os.fsync, itertools.count(1)

    def fill(descriptor: int) -> None:
        if next(calls) > 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    file = write(tmp_path / "updates.jsonl", renames(served))
    with monkeypatch.context() as full_disk:
        full_disk.setattr(os, "fsync", fill)
        finished = run(served, "apply", file)
    assert finished.returncode == 1
    assert "cannot be written: No space left on device" in finished.stderr
    sent, recorded = len(served.requests), len(journal(file))
    assert recorded < sent <= recorded + 4
    assert run(served, "apply", file).returncode == 0
    assert len(served.requests) == sent + 20 - recorded
