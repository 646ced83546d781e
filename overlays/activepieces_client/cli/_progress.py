"""The progress of a roll-out: a bar on a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator

import attrs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from activepieces_client.bulk import RollOut

from ._output import counted, printable, report

# Seconds between two lines if standard error is not a terminal.
INTERVAL = 5.0
# Seconds between two checks of the roll-out.
TICK = 0.25


@attrs.define
class RollOutProgress:
    """How far a roll-out is.

    Attributes:
        total: The number of changes.
        counts: How many of them are done, rejected and failed.
        may_have_bar: Whether nothing else is printed to the terminal.
    """

    total: int
    may_have_bar: bool
    counts: Counter[str] = attrs.field(factory=Counter[str])
    _bar: Progress | None = attrs.field(default=None, init=False)

    @property
    def failures(self) -> int:
        """How many changes were rejected or failed."""
        return self.counts["rejected"] + self.counts["failed"]

    @property
    def left(self) -> int:
        """How many changes were not sent."""
        return self.total - self.counts.total()

    @contextlib.contextmanager
    def shown(self, roll_out: RollOut) -> Generator[None]:
        """Show the progress while a roll-out runs, and at once the error after which it waits."""
        ended = threading.Event()
        clock = threading.Thread(target=self._run_clock, args=(roll_out, ended), daemon=True)
        console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        with contextlib.ExitStack() as stack:
            if console.is_terminal and self.may_have_bar:
                columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"), TimeRemainingColumn())
                # rich would move what is printed to standard output above the bar, on standard error.
                bar = Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False)
                self._bar = stack.enter_context(bar)
                self._bar.add_task("", total=self.total, speed="")
            clock.start()
            try:
                yield
            finally:
                ended.set()
                clock.join()
                self._update_bar(0.0)
        self._bar = None

    def add(self, outcome: str, failure: str | None) -> None:
        """Count an outcome, and report its failure if it is one."""
        self.counts[outcome] += 1
        if failure:
            self._report(failure)

    def _run_clock(self, roll_out: RollOut, ended: threading.Event) -> None:
        start = reported = time.monotonic()
        shown, before = "", 0
        while not ended.wait(TICK):
            now = time.monotonic()
            waiting = roll_out.waiting
            if waiting and str(waiting) != shown:
                shown, before = str(waiting), self.counts.total()
                self._report(f"waiting: {printable(shown)}")
            elif not waiting and self.counts.total() > before:
                shown = ""  # the next outage is reported, too
            rate = self.counts.total() / (now - start)
            self._update_bar(rate)
            if not self._bar and now - reported >= INTERVAL:
                reported = now
                self._report(f"{self.counts.total()} of {self.total}, {self._speed(rate)}")

    def _update_bar(self, rate: float) -> None:
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=self.counts.total(), speed=self._speed(rate))

    def _speed(self, rate: float) -> str:
        return f"{rate:.0f}/s, {counted(self.failures, 'error')}"

    def _report(self, text: str) -> None:
        """Print a line, above the bar if there is one."""
        if self._bar:
            self._bar.console.print(text, markup=False)
        else:
            report(text)
