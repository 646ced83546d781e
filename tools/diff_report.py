"""The report of `nox -s diff`, in each of its formats."""

from __future__ import annotations

import html
import json
import os
import sys
from collections.abc import Callable

import attrs

from document import JSON, SPECIFICATION, elements

WORDS = {"breaking": "BREAKING", "compatible": "COMPATIBLE", "none": "NO EFFECT"}
COLOURS = {"breaking": "31", "compatible": "32", "none": "2"}  # of ANSI terminals: red, green, faint
COMMANDS = {"breaking": "error", "compatible": "notice", "none": "notice"}  # of GitHub's workflows


@attrs.frozen
class Change:
    """One change, and what it does to users.

    Attributes:
        severity: breaking, compatible or none.
        direction: request or response.
        field: What changes, as the wire has it.
        python: The same as Python has it; None where Python does not have it.
        rule: What gave the severity: a rule of Redocly CLI's, or one of ours.
        line: Where in openapi.yaml; where it is gone, what it was a part of.
        what: What of the field changes: a keyword, or the field itself.
    """

    severity: str
    direction: str
    field: str
    python: str | None
    rule: str
    old: JSON
    new: JSON
    line: int
    what: str

    def sentence(self) -> str:
        """Say what changes, from what to what."""
        if self.old is None:
            return f"{self.what} added: {say(self.new)}"
        if self.new is None:
            return f"{self.what} removed: {say(self.old)}"
        return f"{self.what}: {say(self.old)} → {say(self.new)}"


@attrs.frozen
class Report:
    """What a change of the document does to users, and which version it needs.

    Attributes:
        base: The version before the change.
        needed: The lowest version that semantic versioning allows after it.
        stated: What info.version says.
    """

    verdict: str
    base: tuple[int, ...]
    needed: tuple[int, ...]
    stated: tuple[int, ...]
    changes: list[Change]

    def head(self) -> str:
        """Say the verdict and the version in one line."""
        return f"{WORDS[self.verdict]}: {dotted(self.needed)} needed, info.version says {dotted(self.stated)}"


def dotted(version: tuple[int, ...]) -> str:
    """Write a version."""
    return ".".join(map(str, version))


def say(value: JSON, length: int = 80) -> str:
    """Show a value short."""
    if value is True:
        return "yes"
    text = ", ".join(map(say, elements(value))) if elements(value) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def as_text(report: Report) -> str:
    """Report for a terminal, in colour where it is one."""
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def painted(severity: str, text: str) -> str:
        return f"\x1b[{COLOURS[severity]}m{text}\x1b[0m" if colour else text

    lines = [painted(report.verdict, report.head())]
    for change in report.changes:
        python = f" ({change.python})" if change.python else ""
        lines.append(
            f"{painted(change.severity, f'{change.severity:10}')}  {change.direction:8}  {change.field}{python}: "
            f"{change.sentence()}  [{change.rule}]  {SPECIFICATION.name}:{change.line}"
        )
    return "\n".join(lines)


def as_markdown(report: Report) -> str:
    """Report for a comment on a pull request."""

    def row(*cells: str) -> str:
        return f"| {' | '.join(cell.replace('|', '&#124;').replace(chr(10), ' ') for cell in cells)} |"

    lines = [f"**{report.head()}**"]
    if report.changes:
        lines += ["", row("for users", "direction", "field", "in Python", "change", "rule", "line"), row(*["---"] * 7)]
    for change in report.changes:
        severity = f"**{change.severity}**" if change.severity == "breaking" else change.severity
        python = f"`{change.python}`" if change.python else ""
        sentence = code(change.sentence())
        lines.append(
            row(severity, change.direction, f"`{change.field}`", python, sentence, change.rule, str(change.line))
        )
    return "\n".join(lines)


def code(text: str) -> str:
    """Write a text as code, whatever backquotes it has."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def as_json(report: Report) -> str:
    """Report for programs."""
    renamed = {"old": "from", "new": "to"}
    document = {
        "verdict": report.verdict,
        "version": {name: dotted(getattr(report, name)) for name in ("base", "needed", "stated")},
        "changes": [
            {renamed.get(name, name): value for name, value in attrs.asdict(change).items() if name != "what"}
            for change in report.changes
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_github(report: Report) -> str:
    """Report as annotations of a workflow run on GitHub."""

    def escaped(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def in_property(text: str) -> str:
        return escaped(text).replace(":", "%3A").replace(",", "%2C")

    lines = [f"::{COMMANDS[report.verdict]}::{escaped(report.head())}"]
    for change in report.changes:
        title = in_property(f"{change.severity}: {change.direction} {change.field}")
        place = f"file={SPECIFICATION.name},line={change.line},title={title}"
        lines.append(f"::{COMMANDS[change.severity]} {place}::{escaped(f'{change.sentence()} [{change.rule}]')}")
    return "\n".join(lines)


STYLE = """
:root { color-scheme: light dark; --line: #8883; --breaking: #c62828; --compatible: #2e7d32; --none: #757575; }
@media (prefers-color-scheme: dark) { :root { --breaking: #ff8a80; --compatible: #a5d6a7; --none: #bdbdbd; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2.5rem auto; max-width: 76rem; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; border-left: .35rem solid currentColor; padding-left: .8rem; }
p { margin: .5rem 0 2rem 1.15rem; opacity: .75; }
.breaking { color: var(--breaking); } .compatible { color: var(--compatible); } .none { color: var(--none); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-size: .8rem; opacity: .7; }
th, td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:first-child { font-weight: 600; }
td:nth-child(-n + 3), td:nth-child(-n + 3) code { white-space: nowrap; overflow-wrap: normal; }
code { font: .87em ui-monospace, monospace; overflow-wrap: anywhere; }
small { display: block; opacity: .7; }
"""


def as_html(report: Report) -> str:
    """Report as one page that loads nothing."""

    def code(text: str | None) -> str:
        return f"<code>{html.escape(text)}</code>" if text else ""

    rows = [
        f'<tr><td class="{change.severity}">{WORDS[change.severity].lower()}</td><td>{change.direction}</td>'
        f"<td>{code(change.field)}<small>{code(change.python)}</small></td><td>{code(change.sentence())}</td>"
        f"<td>{html.escape(change.rule)}</td><td>{change.line}</td></tr>"
        for change in report.changes
    ]
    heads = "".join(f"<th>{name}</th>" for name in ("for users", "direction", "field", "change", "rule", "line"))
    table = f'<div class="scroll"><table><tr>{heads}</tr>{"".join(rows)}</table></div>' if rows else ""
    counts = [sum(change.severity == severity for change in report.changes) for severity in WORDS]
    said = ", ".join(f"{count} {word.lower()}" for word, count in zip(WORDS.values(), counts, strict=True) if count)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(report.head())}</title><style>{STYLE}</style></head><body>"
        f'<h1 class="{report.verdict}">{html.escape(report.head())}</h1>'
        f"<p>{SPECIFICATION.name} since {dotted(report.base)}: {said or 'no changes'}</p>{table}</body></html>"
    )


FORMATS: dict[str, Callable[[Report], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "html": as_html,
    "json": as_json,
    "github": as_github,
}
