"""Roll-outs in threads and in tasks, which a with block owns (PEP 789)."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import queue
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import anyio

from ._outcome import UpdateOutcome
from ._schedule import Update
from ._steps import END, NOT_YET, Result, RollOutBase, Step, Wait

if TYPE_CHECKING:
    from activepieces_api.models import Project


# Seconds. The handler of a signal that comes just before a thread begins to wait is called after that wait.
MAX_WAIT = 1.0


class RollOut(RollOutBase, Iterator[UpdateOutcome]):
    """The outcomes of updates that threads send.

    Iterate over it inside its `with` block: leaving the block stops and joins the threads.
    """

    def __init__(
        self, update: Callable[[str, Any], Project], updates: Iterable[tuple[str, Any]], *arguments: Any
    ) -> None:
        super().__init__(*arguments)
        self._update, self._source = update, iter(updates)
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        self._executor = ThreadPoolExecutor(self._concurrency, "activepieces-roll-out")
        self._open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._open = False
        self._executor.shutdown(cancel_futures=True)

    def __next__(self) -> UpdateOutcome:
        with self._exclusively():
            steps, result = self._next(), None
            try:
                while True:
                    result = self._perform(steps.send(result))
            except StopIteration as end:
                outcome: UpdateOutcome | None = end.value
        if outcome is None:
            raise StopIteration
        return outcome

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Update):
            self._executor.submit(contextvars.copy_context().run, self._send, step)
        elif isinstance(step, Wait):
            with contextlib.suppress(queue.Empty):
                return self._results.get(timeout=min(step.seconds or MAX_WAIT, MAX_WAIT))
        else:
            try:
                return next(self._source, END)
            except Exception as error:  # noqa: BLE001 - raised in `_next`, once nothing is in flight
                return self._fail_source(error)
        return None

    def _send(self, update: Update) -> None:
        try:
            result: Any = self._update(update.project_id, update.body)
        except BaseException as error:  # noqa: BLE001 - raised in `_next`, or an outcome
            result = error
        self._results.put((update, result))

    def _wake(self) -> None:
        self._results.put(None)


class AsyncRollOut(RollOutBase, AsyncIterator[UpdateOutcome]):
    """The outcomes of updates that tasks send.

    Iterate over it inside its `async with` block: leaving the block cancels the tasks.
    """

    def __init__(
        self,
        update: Callable[[str, Any], Awaitable[Project]],
        updates: Iterable[tuple[str, Any]] | AsyncIterable[tuple[str, Any]],
        *arguments: Any,
    ) -> None:
        super().__init__(*arguments)
        self._update = update
        self._source = aiter(updates) if isinstance(updates, AsyncIterable) else iter(updates)
        self._taken = NOT_YET  # the item that an async source has given

    async def __aenter__(self) -> Self:
        # Not a stream: a task that is cancelled as it receives would lose the result.
        self._results = collections.deque[Result]()
        self._news = anyio.Event()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open, self._stopping = False, True
        self._tasks.cancel_scope.cancel()
        # Without the error that left the block: the group would wrap it.
        await self._tasks.__aexit__(None, None, None)

    async def __anext__(self) -> UpdateOutcome:
        with self._exclusively():
            steps, result = self._next(), None
            try:
                while True:
                    result = await self._perform(steps.send(result))
            except StopIteration as end:
                outcome: UpdateOutcome | None = end.value
        if outcome is None:
            raise StopAsyncIteration
        return outcome

    async def _perform(self, step: Step) -> Any:
        if isinstance(step, Update):
            self._tasks.start_soon(self._send, step)
        elif isinstance(step, Wait):
            if not self._results:
                with anyio.move_on_after(step.seconds):
                    await self._news.wait()
                self._news = anyio.Event()
            return self._results.popleft() if self._results else None
        elif isinstance(self._source, AsyncIterator):
            item, self._taken = self._taken, NOT_YET
            if item is NOT_YET and not self._taking:
                # In its own task: the loop gets outcomes meanwhile, and cancelling the loop does not cancel the source.
                self._taking = True
                self._tasks.start_soon(self._take_from, self._source)
            return item
        else:
            try:
                return next(self._source, END)
            except Exception as error:  # noqa: BLE001 - as above
                return self._fail_source(error)
        return None

    async def _take_from(self, source: AsyncIterator[object]) -> None:
        try:
            self._taken = await anext(source, END)
        except Exception as error:  # noqa: BLE001 - as above
            self._taken = self._fail_source(error)
        self._taking = False
        self._news.set()

    async def _send(self, update: Update) -> None:
        try:
            result: Any = await self._update(update.project_id, update.body)
        except Exception as error:  # noqa: BLE001 - as above
            result = error
        self._results.append((update, result))
        self._news.set()

    def _wake(self) -> None:
        if self._open:
            self._news.set()
