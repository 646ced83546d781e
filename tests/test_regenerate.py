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


def run_with(repository: Path, program: str) -> None:
    """Run a program with the package that was generated there, and with the overlay."""
    path = os.pathsep.join([str(repository / "generated"), str(ROOT / "overlays")])
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, check=True)


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
    run_with(repository, program)


BODY = "              $ref: '#/components/schemas/UpdateProjectRequest'"
EXTERNAL_ID = "          description: Your own id for the project.\n"


def test_a_field_that_becomes_required_is_missed_by_client_and_stand_in(repository: Path) -> None:
    what = "What to change. Every field is optional, and a field that is not set stays as it is.\n"
    edit(repository, f"      description: {what}", f"      description: {what}      required:\n        - displayName\n")
    finished = regenerate(repository)
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
    url = f"{service.base_url}/v1/projects/project00000000000001"
    assert client.post(url, json={"metadata": {}}).json()["code"] == "FST_ERR_VALIDATION"
    assert client.post(url, json={"displayName": "Acme"}).status_code == 200
"""
    run_with(repository, program)


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


NEW_OPERATION = """\
  /v1/projects/archived:
    post:
      operationId: archiveAll
      responses:
        '204':
          description: Done.
  /v1/projects/{id}/flows/{position}:
    parameters:
      - name: id
        in: path
        required: true
        schema:
          type: string
    get:
      operationId: readFlow
      tags:
        - flows
      parameters:
        - name: position
          in: path
          required: true
          schema:
            type: integer
            minimum: 1
        - name: limit
          in: query
          schema:
            type: integer
            maximum: 10
        - name: X-Mode
          in: header
          required: true
          schema:
            type: string
            enum:
              - fast
              - slow
      responses:
        2XX:
          description: The flow.
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Metadata'
"""

PROGRAM = """
import httpx
from activepieces_api.api.default import archive_all
from activepieces_api.api.flows import read_flow
from activepieces_api.models import ReadFlowXMode
from activepieces_client import Activepieces, APIConnectionError, RequestValidationError, ServerError

answers, requests = [], []

def answer(request):
    requests.append((request.method, request.url.raw_path, request.headers["authorization"]))
    outcome = answers.pop(0)
    if isinstance(outcome, type):
        raise outcome("told to fail")
    return outcome

client = Activepieces("sk-1", http_client=httpx.Client(transport=httpx.MockTransport(answer))).generated

answers = [httpx.ConnectError, httpx.Response(200, json={"name": "a flow"})]
flow = read_flow.sync("p1", 3, client=client, limit=10, x_mode=ReadFlowXMode.FAST)
assert flow["name"] == "a flow"
assert requests == [("GET", b"/api/v1/projects/p1/flows/3?limit=10", "Bearer sk-1")] * 2, requests

answers = [httpx.Response(204)]
assert archive_all.sync_detailed(client=client).status_code == 204
assert requests[-1][:2] == ("POST", b"/api/v1/projects/archived")

for outcome, error in ((httpx.Response(503), ServerError), (httpx.ReadTimeout, APIConnectionError)):
    answers = [outcome]
    try:
        read_flow.sync("p1", 3, client=client, x_mode=ReadFlowXMode.FAST)
    except error as raised:
        assert raised.attempts == 1, "an operation that is not marked safe was repeated"
    else:
        raise SystemExit(f"no {error}")

count = len(requests)
bad = (("p1", 0, 10, "path.position"), ("", 1, 10, "path.id"), ("p1", 1, 11, "query.limit"))
for id, position, limit, place in bad:
    try:
        read_flow.sync(id, position, client=client, limit=limit, x_mode=ReadFlowXMode.FAST)
    except RequestValidationError as error:
        assert [problem.path for problem in error.problems] == [place], error
    else:
        raise SystemExit(f"{place} was not refused")

guard = client.get_httpx_client()
missing, odd = 'header: "X-Mode" is a required property', 'header["X-Mode"]: "odd" is not one of "fast", "slow"'
for headers, problem in (({}, missing), ({"X-Mode": "odd"}, odd)):
    try:
        guard.request(method="get", url="/v1/projects/p1/flows/1", headers=headers)
    except RequestValidationError as error:
        assert problem in str(error), error
    else:
        raise SystemExit(f"not refused: {problem}")
assert len(requests) == count
"""


def test_a_new_operation_has_every_guarantee(repository: Path) -> None:
    edit(repository, "\ncomponents:\n", f"{NEW_OPERATION}\ncomponents:\n")
    finished = regenerate(repository)
    assert finished.returncode == 0, finished.stderr
    run_with(repository, PROGRAM)
