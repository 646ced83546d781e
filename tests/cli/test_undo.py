"""The record of an apply, and the commands that read it: undo and report."""

from __future__ import annotations

import csv
import datetime
import itertools
import json
import os
import re
import resource
import subprocess
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from activepieces_client.cli import _record
from activepieces_client.testing import StandIn

from .command import COMMAND, ID, Updates, bodies, conflict, environment, outcomes, records, renames, run, write


def apply(service: StandIn, file: Path, *options: str) -> Path:
    """Apply a file, and return its newest record."""
    run(service, "apply", file, *options)
    return records(file)[-1]


def spreadsheet(service: StandIn, file: Path) -> Path:
    """Write a spreadsheet that changes each project, some of them in part only."""
    rows = (f"{project['id']},New {n},gold,customer-{n}" for n, project in enumerate(service.projects))
    file.write_text("\n".join(["id,displayName,metadata.tier,externalId", *rows]), "utf-8")
    return file


def test_record_has_the_values_before_and_after(served: StandIn, tmp_path: Path) -> None:
    served.projects[0].update(externalId="customer-4711", metadata={"tier": "gold", "old": 1})
    file = write(tmp_path / "updates.jsonl", [(ID, {"displayName": "Acme", "metadata": {"tier": "silver"}})])
    record = apply(served, file)
    assert re.fullmatch(r"updates\.jsonl\.\d{4}-\d\d-\d\dT\d{6}Z\.jsonl", record.name)
    header, change, outcome = (json.loads(line) for line in record.read_text("utf-8").splitlines())
    assert header.pop("time") <= outcome.pop("time")
    assert header.pop("version")
    assert header == {"record": 1, "server": served.base_url, "file": "updates.jsonl"}
    assert change["change"] == {
        "line": 1,
        "id": ID,
        "externalId": "customer-4711",
        "displayName": "Project 0",
        "before": {"$.displayName": "Project 0", "$.metadata.tier": "gold", "$.metadata.old": 1},
        "after": {"$.displayName": "Acme", "$.metadata.tier": "silver"},
    }
    assert outcome == {"line": 1, "id": ID, "outcome": "done"}


def test_second_apply_writes_a_second_record(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "apply", file).returncode == run(served, "apply", file).returncode == 0
    assert len(records(file)) == 1  # the second sent nothing
    served.projects[3]["displayName"] = served.projects[5]["displayName"] = "By hand"
    assert run(served, "apply", file).returncode == 0
    assert [len(path.read_text("utf-8").splitlines()) for path in records(file)] == [1 + 2 * 20, 1 + 2 * 2]


