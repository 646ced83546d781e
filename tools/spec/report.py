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
from .document import JSON, ROOT, SPECIFICATION, as_array, as_object, json_pointer
from .rules import SEVERITIES, Rule, worst

COLOURS = {"breaking": "31", "may break": "33", "compatible": "32", "unchanged": "2"}  # of ANSI terminals
RESOURCES = ROOT / "overlays" / "activepieces_client"
# The keywords of a change that are none of OpenAPI's, in words.
NOUNS = {"python": "name in Python", "returns": "what a call returns", "servers": "default base URL"}


@attrs.frozen
class Entry:
    """A change and its verdict.

    Attributes:
        line: The line of openapi.yaml; of what is removed, that of its parent.
        accepted: The reason for which a change that may break is accepted; empty where it is not.
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
        """The operation; of an added or removed one, the method that users call, too."""
        change = self.change
        method = f" ({method_of(change.python_name)})" if change.keyword == "operation" and change.python_name else ""
        return f"{change.operation or 'The whole document'}{method}"

    @property
    def subject(self) -> str:
        """What changes, in JSON and in Python."""
        name, python_name = self.change.property, self.change.python_name or ""
        return f"{name} ({python_name})" if name and python_name else name or python_name

    @property
    def name(self) -> str:
        """The rule; of a change that may break, RULE@POINTER for `--accept`."""
        pointer = f"@{json_pointer(self.change.pointer)}" if self.rule.severity == "may break" else ""
        return f"{self.rule.name}{pointer}"

    @property
    def reason(self) -> str:
        """What the change means for users, and what they do."""
        return f"{self.rule.reason} Accepted: {self.accepted}" if self.accepted else self.rule.reason

    def sentence(self) -> str:
        """Return what changes; `[-removed-]` and `[+added+]` mark words of a text."""
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
    """The changes of the document, their verdict and the version that they need.

    Attributes:
        base: info.version before the changes.
        stated: info.version after them.
    """

    base: Version
    stated: Version
    entries: list[Entry]

    @property
    def verdict(self) -> str:
        """The worst severity of a change."""
        return worst(entry.severity for entry in self.entries)

    @property
    def needed(self) -> Version:
        """The lowest version that semantic versioning allows."""
        return needed(self.base, self.verdict)

    def head(self) -> str:
        """Return the verdict and whether the version is enough, in one line."""
        verdict, stated = self.verdict.upper(), dotted(self.stated)
        if self.stated >= self.needed:
            return f"{verdict}: {stated} is enough"
        unless = " unless it is accepted" if self.verdict == "may break" else ""
        return f"{verdict}: needs {dotted(self.needed)}{unless}; info.version is {stated}, raise it"

    def by_operation(self) -> dict[str, list[Entry]]:
        """Return the entries of each operation, the worst first."""
        groups: dict[str, list[Entry]] = {}
        order = {severity: -index for index, severity in enumerate(SEVERITIES)}
        for entry in sorted(self.entries, key=lambda item: (order[item.severity], item.line, item.rule.name)):
            groups.setdefault(entry.operation, []).append(entry)
        return groups


def method_of(python_name: str) -> str:
    """Return the client's method for an operation, or the generated function."""
    _, resource, function = python_name.split(".")
    method = re.sub(rf"_{resource.removesuffix('s')}s?$", "", function)
    source = RESOURCES / f"_{resource}.py"
    has_method = source.exists() and f"def {method}(" in source.read_text(encoding="utf-8")
    return f"client.{resource}.{method}" if has_method else f"{resource}.{function}.sync"


def by_words(old: str, new: str) -> str:
    """Compare two texts word by word, with a few equal words beside a difference."""
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
    """Format a value for people, in at most so many characters."""
    content, items = as_object(value), as_array(value)
    if {"type", "required"} <= content.keys():
        rest = {key: inner for key, inner in content.items() if key not in ("type", "required")}
        types = " or ".join(map(str, as_array(content["type"]) or [content["type"]]))
        text = f"{'required' if content['required'] else 'optional'} {types}{f', {short(rest)}' if rest else ''}"
    elif content:
        given = {key: inner for key, inner in content.items() if inner is not None and inner is not False}
        text = ", ".join(f"{key} {short(inner)}" for key, inner in given.items())
    elif items and all(isinstance(item, str) for item in items):
        text = ", ".join(items)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def html_line(line: int) -> str:
    """Return a line of openapi.yaml, as a link where the host is known."""
    text = f"{SPECIFICATION.name}:{line}"
    if "GITHUB_SHA" not in os.environ:
        return text
    server, repository, commit = (os.environ[f"GITHUB_{name}"] for name in ("SERVER_URL", "REPOSITORY", "SHA"))
    return f'<a href="{html.escape(f"{server}/{repository}/blob/{commit}/{SPECIFICATION.name}")}#L{line}">{text}</a>'


def as_text(report: Report) -> str:
    """Return the report as text, for a terminal in colour and wrapped at its width."""
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
    """Return the report as one page that loads nothing."""
    count = len(report.entries)
    page = string.Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
    return page.substitute(
        head=html.escape(report.head()),
        verdict=report.verdict.replace(" ", "-"),
        subtitle=f"{SPECIFICATION.name} since {dotted(report.base)}: {count} change{'s' * (count != 1)}",
        sections=cards(report),
    )


def as_markdown(report: Report) -> str:
    """Return the report as HTML within Markdown, for a comment on a pull request."""
    return f"<p><b>{html.escape(report.head())}</b></p>\n{cards(report)}"


def cards(report: Report) -> str:
    """Return each change as a card of HTML, by operation."""
    lines: list[str] = []
    for title, entries in report.by_operation().items():
        lines.append(f"<h3>{html.escape(title)}</h3>")
        for entry in entries:
            sentence = re.sub(r"\[-(.*?)-\]", r"<del>\1</del>", html.escape(entry.sentence()))
            sentence = re.sub(r"\[\+(.*?)\+\]", r"<ins>\1</ins>", sentence)
            subject = f"<code>{html.escape(entry.subject)}</code>"
            lines += [
                f'<article class="{entry.severity.replace(" ", "-")}">',
                f"<p><b>{entry.severity}</b> · {entry.change.direction} · {subject}</p>",
                f"<p>{sentence}<br>{html.escape(entry.reason)}</p>",
                f"<small>{html.escape(entry.name)} · {html_line(entry.line)}</small></article>",
            ]
    return "\n".join(lines)


FORMATS = {"text": as_text, "markdown": as_markdown, "html": as_html}


def write(text: str) -> None:
    """Print a text; a reader may close the pipe early, as `head` does."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python flushes once more at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
