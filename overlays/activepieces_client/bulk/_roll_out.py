"""Roll-outs in threads and in tasks, which a with block owns (PEP 789)."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import functools
import queue
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import anyio

from ._outcome import Failed, Updated, UpdateOutcome
from ._schedule import END, Schedule, Step, Update


class RollOut(Schedule, Iterator[UpdateOutcome]):
    """The outcomes of updates that threads send.

    Iterate over it inside its `with` block: leaving the block stops and joins the threads.
    """

    def __init__(self, update: Callable[..., Any], get_health: Callable[[], Any], updates: Any, *settings: Any) -> None:
        super().__init__(update, get_health, functools.partial(next, iter(updates), END), *settings)
        self._ended = queue.SimpleQueue[tuple[Update, Any] | None]()

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
            step = next(self._steps)
            while not isinstance(step, Updated | Failed):
                step = self._steps.send(self._perform(step))
            return step

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Update):
            return self._executor.submit(contextvars.copy_context().run, self._send, step)
        try:
            return step() if callable(step) else self._ended.get(timeout=step)
        except queue.Empty:
            return None
        except Exception as error:  # noqa: BLE001 - the schedule decides
            return error

    def _send(self, update: Update) -> None:
        try:
            result = self._update(update.project_id, update.body)
        except BaseException as error:  # noqa: BLE001 - the schedule decides
            result = error
        self._end((update, result))

    def _end(self, ended: tuple[Update, Any] | None) -> None:
        self._ended.put(ended)


class AsyncRollOut(Schedule, AsyncIterator[UpdateOutcome]):
    """The outcomes of updates that tasks send.

    Iterate over it inside its `async with` block: leaving the block cancels the tasks.
    """

    def __init__(self, update: Callable[..., Any], get_health: Callable[[], Any], updates: Any, *settings: Any) -> None:
        is_async = hasattr(updates, "__aiter__")
        take = functools.partial(anext, aiter(updates), END) if is_async else functools.partial(_next, iter(updates))
        super().__init__(update, get_health, take, *settings)
        # Not a stream: a task that is cancelled as it receives would lose the result.
        self._ended = collections.deque[tuple[Update, Any] | None]()
        self._news: anyio.Event | None = None

    async def __aenter__(self) -> Self:
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
        with self._exclusively(), contextlib.suppress(StopIteration):
            step = next(self._steps)
            while not isinstance(step, Updated | Failed):
                step = self._steps.send(await self._perform(step))
            return step
        raise StopAsyncIteration

    async def _perform(self, step: Step) -> Any:
        if isinstance(step, Update):
            return self._tasks.start_soon(self._send, step)
        if callable(step):
            try:
                return await step()
            except Exception as error:  # noqa: BLE001 - the schedule decides
                return error
        if not self._ended:
            self._news = anyio.Event()
            with anyio.move_on_after(step):
                await self._news.wait()
        return self._ended.popleft() if self._ended else None

    async def _send(self, update: Update) -> None:
        try:
            result = await self._update(update.project_id, update.body)
        except Exception as error:  # noqa: BLE001 - the schedule decides
            result = error
        self._end((update, result))

    def _end(self, ended: tuple[Update, Any] | None) -> None:
        self._ended.append(ended)
        if self._news:
            self._news.set()


async def _next(updates: Iterator[Any]) -> Any:
    return next(updates, END)
