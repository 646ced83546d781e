"""The report of `nox -s diff`, in each of its formats."""

from __future__ import annotations

import difflib
import html
import json
import os
import re
import shutil
import string
import sys
import textwrap
from pathlib import Path

import attrs
from tools.release.version import Version, dotted, needed

from .compare import Change
from .document import JSON, ROOT, SPECIFICATION, elements, json_pointer, members
from .rules import SEVERITIES, Rule, worst

COLOURS = {"breaking": "31", "may break": "33", "compatible": "32", "unchanged": "2"}  # of ANSI terminals
RESOURCES = ROOT / "overlays" / "activepieces_client"
# What a keyword of `compare` is called where it is none of OpenAPI's.
NOUNS = {"python": "name in Python", "returns": "what a call returns", "servers": "default base URL"}


@attrs.frozen
class Entry:
    """A change with its verdict.

    Attributes:
        line: Where it is in openapi.yaml; where it is removed, what it was in.
        accepted: Why a change that may break does not; empty where nobody says so.
    """

    change: Change
    rule: Rule
    line: int
    accepted: str = ""

    @property
    def severity(self) -> str:
        """What the change does to users."""
        return "compatible" if self.accepted else self.rule.severity

    @property
    def operation(self) -> str:
        """The operation; of one that is added or removed, how users call it, too."""
        change = self.change
        method = f" ({offered(change.python)})" if change.keyword == "operation" and change.python else ""
        return f"{change.operation or 'The whole document'}{method}"

    @property
    def subject(self) -> str:
        """What changes, as the wire and as Python have it."""
        wire, python = self.change.property, self.change.python or ""
        return f"{wire} ({python})" if wire and python else wire or python

    @property
    def name(self) -> str:
        """The name of the rule; of a change that may break, what `--accept` takes."""
        pointer = f"@{json_pointer(self.change.pointer)}" if self.rule.severity == "may break" else ""
        return f"{self.rule.name}{pointer}"

    @property
    def reason(self) -> str:
        """What the change means for users, and what they do."""
        return f"{self.rule.reason} Accepted: {self.accepted}" if self.accepted else self.rule.reason

    def sentence(self) -> str:
        """Return what changes, from what to what; `[-removed-]` and `[+added+]` are the words of a longer text."""
        old, new, keyword = self.change.old, self.change.new, self.change.keyword
        noun = NOUNS.get(keyword, keyword)
        if keyword == "operation":
            return f"operation {'added' if old is None else 'removed'}"
        if keyword == "schema":
            return "the schema as a whole"
        if old is None:
            return f"{noun} added: {short(new)}"
        if new is None:
            return f"{noun} removed: {short(old)}"
        if keyword in ("description", "summary"):
            return f"{noun}: {by_words(old, new)}"
        return f"{noun}: {short(old)} → {short(new)}"


@attrs.frozen
class Report:
    """What a change of the document does to users, and which version it needs.

    Attributes:
        base: The version before the change.
        stated: What info.version is.
    """

    base: Version
    stated: Version
    entries: list[Entry]

    @property
    def verdict(self) -> str:
        """The worst that a change does."""
        return worst(entry.severity for entry in self.entries)

    @property
    def needed(self) -> Version:
        """The lowest version that semantic versioning allows after the change."""
        return needed(self.base, self.verdict)

    def head(self) -> str:
        """Return the verdict, and whether the version is enough, in one line."""
        needed, stated = dotted(self.needed), dotted(self.stated)
        unless = " unless it is accepted" if self.verdict == "may break" else ""
        version = f"{stated} is enough"
        if self.stated < self.needed:
            version = f"needs {needed}{unless}; info.version is {stated}, raise it"
        return f"{self.verdict.upper()}: {version}"

    def by_operation(self) -> dict[str, list[Entry]]:
        """Return the entries of each operation, the worst first."""
        groups: dict[str, list[Entry]] = {}
        for entry in sorted(self.entries, key=lambda one: (-SEVERITIES.index(one.severity), one.line, one.rule.name)):
            groups.setdefault(entry.operation, []).append(entry)
        return groups


def offered(python: str) -> str:
    """Return how users call an operation: by its method of the client where it has one, or by its function."""
    _, resource, function = python.split(".")
    method = re.sub(rf"_{resource.removesuffix('s')}s?$", "", function)
    source = RESOURCES / f"_{resource}.py"
    has_method = source.exists() and f"def {method}(" in source.read_text(encoding="utf-8")
    return f"client.{resource}.{method}" if has_method else f"{resource}.{function}.sync"


