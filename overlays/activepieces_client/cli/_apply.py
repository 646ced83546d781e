"""The command `apply`: send what is not final, and record each outcome."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from activepieces_client import Activepieces, ActivepiecesError
from activepieces_client.bulk import RollOut

from ._input import Updates
from ._journal import Entry, Journal, JournalError, load
from ._line import Line
from ._output import counted, grouped, output_error, print_json, printable, report
from ._progress import RollOutProgress
from ._resolve import Resolved, fetch, resolve
from ._signals import stopping_on_signals


@attrs.frozen
class Options:
    """The options of a roll-out."""

    concurrency: int
    timeout: float | None
    fail_fast: bool
    as_json: bool


def pending(updates: Updates, entries: Mapping[str, Entry], base_url: str) -> list[Line]:
    """Return the lines that are not final in a journal."""
    final = _final(updates, entries, base_url)
    return [line for line in updates if line.number not in final]


def resolve_pending(client: Activepieces, updates: Updates, journal: Path | None, timeout: float | None) -> Resolved:
    """Find the project of each pending line.

    The projects are listed only where a line names one by its external id.
    """
    lines = pending(updates, load(journal) if journal else {}, client.base_url)
    by_external_id = any(line.by_external_id for line in lines)
    return resolve(lines, fetch(client, timeout) if by_external_id else [])


def apply(client: Activepieces, updates: Updates, resolved: Resolved, path: Path | None, options: Options) -> int:
    """Send what is not final, and return the exit code."""
    ids = {line.number: project_id for line, project_id in resolved.lines}
    final, lines = dict[int, Entry](), dict[int, Line]()

    def to_send() -> Iterator[tuple[str, Any]]:
        for index, line in enumerate(line for line in updates if line.number not in final):
            lines[index] = line
            yield ids[line.number], line.body

    # Before the journal is created: a concurrency that is too high raises here.
    roll_out = client.projects.update_many(to_send(), concurrency=options.concurrency, timeout=options.timeout)
    with contextlib.nullcontext() if path is None else Journal(path) as journal:
        final |= _final(updates, journal.entries if journal else {}, client.base_url)
        _report_rejected(final)
        counts = Counter(entry.outcome for entry in final.values())
        may_have_bar = not (options.as_json and sys.stdout.isatty())
        progress = RollOutProgress(updates.count, counts, may_have_bar)
        with roll_out as outcomes, stopping_on_signals(outcomes.stop) as signals, progress.shown():
            journal_error = _record(outcomes, lines, journal, progress, options, client.base_url)
    if options.as_json:
        _print_summary(progress, interrupted=bool(signals), stopped=outcomes.stopped)
    _report_summary(progress, outcomes.stopped, journal_error, has_journal=path is not None)
    if signals:
        return 128 + signals[0]
    return 1 if progress.failures or progress.left or journal_error else 0


def _final(updates: Updates, entries: Mapping[str, Entry], base_url: str) -> dict[int, Entry]:
    """Return the final entries by the current numbers of their lines."""
    found = ((line.number, entries.get(line.digest(base_url))) for line in updates)
    return {number: entry for number, entry in found if entry and entry.is_final}


def _report_rejected(final: Mapping[int, Entry]) -> None:
    """Report the lines that were rejected in an earlier run: they are not sent."""
    rejected = [(number, printable(str(entry))) for number, entry in final.items() if entry.outcome == "rejected"]
    for text in grouped(rejected):
        report(f"rejected earlier, not sent again: {text}")


def _record(
    outcomes: RollOut,
    lines: dict[int, Line],
    journal: Journal | None,
    progress: RollOutProgress,
    options: Options,
    base_url: str,
) -> JournalError | None:
    """Write each outcome to the journal, then report it.

    Return the error of a journal that cannot be written, which stops the roll-out.
    """
    journal_error: JournalError | None = None
    for outcome in outcomes:
        entry = Entry.of(lines.pop(outcome.index), outcome, base_url)
        if journal and not journal_error:
            try:
                journal.write(entry)
            except JournalError as error:
                journal_error = error
                outcomes.stop()
        if options.as_json:
            print_json(entry.to_json())
        progress.add(entry.outcome, f"line {entry.line}, {printable(str(entry))}" if entry.error else None)
        if output_error() or (options.fail_fast and outcome.error):
            outcomes.stop()
    return journal_error


def _print_summary(progress: RollOutProgress, *, interrupted: bool, stopped: ActivepiecesError | None) -> None:
    ended = {"left": progress.left, "interrupted": interrupted, "stopped": stopped and str(stopped)}
    print_json({"summary": {"updates": progress.total, **_counts(progress), **ended}})


def _report_summary(
    progress: RollOutProgress,
    stopped: ActivepiecesError | None,
    journal_error: JournalError | None,
    *,
    has_journal: bool,
) -> None:
    """Report why the roll-out stopped, how its lines ended, and how to go on."""
    if stopped:
        report(f"stopped: the server or the key seems at fault, not these lines: {printable(str(stopped))}")
    if journal_error:
        report(f"stopped: {journal_error}; later outcomes are not in it, so the next run sends those lines again")
    if error := output_error():
        report(f"stopped: the output cannot be written: {error.strerror}")
    numbers = ", ".join(f"{number} {name}" for name, number in {**_counts(progress), "left": progress.left}.items())
    report(f"{counted(progress.total, 'update')}, {numbers}")
    if not (progress.failures or progress.left):
        return
    if not has_journal:
        report("there is no journal: the same input sends every line again; --journal PATH keeps one")
        return
    if progress.counts["rejected"]:
        report("rejected lines are not sent again as they are: correct them, and run this again")
    if progress.counts["failed"] or progress.left:
        report("run this again to send the lines that failed and those that are left")


def _counts(progress: RollOutProgress) -> dict[str, int]:
    return {outcome: progress.counts[outcome] for outcome in ("done", "rejected", "failed")}
