"""What a call costs beside bare httpx and other clients, and what the rest costs: one table, measured in one run."""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import cProfile
import datetime
import gc
import http.client
import importlib
import json
import multiprocessing
import os
import platform
import pstats
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import attrs
import httpx
from ruamel.yaml import YAML

import bench_chart
from activepieces_client import Activepieces, AsyncActivepieces, RequestValidationError, validate

ROOT = Path(__file__).parent.parent
KEY = "sk-bench"
SPECIFICATION = cast(Any, YAML(typ="safe")).load((ROOT / "openapi.yaml").read_text("utf-8"))
OPERATION = SPECIFICATION["paths"]["/v1/projects/{id}"]["post"]
PROJECT = OPERATION["responses"]["200"]["content"]["application/json"]["examples"]["project"]["value"]
ID = PROJECT["id"]
PATH = f"/v1/projects/{ID}"
FIELDS = "displayName", "externalId", "metadata", "maxConcurrentJobs"
BODY = {
    **{name: PROJECT[name] for name in FIELDS},
    "plan": {name: PROJECT["plan"][name] for name in ("piecesFilterType", "pieces")},
}
FIVE_PROBLEMS: dict[str, Any] = {
    "displayname": "x",
    "externalId": 5,
    "maxConcurrentJobs": -1,
    "plan": {"pieces": "x"},
    "metadata": [],
}
CONTENT = json.dumps(PROJECT).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(CONTENT) + CONTENT
OPERATIONS = 500

# What a fresh interpreter measures of the package that it finds: the first call, and later ones, in seconds of CPU.
CALLS = f"""
import json, statistics, time
import httpx
from activepieces_client import Activepieces

transport = httpx.MockTransport(lambda _: httpx.Response(200, content={CONTENT!r}))
client = Activepieces("{KEY}", http_client=httpx.Client(transport=transport))
seconds = []
for _ in range(3001):
    start = time.process_time()
    client.projects.update({ID!r}, {BODY!r})
    seconds.append(time.process_time() - start)
print(json.dumps([seconds[0], statistics.median(seconds[1:])]))
"""
# And its memory after 500 and after 50,000 updates, in kB.
MEMORY = f"""
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


Figures = dict[str, list[tuple[float, float]]]
"""What each peer took in each round: microseconds of CPU and of wall time."""


@attrs.frozen
class Row:
    """One comparison: ours and the peer in the unit, or ours alone where a bar is not a ratio; wall time as a ratio."""

    name: str
    unit: str
    ours: float
    peer: float | None = None
    bar: float | None = None
    wall: float | None = None

    @property
    def figure(self) -> float:
        """What the bar is about: the ratio, where there is a peer."""
        return self.ours if self.peer is None else self.ours / self.peer


class Peer(asyncio.Protocol):
    """Answers each request with the same project, and does next to nothing else."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, _, body = self._received.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            if len(body) < length:
                return
            self._received = self._received[end + 4 + length :]
            self._transport.write(ANSWER)