def by_words(old: str, new: str) -> str:
    """Compare two texts word by word; of what stays, the words beside a difference are enough."""
    before, after = old.split(), new.split()
    found: list[str] = []
    for _, start, end, there, until in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        removed, added = before[start:end], after[there:until]
        if removed == added:
            found += removed if len(removed) <= 8 else [*removed[:3], "…", *removed[-3:]]
        else:
            found += [f"[-{' '.join(removed)}-]"] if removed else []
            found += [f"[+{' '.join(added)}+]"] if added else []
    return " ".join(found)


def short(value: JSON, length: int = 100) -> str:
    """Write a value short."""
    if {"type", "required"} <= members(value).keys():
        rest = {key: part for key, part in value.items() if key not in ("type", "required") and part is not None}
        kinds = " or ".join(map(str, elements(value["type"]) or [value["type"]]))
        text = f"{'required' if value['required'] else 'optional'} {kinds}{f', {short(rest)}' if rest else ''}"
    elif elements(value) and all(isinstance(part, str) for part in elements(value)):
        text = ", ".join(elements(value))
    elif members(value):
        text = ", ".join(
            f"{key} {short(part)}" for key, part in members(value).items() if part is not None and part is not False
        )
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def link(line: int) -> str | None:
    """Return the address of a line of openapi.yaml where the host is known."""
    known = [os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "SHA")]
    return "{}/{}/blob/{}/".format(*known) + f"{SPECIFICATION.name}#L{line}" if all(known) else None


def as_text(report: Report) -> str:
    """Report for a terminal: in colour, and wrapped at its width, where it is one."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 10_000

    def painted(severity: str, text: str) -> str:
        return f"\x1b[{COLOURS[severity]}m{text}\x1b[0m" if terminal and "NO_COLOR" not in os.environ else text

    def indented(text: str) -> str:
        return textwrap.fill(text, width, initial_indent=" " * 14, subsequent_indent=" " * 14, break_on_hyphens=False)

    lines = [painted(report.verdict, report.head())]
    for title, entries in report.by_operation().items():
        lines += ["", title]
        for entry in entries:
            place = f"[{entry.name}] {SPECIFICATION.name}:{entry.line}"
            head = indented(f"{entry.change.direction:8}  {entry.subject}: {entry.sentence()}").lstrip()
            lines.append(f"  {painted(entry.severity, f'{entry.severity:10}')}  {head}")
            lines.append(indented(f"{entry.reason} {place}"))
    return "\n".join(lines)


def as_html(report: Report) -> str:
    """Report as one page that loads nothing."""
    count = len(report.entries)
    page = string.Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
    return page.substitute(
        head=html.escape(report.head()),
        verdict=report.verdict.replace(" ", "-"),
        subtitle=f"{SPECIFICATION.name} since {dotted(report.base)}: {count} change{'s' * (count != 1)}",
        sections=cards(report),
    )


def as_markdown(report: Report) -> str:
    """Report for a comment on a pull request, in the HTML that Markdown may have."""
    return f"<p><b>{html.escape(report.head())}</b></p>\n{cards(report)}"


def cards(report: Report) -> str:
    """Write each change as a card of HTML, by operation."""
    lines: list[str] = []
    for title, entries in report.by_operation().items():
        lines.append(f"<h3>{html.escape(title)}</h3>")
        for entry in entries:
            sentence = re.sub(r"\[-(.*?)-\]", r"<del>\1</del>", html.escape(entry.sentence()))
            sentence = re.sub(r"\[\+(.*?)\+\]", r"<ins>\1</ins>", sentence)
            subject = html.escape(entry.subject)
            address, line = link(entry.line), f"{SPECIFICATION.name}:{entry.line}"
            place = f'<a href="{html.escape(address)}">{line}</a>' if address else line
            lines += [
                f'<article class="{entry.severity.replace(" ", "-")}">',
                f"<p><b>{entry.severity}</b> · {entry.change.direction} · <code>{subject}</code></p>",
                f"<p>{sentence}<br>{html.escape(entry.reason)}</p>",
                f"<small>{html.escape(entry.name)} · {place}</small></article>",
            ]
    return "\n".join(lines)


FORMATS = {"text": as_text, "markdown": as_markdown, "html": as_html}


def write(text: str) -> None:
    """Print a text; a reader that closes the pipe early, as `head` does, ends nothing with a traceback."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # What is left to flush would fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
