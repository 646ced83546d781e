"""`nox -s regenerate` and `nox -s fresh`, on copies of the repository with another openapi.yaml."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEADER = "# Written by `nox -s regenerate`"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("openapi.yaml", "generator-config.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("generated", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def regenerate(repository: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "tools/regenerate.py", *arguments],
        cwd=repository,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def edit(repository: Path, old: str, new: str) -> None:
    file = repository / "openapi.yaml"
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def contents(repository: Path) -> dict[str, bytes]:
    folder = repository / "generated"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_deleted_comes_back_byte_for_byte(repository: Path) -> None:
    before = contents(repository)
    shutil.rmtree(repository / "generated")
    finished = regenerate(repository)
    assert finished.returncode == 0, finished.stderr
    assert contents(repository) == before
    for name, content in before.items():
        assert not name.endswith(".py") or content.decode().startswith(HEADER)


def test_settings_around_it_change_no_byte(repository: Path) -> None:
    before = contents(repository)
    (repository / "ruff.toml").write_text(
        'line-length = 60\nexclude = ["generated"]\n[format]\nquote-style = "single"\n'
    )
    (repository / ".gitignore").write_text("generated/\n")
    shutil.rmtree(repository / "generated")
    finished = regenerate(repository, LC_ALL="C", PYTHONUTF8="0", TZ="Asia/Tokyo", PYTHONHASHSEED="1")
    assert finished.returncode == 0, finished.stderr
    assert contents(repository) == before


def test_a_new_field_is_an_argument_that_is_checked_before_sending(repository: Path) -> None:
    edit(
        repository,
        "        metadata:\n          $ref",
        "        description:\n          type: string\n"
        "          description: For people.\n          maxLength: 10\n        metadata:\n          $ref",
    )
    finished = regenerate(repository)
    assert finished.returncode == 0, finished.stderr
    assert "generated/activepieces_api/models/update_project_request.py" in finished.stdout
    program = """
import httpx
from activepieces_client import Activepieces, RequestValidationError
from activepieces_client.models import UpdateProjectRequest
from activepieces_client.testing import StandIn
service = StandIn()
client = Activepieces(service.api_key, base_url=service.base_url, http_client=httpx.Client(transport=service.transport))
client.projects.update("project00000000000001", UpdateProjectRequest(description="short"))
assert service.requests[0].content == b'{"description":"short"}'
try:
    client.projects.update("project00000000000001", UpdateProjectRequest(description="much too long"))
except RequestValidationError as error:
    assert error.problems[0].path == "$.description", error
else:
    raise SystemExit("not refused")
assert len(service.requests) == 1
"""
    path = os.pathsep.join([str(repository / "generated"), str(ROOT / "overlays")])
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, check=True)


BODY = "              $ref: '#/components/schemas/UpdateProjectRequest'"
EXTERNAL_ID = "          description: Your own id for the project.\n"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("openapi: 3.1.0", "openapi: [", "is not YAML"),
        ("openapi: 3.1.0", "swagger: 2", "the generator stopped"),
        (BODY, "              $ref: '#/nowhere'", "the generator stopped"),
        (EXTERNAL_ID, f"{EXTERNAL_ID}          enum: [1, a]\n", "the generator stopped"),
    ],
    ids=["syntax", "version", "reference", "dropped schema"],
)
def test_where_a_step_fails_nothing_changes(repository: Path, old: str, new: str, reason: str) -> None:
    before = contents(repository)
    edit(repository, old, new)
    finished = regenerate(repository)
    assert finished.returncode == 1
    assert reason in finished.stderr
    assert "Traceback" not in finished.stderr
    assert contents(repository) == before
    assert [path.name for path in (repository / "generated").iterdir()] == ["activepieces_api"]


def test_fresh_names_what_is_stale_edited_missing_and_extra(repository: Path) -> None:
    assert regenerate(repository, "--check").returncode == 0
    package = repository / "generated" / "activepieces_api"
    (package / "extra.py").touch()
    (package / "errors.py").unlink()
    with (package / "client.py").open("a") as file:
        file.write("# by hand\n")
    before = contents(repository)

    finished = regenerate(repository, "--check")

    assert finished.returncode == 1
    assert finished.stderr.splitlines() == [
        "generated/activepieces_api/client.py: differs from what openapi.yaml gives",
        "generated/activepieces_api/errors.py: missing",
        "generated/activepieces_api/extra.py: not in what openapi.yaml gives",
        "Run: nox -s regenerate",
    ]
    assert contents(repository) == before
    assert regenerate(repository).returncode == 0
    assert regenerate(repository, "--check").returncode == 0
