"""`nox -s regenerate` and `nox -s fresh`, on copies of the repository."""

from __future__ import annotations

import copy
import os
import pickle
import random
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from activepieces_api.types import UNSET
from activepieces_client.models import UpdateProjectRequest

from .repository import ROOT, Repository, git

# The unit of `ulimit -f` in sh is 512 bytes.
UNITS = 2
HEADER = "# Written by `nox -s regenerate`"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.copy(tmp_path)


def test_deleted_package_comes_back_byte_for_byte(repository: Repository) -> None:
    before = repository.contents()
    shutil.rmtree(repository.folder / "generated")
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    assert repository.contents() == before
    for name, content in before.items():
        assert not name.endswith(".py") or content.decode().startswith(HEADER)


def test_settings_around_it_change_no_byte(repository: Repository) -> None:
    (repository.folder / "ruff.toml").write_text(
        'line-length = 60\nexclude = ["generated"]\n[format]\nquote-style = "single"\n'
    )
    (repository.folder / ".gitignore").write_text("generated/\n")
    settings = "LC_ALL=C PYTHONUTF8=0 TZ=Asia/Tokyo PYTHONHASHSEED=1"
    finished = repository.shell(f"umask 077; {settings} {shlex.join(repository.command('regenerate', '--check'))}")
    assert finished.returncode == 0, finished.stderr


def test_required_property_reaches_client_and_stand_in(repository: Repository) -> None:
    what = "What to change. Every field is optional, and a field that is not set stays as it is.\n"
    repository.edit(f"      description: {what}", f"      description: {what}      required:\n        - displayName\n")
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    program = """
import httpx
from activepieces_client import RequestValidationError, validate
from activepieces_client.testing import StandIn
try:
    validate({"metadata": {}})
except RequestValidationError as error:
    assert "required" in str(error)
else:
    raise SystemExit("not refused")
service = StandIn()
with httpx.Client(transport=service.transport, headers={"authorization": f"Bearer {service.api_key}"}) as client:
    url = f"{service.base_url}/v1/projects/pRjEctId0000000000001"
    assert client.post(url, json={"metadata": {}}).json()["code"] == "FST_ERR_VALIDATION"
    assert client.post(url, json={"displayName": "Acme"}).status_code == 200
"""
    repository.python(program)


def pickled(value: object) -> object:
    return pickle.loads(pickle.dumps(value))


@pytest.mark.parametrize("reproduce", [copy.copy, copy.deepcopy, pickled], ids=["copy", "deepcopy", "pickle"])
def test_unset_survives_copy_and_pickle(reproduce: Callable[[Any], Any]) -> None:
    assert reproduce(UNSET) is UNSET
    body = UpdateProjectRequest(display_name="Acme")
    assert reproduce(body) == body


def test_unset_repr() -> None:
    assert repr(UNSET) == "UNSET"


def untouched(repository: Repository, finished: subprocess.CompletedProcess[str], before: dict[str, bytes]) -> None:
    assert finished.returncode == 1
    assert not finished.stderr.startswith("Traceback")
    assert finished.stderr.endswith("generated/activepieces_api is as it was.\n")
    assert repository.contents() == before
    assert [path.name for path in (repository.folder / "generated").iterdir()] == ["activepieces_api"]
    assert list(repository.folder.glob(".regenerate-*")) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("openapi: 3.1.0", "openapi: [", "openapi.yaml:17: is not YAML"),
        ("openapi: 3.1.0", "openapi: 3.1.0\nopenapi: 3.1.0", "openapi.yaml:15: is not YAML"),
        ("openapi: 3.1.0", "openapi: 3.1.0\n\tinfo: a", "is not YAML: indent with spaces, and not with a tab"),
        ("openapi: 3.1.0", "swagger: '2.0'", "openapi.yaml: is not an OpenAPI document"),
        ("\nservers:", "\nmade: 2026-11-23\nservers:", "made: the value must be in quotes"),
    ],
    ids=["syntax", "key twice", "tab", "Swagger", "date"],
)
def test_unreadable_document_changes_nothing(repository: Repository, old: str, new: str, reason: str) -> None:
    before = repository.contents()
    repository.edit(old, new)
    finished = repository.run("regenerate")
    assert reason in finished.stderr
    untouched(repository, finished, before)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("Path('client.py').open('a').write('x: int = str()')", "client.py:"),
        ("Path('models/project.py').open('a').write('1 / 0')", "cannot be imported"),
        (
            "Path('api/projects/update_project.py').unlink()",
            "POST /v1/projects/{id}: the generator dropped this operation",
        ),
        ("Path('types.py').write_text('UNSET = None')", "the generator writes another class `Unset`"),
        ("raise SystemExit(1)", "the generator stopped"),
    ],
    ids=["types", "import", "dropped operation", "another Unset", "failure"],
)
def test_failing_generator_changes_nothing(repository: Repository, program: str, reason: str) -> None:
    before = repository.contents()
    repository.edit("title: Activepieces", "title: Another")
    hook = repository.folder / "hook.py"
    hook.write_text(f"from pathlib import Path\n{program}")
    repository.edit("post_hooks:\n", f"post_hooks:\n  - python {hook}\n", "generator-config.yaml")
    finished = repository.run("regenerate")
    assert reason in finished.stderr
    untouched(repository, finished, before)


