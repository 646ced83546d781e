"""The progress of a roll-out: a bar on a terminal, otherwise a line now and then."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Generator

import attrs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ._output import counted, report

# Seconds between two lines where there is no terminal.
INTERVAL = 5.0


@attrs.define
class RollOutProgress:
    """How far a roll-out is.

    Attributes:
        total: How many lines the file has.
        counts: How many lines are done, rejected and failed, those of earlier runs included.
        may_have_bar: Whether nothing else is printed to the terminal.
    """

    total: int
    counts: Counter[str]
    may_have_bar: bool
    _start: float = attrs.field(factory=time.monotonic)
    _reported: float = attrs.field(factory=time.monotonic)
    _earlier: int = attrs.field(init=False)
    _bar: Progress | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._earlier = self.counts.total()

    @property
    def failures(self) -> int:
        """How many lines were rejected or failed."""
        return self.counts["rejected"] + self.counts["failed"]

    @property
    def left(self) -> int:
        """How many lines were not sent."""
        return self.total - self.counts.total()

    @contextlib.contextmanager
    def shown(self) -> Generator[None]:
        """Show a bar where standard error is a terminal."""
        console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        if not (console.is_terminal and self.may_have_bar):
            yield
            return
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"), TimeRemainingColumn())
        # rich would move what is printed to standard output above the bar, on standard error.
        with Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False) as self._bar:
            self._bar.add_task("", total=self.total, completed=self.counts.total(), speed="")
            yield
        self._bar = None

    def add(self, outcome: str, failure: str | None) -> None:
        """Count an outcome, and report its failure if it is one."""
        self.counts[outcome] += 1
        if failure:
            self._report(failure)
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=self.counts.total(), speed=self._speed())
        elif time.monotonic() - self._reported > INTERVAL:
            self._reported = time.monotonic()
            left = f"{self.left / self._rate():.0f} s left"
            self._report(f"{self.counts.total()} of {self.total}, {self._speed()}, {left}")

    def _report(self, text: str) -> None:
        """Print a line, above the bar where there is one."""
        if self._bar:
            self._bar.console.print(text, markup=False)
        else:
            report(text)

    def _rate(self) -> float:
        return max(self.counts.total() - self._earlier, 1) / max(time.monotonic() - self._start, 0.001)

    def _speed(self) -> str:
        return f"{self._rate():.0f}/s, {counted(self.failures, 'error')}"
