"""Measure what calls and the rest cost, and print one table, measured in one run."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import attrs

from . import chart
from .measuring import Row
from .server import serving


def measure() -> tuple[list[Row], dict[str, float]]:
    """Measure everything.

    Each step is announced on standard error, since the whole takes minutes.
    """
    # The peers are installed to measure, but not to test the arguments.
    from . import calls, growth, peers  # noqa: PLC0415

    def announce(step: str) -> None:
        print(f"bench: {step}", file=sys.stderr)

    with serving() as base_url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for subfolder in ("peers", "small", "large"):
            (folder / subfolder).mkdir()
        announce("generating the other clients")
        peers.generate(folder / "peers")
        announce("calls")
        rows, profile = calls.sync_rows(base_url)
        rows += [*asyncio.run(calls.async_rows(base_url)), *calls.validation_rows()]
        announce("imports")
        rows.append(growth.import_row())
        announce("memory after 50,000 updates")
        rows.append(growth.memory_row(base_url))
        announce(f"regenerating, with 1 and with {growth.OPERATIONS} operations")
        small, large = growth.copy_small(folder / "small"), growth.copy_large(folder / "large")
        regeneration = growth.regenerate_rows(small, large)
        rows += [*growth.size_rows(small, large), *regeneration]
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
        given.chart.write_text(chart.svg(report), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
