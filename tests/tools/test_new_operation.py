"""New operations, which need `regenerate` and nothing else."""

from __future__ import annotations

from pathlib import Path

from .repository import Repository

NEW_OPERATION = """\
  /v1/projects/archived:
    post:
      operationId: archiveAll
      tags:
        - projects
      responses:
        '204':
          description: Done.
        '418':
          $ref: '#/components/responses/Conflict'
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
        - $ref: '#/components/parameters/Mode'
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
from activepieces_api.api.projects import archive_all
from activepieces_api.api.flows import read_flow
from activepieces_api.models import Mode
from activepieces_client import Activepieces, RequestValidationError

outcomes, requests = [], []

def handle(request):
    requests.append((request.method, request.url.raw_path, request.headers["authorization"]))
    outcome = outcomes.pop(0)
    if isinstance(outcome, type):
        raise outcome("of the test")
    return outcome

http_client = httpx.Client(transport=httpx.MockTransport(handle))
client = Activepieces("sk-1", http_client=http_client).generated

outcomes = [httpx.ConnectError, httpx.Response(200, json={"name": "a flow"})]
flow = read_flow.sync("p1", 3, client=client, limit=10, x_mode=Mode.FAST)
assert flow["name"] == "a flow"
assert requests == [("GET", b"/api/v1/projects/p1/flows/3?limit=10", "Bearer sk-1")] * 2, requests

outcomes = [httpx.Response(204)]
assert archive_all.sync_detailed(client=client).status_code == 204
assert requests[-1][:2] == ("POST", b"/api/v1/projects/archived")

count = len(requests)
bad = (("p1", 0, 10, "path.position"), ("", 1, 10, "path.id"), ("p1", 1, 11, "query.limit"))
for id, position, limit, place in bad:
    try:
        read_flow.sync(id, position, client=client, limit=limit, x_mode=Mode.FAST)
    except RequestValidationError as error:
        assert [violation.path for violation in error.violations] == [place], error
    else:
        raise SystemExit(f"{place} was not rejected")
assert len(requests) == count
"""


def test_new_operation_has_every_guarantee(tmp_path: Path) -> None:
    repository = Repository.copy(tmp_path)
    repository.edit("\ncomponents:\n", f"{NEW_OPERATION}\ncomponents:\n")
    mode = {"name": "X-Mode", "in": "header", "required": True, "schema": {"$ref": "#/components/schemas/Mode"}}
    schemas = {"Mode": {"type": "string", "enum": ["fast", "slow"]}}
    repository.merge({"components": {"parameters": {"Mode": mode}, "schemas": schemas}})
    finished = repository.run("regenerate")
    assert finished.returncode == 0, finished.stderr
    repository.python(PROGRAM)
