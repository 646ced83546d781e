"""Roll-outs: many updates, a bounded number of them at once, and the outcome of each as it comes.

What is done next is decided in one place, which does no input and output: a generator for each outcome, which yields
what to take, start or wait for, and is sent what came of it. Two iterators, sync and async, carry that out. Nothing is
started but while an outcome is asked for; so whoever leaves the loop, in whatever way, has stopped the roll-out.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import itertools
import queue
import sys
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import attrs

from activepieces_api.models import Project

from ._outcome import UpdateOutcome
from ._retry import backoff
from .exceptions import ActivepiecesError, RateLimitError

# Seconds: the longest that Retry-After can make a roll-out pause.
MAX_PAUSE = 3600.0

# How often the service may refuse one update with 429, with no other in flight, before that is its outcome.
MAX_REFUSALS = 5

_END: Any = object()


@attrs.define(eq=False)
class _Update:
    """One update: what to send, when and in whose company it was started, and what came of it."""

    index: int
    project_id: str
    body: Any
    refusals: int = 0
    refusal: RateLimitError | None = None
    era: int = 0
    alone: bool = False
    claim: threading.Lock = attrs.field(factory=threading.Lock)
    started: bool = False
    ended: bool = False
    result: Any = None
    """A project or an error, once it has ended; None where it was cancelled."""


_Step = type[_Update] | _Update | float | None
"""Take the next update, start one, or wait for one to end: so many seconds at most, or as long as it takes."""


class _RollOut:
    """All but the input and output.

    Ctrl-C can end `_next` between any two of its instructions, and the loop may go on. So what it knows of an update is
    in one place, `_open`, and changes by one assignment at a time; nothing is counted on the side.
    """

    def __init__(self, updates: Any, concurrency: int) -> None:
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        self._updates, self._numbers, self._more, self._stopped = updates, itertools.count(), True, False
        self._source_error: Exception | None = None
        self._open: dict[int, _Update] = {}
        # Additive increase, multiplicative decrease: an era ends with the first 429 to what was started in it.
        self._limit: float = concurrency
        self._most = concurrency
        self._era = self._eras_in_vain = 0
        self._paused_until = 0.0

    @property
    def in_flight(self) -> dict[int, str]:
        """The ids of the projects whose update was sent and whose outcome has not come, by index.

        After a cancellation: those of which nobody knows whether they were updated.
        """
        return {index: update.project_id for index, update in self._open.items() if update.started or update.refusal}

    def stop(self) -> None:
        """Send nothing new; the loop goes on with the outcomes of what is in flight, and ends."""
        self._more, self._stopped = False, True
        self._wake()  # a pause for a 429 would go on

    def _wake(self) -> None:
        raise NotImplementedError

    def _next(self) -> Generator[_Step, Any, UpdateOutcome | None]:
        """Decide each step to the next outcome; None is the end."""
        while True:
            for update in [update for update in self._open.values() if update.ended or self._stopped]:
                outcome = self._judge(update)
                if outcome:
                    del self._open[update.index]
                    return outcome
            running = sum(update.started and not update.ended for update in self._open.values())
            waiting = next((update for update in self._open.values() if not update.started), None)
            if not (running or waiting or self._more):
                break
            pause = max(0.0, self._paused_until - time.monotonic())
            if pause or running >= int(self._limit) or not (waiting or self._more):
                yield pause or None
                continue
            waiting = waiting or (yield from self._take())
            if waiting:
                waiting.era, waiting.alone = self._era, not running and self._limit < 2
                yield waiting
                waiting.started = True
        error, self._source_error = self._source_error, None
        if error:
            raise error
        return None

    def _take(self) -> Generator[_Step, Any, _Update | None]:
        item = yield _Update
        with self._errors_later():
            if item is not _END:
                project_id, body = item
                update = _Update(next(self._numbers), project_id, body)
                self._open[update.index] = update
                return update
        self._more = False
        return None

    @contextlib.contextmanager
    def _errors_later(self) -> Generator[None]:
        """Keep what goes wrong with the updates that are given, until the outcomes of what is in flight are told."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - see above
            self._source_error = error

    def _judge(self, update: _Update) -> UpdateOutcome | None:
        """Find the outcome of an update, if it has come, and learn from it how much the service takes."""
        result, again = update.result, update.refusals + update.alone
        if not update.started and self._stopped:
            if not update.claim.acquire(blocking=False):  # it was started, which Ctrl-C kept from being noted
                update.started = True
                return None
            result = update.refusal
            if not result:  # it was never sent
                del self._open[update.index]
        elif isinstance(result, RateLimitError):
            if update.era == self._era:
                running = sum(other.started and not other.ended for other in self._open.values())
                self._era, self._eras_in_vain = self._era + 1, self._eras_in_vain + 1
                self._limit = max(1.0, min(self._limit, running + 1) / 2)
            seconds = backoff(self._eras_in_vain - 1) if result.retry_after is None else result.retry_after
            self._paused_until = max(self._paused_until, time.monotonic() + min(seconds, MAX_PAUSE))
            if again <= MAX_REFUSALS:
                self._open[update.index] = _Update(update.index, update.project_id, update.body, again, result)
                return None
        elif isinstance(result, BaseException) and not isinstance(result, ActivepiecesError):
            self.stop()
            update.result = None
            raise result
        elif result is not None and update.era == self._era:
            self._eras_in_vain = 0
            self._limit = min(self._most, self._limit + 1 / self._limit)
        if isinstance(result, ActivepiecesError):
            return UpdateOutcome(update.index, update.project_id, error=result)
        return UpdateOutcome(update.index, update.project_id, result) if result else None


