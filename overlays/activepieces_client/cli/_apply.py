"""Applies a file of updates: from the journal, through `update_many`, to the journal and then the screen."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

import attrs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from activepieces_client import Activepieces

from ._input import Updates
from ._journal import Journal, record

# Seconds between two lines of progress where there is no terminal.
INTERVAL = 5.0


@attrs.define
class Report:
    """What is shown of a roll-out: on standard error for people; on standard output as JSON Lines where asked for."""

    total: int
    as_json: bool
    counts: Counter[str] = attrs.field(factory=Counter[str])
    left_before: int = 0
    _start: float = attrs.field(factory=time.monotonic)
    _said: float = attrs.field(factory=time.monotonic)
    _console: Console = attrs.field(factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))
    _bar: Progress | None = None

    @contextlib.contextmanager
    def shown(self) -> Generator[None]:
        """Show a bar, where there is a terminal."""
        self.left_before = self.total - self.counts.total()
        if not self._console.is_terminal:
            yield
            return
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn())
        with Progress(*columns, console=self._console) as self._bar:
            self._bar.add_task("", total=self.total, completed=self.counts.total(), said="")
            yield

    def tell(self, entry: dict[str, Any]) -> None:
        """Show an outcome, which is in the journal."""
        self.counts[entry["outcome"]] += 1
        if self.as_json:
            print(json.dumps(entry, ensure_ascii=False), flush=True)
        if "error" in entry:
            self.say(f"line {entry['line']}, {entry['id']}: {entry['error']}: {entry['message']}")
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=self.counts.total(), said=self._progress())
        elif time.monotonic() - self._said > INTERVAL:
            self._said = time.monotonic()
            left = self.total - self.counts.total()
            self.say(f"{self.counts.total()} of {self.total}, {self._progress()}, {left / self._rate():.0f} s left")

    def say(self, text: str) -> None:
        """Show a line to people, as it is."""
        (self._bar.console if self._bar else self._console).print(text, markup=False)

    def _rate(self) -> float:
        now = self.counts.total() - (self.total - self.left_before)
        return max(now, 1) / max(time.monotonic() - self._start, 0.001)

    def _progress(self) -> str:
        return f"{self._rate():.0f}/s, {self.failures} failed"

    @property
    def failures(self) -> int:
        """How many came to nothing."""
        return self.counts["refused"] + self.counts["failed"]

    def summary(self, *, interrupted: bool) -> None:
        """Show what came of all."""
        left = self.total - self.counts.total()
        numbers = {"updates": self.total, **{name: self.counts[name] for name in ("done", "refused", "failed")}}
        if self.as_json:
            print(json.dumps({"summary": {**numbers, "left": left, "interrupted": interrupted}}))
        self.say(", ".join(f"{number} {name}" for name, number in {**numbers, "left": left}.items()))


def apply(
    updates: Updates,
    journal: Journal | None,
    report: Report,
    *,
    fail_fast: bool,
    concurrency: int,
    timeout: float | None,
) -> int:
    """Send what has not been answered, and give the exit code."""
    answered = journal.outcomes if journal else {}
    report.counts.update(answered.values())
    lines: dict[int, int] = {}

    def unanswered() -> Iterator[tuple[str, Any]]:
        for index, line in enumerate(line for line in updates if line.number not in answered):
            lines[index] = line.number
            yield line.project_id, line.body

    stopped = False
    with Activepieces() as client, report.shown():
        outcomes = client.projects.update_many(unanswered(), concurrency=concurrency, timeout=timeout)

        def stop(*_: object) -> None:
            nonlocal stopped
            if stopped:
                os._exit(130)  # the threads would be waited for; the journal has all that was told
            stopped = True
            outcomes.stop()
            # Not through the console, which may be in the middle of a line.
            os.write(2, f"\nstopping, {len(outcomes.in_flight)} in flight; again to leave them\n".encode())

        before = signal.signal(signal.SIGINT, stop)
        try:
            for outcome in outcomes:
                entry = record(lines.pop(outcome.index), outcome)
                if journal:
                    journal.write(entry)
                report.tell(entry)
                if fail_fast and outcome.error:
                    outcomes.stop()
        finally:
            signal.signal(signal.SIGINT, before)
    report.summary(interrupted=stopped)
    return 130 if stopped else 1 if report.failures or report.counts.total() < report.total else 0
