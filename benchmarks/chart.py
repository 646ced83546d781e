"""The chart of the benchmark: what a call costs, as bars of SVG, from the figures that `nox -s bench` wrote."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

WIDTH, LEFT, HEIGHT = 760, 330, 26
STYLE = "text{font:13px sans-serif;fill:#57606a}rect{fill:#6e40c9}.peer{fill:#8c959f}"


def svg(report: dict[str, Any]) -> str:
    """Draw a bar for each client's CPU time of a call, with the date and the machine below."""
    calls = [row for row in report["rows"] if row["peer"] and row["name"].startswith(("update /", "async update /"))]
    most = max(max(row["ours"], row["peer"]) for row in calls)
    lines: list[str] = []
    for row in calls:
        ours, _, peer = row["name"].partition(" / ")
        for name, figure, kind in ((ours, row["ours"], "ours"), (peer, row["peer"], "peer")):
            y, width = HEIGHT * len(lines), figure / most * (WIDTH - LEFT - 90)
            lines.append(
                f'<text x="{LEFT - 8}" y="{y + 17}" text-anchor="end">{escape(name)}</text>'
                f'<rect class="{kind}" x="{LEFT}" y="{y + 4}" width="{width:.1f}" height="{HEIGHT - 8}"/>'
                f'<text x="{LEFT + width + 8:.1f}" y="{y + 17}">{figure:,.0f} µs</text>'
            )
    height = HEIGHT * (len(lines) + 1)
    lines.append(f'<text x="8" y="{height - 8}">{escape(report["date"])}, {escape(report["machine"])}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    title = "<title>CPU time of one call</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *lines, "</svg>", ""])