def test_record_of_the_same_second_has_another_name(
    served: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(datetime.datetime):
        seconds = itertools.chain([1, 1, 1], itertools.count(2))

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return cls(2026, 11, 30, 18, 15, next(cls.seconds), tzinfo=tz)

    monkeypatch.setattr(_record, "datetime", Slow)
    file = write(tmp_path / "updates.jsonl", renames(served)[:1])
    (tmp_path / "updates.jsonl.2026-11-30T181501Z.jsonl").touch()
    assert run(served, "apply", file).returncode == 0
    assert [path.name for path in records(file)][1:] == ["updates.jsonl.2026-11-30T181502Z.jsonl"]


@pytest.mark.parametrize("number", [3, 30])
def test_undo_restores_every_project(tmp_path: Path, number: int) -> None:
    projects: list[dict[str, Any]] = [
        {"displayName": f"P {n}", "metadata": {"kept": n, "tier": "silver"} if n % 3 else None} for n in range(number)
    ]
    projects[2].update(type="PERSONAL", externalId="mine", displayName="An old name, Inc.")
    with StandIn(projects).serve() as service:
        before = run(service, "list", "--output", "csv").stdout
        file = spreadsheet(service, tmp_path / "tiers.csv")
        record = apply(service, file)
        service.projects[1]["metadata"]["tier"] = "platinum"
        finished = run(service, "undo", record)
        assert finished.returncode == 1
        assert (
            f'line 3: {service.projects[1]["id"]} $.metadata.tier: is "platinum" by now, so it stays' in finished.stderr
        )
        assert "$.externalId: the service does not take null back" in finished.stderr
        assert "$.metadata: stays {}, without members" in finished.stderr
        assert service.projects[2]["externalId"] == "mine"
        # Byte for byte, but for the conflict and the external ids.
        for n, project in enumerate(service.projects):
            project["externalId"] = None if n != 2 else "mine"
        service.projects[1]["metadata"]["tier"] = "silver"
        assert run(service, "list", "--output", "csv").stdout == before
        sent = len(bodies(service))
        run(service, "undo", record)
        assert len(bodies(service)) == sent


def test_undo_with_force_overwrites_conflicts(served: StandIn, tmp_path: Path) -> None:
    record = apply(served, write(tmp_path / "updates.jsonl", renames(served)))
    for project in served.projects[1:]:
        project["displayName"] = "Project" + project["displayName"].removeprefix("Name")
    served.projects[0]["displayName"] = "By hand"
    assert run(served, "undo", record).returncode == 1
    assert served.projects[0]["displayName"] == "By hand"
    assert run(served, "undo", record, "--force").returncode == 0
    assert [project["displayName"] for project in served.projects] == [f"Project {n}" for n in range(20)]
    assert len(records(record)) == 1


def test_undo_takes_back_what_may_have_been_made(served: StandIn, tmp_path: Path) -> None:
    record = apply(served, write(tmp_path / "updates.jsonl", [*conflict(served), *renames(served)[2:]]))
    served.projects[1]["externalId"] = "taken"  # not by the apply, which was rejected
    served.projects.pop(5)
    lines = record.read_bytes().splitlines(keepends=True)
    # Without the last outcomes, and the last one is half written, as after a kill.
    record.write_bytes(b"".join(line for line in lines[:-3] if b"Conflict" not in line) + lines[-3][:20])
    kept = next(line for line in lines if b"Conflict" in line)
    record.write_bytes(b"".join([*lines[:20], kept]) + lines[-1][:20])
    finished = run(served, "undo", record)
    assert finished.returncode == 1
    assert "the key sees no project" in finished.stderr
    assert [project["displayName"] for project in served.projects][2:] == [
        f"Project {n}" for n in range(2, 20) if n != 5
    ]
    assert served.projects[1]["externalId"] == "taken"


def test_undo_names_what_it_cannot_take_back(served: StandIn, tmp_path: Path) -> None:
    served.projects[0]["metadata"] = {"a": None, "b": 1}
    body = {"globalConnectionExternalIds": ["c"], "metadata": {"a": 1, "b": 1}}
    record = apply(served, write(tmp_path / "updates.jsonl", [(ID, body)]))
    shown = run(served, "undo", record).stderr
    assert "line 1: $.globalConnectionExternalIds: no response shows the value before" in shown
    assert "line 1: $.metadata.a: was null, and is removed instead" in shown
    assert served.projects[0]["metadata"] == {"b": 1}


def test_undo_is_of_the_same_server(served: StandIn, tmp_path: Path) -> None:
    record = apply(served, write(tmp_path / "updates.jsonl", renames(served)))
    with StandIn().serve() as other:
        finished = run(other, "undo", record)
        assert finished.returncode == 2
        assert f"the record is of {served.base_url}, not of {other.base_url}" in finished.stderr
        assert other.requests == []


@pytest.mark.parametrize("command", ["undo", "report"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a record"),
        (b'{"id": "a"}\n', "is not a record"),
        (b'{"record": 1}\n{"change": {}}\n', "is not a record"),
        (b"[]\n", "is not a record"),
        (b'{"record": 2}\n', "is not a record"),
        (b"id,name\nx", "is not a record"),
        (None, "No such file"),
    ],
)
def test_other_file_is_not_a_record(
    served: StandIn, tmp_path: Path, command: str, content: bytes | None, message: str
) -> None:
    file = tmp_path / "record"
    if content is not None:
        file.write_bytes(content)
    finished = run(served, command, file)
    assert finished.returncode == 2
    assert message in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_report_is_for_people(served: StandIn, tmp_path: Path) -> None:
    served.projects[2].update(displayName="A | <b>", externalId="customer-2", metadata={"tier": "gold"})
    updates: Updates = [*conflict(served), (served.projects[2]["id"], {"displayName": "New", "metadata": {}})]
    record = apply(served, write(tmp_path / "updates.jsonl", updates))
    shown = run(served, "report", record).stdout
    assert "updates.jsonl, 20" in shown
    assert "2 projects: 1 rejected, 1 done" in shown
    rows = list(csv.DictReader(run(served, "report", record, "--output", "csv").stdout.splitlines()))
    assert rows[0]["reason"].startswith("ConflictError: 409 PROJECT_EXTERNAL_ID_ALREADY_EXISTS")
    assert rows[1:] == [
        {"external id": "customer-2", "id": served.projects[2]["id"], "name": "A | <b>", "property": name,
         "before": before, "after": after, "outcome": "done", "reason": ""}
        for name, before, after in (("displayName", '"A | <b>"', '"New"'), ("metadata.tier", '"gold"', ""))
    ]  # fmt: skip
    title, _, summary, _, header, _, _, row, _ = run(
        served, "report", record, "--output", "markdown"
    ).stdout.splitlines()
    assert title.startswith("### updates.jsonl, 20")
    assert summary == "2 projects: 1 rejected, 1 done"
    assert header.startswith("| external id | id | name |")
    assert row.startswith(f"| customer-2 | {served.projects[2]['id']} | A \\| &lt;b> | displayName |")


def test_report_of_a_killed_apply_has_no_outcome(served: StandIn, tmp_path: Path) -> None:
    record = apply(served, write(tmp_path / "updates.jsonl", renames(served)))
    record.write_bytes(b"".join(record.read_bytes().splitlines(keepends=True)[:21]))
    assert "20 projects: 20 unknown" in run(served, "report", record).stdout


@pytest.mark.skipif(os.name == "nt", reason="there is no such limit there")
def test_record_that_cannot_be_written_stops(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served))
    assert run(served, "apply", file, "--record", tmp_path / "no" / "folder").returncode == 2
    write(file, [(ID, {"metadata": {"text": "x" * 8000}}), *renames(served)[1:]])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (13 * 1024, hard))  # the changes fit, the outcomes do not
    try:
        finished = run(served, "apply", file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert finished.returncode == 1
    assert "stopped: the record cannot be written: File too large" in finished.stderr
    assert len(outcomes(file)) < len(bodies(served)) < 20


def test_update_that_was_not_applied_may_be_undone(served: StandIn, tmp_path: Path) -> None:
    before, after = dict(served.projects[0]), dict(served.projects[0], displayName="Acme")

    def apply_half(_: httpx.Request) -> httpx.Response:
        served.projects[0].update(after)
        return httpx.Response(200, json=served.projects[0])

    served.handlers["updateProject"] = apply_half
    record = apply(served, write(tmp_path / "updates.jsonl", [(ID, {"displayName": "Acme", "maxConcurrentJobs": 5})]))
    assert "NotAppliedError: the service accepted" in run(served, "report", record).stdout
    after = before
    assert run(served, "undo", record).returncode == 0
    assert served.projects[0]["displayName"] == "Project 0"


@pytest.mark.skipif(os.name == "nt", reason="there are no such terminals there")
@pytest.mark.parametrize(("answer", "options", "sent"), [("y\n", [], 1), ("\n", [], 0), ("", ["--yes"], 1)])
def test_terminal_is_asked(served: StandIn, tmp_path: Path, answer: str, options: list[str], sent: int) -> None:
    file = write(tmp_path / "updates.jsonl", renames(served)[:1])
    ours, theirs = os.openpty()
    os.write(ours, answer.encode())
    command = [*COMMAND, "apply", str(file), *options]
    finished = subprocess.run(
        command, env=environment(served), stdin=theirs, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert len(bodies(served)) == sent
    assert finished.returncode == (0 if sent else 1)
    assert ("Apply? [y/N]" in finished.stderr) is not bool(options)