def run_server(ready: multiprocessing.Queue[int]) -> None:
    """Serve until the process is ended."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1")
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


class Stopwatch:
    """Measures microseconds of a call, of CPU and of wall time."""

    def __init__(self) -> None:
        gc.collect()
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self, calls: int) -> tuple[float, float]:
        """Give what each of so many calls took."""
        return (time.process_time() - self._cpu) / calls * 1e6, (time.perf_counter() - self._wall) / calls * 1e6


def rounds(calls: dict[str, Callable[[], object]], count: int, number: int = 15) -> Figures:
    """Measure the peers in turn, so that what the machine does meets all of them."""
    figures: Figures = {name: [] for name in calls}
    for number_of_round in range(number + 1):
        for name, call in calls.items():
            stopwatch = Stopwatch()
            for _ in range(count):
                call()
            if number_of_round:  # the first is to warm up
                figures[name].append(stopwatch.read(count))
    return figures


def compare(name: str, figures: Figures, peer: str, bar: float | None = None) -> Row:
    """Make a row of two medians, scaled so that their ratio is the median of the ratios of each round."""
    pairs = list(zip(figures["ours"], figures[peer], strict=True))
    cpu, wall = (statistics.median(ours[kind] / other[kind] for ours, other in pairs) for kind in (0, 1))
    median = statistics.median(other for other, _ in figures[peer])
    return Row(name, "µs of CPU", cpu * median, median, bar, wall)


def shares(call: Callable[[], object], count: int = 2000) -> dict[str, float]:
    """Say which packages the CPU of a call goes to, largest first; what is written in C counts for who calls it."""
    profiler = cProfile.Profile()
    for _ in range(count):
        profiler.runcall(call)
    seconds: collections.Counter[str] = collections.Counter()
    functions: dict[tuple[str, int, str], Any] = cast(Any, pstats.Stats(profiler)).stats
    for (file, _, _), (_, _, own, _, callers) in functions.items():
        if file == "~":
            for (caller, _, _), (_, _, of_caller, _) in callers.items():
                seconds[package(caller)] += of_caller
        else:
            seconds[package(file)] += own
    return {name: spent / seconds.total() for name, spent in seconds.most_common()}


def package(file: str) -> str:
    """Name the package that a file belongs to."""
    known = "activepieces_client", "activepieces_api", "httpx", "httpcore", "h11"
    return next((name for name in known if name in Path(file).parts), "Python")


def without_open_enums(node: dict[str, Any]) -> dict[str, Any]:
    """Make a text of what is one of some words or any other."""
    return {"type": "string"} if {"type": "string"} in node.get("anyOf", []) else node


def generate_peers(folder: Path) -> None:
    """Generate the other clients from openapi.yaml, as their generators do where nothing is configured."""
    configuration = folder / "stock.yaml"
    configuration.write_text("package_name_override: stock_peer\n")
    stock = ["openapi-python-client", "generate", "--meta", "none", "--output-path", str(folder / "stock_peer")]
    other = ["openapi-generator-cli", "generate", "-g", "python", "--package-name", "openapi_generator_peer"]
    run([*stock, "--path", str(ROOT / "openapi.yaml"), "--config", str(configuration)])
    # Its classes for an enum that is open to other values call themselves without end; to it, they are texts.
    document = json.loads(json.dumps(SPECIFICATION), object_hook=without_open_enums)
    (folder / "closed.json").write_text(json.dumps(document), "utf-8")
    run([*other, "-i", str(folder / "closed.json"), "-o", str(folder)])
    sys.path.insert(0, str(folder))


def run(command: list[str], **options: Any) -> str:
    """Run a program that must succeed, and give what it prints."""
    text: str = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8", **options).stdout
    return text


def sync_rows(base_url: str) -> tuple[list[Row], dict[str, float]]:
    """Compare `update` with what else sends and reads the same, and say where its time goes."""
    stock, stock_api = importlib.import_module("stock_peer"), importlib.import_module("stock_peer.api.projects")
    stock_update: Any = importlib.import_module(f"{stock_api.__name__}.update_project")
    stock_client = stock.AuthenticatedClient(base_url, token=KEY)
    stock_body = importlib.import_module("stock_peer.models").UpdateProjectRequest.from_dict(BODY)
    other: Any = importlib.import_module("openapi_generator_peer")
    configuration = other.Configuration(host=base_url, access_token=KEY)
    other_api = other.ProjectsApi(other.ApiClient(configuration))
    other_body = other.UpdateProjectRequest.from_dict(BODY)
    url = httpx.URL(base_url)
    connection = http.client.HTTPConnection(url.host, url.port)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    bare = httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {KEY}"})
    ours = Activepieces(KEY, base_url=base_url)

    def floor() -> Any:
        connection.request("POST", url.path + PATH, json.dumps(BODY), headers)
        return json.loads(connection.getresponse().read())

    calls: dict[str, Callable[[], object]] = {
        "ours": lambda: ours.projects.update(ID, BODY),
        "bare": lambda: bare.post(PATH, json=BODY).json(),
        "stock": lambda: stock_update.sync(ID, client=stock_client, body=stock_body),
        "openapi-generator": lambda: other_api.update_project(ID, other_body),
        "http.client": floor,
    }
    figures = rounds(calls, 200)
    rows = [
        compare("update / bare httpx", figures, "bare", 1.0),
        compare("update / stock openapi-python-client", figures, "stock", 0.95),
        compare("update / openapi-generator's client", figures, "openapi-generator", 1.0),
        compare("update / http.client", figures, "http.client"),
    ]
    return rows, shares(calls["ours"])


async def async_rows(base_url: str) -> list[Row]:
    """Compare the async client with a bare one, with so many calls in flight."""
    bare = httpx.AsyncClient(base_url=base_url, headers={"Authorization": f"Bearer {KEY}"})
    ours = AsyncActivepieces(KEY, base_url=base_url)

    async def post() -> object:
        return (await bare.post(PATH, json=BODY)).json()

    calls: dict[str, Callable[[], Awaitable[object]]] = {"ours": lambda: ours.projects.update(ID, BODY), "bare": post}
    rows: list[Row] = []
    for in_flight, bar in ((1, None), (10, None), (100, 1.0)):
        figures: Figures = {name: [] for name in calls}
        for number_of_round in range(12):
            for name, call in calls.items():

                async def one_after_another(call: Callable[[], Awaitable[object]] = call, n: int = in_flight) -> None:
                    for _ in range(400 // n):
                        await call()

                stopwatch = Stopwatch()
                await asyncio.gather(*(one_after_another() for _ in range(in_flight)))
                if number_of_round:
                    figures[name].append(stopwatch.read(400))
        rows.append(compare(f"async update / bare AsyncClient, {in_flight} in flight", figures, "bare", bar))
    return rows


def refused() -> None:
    """Have a body with five problems refused."""
    with contextlib.suppress(RequestValidationError):
        validate(FIVE_PROBLEMS)


def check_rows() -> list[Row]:
    """Measure the checking of a request by itself."""
    figures = rounds({"good": lambda: validate(BODY), "bad": refused}, 2000)
    good, bad = (statistics.median(cpu for cpu, _ in figures[name]) for name in ("good", "bad"))
    return [
        Row("check a request of ordinary size", "µs of CPU", good, bar=10),
        Row("refuse a request for five problems", "µs of CPU", bad, bar=100),
    ]


def cpu(command: list[str], **options: Any) -> float:
    """Give the seconds of CPU that a program takes, with those it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def import_row() -> Row:
    """Compare the import, beyond what an interpreter takes to start."""
    programs = {"empty": "", "ours": "import activepieces_client", "peer": "import httpx, attrs"}
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(31):
        for name, program in programs.items():
            seconds[name].append(cpu([sys.executable, "-c", program]))
    empty, ours, peer = (statistics.median(seconds[name]) * 1e3 for name in programs)
    return Row("import activepieces_client / import httpx, attrs", "ms of CPU", ours - empty, peer - empty, 1.15)


