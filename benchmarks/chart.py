"""The chart of the benchmark: bars, in SVG, of the figures of `nox -s bench`."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

# As wide as a phone, with a name above each bar.
WIDTH, TOP, HEIGHT = 360, 34, 42

# The browser chooses the colours by the scheme of the page around the image.
STYLE = (
    "text{font:13px sans-serif;fill:#57606a}.title{font-weight:bold}.ours{fill:#6e40c9}.peer{fill:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#c9d1d9}.ours{fill:#a371f7}.peer{fill:#6e7681}}"
)


def bars(report: dict[str, Any]) -> dict[str, tuple[float, str]]:
    """Return each client once: its microseconds a call, and whether it is this package's."""
    found: dict[str, tuple[float, str]] = {}
    for row in report["rows"]:
        if row["peer"] and row["name"].startswith(("update", "async update")):
            ours, _, peer = row["name"].partition(" / ")
            in_flight = peer.partition(", ")[2]
            found.setdefault(f"{ours}, {in_flight}" if in_flight else ours, (row["ours"], "ours"))
            found.setdefault(peer, (row["peer"], "peer"))
    return found


def svg(report: dict[str, Any]) -> str:
    """Draw a bar for each client, with a title above, and the date and the machine below."""
    clients = bars(report)
    most = max(figure for figure, _ in clients.values())
    lines = ['<text class="title" x="0" y="16">CPU time of one call, in µs</text>']
    for number, (name, (figure, kind)) in enumerate(clients.items()):
        y, width = TOP + HEIGHT * number, figure / most * (WIDTH - 50)
        lines += [
            f'<text x="0" y="{y + 12}">{escape(name)}</text>',
            f'<rect class="{kind}" x="0" y="{y + 18}" width="{width:.1f}" height="14"/>',
            f'<text x="{width + 6:.1f}" y="{y + 30}">{figure:,.0f}</text>',
        ]
    end = TOP + HEIGHT * len(clients)
    lines.append(f'<text x="0" y="{end + 14}">{escape(report["date"])}, {escape(report["machine"])}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {end + 24}" role="img">'
    return "\n".join([head, "<title>CPU time of one call</title>", f"<style>{STYLE}</style>", *lines, "</svg>", ""])
