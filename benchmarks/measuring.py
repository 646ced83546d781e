"""How cost is measured: CPU and wall time, beside those of a peer."""

from __future__ import annotations

import collections
import cProfile
import gc
import pstats
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import attrs

Figures = dict[str, list[tuple[float, float]]]
"""Microseconds of CPU and of wall time of a call, by peer and round."""


@attrs.frozen
class Row:
    """One comparison of our cost with a peer's.

    The figure stands alone if the bar is not a ratio. Wall time is a ratio.
    """

    name: str
    unit: str
    ours: float
    peer: float | None = None
    bar: float | None = None
    wall: float | None = None

    @property
    def figure(self) -> float:
        """The figure that the bar limits: the ratio, if there is a peer."""
        return self.ours if self.peer is None else self.ours / self.peer


class Stopwatch:
    """Measures microseconds of a call, of CPU and of wall time."""

    def __init__(self) -> None:
        gc.collect()
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self, calls: int) -> tuple[float, float]:
        """Return what each of so many calls took."""
        return (time.process_time() - self._cpu) / calls * 1e6, (time.perf_counter() - self._wall) / calls * 1e6


def rounds(calls: dict[str, Callable[[], object]], count: int, number: int = 15) -> Figures:
    """Measure the peers in turn.

    So whatever else the machine does meets all of them.
    """
    figures: Figures = {name: [] for name in calls}
    for number_of_round in range(number + 1):
        for name, call in calls.items():
            stopwatch = Stopwatch()
            for _ in range(count):
                call()
            if number_of_round:  # the first is to warm up
                figures[name].append(stopwatch.read(count))
    return figures


def compare(name: str, figures: Figures, peer: str, bar: float | None = None, ours: str = "ours") -> Row:
    """Make a row of two medians.

    They are scaled so that their ratio is the median of the ratios of each round.
    """
    pairs = list(zip(figures[ours], figures[peer], strict=True))
    cpu, wall = (statistics.median(mine[kind] / other[kind] for mine, other in pairs) for kind in (0, 1))
    median = statistics.median(other for other, _ in figures[peer])
    return Row(name, "µs of CPU", cpu * median, median, bar, wall)


def shares(call: Callable[[], object], count: int = 2000) -> dict[str, float]:
    """Return the packages that use the CPU of a call, largest first.

    C code counts for its caller.
    """
    profiler = cProfile.Profile()
    for _ in range(count):
        profiler.runcall(call)
    seconds: collections.Counter[str] = collections.Counter()
    functions: dict[tuple[str, int, str], Any] = cast(Any, pstats.Stats(profiler)).stats
    for (file, _, _), (_, _, own, _, callers) in functions.items():
        if file == "~":
            for (caller, _, _), (_, _, of_caller, _) in callers.items():
                seconds[_package(caller)] += of_caller
        else:
            seconds[_package(file)] += own
    return {name: spent / seconds.total() for name, spent in seconds.most_common()}


def _package(file: str) -> str:
    """Name the package that a file belongs to."""
    known = "activepieces_client", "activepieces_api", "httpx", "httpcore", "h11"
    return next((name for name in known if name in Path(file).parts), "Python")


def run(command: list[str], **options: Any) -> str:
    """Run a program that must succeed, and return what it prints."""
    text: str = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8", **options).stdout
    return text


def cpu(command: list[str], **options: Any) -> float:
    """Return the seconds of CPU that a program takes, with those it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
