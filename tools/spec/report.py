"""The report of `nox -s diff`, in each of its formats."""

from __future__ import annotations

import difflib
import html
import itertools
import json
import os
import re
import string
import sys
from pathlib import Path

import attrs
from tools.release.version import Version, dotted

from .compare import Change
from .document import JSON, SPECIFICATION, as_array, as_object, json_pointer
from .rules import SEVERITIES, Rule, worst

LONGEST = 60_000  # characters of Markdown; GitHub takes 65,536 in a comment

NOUNS = {"python": "name in Python", "returns": "what a call returns", "servers": "default base URL"}


@attrs.frozen
class Entry:
    """A change and its verdict.

    Attributes:
        line: The line of openapi.yaml; of what is removed, that of its parent.
        operations: Those that it changes.
        accepted: The reason for which a change that may break is accepted; empty where it is not.
    """

    change: Change
    rule: Rule
    line: int
    operations: list[str]
    accepted: str = ""

    @property
    def severity(self) -> str:
        """What the change does to users."""
        return "compatible" if self.accepted else self.rule.severity

    @property
    def title(self) -> str:
        """The operation; of a component that several use, its name and their number."""
        if len(self.operations) == 1:
            return self.operations[0] or "The whole document"
        kind, *names = self.change.pointer[:3]
        return f"{names[-1] if kind == 'components' else names[0]}, in {len(self.operations)} operations"

    @property
    def subject(self) -> str:
        """What changes, in JSON and in Python."""
        python_name = self.change.python_name or ""
        name = self.change.property if len(self.operations) == 1 or not python_name else ""
        return f"{name} ({python_name})" if name and python_name else name or python_name

    @property
    def name(self) -> str:
        """The rule; of a change that may break, RULE@POINTER for `--accept`."""
        pointer = f"@{json_pointer(self.change.pointer)}" if self.rule.severity == "may break" else ""
        return f"{self.rule.name}{pointer}"

    @property
    def reason(self) -> str:
        """What the change means for users, and what they do."""
        valid = "was not valid" if self.change.direction == "response" else "was valid"
        witness = f"{short(json.loads(self.change.witness), as_json=True)} {valid}. " if self.change.witness else ""
        return f"{witness}{self.rule.reason}{f' Accepted: {self.accepted}' if self.accepted else ''}"

    def sentence(self) -> str:
        """Return what changes; `[-removed-]` and `[+added+]` mark words of a text."""
        old, new, keyword = self.change.old, self.change.new, self.change.keyword
        noun = NOUNS.get(keyword, keyword)
        if keyword == "operation":
            return f"operation {'added' if old is None else 'removed'}: {new or old}"
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
        needed: The lowest version that semantic versioning allows after the last release.
        released: The verdict on all changes since that release; empty if there is none.
    """

    base: Version
    stated: Version
    entries: list[Entry]
    needed: Version
    released: str = ""

    @property
    def verdict(self) -> str:
        """The worst severity of a change."""
        return worst(entry.severity for entry in self.entries)

    def head(self) -> str:
        """Return the verdict and whether the version is enough, in one line."""
        differs = self.released and not self.released.startswith(f"{self.verdict} since")
        verdict, stated = f"{self.verdict.upper()}{f' ({self.released})' if differs else ''}", dotted(self.stated)
        if self.stated >= self.needed:
            return f"{verdict}: {stated} is enough"
        unless = " unless it is accepted" if self.verdict == "may break" else ""
        return f"{verdict}: needs {dotted(self.needed)}{unless}; info.version is {stated}, raise it"

    def by_operation(self) -> dict[str, list[Entry]]:
        """Return the entries of each operation, or of each component of several, the worst first."""
        groups: dict[str, list[Entry]] = {}
        order = {severity: -index for index, severity in enumerate(SEVERITIES)}
        for entry in sorted(self.entries, key=lambda item: (order[item.severity], item.line, item.rule.name)):
            groups.setdefault(entry.title, []).append(entry)
        return groups


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


def short(value: JSON, length: int = 100, *, as_json: bool = False) -> str:
    """Format a value for people, or as JSON, in at most so many characters."""
    content, items = as_object(value), as_array(value)
    if as_json:
        text = json.dumps(value, ensure_ascii=False)
    elif {"type", "required"} <= content.keys():
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
    """Return the report as text."""
    lines = [report.head()]
    for title, entries in report.by_operation().items():
        lines += ["", title]
        for entry in entries:
            place = f"[{entry.name}] {SPECIFICATION.name}:{entry.line}"
            lines.append(f"  {entry.severity:10}  {entry.change.direction:8}  {entry.subject}: {entry.sentence()}")
            lines.append(f"{'':14}{entry.reason} {place}")
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """Return the report as JSON, for programs."""
    names = ("direction", "property", "python_name", "keyword", "old", "new", "proved", "witness")
    changes = [
        {name: getattr(entry.change, name) for name in names}
        | {name: getattr(entry, name) for name in ("severity", "reason", "operations", "line", "accepted")}
        | {"rule": entry.rule.name, "pointer": json_pointer(entry.change.pointer)}
        for entries in report.by_operation().values()
        for entry in entries
    ]
    versions = {"base": dotted(report.base), "stated": dotted(report.stated), "needed": dotted(report.needed)}
    return json.dumps({"verdict": report.verdict, **versions, "changes": changes}, indent=2, ensure_ascii=False)


def as_html(report: Report) -> str:
    """Return the report as one page that loads nothing."""
    page = string.Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
    return page.substitute(
        head=html.escape(report.head()),
        verdict=report.verdict.replace(" ", "-"),
        subtitle=f"{SPECIFICATION.name} since {dotted(report.base)}, {len(report.entries)} differences",
        sections="\n".join(cards(report)),
    )


def as_markdown(report: Report) -> str:
    """Return the report as HTML within Markdown, for a comment on a pull request."""
    found = cards(report)
    ends = [*itertools.accumulate(len(card) + 1 for card in found)]
    shown = sum(end <= LONGEST for end in ends)
    more = [f"<p>… and {len(found) - shown} more: <code>nox -s diff</code></p>"] if shown < len(found) else []
    return "\n".join([f"<p><b>{html.escape(report.head())}</b></p>", *found[:shown], *more])


def cards(report: Report) -> list[str]:
    """Return each change as a card of HTML, the first of a group with its title."""
    found: list[str] = []
    for title, entries in report.by_operation().items():
        heading = f"<h3>{html.escape(title)}</h3>\n"
        for entry in entries:
            sentence = re.sub(r"\[-(.*?)-\]", r"<del>\1</del>", html.escape(entry.sentence()))
            sentence = re.sub(r"\[\+(.*?)\+\]", r"<ins>\1</ins>", sentence)
            subject = f"<code>{html.escape(entry.subject)}</code>"
            found.append(
                f'{heading}<article class="{entry.severity.replace(" ", "-")}">\n'
                f"<p><b>{entry.severity}</b> · {entry.change.direction} · {subject}</p>\n"
                f"<p>{sentence}<br>{html.escape(entry.reason)}</p>\n"
                f"<small>{html.escape(entry.name)} · {html_line(entry.line)}</small></article>"
            )
            heading = ""
    return found


FORMATS = {"text": as_text, "markdown": as_markdown, "html": as_html, "json": as_json}


def write(text: str) -> None:
    """Print a text; a reader may close the pipe early, as `head` does."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python flushes once more at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