def test_each_cause_of_a_failure_is_one_line(repository: Repository) -> None:
    before = repository.contents()
    inner = {"type": "object", "properties": {"inner": {"type": "object", "properties": {"modes": {"type": "string"}}}}}
    union = {"anyOf": [inner, {"type": "null"}]}  # the generator makes the class of `inner` twice
    wrong = {"properties": {"size": {"type": "integer", "default": "many"}}}
    repository.merge({"components": {"schemas": {"ProjectIcon": wrong, "Union": union}}})
    finished = repository.run("regenerate")
    text = (repository.folder / "openapi.yaml").read_text("utf-8").splitlines()
    failure, *causes, _ = finished.stderr.splitlines()
    assert failure == "the generator stopped:"
    found = [cause.removeprefix("openapi.yaml:").split(": ", 2) for cause in causes]
    assert [[text[int(number) - 1].strip(), place, reason] for number, place, reason in found] == [
        ["ProjectIcon:", "components.schemas.ProjectIcon", "Invalid int value: many"],
        [
            *("inner:", "components.schemas.Union.anyOf.0.properties.inner"),
            'Attempted to generate duplicate models with name "UnionType0Inner"',
        ],
    ]
    untouched(repository, finished, before)


def test_regenerate_resolves_the_conflicts_of_a_merge(repository: Repository) -> None:
    shutil.copy(ROOT / ".gitattributes", repository.folder)
    git(repository, "init -q -b main", "add openapi.yaml generated .gitattributes", "commit -q -m one")
    model = repository.folder / "generated" / "activepieces_api" / "models" / "health.py"
    for branch in ("left", "right"):
        git(repository, f"checkout -q -b {branch} main")
        model.write_text(f"{model.read_text('utf-8')}# {branch}\n", "utf-8")
        git(repository, f"commit -q -a -m {branch}")
    assert repository.shell("git merge left").returncode == 1
    assert "<<<<<<<" not in model.read_text("utf-8")
    model.write_text(f"<<<<<<< HEAD\n{model.read_text('utf-8')}>>>>>>> left\n", "utf-8")
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    assert "generated/ had conflicts, which are resolved: commit the merge\n" in finished.stdout
    assert repository.shell("git diff --name-only --diff-filter=U").stdout == ""
    assert repository.run("regenerate", "--check").returncode == 0


def test_module_that_does_not_parse_has_a_line(repository: Repository) -> None:
    before = repository.contents()
    # An optional body of any value, for which the generator writes an `else` alone.
    schema: dict[str, Any] = {"anyOf": [{}]}
    anything: Any = {"content": {"application/json": {"schema": schema}}}
    responses = {"204": {"description": "Replaced."}}
    operation: Any = {"operationId": "replaceNotes", "requestBody": anything, "responses": responses}
    repository.merge({"paths": {"/v1/notes": {"put": operation}}})
    finished = repository.run("regenerate")
    line = (repository.folder / "openapi.yaml").read_text("utf-8").splitlines().index("    put:") + 1
    assert f"openapi.yaml:{line}: paths./v1/notes.put: replace_notes.py: Expected" in finished.stderr
    untouched(repository, finished, before)


def test_full_disk_changes_nothing(repository: Repository) -> None:
    before = repository.contents()
    repository.edit("title: Activepieces", "title: Another")
    for kilobytes in (0, 20):
        command = shlex.join(repository.command("regenerate"))
        finished = repository.shell(f"ulimit -f {kilobytes * UNITS}; exec {command}")
        untouched(repository, finished, before)


def test_killed_run_leaves_package_whole(repository: Repository) -> None:
    before = repository.contents()
    repository.edit("title: Activepieces", "title: Another")
    start = time.monotonic()
    assert repository.run("regenerate").returncode == 0
    seconds = time.monotonic() - start
    after = repository.contents()
    assert before != after
    for old, new in [("Another", "Activepieces"), ("Activepieces", "Another")]:
        repository.edit(f"title: {old}", f"title: {new}")
        with subprocess.Popen(repository.command("regenerate"), **repository.surroundings(), process_group=0) as run:
            # The end is where the package takes its place.
            time.sleep(seconds * random.choice([random.random(), random.uniform(0.9, 1.1)]))
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
        assert repository.contents() in (before, after, {})  # for a moment, between two renames, there is none
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    assert repository.contents() == after


def test_interrupted_run_cleans_up(repository: Repository) -> None:
    before = repository.contents()
    repository.edit("title: Activepieces", "title: Another")
    with subprocess.Popen(repository.command("regenerate"), **repository.surroundings()) as run:
        while not list(repository.folder.glob(".regenerate-*/*")):  # its own folder, and something in it
            time.sleep(0.01)
        run.send_signal(signal.SIGINT)
        _, printed = run.communicate()
    assert (run.returncode, printed) == (130, "interrupted; generated/activepieces_api is as it was.\n")
    assert repository.contents() == before
    assert list(repository.folder.glob(".regenerate-*")) == []


def test_check_names_every_file_that_differs(repository: Repository) -> None:
    assert repository.run("regenerate", "--check").returncode == 0
    package = repository.folder / "generated" / "activepieces_api"
    (package / "extra.py").touch()
    (package / "errors.py").unlink()
    with (package / "client.py").open("a") as file:
        file.write("# by hand\n")
    before = repository.contents()

    finished = repository.run("regenerate", "--check")

    assert finished.returncode == 1
    assert finished.stderr.splitlines() == [
        "generated/activepieces_api/client.py: differs from what openapi.yaml gives",
        "generated/activepieces_api/errors.py: missing",
        "generated/activepieces_api/extra.py: not in what openapi.yaml gives",
        "Run: nox -s regenerate",
    ]
    assert repository.contents() == before
