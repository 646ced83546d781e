"""Roll-outs in threads and in tasks: both carry out what `_RollOut` decides, and own what they start (PEP 789)."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import itertools
import queue
import threading
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, Self

import anyio
import attrs

from activepieces_client._specification import specification
from activepieces_client.exceptions import ActivepiecesError, ConfigurationError

from ._outcome import UpdateOutcome
from ._schedule import Schedule, Update

if TYPE_CHECKING:
    from activepieces_api.models import Project

_END, _LATER = object(), object()


@attrs.frozen
class _Wait:
    """Wait so many seconds for an update to end, or as long as it takes."""

    seconds: float | None


_Step = Literal["take"] | Update | _Wait
"""Take the next of the updates given, which may come later; start one; or wait."""

_Result = tuple[Update, Any] | None
"""An update and what it ended with: a project or an error; None where nothing ended."""


class _RollOut:
    """What both have: all but the I/O."""

    def __init__(self, concurrency: int, max_connections: int | None, max_retries: int | None) -> None:
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:  # pyright: ignore[reportUnnecessaryIsInstance] - of users without types
            raise ConfigurationError(f"concurrency must be an integer from 1 up; it is {concurrency!r}")
        if max_connections is not None and concurrency > max_connections:
            raise ConfigurationError(
                f"concurrency must be at most {max_connections}, the connections of the client: more can hang a "
                "default server. For a larger one, give the client an http_client with other limits."
            )
        self._concurrency = concurrency
        self._schedule = Schedule(
            concurrency,
            2 if max_retries is None else max_retries,
            idempotent=specification().operations["updateProject"].idempotent,
        )
        self._indexes, self._more, self._stopping = itertools.count(), True, False
        self._taking = False
        self._error: BaseException | None = None
        self._iterating = threading.Lock()
        self._open = False

    @property
    def stopped(self) -> ActivepiecesError | None:
        """The error that stopped the roll-out; what was not sent by then stays unsent.

        It is the last of ten in a row that say nothing about their own update, or one whose `Retry-After` is above 300
        seconds. None otherwise, also after `stop()`.
        """
        return self._schedule.stopped

    def stop(self) -> None:
        """Send nothing new; the loop goes on with the outcomes of what is in flight, and ends."""
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        raise NotImplementedError

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        """Refuse to iterate outside of the block, and in two threads or tasks at once."""
        if not self._open:
            raise RuntimeError("a roll-out is iterated inside its with block")
        if not self._iterating.acquire(blocking=False):
            raise RuntimeError("a roll-out is iterated by one thread or task at a time")
        try:
            yield
        finally:
            self._iterating.release()

    def _next(self) -> Generator[_Step, Any, UpdateOutcome | None]:
        """Decide each step to the next outcome; None is the end."""
        schedule = self._schedule
        while True:
            pause = max(0.0, schedule.resume_at - time.monotonic())
            while not pause and schedule.has_room() and (update := (yield from self._take())):
                schedule.start(update)
                yield update
            ending = self._stopping or schedule.stopped is not None
            if ending and (outcome := schedule.give_up()):
                return outcome
            if not schedule.in_flight and (ending or not (pause or self._taking)):
                break
            result: _Result = yield _Wait(pause if pause and not ending else None)
            if result:
                if isinstance(result[1], BaseException) and not isinstance(result[1], ActivepiecesError):
                    # Not one of ours, such as that of a hook: raised when the outcomes of what is in flight are known.
                    schedule.in_flight -= 1
                    self._stopping, self._error = True, self._error or result[1]
                elif outcome := schedule.finish(*result, time.monotonic()):
                    return outcome
        error, self._error = self._error, None
        if error:
            raise error
        return None

    def _take(self) -> Generator[_Step, Any, Update | None]:
        """Return an update to send; None where there is none, for now."""
        if self._stopping or self._schedule.stopped:
            return None
        if again := self._schedule.next_again(flush=not self._more):
            return again
        if not self._more:
            return None
        item = yield "take"
        if self._stopping or item is _LATER:
            return None
        try:
            if item is not _END:
                project_id, body = item
                return Update(next(self._indexes), project_id, body)
        except (TypeError, ValueError) as error:
            self._error = error
        self._more = False
        return self._schedule.next_again(flush=True)

    def _keep(self, error: Exception) -> object:
        """Keep an error of the updates given until what is in flight has ended."""
        self._error = error
        return _END


class RollOut(_RollOut, Iterator[UpdateOutcome]):
    """The outcomes of updates by threads. Iterate over it inside its `with` block: leaving it stops and joins them."""

    def __init__(
        self, update: Callable[[str, Any], Project], updates: Iterable[tuple[str, Any]], *arguments: Any
    ) -> None:
        super().__init__(*arguments)
        self._update, self._updates = update, iter(updates)
        self._results: queue.SimpleQueue[_Result] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self._executor = ThreadPoolExecutor(self._concurrency, "activepieces-roll-out")
        self._open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._open = False
        self._executor.shutdown(cancel_futures=True)

    def __next__(self) -> UpdateOutcome:
        with self._alone():
            steps, result = self._next(), None
            try:
                while True:
                    result = self._carry_out(steps.send(result))
            except StopIteration as end:
                outcome: UpdateOutcome | None = end.value
        if outcome is None:
            raise StopIteration
        return outcome

    def _carry_out(self, step: _Step) -> Any:
        if isinstance(step, Update):
            self._executor.submit(contextvars.copy_context().run, self._run, step)
        elif isinstance(step, _Wait):
            with contextlib.suppress(queue.Empty):
                return self._results.get(timeout=step.seconds)
        else:
            try:
                return next(self._updates, _END)
            except Exception as error:  # noqa: BLE001 - it is the caller's, and raised once nothing is in flight
                return self._keep(error)
        return None

    def _run(self, update: Update) -> None:
        try:
            result: Any = self._update(update.project_id, update.body)
        except BaseException as error:  # noqa: BLE001 - it is raised, or becomes an outcome, where the loop is
            result = error
        self._results.put((update, result))

    def _wake(self) -> None:
        self._results.put(None)


class AsyncRollOut(_RollOut, AsyncIterator[UpdateOutcome]):
    """The outcomes of updates by tasks. Iterate over it inside its `async with` block: leaving it cancels them."""

    def __init__(
        self,
        update: Callable[[str, Any], Awaitable[Project]],
        updates: Iterable[tuple[str, Any]] | AsyncIterable[tuple[str, Any]],
        *arguments: Any,
    ) -> None:
        super().__init__(*arguments)
        self._update = update
        self._updates = aiter(updates) if isinstance(updates, AsyncIterable) else iter(updates)

    async def __aenter__(self) -> Self:
        # Not a stream: a task that is cancelled as it receives would lose the result.
        self._results, self._taken = collections.deque[_Result](), collections.deque[object]()
        self._news = anyio.Event()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open, self._stopping = False, True
        self._tasks.cancel_scope.cancel()
        # Without the error that leaves the block, which the group would wrap.
        await self._tasks.__aexit__(None, None, None)

    async def __anext__(self) -> UpdateOutcome:
        with self._alone():
            steps, result = self._next(), None
            try:
                while True:
                    result = await self._carry_out(steps.send(result))
            except StopIteration as end:
                outcome: UpdateOutcome | None = end.value
        if outcome is None:
            raise StopAsyncIteration
        return outcome

    async def _carry_out(self, step: _Step) -> Any:
        if isinstance(step, Update):
            self._tasks.start_soon(self._run, step)
        elif isinstance(step, _Wait):
            if not self._results:
                with anyio.move_on_after(step.seconds):
                    await self._news.wait()
                self._news = anyio.Event()
            return self._results.popleft() if self._results else None
        elif isinstance(self._updates, AsyncIterator):
            if self._taken:
                return self._taken.popleft()
            if not self._taking:
                # In a task of its own: outcomes come while it waits, and who cancels the loop does not cancel it.
                self._taking = True
                self._tasks.start_soon(self._take_later, self._updates)
            return _LATER
        else:
            try:
                return next(self._updates, _END)
            except Exception as error:  # noqa: BLE001 - as above
                return self._keep(error)
        return None

    async def _take_later(self, updates: AsyncIterator[object]) -> None:
        try:
            self._taken.append(await anext(updates, _END))
        except Exception as error:  # noqa: BLE001 - as above
            self._taken.append(self._keep(error))
        self._taking = False
        self._news.set()

    async def _run(self, update: Update) -> None:
        try:
            result: Any = await self._update(update.project_id, update.body)
        except Exception as error:  # noqa: BLE001 - as above
            result = error
        self._results.append((update, result))
        self._news.set()

    def _wake(self) -> None:
        if self._open:
            self._news.set()
