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
import queue
import sys
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import anyio
import attrs

from activepieces_api.models import Project

from ._guard import delay
from ._outcome import UpdateOutcome
from .exceptions import ActivepiecesError, RateLimitError

# Seconds: the longest that Retry-After can make a roll-out pause.
MAX_PAUSE = 3600.0

# How often the service may refuse one update with 429, with no other in flight, before that is its outcome.
MAX_REFUSALS = 5

_END: Any = object()


@attrs.define
class _Update:
    """One update: what to send, and, each time that it is started, when and in whose company."""

    index: int
    project_id: str
    body: Any
    era: int = 0
    alone: bool = False
    refusals: int = 0
    result: Any = None
    """A project or an error, once it has ended; None where it was cancelled."""


_Step = type[_Update] | _Update | float | None
"""Take the next update, start one, or wait for one to end: so many seconds at most, or as long as it takes."""


class _RollOut:
    """All but the input and output.

    Attributes:
        in_flight: The ids of the projects whose update was sent and whose outcome has not come, by index. After a
            cancellation: those of which nobody knows whether they were updated.
    """

    def __init__(self, updates: Any, concurrency: int) -> None:
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        self.in_flight: dict[int, str] = {}
        self._updates, self._taken, self._more, self._stopped = updates, 0, True, False
        self._source_error: Exception | None = None
        self._running = 0
        self._refused: deque[_Update] = deque()
        # Additive increase, multiplicative decrease: an era ends with the first 429 to what was started in it.
        self._limit: float = concurrency
        self._most = concurrency
        self._era = self._eras_in_vain = 0
        self._paused_until = 0.0

    def stop(self) -> None:
        """Send nothing new; the loop goes on with the outcomes of what is in flight, and ends."""
        self._more, self._stopped = False, True
        self._wake()  # a pause for a 429 would go on

    def _wake(self) -> None:
        raise NotImplementedError

    def _next(self) -> Generator[_Step, Any, UpdateOutcome | None]:
        """Decide each step to the next outcome; None is the end."""
        while self._more or self._running or self._refused:
            if self._stopped and self._refused:
                return self._tell(self._refused.popleft())
            pause = max(0.0, self._paused_until - time.monotonic())
            wait = pause or None
            if (self._more or self._refused) and not pause and self._running < int(self._limit):
                update = self._refused.popleft() if self._refused else (yield from self._take())
                if not update:
                    continue
                update.era, update.alone = self._era, not self._running and self._limit < 2
                self._running += 1
                self.in_flight[update.index] = update.project_id
                yield update
                wait = 0.0  # an outcome that is there comes before the next update is taken
            ended: _Update | None = yield wait
            if ended and self._judge(ended):
                return self._tell(ended)
        error, self._source_error = self._source_error, None
        if error:
            raise error
        return None

    def _take(self) -> Generator[_Step, Any, _Update | None]:
        item = yield _Update
        with self._errors_later():
            if item is not _END:
                project_id, body = item
                self._taken += 1
                return _Update(self._taken - 1, project_id, body)
        self._more = False
        return None

    @contextlib.contextmanager
    def _errors_later(self) -> Generator[None]:
        """Keep what goes wrong with the updates that are given, until the outcomes of what is in flight are told."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - see above
            self._source_error = error

    def _judge(self, update: _Update) -> bool:
        """Say whether what came of an update is its outcome, and learn from it how much the service takes."""
        self._running -= 1
        result = update.result
        if isinstance(result, RateLimitError):
            if update.era == self._era:
                self._era, self._eras_in_vain = self._era + 1, self._eras_in_vain + 1
                self._limit = max(1.0, min(self._limit, self._running + 1) / 2)
            seconds = delay(None, self._eras_in_vain) if result.retry_after is None else result.retry_after
            self._paused_until = max(self._paused_until, time.monotonic() + min(seconds, MAX_PAUSE))
            update.refusals += update.alone
            if update.refusals <= MAX_REFUSALS:
                self._refused.append(update)
            return update.refusals > MAX_REFUSALS
        if isinstance(result, BaseException) and not isinstance(result, ActivepiecesError):
            self.stop()
            raise result
        if result is not None and update.era == self._era:
            self._eras_in_vain = 0
            self._limit = min(self._most, self._limit + 1 / self._limit)
        return result is not None

    def _tell(self, update: _Update) -> UpdateOutcome:
        del self.in_flight[update.index]
        result = update.result
        if isinstance(result, ActivepiecesError):
            return UpdateOutcome(update.index, update.project_id, error=result)
        return UpdateOutcome(update.index, update.project_id, result)


class RollOut(_RollOut, Iterator[UpdateOutcome]):
    """The outcomes of updates by threads."""

    def __init__(self, update: Callable[[str, Any], Project], updates: Iterable[Any], concurrency: int) -> None:
        super().__init__(iter(updates), concurrency)
        self._update = update
        self._pool = ThreadPoolExecutor(concurrency, "activepieces-roll-out")
        self._ended: queue.SimpleQueue[_Update | None] = queue.SimpleQueue()

    def __next__(self) -> UpdateOutcome:
        steps = self._next()
        try:
            step = next(steps)
            while True:
                step = steps.send(self._carry_out(step))
        except StopIteration as last:
            if last.value:
                return cast(UpdateOutcome, last.value)
        self._pool.shutdown(wait=False)
        raise StopIteration

    def _carry_out(self, step: _Step) -> Any:
        if isinstance(step, type):
            with self._errors_later():
                return next(self._updates, _END)
            return _END
        if isinstance(step, _Update):
            return self._pool.submit(contextvars.copy_context().run, self._run, step)
        try:
            return self._ended.get(timeout=step)
        except queue.Empty:
            return None

    def _wake(self) -> None:
        self._ended.put(None)

    def _run(self, update: _Update) -> None:
        try:
            update.result = self._update(update.project_id, update.body)
        except BaseException as error:  # noqa: BLE001 - it is raised, or becomes an outcome, where the loop is
            update.result = error
        self._ended.put(update)

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
        self._ended: deque[_Update] = deque()
        self._news = anyio.Event()
        self._scopes: dict[int, anyio.CancelScope] = {}

    async def __anext__(self) -> UpdateOutcome:
        steps = self._next()
        try:
            step = next(steps)
            while True:
                step = steps.send(await self._carry_out(step))
        except StopIteration as last:
            if last.value:
                return cast(UpdateOutcome, last.value)
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
        if not self._ended and step != 0:
            with anyio.move_on_after(step):
                await self._news.wait()
        return self._ended.popleft() if self._ended else None

    def _wake(self) -> None:
        news, self._news = self._news, anyio.Event()
        news.set()

    async def _run(self, update: _Update) -> None:
        update.result = None
        try:
            with self._scopes[update.index]:
                update.result = await self._update(update.project_id, update.body)
        except Exception as error:  # noqa: BLE001 - it is raised, or becomes an outcome, where the loop is
            update.result = error
        finally:
            del self._scopes[update.index]
            self._ended.append(update)
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
