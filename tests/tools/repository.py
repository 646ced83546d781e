"""A copy of what `nox -s regenerate` needs of this repository, with another openapi.yaml, and what comes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import attrs
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent.parent
CACHE = str(ROOT / ".mypy_cache" / "tests")

# Calls the package that was generated with bodies to accept and bodies to refuse.
CALL = """
import inspect, json, sys
import httpx
from activepieces_client import Activepieces, RequestValidationError
from activepieces_client.models import UpdateProjectRequest
from activepieces_client.testing import StandIn

case = json.load(sys.stdin)
service = StandIn()
client = Activepieces(service.api_key, base_url=service.base_url, http_client=httpx.Client(transport=service.transport))
project_id = service.projects[0]["id"]
for body in case["accepted"]:
    client.projects.update(project_id, UpdateProjectRequest.from_dict(body))
sent = [json.loads(request.content) for request in service.requests]
problems = []
for body in case["refused"]:
    try:
        client.projects.update(project_id, body)
    except RequestValidationError as error:
        problems.append([problem.path for problem in error.problems])
    else:
        problems.append([])
fields = sorted(name for name in inspect.signature(UpdateProjectRequest).parameters)
assert len(service.requests) == len(sent), "refused, and sent all the same"
print(json.dumps({"sent": sent, "problems": problems, "fields": fields}))
"""


def load(name: str) -> Any:
    """Read a YAML file of the tests."""
    return cast(Any, YAML(typ="safe")).load((Path(__file__).parent / name).read_text("utf-8"))


@attrs.frozen
class Repository:
    """A copy of this repository."""

    folder: Path

    @classmethod
    def copy(cls, folder: Path) -> Repository:
        """Copy what is needed into an empty folder."""
        for name in ("openapi.yaml", "generator-config.yaml"):
            shutil.copy(ROOT / name, folder)
        for name in ("generated", "tools"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        # Redocly CLI stands there.
        (folder / "requirements").symlink_to(ROOT / "requirements")
        return cls(folder)

    def run(self, tool: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a file of tools/, as a nox session does."""
        command, surroundings = self.command(tool, *arguments), self.surroundings(**environment)
        return cast("subprocess.CompletedProcess[str]", subprocess.run(command, **surroundings, check=False))

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command line in the copy."""
        surroundings = self.surroundings()
        return cast(
            "subprocess.CompletedProcess[str]", subprocess.run(command, **surroundings, shell=True, check=False)
        )

    def command(self, tool: str, *arguments: str) -> list[str]:
        """Say how a file of tools/ is run."""
        return [sys.executable, f"tools/{tool}.py", *arguments]

    def surroundings(self, **environment: str) -> Any:
        """Say where it is run."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {
            "cwd": self.folder,
            # What mypy knows of httpx and attrs after one run is true for the others.
            "env": {**os.environ, "PATH": path, "MYPY_CACHE_DIR": CACHE, **environment},
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "encoding": "utf-8",
        }

    def edit(self, old: str, new: str, name: str = "openapi.yaml") -> None:
        """Replace a text that stands once in a file."""
        file = self.folder / name
        text = file.read_text("utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), "utf-8")

    def replace(self, old: str, new: str) -> None:
        """Replace a text wherever it stands in openapi.yaml."""
        file = self.folder / "openapi.yaml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    def merge(self, patch: Any) -> None:
        """Apply a JSON Merge Patch to openapi.yaml."""
        yaml: Any = YAML()
        yaml.width = 1000
        file = self.folder / "openapi.yaml"
        document = yaml.load(file)
        was = document["paths"].get("/v1/projects/{id}")
        merge(document, patch)
        for path, item in document["paths"].items():
            if item == "$was":
                document["paths"][path] = was
        yaml.dump(document, file)

    def contents(self) -> dict[str, bytes]:
        """Give every file of generated/."""
        folder = self.folder / "generated"
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def python(self, program: str, **given: Any) -> str:
        """Run a program with the package that was generated there, and with the overlay."""
        path = os.pathsep.join([str(self.folder / "generated"), str(ROOT / "overlays")])
        finished = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": path},
            input=json.dumps(given),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        )
        return finished.stdout

    def call(self, accepted: list[Any], refused: list[Any]) -> Any:
        """Update projects of a stand-in: what was sent, the paths of what was refused, the fields that there are."""
        return json.loads(self.python(CALL, accepted=accepted, refused=refused))


# The order in which a schema has its keys, as the head of openapi.yaml has it; a patch has them in any.
ORDER = ["$ref", "title", "type", "description", "required", "properties", "anyOf", "items", "additionalProperties"]
LAST = ["enum", "default", "examples"]


def merge(target: Any, patch: Any) -> Any:
    """Merge a patch into a document (RFC 7396), and put the keys of schemas in order."""
    if not isinstance(patch, dict):
        return patch
    merged = cast("dict[str, Any]", target if isinstance(target, dict) else {})
    for key, value in cast("dict[str, Any]", patch).items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    if isinstance(merged.get("type"), str | list) or "$ref" in merged:
        place = {key: index for index, key in enumerate([*ORDER, "", *LAST])}
        for key in sorted(merged, key=lambda key: place.get(key, place[""])):
            merged[key] = merged.pop(key)
    return merged
