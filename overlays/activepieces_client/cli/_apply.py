"""Send the changes of a plan: for the commands `apply` and `undo`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from activepieces_client import Activepieces, ActivepiecesError
from activepieces_client.bulk import Plan, RollOut

from ._output import counted, output_error, print_json, printable, report
from ._plan import summary_lines
from ._progress import RollOutProgress
from ._record import Entry, create, describe_outcome, write, write_start
from ._signals import stopping_on_signals
from ._turns import turn


def apply_plan(
    client: Activepieces, plan: Plan, numbers: Sequence[int], file: Path | None, options: argparse.Namespace
) -> int:
    """Ask for a confirmation, send the changes, and return the exit code.

    Args:
        client: The client.
        plan: The changes.
        numbers: The line of each update.
        file: The file that they come from, which has the record beside it; None for standard input.
        options: The options of the command.
    """
    # First, since a concurrency that is too high raises here.
    roll_out = client.projects.update_many(plan, concurrency=options.concurrency, timeout=options.timeout)
    progress = RollOutProgress(len(plan), may_have_bar=not (options.output == "json" and sys.stdout.isatty()))
    for line in summary_lines(plan):
        report(line)
    if not plan.changes:
        return _end(progress, None, options, signals=[])
    if not (options.yes or _confirmed()):
        report("nothing was sent")
        return 1
    with contextlib.ExitStack() as stack:
        name = file.name if file else "standard input"
        stack.enter_context(turn(client.base_url, name, wait=not options.no_wait))
        record = None if options.no_record else create(options.record, file)
        if record:
            stack.enter_context(record)
            entries = (Entry.of(change, numbers[change.index]) for change in plan)
            write_start(record, client.base_url, name, entries)
            report(f"record: {record.name}")
        outcomes = stack.enter_context(roll_out)
        signals = stack.enter_context(stopping_on_signals(outcomes.stop))
        stack.enter_context(progress.shown(outcomes))
        error = _send(outcomes, numbers, record, progress, options)
    if error:
        report(f"stopped: the record cannot be written: {error.strerror}; it lacks the last outcomes")
    return _end(progress, outcomes.stopped, options, signals=signals)


def _confirmed() -> bool:
    """Ask a person; without a terminal, nobody is asked."""
    if not (sys.stdin and sys.stdin.isatty()):
        return True
    sys.stderr.write("Apply? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _send(
    outcomes: RollOut,
    numbers: Sequence[int],
    record: IO[bytes] | None,
    progress: RollOutProgress,
    options: argparse.Namespace,
) -> OSError | None:
    """Record each outcome, then report it; return the error of a record that cannot be written."""
    record_error: OSError | None = None
    for outcome in outcomes:
        line = numbers[outcome.index]
        found = describe_outcome(outcome, line)
        if record and not record_error:
            try:
                write(record, found)
            except OSError as error:
                record_error = error
                outcomes.stop()
        if options.output == "json":
            print_json(found)
        failure = None
        if outcome.error:
            reason = f"{found['error']}: {found['message']}"
            name = "" if outcome.project_id in reason else f"{outcome.project_id}: "
            failure = printable(f"line {line}, {name}{reason}")
        progress.add(found["outcome"], failure)
        if output_error() or (options.fail_fast and outcome.error):
            outcomes.stop()
    return record_error


def _end(
    progress: RollOutProgress, stopped: ActivepiecesError | None, options: argparse.Namespace, *, signals: Sequence[int]
) -> int:
    """Report how the changes ended, and return the exit code."""
    counts = {name: progress.counts[name] for name in ("done", "rejected", "failed")} | {"left": progress.left}
    if options.output == "json":
        ended = {"interrupted": bool(signals), "stopped": stopped and str(stopped)}
        print_json({"summary": {"changes": progress.total, **counts, **ended}})
    if stopped:
        report(f"stopped: not these lines are at fault: {printable(str(stopped))}")
    if error := output_error():
        report(f"stopped: the output cannot be written: {error.strerror}")
    report(f"{counted(progress.total, 'change')}: {', '.join(f'{number} {name}' for name, number in counts.items())}")
    if progress.failures or progress.left:
        report("run this again: it compares with the server, and sends the rest")
    if signals:
        return 128 + signals[0]
    return 1 if progress.failures or progress.left else 0
