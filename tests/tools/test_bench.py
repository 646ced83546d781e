"""`nox -s bench`: its arguments, and the chart of its figures."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

from .repository import ROOT

REPORT: dict[str, Any] = {
    "date": "2026-11-24",
    "machine": "CPython 3.11.7 on Linux x86_64, 2 cores",
    "rows": [
        {"name": "update / bare httpx", "unit": "µs of CPU", "ours": 480.0, "peer": 400.0, "bar": 1.0},
        {"name": "update / a <client>", "unit": "µs of CPU", "ours": 480.0, "peer": 960.0, "bar": None},
        {"name": "check a request", "unit": "µs of CPU", "ours": 9.0, "peer": None, "bar": 10.0},
    ],
}


def chart() -> str:
    program = "import json, sys; from benchmarks import chart; print(chart.svg(json.load(sys.stdin)))"
    command = [sys.executable, "-c", program]
    options: dict[str, Any] = {"cwd": ROOT, "env": {"PYTHONUTF8": "1"}, "encoding": "utf-8"}
    return str(subprocess.run(command, input=json.dumps(REPORT), stdout=subprocess.PIPE, check=True, **options).stdout)


def test_chart_has_one_bar_for_each_client() -> None:
    drawn = chart()
    texts = [text for text in ElementTree.fromstring(drawn).itertext() if text.strip()]
    assert {"bare httpx", "a <client>", "480", "960"} <= set(texts)
    assert f"{REPORT['date']}, {REPORT['machine']}" in texts
    assert drawn.count("<rect") == 3
    assert drawn == chart()


def test_bad_arguments_measure_nothing() -> None:
    command = [sys.executable, "-m", "benchmarks", "--yaml"]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=ROOT)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "--yaml" in finished.stderr
