"""The chart of the benchmark: bars, in SVG, of the figures of `nox -s bench`."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

WIDTH, LEFT, TOP, HEIGHT = 760, 330, 34, 26
STYLE = "text{font:13px sans-serif;fill:#57606a}.title{font-weight:bold}rect{fill:#6e40c9}.peer{fill:#8c959f}"


def bars(report: dict[str, Any]) -> dict[str, tuple[float, str]]:
    """Return each client once: its microseconds a call, and whether it is ours."""
    found: dict[str, tuple[float, str]] = {}
    for row in report["rows"]:
        if row["peer"] and row["name"].startswith(("update", "async update")):
            ours, _, peer = row["name"].partition(" / ")
            in_flight = peer.partition(", ")[2]
            found.setdefault(f"{ours}, {in_flight}" if in_flight else ours, (row["ours"], "ours"))
            found.setdefault(peer, (row["peer"], "peer"))
    return found


def svg(report: dict[str, Any]) -> str:
    """Draw a bar for each client, with a title and an axis from 0.

    The date and the machine stand below.
    """
    clients = bars(report)
    most = max(figure for figure, _ in clients.values())
    lines = [f'<text class="title" x="{LEFT}" y="20">CPU time of one call, in µs</text>']
    for number, (name, (figure, kind)) in enumerate(clients.items()):
        y, width = TOP + HEIGHT * number, figure / most * (WIDTH - LEFT - 90)
        lines += [
            f'<text x="{LEFT - 8}" y="{y + 17}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y + 4}" width="{width:.1f}" height="{HEIGHT - 8}"/>',
            f'<text x="{LEFT + width + 8:.1f}" y="{y + 17}">{figure:,.0f}</text>',
        ]
    end = TOP + HEIGHT * len(clients)
    lines += [
        f'<path d="M{LEFT} {TOP}V{end}" stroke="#57606a"/>',
        f'<text x="8" y="{end + 20}">{escape(report["date"])}, {escape(report["machine"])}</text>',
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {end + 30}" role="img">'
    return "\n".join([head, "<title>CPU time of one call</title>", f"<style>{STYLE}</style>", *lines, "</svg>", ""])
