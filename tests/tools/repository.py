"""A copy of this repository with a document of its own, for tests of the tools.

The document is the frozen base/openapi.yaml, with the operations and components that the live openapi.yaml has besides,
since the overlay calls them: no edit of the live document or changelog changes what these tests start from.
"""

from __future__ import annotations

import atexit
import copy
import functools
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import attrs
from ruamel.yaml import YAML
from tools.spec.document import Document

ROOT = Path(__file__).parent.parent.parent
BASE = Path(__file__).parent / "base"
# One cache for all runs of a worker, since each reads httpx and attrs; but two runs at once break a common cache.
CACHE = str(ROOT / ".mypy_cache" / "tests" / os.environ.get("PYTEST_XDIST_WORKER", "master"))

# Generates without checking imports and types, which takes longer than generating.
GENERATE = """
import shutil
from tools.generated import PACKAGE, generate
from tools.spec.document import Document

shutil.rmtree(PACKAGE, ignore_errors=True)
generate(PACKAGE, Document.read())
"""

# Calls the generated package with valid and with invalid bodies.
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
        problems.append([violation.path for violation in error.violations])
    else:
        problems.append([])
fields = sorted(name for name in inspect.signature(UpdateProjectRequest).parameters)
assert len(service.requests) == len(sent), "refused, and sent all the same"
print(json.dumps({"sent": sent, "problems": problems, "fields": fields}))
"""


# What makes commits in tests.
WHO = {"NAME": "a", "EMAIL": "a@b"}
AUTHOR = {
    **os.environ,
    **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in WHO.items()},
}


def load(name: str) -> Any:
    """Read a YAML file of the tests."""
    return cast(Any, YAML(typ="safe")).load((Path(__file__).parent / name).read_text("utf-8"))


@functools.cache
def base() -> Document:
    """Read the frozen document."""
    return Document.read(BASE / "openapi.yaml")


def document(content: Any) -> Document:
    """Return a document of JSON values."""
    return Document.parse(json.dumps(content), "openapi.json")


def numbered(content: Any) -> Document:
    """Return a document of JSON values, each on a line of its own."""
    return Document.parse(json.dumps(content, indent=1), "openapi.json")


@functools.cache
def whole_base() -> str:
    """Return the frozen document, with the operations and components it lacks."""
    frozen, live = (round_trip().load(folder / "openapi.yaml") for folder in (BASE, ROOT))
    for here, there in [(frozen["paths"], live["paths"])] + [
        (frozen["components"].setdefault(kind, {}), live["components"][kind]) for kind in live["components"]
    ]:
        for name in there.keys() - here.keys():
            here[name] = there[name]
        for name in there.keys() & here.keys() if here is frozen["paths"] else ():
            here[name].update({method: there[name][method] for method in there[name].keys() - here[name].keys()})
    return dump(frozen)


def round_trip() -> Any:
    """Return a YAML reader and writer that keeps comments."""
    yaml: Any = YAML()
    yaml.width = 1000
    return yaml


def dump(content: Any) -> str:
    """Return the YAML of a document that `round_trip` read."""
    text = io.StringIO()
    round_trip().dump(content, text)
    return text.getvalue()


@attrs.frozen
class Repository:
    """A copy of this repository."""

    folder: Path

    @classmethod
    def copy(cls, folder: Path, *, generated: bool = True) -> Repository:
        """Copy the tools and the frozen document into an empty folder."""
        copied = cls(folder)
        for name in ("CHANGELOG.md", "generator-config.yaml"):
            shutil.copy(BASE / name, folder)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "tools", folder / "tools", ignore=ignored)
        (folder / "openapi.yaml").write_text(whole_base() if generated else base().text, "utf-8")
        if generated:
            shutil.copytree(generated_base(), folder / "generated", ignore=ignored)
        return copied

    @classmethod
    def copy_live(cls, folder: Path) -> Repository:
        """Copy this repository as it is into an empty folder."""
        ignored = shutil.ignore_patterns(
            *(".git", ".hypothesis", ".nox", ".venv", ".*_cache", "__pycache__", "mutants", "node_modules"),
            *("dist", "site", "sites"),
        )
        shutil.copytree(ROOT, folder, ignore=ignored, dirs_exist_ok=True)
        return cls(folder)

    def run(self, tool: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a tool in the copy, as a nox session does; see `command`."""
        return self.execute(self.command(tool, *arguments), **environment)

    def execute(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy."""
        surroundings = self.surroundings(**environment)
        return cast("subprocess.CompletedProcess[str]", subprocess.run(command, **surroundings, check=False))

    def generate(self) -> None:
        """Generate the package, without the checks of `regenerate`."""
        finished = self.execute([sys.executable, "-c", GENERATE])
        assert finished.returncode == 0, finished.stderr

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command in the copy."""
        surroundings = self.surroundings()
        return cast(
            "subprocess.CompletedProcess[str]", subprocess.run(command, **surroundings, shell=True, check=False)
        )

    def command(self, tool: str, *arguments: str) -> list[str]:
        """Return the command for a module of tools/spec, or of tools/ by a dotted name."""
        return [sys.executable, "-m", f"tools.{tool}" if "." in tool else f"tools.spec.{tool}", *arguments]

    def surroundings(self, **environment: str) -> Any:
        """Return the arguments of `subprocess.run` for a command in the copy."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {
            "cwd": self.folder,
            "env": {**os.environ, "PATH": path, "MYPY_CACHE_DIR": CACHE, **environment},
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "encoding": "utf-8",
        }

    def edit(self, old: str, new: str, name: str = "openapi.yaml") -> None:
        """Replace a text that a file has once."""
        file = self.folder / name
        text = file.read_text("utf-8")
        assert text.count(old) == 1, old
        file.write_text(text.replace(old, new), "utf-8")

    def merge(self, patch: Any) -> None:
        """Apply a JSON Merge Patch to openapi.yaml."""
        file = self.folder / "openapi.yaml"
        content = round_trip().load(file)
        file.write_text(dump(merge(content, patch)), "utf-8")

    def contents(self) -> dict[str, bytes]:
        """Return every file of generated/."""
        folder = self.folder / "generated"
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def python(self, program: str, **given: Any) -> str:
        """Run a program with the generated package of the copy, and the overlay."""
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
        """Update projects of a stand-in; return requests, violations and properties."""
        return json.loads(self.python(CALL, accepted=accepted, refused=refused))


def git(repository: Repository, *commands: str) -> None:
    """Run git commands in a copy."""
    for command in commands:
        subprocess.run(["git", *command.split()], cwd=repository.folder, check=True, env=AUTHOR)


@functools.cache
def generated_base() -> Path:
    """Generate the package of `whole_base`, once for each worker."""
    folder = Path(tempfile.mkdtemp(prefix="generated-base-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if Document.parse(whole_base(), "openapi.yaml").content == Document.read().content:
        shutil.copytree(ROOT / "generated", folder / "generated")
        return folder / "generated"
    repository = Repository.copy(folder, generated=False)
    (folder / "openapi.yaml").write_text(whole_base(), "utf-8")
    repository.generate()
    return folder / "generated"


def merge(target: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch; `$was` is the path item of the update before it."""
    was = copy.deepcopy(target["paths"].get("/v1/projects/{id}")) if "paths" in target else None
    merged = _merge(target, patch)
    for path, item in merged.get("paths", {}).items():
        if item == "$was":
            merged["paths"][path] = was
    return merged


def _merge(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = cast("dict[str, Any]", target if isinstance(target, dict) else {})
    for key, value in cast("dict[str, Any]", patch).items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged
