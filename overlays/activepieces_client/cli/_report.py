"""The command `report`: a record, for people."""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator

from ._output import counted, print_table, printable, use_utf_8
from ._record import Entry, Record

_COLUMNS = ("external id", "id", "name", "property", "before", "after", "outcome", "reason")


def show(record: Record, form: str) -> None:
    """Print a record as text, CSV or Markdown."""
    rows = [row for entry in record.entries for row in _rows(entry, record)]
    if form == "csv":
        use_utf_8()
        csv.writer(sys.stdout, lineterminator="\n").writerows([_COLUMNS, *rows])
        return
    outcomes = Counter(_outcome(entry, record) for entry in record.entries)
    header = record.header
    title = f"{header['file']}, {header['time']}, {header['server']}"
    counts = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.items())
    summary = f"{counted(len(record.entries), 'project')}: {counts}"
    if form == "text":
        print(printable(title))
        print_table(_COLUMNS, rows)
        print(summary)
        return
    print(f"### {_cell(title)}\n\n{summary}\n")
    for row in (_COLUMNS, ["---"] * len(_COLUMNS), *rows):
        print(f"| {' | '.join(map(_cell, row))} |")


def _outcome(entry: Entry, record: Record) -> str:
    found: str = record.outcomes.get(entry.id, {"outcome": "unknown"})["outcome"]
    return found


def _rows(entry: Entry, record: Record) -> Iterator[list[str]]:
    """Yield a row for each value that a change was to change."""
    outcome = record.outcomes.get(entry.id, {})
    reason = ": ".join(outcome[name] for name in ("error", "message") if name in outcome)
    for path in entry.paths:
        values = [
            json.dumps(side[path], ensure_ascii=False) if path in side else "" for side in (entry.before, entry.after)
        ]
        name = path.removeprefix("$.")
        yield [entry.externalId or "", entry.id, entry.displayName, name, *values, _outcome(entry, record), reason]


def _cell(text: str) -> str:
    """Return a text as a cell of a Markdown table."""
    return printable(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
