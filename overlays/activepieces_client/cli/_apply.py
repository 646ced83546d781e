"""Makes the updates of a file: what the journal has as final is left out, what comes back goes into it and is shown."""

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
from ._output import counted, failure, grouped, print_json, printable, say
from ._progress import RollOutProgress
from ._resolve import Resolved, fetch, resolve
from ._signals import stopping_on_signals


@attrs.frozen
class Options:
    """What a roll-out is made with."""

    concurrency: int
    timeout: float | None
    fail_fast: bool
    as_json: bool


def unsettled(updates: Updates, entries: Mapping[str, Entry]) -> list[Line]:
    """Return the lines that are to be sent: those that are not final in a journal."""
    return [line for line in updates if line.digest not in entries or not entries[line.digest].is_final]


def resolve_unsettled(client: Activepieces, updates: Updates, journal: Path | None, timeout: float | None) -> Resolved:
    """Find the projects of the lines that are to be sent, with a list of them only where a line needs it."""
    lines = unsettled(updates, load(journal) if journal else {})
    by_external_id = any(line.by_external_id for line in lines)
    return resolve(lines, fetch(client, timeout) if by_external_id else [])


def apply(client: Activepieces, updates: Updates, resolved: Resolved, path: Path | None, options: Options) -> int:
    """Send what is not final, and return the exit code."""
    ids = {line.number: project_id for line, project_id in resolved.lines}
    settled, lines = dict[int, Entry](), dict[int, Line]()

    def pending() -> Iterator[tuple[str, Any]]:
        for index, line in enumerate(line for line in updates if line.number not in settled):
            lines[index] = line
            yield ids[line.number], line.body

    # Before there is a journal, since it refuses a concurrency that is too high.
    roll_out = client.projects.update_many(pending(), concurrency=options.concurrency, timeout=options.timeout)
    with contextlib.nullcontext() if path is None else Journal(path) as journal:
        settled |= _settled(updates, journal.entries if journal else {})
        _show_refused(settled)
        counts = Counter(entry.outcome for entry in settled.values())
        may_have_bar = not (options.as_json and sys.stdout.isatty())
        progress = RollOutProgress(updates.count, counts, may_have_bar)
        with roll_out as outcomes, stopping_on_signals(outcomes.stop) as signals, progress.shown():
            broken = _record(outcomes, lines, journal, progress, options)
    _summarize(progress, interrupted=bool(signals), stopped=outcomes.stopped, broken=broken, as_json=options.as_json)
    if signals:
        return 128 + signals[0]
    return 1 if progress.failures or progress.left or broken else 0


def _settled(updates: Updates, entries: Mapping[str, Entry]) -> dict[int, Entry]:
    """Return the final entries by the numbers of their lines, where those are now."""
    found = ((line.number, entries.get(line.digest)) for line in updates)
    return {number: entry for number, entry in found if entry and entry.is_final}


def _record(
    outcomes: RollOut, lines: dict[int, Line], journal: Journal | None, progress: RollOutProgress, options: Options
) -> JournalError | None:
    """Put every outcome into the journal, and then on the screen; return the error of a journal that took no more."""
    broken: JournalError | None = None
    for outcome in outcomes:
        entry = Entry.of(lines.pop(outcome.index), outcome)
        if journal and not broken:
            try:
                journal.write(entry)
            except JournalError as error:
                broken = error
                outcomes.stop()
        if options.as_json:
            print_json(entry.to_json())
        progress.add(entry.outcome, f"line {entry.line}, {printable(str(entry))}" if entry.error else None)
        if failure() or (options.fail_fast and outcome.error):
            outcomes.stop()
    return broken


def _show_refused(settled: Mapping[int, Entry]) -> None:
    """List what an earlier run was refused, since this one does not send it again."""
    refused = [(number, printable(str(entry))) for number, entry in settled.items() if entry.outcome == "refused"]
    for text in grouped(refused):
        say(f"earlier, {text}")
    if refused:
        say(f"{counted(len(refused), 'line')} refused earlier, not sent again: correct them, and they are sent then")


def _summarize(
    progress: RollOutProgress,
    *,
    interrupted: bool,
    stopped: ActivepiecesError | None,
    broken: JournalError | None,
    as_json: bool,
) -> None:
    """Say what became of the lines, and what to do about those that are not done."""
    counts = {name: progress.counts[name] for name in ("done", "refused", "failed")}
    if as_json:
        ended = {"left": progress.left, "interrupted": interrupted, "stopped": stopped and str(stopped)}
        print_json({"summary": {"updates": progress.total, **counts, **ended}})
    if stopped:
        say(f"stopped: the server or the key seems at fault, not these lines: {printable(str(stopped))}")
    if broken:
        say(f"stopped: {broken}; what came back since is not in it, and is sent again by the next run")
    if reason := failure():
        say(f"stopped, since the output cannot be written: {reason.strerror}")
    numbers = ", ".join(f"{number} {name}" for name, number in {**counts, "left": progress.left}.items())
    say(f"{counted(progress.total, 'update')}, {numbers}")
    if progress.counts["refused"]:
        say("refused lines are not sent again as they are: correct them, and run this again")
    if progress.counts["failed"] or progress.left:
        say("run this again to send those that failed and those that are left")
