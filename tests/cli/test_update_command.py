"""The command `update`: an option for each property, one line for each error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from activepieces_client.testing import StandIn

from ..tools.repository import ROOT, Repository
from .command import COMMAND, ID, bodies, environment, renames, run, write


def test_update_has_an_option_for_each_property() -> None:
    options = ["--display-name", "Acme EU", "--external-id", "4711", "--metadata", "tier=gold", "--metadata", "seats=5"]
    options += ["--metadata", "version=1.10", "--icon-color", "RED", "--plan-pieces", "a", "--plan-pieces", "b"]
    options += ["--plan-pieces-filter-type", "ALLOWED", "--plan-active-flows-limit", "null"]
    options += ["--global-connection-external-ids", "c", "--max-concurrent-jobs", "25", "--releases-enabled"]
    options += ["--worker-group-id", "007", "--no-notify-flow-owner-on-failure"]
    options += ["--execution-data-retention-days", "30"]
    with StandIn(release="0.83").serve() as older:  # it ignores what it does not know, and applies `plan.pieces`
        finished = run(older, "update", ID, *options, "--json", '{"displayName": "x", "metadata": {"a": 1}}')
        assert finished.returncode == 1
        assert "NotApplied" not in finished.stdout
        (body,) = bodies(older)
    assert body == {
        "displayName": "Acme EU",
        "externalId": "4711",
        "metadata": {"a": 1, "tier": "gold", "seats": 5, "version": "1.10"},
        "icon": {"color": "RED"},
        "plan": {"pieces": ["a", "b"], "piecesFilterType": "ALLOWED", "activeFlowsLimit": None},
        "globalConnectionExternalIds": ["c"],
        "maxConcurrentJobs": 25,
        "releasesEnabled": True,
        "workerGroupId": "007",
        "notifyFlowOwnerOnFailure": False,
        "executionDataRetentionDays": 30,
    }


def test_update_prints_the_project(served: StandIn) -> None:
    finished = run(served, "update", ID, "--max-concurrent-jobs", "null", "--display-name", "x" * 200)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "x" * 200 in finished.stdout
    finished = run(served, "update", ID, "--display-name", "Acme", "--output", "json")
    assert json.loads(finished.stdout) == served.projects[0]


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["update", ID, "--metadata", "tier"], "NAME=VALUE"),
        (["update", ID, "--metadata", 'tier={"a": 1, "a": 2}'], 'the key "a" twice'),
        (["update", ID, "--json", "["], "--json"),
        (["update", ID, "--json", "[]"], "--json"),
        (["update", ID, "--json", '{"metadata": {}, "metadata": {}}'], 'the key "metadata" twice'),
        (["update", ID, "--plan-pieces", "a, b", "--plan-pieces-filter-type", "SOME"], "SOME"),
        (["update", ID, "--colour", "red"], "--colour"),
        (["update", ID, "--timeout", "nan"], "--timeout"),
        (["update", ID, "--timeout", "inf"], "--timeout"),
        (["update", ID, "--timeout", "0"], "--timeout"),
        (["update", ID, "--timeout", "soon"], "--timeout"),
        (["apply", "-", "--concurrency", "0"], "--concurrency"),
        (["apply", "-", "--concurrency", "many"], "--concurrency"),
        (["apply", "-", "--concurrency", "9"], "concurrency must be at most 8"),
        (["apply", "no-such-file"], "no-such-file"),
        (["check", "/"], "directory"),
        ([], "COMMAND"),
    ],
)
def test_bad_argument_is_one_line(served: StandIn, arguments: list[str], output: str) -> None:
    line = json.dumps({"id": ID, "body": {"displayName": "Acme"}})
    finished = run(served, *arguments, given=line)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert len(finished.stderr.splitlines()) == 1
    assert finished.stderr.startswith("activepieces-client: ")
    assert output in finished.stderr
    assert bodies(served) == []


def test_metadata_option_keeps_other_members(served: StandIn) -> None:
    served.projects[0]["metadata"] = {"tier": "gold", "old": 1, "kept": 2}
    assert run(served, "update", ID, "--metadata", "tier=silver", "--metadata", "old=null").returncode == 0
    assert served.projects[0]["metadata"] == {"tier": "silver", "kept": 2}
    assert run(served, "update", ID, "--json", '{"metadata": {"a": 1}}', "--metadata", "b=2").returncode == 0
    assert served.projects[0]["metadata"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("arguments", "code", "output"),
    [
        (["update", ID, "--display-name", "a/b"], 2, "$.displayName: "),
        (["update", ID, "--max-concurrent-jobs", "many"], 2, "$.maxConcurrentJobs: "),
        (["update", ID, "--metadata", f"account={2**53 + 1}"], 2, "$.metadata.account: "),
        (["update", "", "--display-name", "x"], 2, "path.id"),
        (["update", "nowhere"], 1, "ENTITY_NOT_FOUND"),
    ],
)
def test_error_is_a_line_with_an_exit_code(served: StandIn, arguments: list[str], code: int, output: str) -> None:
    finished = run(served, *arguments)
    assert (finished.returncode, finished.stdout) == (code, "")
    assert output in finished.stderr


def test_missing_key_is_an_error(served: StandIn, tmp_path: Path) -> None:
    file = write(tmp_path / "updates", renames(served))
    for arguments in (["update", ID], ["apply", file], ["plan", file], ["list"]):
        finished = run(served, *arguments, env={"ACTIVEPIECES_API_KEY": ""})
        assert finished.returncode == 2
        assert "ACTIVEPIECES_API_KEY" in finished.stderr
        assert len(finished.stderr.splitlines()) == 1
    assert served.requests == []
    assert [path.name for path in tmp_path.iterdir()] == ["updates"]


def test_new_property_is_a_new_option_and_column(tmp_path: Path) -> None:
    repository = Repository.copy(tmp_path)
    document = json.loads((ROOT / "generated/activepieces_api/openapi.json").read_text("utf-8"))
    schema = {"type": ["integer", "null"], "description": "For how many days drafts are kept."}
    properties = document["components"]["schemas"]["UpdateProjectRequest"]["properties"]
    properties["draftRetentionDays"] = schema
    properties["label"] = {"anyOf": [{"type": "string"}, {"type": "boolean"}]}
    (tmp_path / "generated/activepieces_api/openapi.json").write_text(json.dumps(document), "utf-8")
    table = tmp_path / "updates.csv"
    table.write_text("id,draftRetentionDays,label\na,7,007\n", "utf-8")
    program = f"""
import contextlib, sys
from activepieces_client.cli import main
for arguments in ["update", "--help"], ["check", {str(table)!r}]:
    sys.argv[1:] = arguments
    with contextlib.suppress(SystemExit):
        main()
"""
    output = repository.python(program)
    assert "--draft-retention-days INTEGER|NULL" in output
    assert "For how many days drafts are kept." in " ".join(output.split())
    assert "1 update is fine" in output


def test_missing_module_of_the_extra_names_the_extra() -> None:
    for module in ("rich", "filelock"):
        program = (
            f"import sys; sys.modules[{module!r}] = None; from activepieces_client.cli import main; sys.exit(main())"
        )
        finished = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
        assert finished.returncode == 2
        assert "activepieces-client[cli]" in finished.stderr


def test_missing_module_of_another_kind_is_an_error() -> None:
    program = "import sys; sys.modules['argparse'] = None; import activepieces_client.cli.__main__"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
    assert "ModuleNotFoundError" in finished.stderr


def test_version_is_that_of_the_package(served: StandIn) -> None:
    finished = subprocess.run([*COMMAND, "--version"], env=environment(served), capture_output=True, check=True)
    assert finished.stdout.strip()