def large(folder: Path) -> Path:
    """Make a copy of the repository whose specification has hundreds of operations, each with schemas of its own."""
    document = json.loads(json.dumps(SPECIFICATION))
    schemas = document["components"]["schemas"]
    for number in range(1, OPERATIONS):
        text = json.dumps(document["paths"]["/v1/projects/{id}"])
        for name in ("UpdateProjectRequest", "Project"):
            schemas[f"{name}{number}"] = schemas[name]
            text = text.replace(f'schemas/{name}"', f'schemas/{name}{number}"')
        path_item = json.loads(text.replace('"updateProject"', f'"updateProject{number}"'))
        document["paths"][f"/v1/things{number}/{{id}}"] = path_item
    return copy(folder, document)


def copy(folder: Path, document: Any) -> Path:
    """Copy what `nox -s regenerate` needs, with another specification."""
    for name in ("generated", "overlays", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "generator-config.yaml", folder)
    cast(Any, YAML()).dump(document, folder / "openapi.yaml")
    return folder


def regenerate_rows(small: Path, large: Path) -> list[Row]:
    """Compare regenerating, with what it checks, with the bare generator."""
    rows: list[Row] = []
    for folder, operations, times, bar in ((small, 1, 3, 1.5), (large, OPERATIONS, 1, None)):
        ours = [sys.executable, "tools/regenerate.py"]
        output = ["--output-path", str(folder / "bare"), "--overwrite", "--meta", "none"]
        bare = ["openapi-python-client", "generate", "--path", "openapi.yaml", "--config", "generator-config.yaml"]
        cpu(ours, cwd=folder)  # to be warm
        pairs = [(cpu(ours, cwd=folder), cpu([*bare, *output], cwd=folder)) for _ in range(times)]
        with_checks, without = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
        name = f"nox -s regenerate / bare generator, {operations} operation{'s' * (operations > 1)}"
        rows.append(Row(name, "s of CPU", with_checks, without, bar or rows[0].figure))
    return rows