class RollOut(_RollOut, Iterator[UpdateOutcome]):
    """The outcomes of updates by threads."""

    def __init__(self, update: Callable[[str, Any], Project], updates: Iterable[Any], concurrency: int) -> None:
        super().__init__(iter(updates), concurrency)
        self._update = update
        self._pool = ThreadPoolExecutor(concurrency, "activepieces-roll-out")
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()

    def __next__(self) -> UpdateOutcome:
        steps = self._next()
        try:
            step = next(steps)
            while True:
                step = steps.send(self._carry_out(step))
        except StopIteration as last:
            outcome: UpdateOutcome | None = last.value
            if outcome:
                return outcome
        self._pool.shutdown(wait=False)
        raise StopIteration

    def _carry_out(self, step: _Step) -> Any:
        if isinstance(step, type):
            with self._errors_later():
                return next(self._updates, _END)
            return _END
        if isinstance(step, _Update):
            return self._pool.submit(contextvars.copy_context().run, self._run, step)
        with contextlib.suppress(queue.Empty):
            self._news.get(timeout=step)
        return None

    def _wake(self) -> None:
        self._news.put(None)

    def _run(self, update: _Update) -> None:
        if not update.claim.acquire(blocking=False):
            return  # it was started twice, as Ctrl-C kept the first time from being noted
        try:
            update.result = self._update(update.project_id, update.body)
        except BaseException as error:  # noqa: BLE001 - it is raised, or becomes an outcome, where the loop is
            update.result = error
        update.ended = True
        self._wake()

    def close(self) -> None:
        """Send nothing new, and wait for what is in flight; the loop then goes on with its outcomes."""
        self.stop()
        self._pool.shutdown()


class AsyncRollOut(_RollOut, AsyncIterator[UpdateOutcome]):
    """The outcomes of updates by tasks, under asyncio and trio; where the loop is cancelled, so are they."""

    def __init__(
        self,
        update: Callable[[str, Any], Awaitable[Project]],
        updates: Iterable[Any] | AsyncIterable[Any],
        concurrency: int,
    ) -> None:
        super().__init__(aiter(updates) if isinstance(updates, AsyncIterable) else iter(updates), concurrency)
        self._update = update
        self._news = anyio.Event()
        self._scopes: dict[int, anyio.CancelScope] = {}

    async def __anext__(self) -> UpdateOutcome:
        steps = self._next()
        try:
            step = next(steps)
            while True:
                step = steps.send(await self._carry_out(step))
        except StopIteration as last:
            outcome: UpdateOutcome | None = last.value
            if outcome:
                return outcome
        except anyio.get_cancelled_exc_class():
            await self.aclose()
            raise
        raise StopAsyncIteration

    async def _carry_out(self, step: _Step) -> Any:
        if isinstance(step, type):
            of_async = isinstance(self._updates, AsyncIterator)
            with self._errors_later():
                return await anext(self._updates, _END) if of_async else next(self._updates, _END)
            return _END
        if isinstance(step, _Update):
            self._scopes[step.index] = anyio.CancelScope()
            return _start(functools.partial(self._run, step))
        with anyio.move_on_after(step):
            await self._news.wait()
        return None

    def _wake(self) -> None:
        news, self._news = self._news, anyio.Event()
        news.set()

    async def _run(self, update: _Update) -> None:
        try:
            with self._scopes[update.index]:
                update.result = await self._update(update.project_id, update.body)
        except Exception as error:  # noqa: BLE001 - it is raised, or becomes an outcome, where the loop is
            update.result = error
        finally:
            del self._scopes[update.index]
            update.ended = True
            self._wake()

    async def aclose(self) -> None:
        """Send nothing new, and cancel what is in flight; the loop then goes on with the outcomes that there are."""
        self.stop()
        for scope in self._scopes.values():
            scope.cancel()
        with anyio.CancelScope(shield=True):
            while self._scopes:
                await self._news.wait()


_tasks: set[asyncio.Task[None]] = set()
"""The running tasks, since asyncio itself holds them by weak references."""


def _start(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Start a task outside of all blocks: an iterator must not hold one open, as it may never be resumed (PEP 789)."""
    trio: Any = sys.modules.get("trio")
    if trio and trio.lowlevel.in_trio_run():
        trio.lowlevel.spawn_system_task(run, context=contextvars.copy_context())
    else:
        task = asyncio.get_running_loop().create_task(run())
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
