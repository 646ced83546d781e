"""The cost of imports, long runs and large documents."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML

from .measuring import Row, cpu, run
from .server import BODY, CONTENT, DOCUMENT, ID, KEY, PATH, ROOT

OPERATIONS = 500

# Prints the seconds of CPU that the first client, the first call and later ones take, in a fresh interpreter.
_CALLS = f"""
import json, statistics, time
import httpx
from activepieces_client import Activepieces

transport = httpx.MockTransport(lambda _: httpx.Response(200, content={CONTENT!r}))
http_client = httpx.Client(transport=transport)
start = time.process_time()
client = Activepieces("{KEY}", http_client=http_client)
seconds = [time.process_time() - start]
for _ in range(3001):
    start = time.process_time()
    client.projects.update({ID!r}, {BODY!r})
    seconds.append(time.process_time() - start)
print(json.dumps([*seconds[:2], statistics.median(seconds[2:])]))
"""
# Prints the kB of memory after 500 and after 50,000 updates.
_MEMORY = f"""
import json, os, sys
from pathlib import Path
from activepieces_client import Activepieces

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

with Activepieces("{KEY}", base_url=sys.argv[1]) as client:
    for _ in range(500):
        client.projects.update({ID!r}, {BODY!r})
    before = resident()
    for _ in range(49_500):
        client.projects.update({ID!r}, {BODY!r})
    print(json.dumps([before, resident()]))
"""


def import_row() -> Row:
    """Compare the import, beyond what an interpreter takes to start."""
    programs = {"empty": "", "ours": "import activepieces_client", "peer": "import httpx, attrs"}
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(31):
        for name, program in programs.items():
            seconds[name].append(cpu([sys.executable, "-c", program]))
    empty, ours, peer = (statistics.median(seconds[name]) * 1e3 for name in programs)
    return Row("import activepieces_client / import httpx, attrs", "ms of CPU", ours - empty, peer - empty, 1.15)


def memory_row(base_url: str) -> Row:
    """Compare the memory after many updates with that after some."""
    before, after = json.loads(run([sys.executable, "-c", _MEMORY, base_url]))
    return Row("memory after 50,000 updates / after 500", "kB", after, before, 1.02)


def copy_small(folder: Path) -> Path:
    """Copy the repository as it is."""
    return _copy(folder, DOCUMENT)


def copy_large(folder: Path) -> Path:
    """Copy the repository with a document of hundreds of operations.

    Each has different schemas.
    """
    document = json.loads(json.dumps(DOCUMENT))
    schemas = document["components"]["schemas"]
    for number in range(1, OPERATIONS):
        text = json.dumps(document["paths"][PATH])
        for name in ("UpdateProjectRequest", "Project"):
            schemas[f"{name}{number}"] = schemas[name]
            text = text.replace(f'schemas/{name}"', f'schemas/{name}{number}"')
        path_item = json.loads(text.replace('"updateProject"', f'"updateProject{number}"'))
        document["paths"][f"/v1/things{number}/{{id}}"] = path_item
    return _copy(folder, document)


def _copy(folder: Path, document: Any) -> Path:
    """Copy what `nox -s regenerate` needs, with a document."""
    for name in ("generated", "overlays", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "generator-config.yaml", folder)
    cast(Any, YAML()).dump(document, folder / "openapi.yaml")
    return folder


def regenerate_rows(small: Path, large: Path) -> list[Row]:
    """Compare regenerating, checks included, with the bare generator."""
    rows: list[Row] = []
    for folder, operations, times, bar in ((small, 1, 3, 1.5), (large, OPERATIONS, 1, None)):
        ours = [sys.executable, "-m", "tools.spec.regenerate"]
        output = ["--output-path", str(folder / "bare"), "--overwrite", "--meta", "none"]
        bare = ["openapi-python-client", "generate", "--path", "openapi.yaml", "--config", "generator-config.yaml"]
        cpu(ours, cwd=folder)  # to be warm
        pairs = [(cpu(ours, cwd=folder), cpu([*bare, *output], cwd=folder)) for _ in range(times)]
        with_checks, without = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
        name = f"nox -s regenerate / bare generator, {operations} operation{'s' * (operations > 1)}"
        rows.append(Row(name, "s of CPU", with_checks, without, bar or rows[0].figure))
    return rows


def size_rows(small: Path, large: Path) -> list[Row]:
    """Compare calls if the document has one operation, and if it has hundreds."""
    # With bytecode, as an installed package has it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def calls(folder: Path) -> list[float]:
        path = {"PYTHONPATH": f"{folder}/generated"}
        measured: list[float] = json.loads(run([sys.executable, "-c", _CALLS], env={**environment, **path}))
        return measured

    calls(large)
    runs = [(calls(large), calls(small)) for _ in range(5)]
    client = statistics.median(large[0] for large, _ in runs) * 1e3
    more = statistics.median(large[1] - large[2] for large, _ in runs) * 1e3
    later, later_of_small = (statistics.median(run[kind][2] for run in runs) * 1e6 for kind in (0, 1))
    return [
        Row(f"first client, {OPERATIONS} operations", "ms of CPU", client, bar=100),
        Row(f"first call more than later ones, {OPERATIONS} operations", "ms of CPU", more, bar=5),
        Row(f"later calls, {OPERATIONS} operations / 1", "µs of CPU", later, later_of_small, 1.05),
    ]