def size_rows(small: Path, large: Path) -> list[Row]:
    """Compare calls where the specification has one operation and where it has hundreds."""
    # As where it is installed: with its bytecode.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def calls(folder: Path) -> list[float]:
        path = {"PYTHONPATH": f"{folder}/generated"}
        measured: list[float] = json.loads(run([sys.executable, "-c", CALLS], env={**environment, **path}))
        return measured

    calls(large)
    runs = [(calls(large), calls(small)) for _ in range(5)]
    more = statistics.median(first - later for (first, later), _ in runs) * 1e3
    later, later_of_small = (statistics.median(run[kind][1] for run in runs) * 1e6 for kind in (0, 1))
    return [
        Row(f"first call more than later ones, {OPERATIONS} operations", "ms of CPU", more, bar=5),
        Row(f"later calls, {OPERATIONS} operations / 1", "µs of CPU", later, later_of_small, 1.05),
    ]


def measure() -> tuple[list[Row], dict[str, float]]:
    """Measure everything, and say on standard error what comes next, since it takes minutes."""

    def say(what: str) -> None:
        print(f"bench: {what}", file=sys.stderr)

    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=run_server, args=(ready,), daemon=True)
    server.start()
    base_url = f"http://127.0.0.1:{ready.get()}/api"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("peers", "small", "large"):
            (folder / part).mkdir()
        say("generating the other clients")
        generate_peers(folder / "peers")
        say("calls")
        rows, profile = sync_rows(base_url)
        rows += [*asyncio.run(async_rows(base_url)), *check_rows()]
        say("imports")
        rows.append(import_row())
        say("memory after 50,000 updates")
        before, after = json.loads(run([sys.executable, "-c", MEMORY, base_url]))
        rows.append(Row("memory after 50,000 updates / after 500", "kB", after, before, 1.02))
        say(f"regenerating, with 1 and with {OPERATIONS} operations")
        small_copy, large_copy = copy(folder / "small", SPECIFICATION), large(folder / "large")
        regeneration = regenerate_rows(small_copy, large_copy)
        rows += [*size_rows(small_copy, large_copy), *regeneration]
    return rows, profile


def table(report: dict[str, Any]) -> str:
    """Write a report as a table of text."""
    lines = [f"{report['date']}, {report['machine']}", ""]
    lines.append(f"{'':58} {'ours':>10} {'peer':>10} {'':9} {'ratio':>6} {'wall':>6} {'bar':>6}")
    for row in report["rows"]:
        peer, ratio = ("", "") if row["peer"] is None else (f"{row['peer']:,.1f}", f"{row['ours'] / row['peer']:.2f}")
        bar = "" if row["bar"] is None else f"{row['bar']:.2f}"
        wall = "" if row["wall"] is None else f"{row['wall']:.2f}"
        figure = row["ours"] if row["peer"] is None else row["ours"] / row["peer"]
        mark = "" if row["bar"] is None else ("  reached" if figure <= row["bar"] else "  missed")
        lines.append(
            f"{row['name']:58} {row['ours']:>10,.1f} {peer:>10} {row['unit']:9} {ratio:>6} {wall:>6} {bar:>6}{mark}"
        )
    parts = ", ".join(f"{name} {share:.0%}" for name, share in report["profile"].items())
    return "\n".join([*lines, "", f"Of one update, as cProfile sees it: {parts}"])


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="write a chart of them here too, as SVG")
    given = parser.parse_args()
    rows, profile = measure()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    report = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{python} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "rows": [attrs.asdict(row) for row in rows],
        "profile": profile,
    }
    print(table(report))
    if given.json:
        given.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if given.chart:
        given.chart.write_text(bench_chart.svg(report), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
