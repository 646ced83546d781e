"""Roll updates out in the same way with every kind of client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import attrs

from activepieces_client import ActivepiecesError, UpdateOutcome
from activepieces_client.bulk import AsyncRollOut, RollOut
from activepieces_client.testing import StandIn

from .updates import async_client, sync_client

OnOutcome = Callable[[RollOut | AsyncRollOut, UpdateOutcome], object]
"""Called in the loop with each outcome."""


@attrs.define
class Result:
    """How a roll-out ended: its outcomes, and the error that stopped it."""

    outcomes: list[UpdateOutcome] = attrs.field(factory=list[UpdateOutcome])
    stopped: ActivepiecesError | None = None

    @property
    def indexes(self) -> list[int]:
        return sorted(outcome.index for outcome in self.outcomes)

    @property
    def errors(self) -> list[type[ActivepiecesError]]:
        """The classes of the errors, in the order of the updates."""
        ordered = sorted(self.outcomes, key=lambda outcome: outcome.index)
        return [type(outcome.error) for outcome in ordered if outcome.error is not None]


def _nothing(*_: object) -> None:
    """Do nothing with an outcome."""


def roll_out(
    kind: str,
    service: StandIn,
    updates: Any,
    on_outcome: OnOutcome = _nothing,
    *,
    client: dict[str, Any] | None = None,
    **options: Any,
) -> Result:
    """Roll updates out with one kind of client."""
    result = Result()
    if kind == "sync":
        with (
            sync_client(service, **(client or {})) as activepieces,
            activepieces.projects.update_many(updates, **options) as outcomes,
        ):
            for outcome in outcomes:
                result.outcomes.append(outcome)
                on_outcome(outcomes, outcome)
        result.stopped = outcomes.stopped
        return result

    async def run() -> None:
        async with (
            async_client(service, **(client or {})) as activepieces,
            activepieces.projects.update_many(updates, **options) as outcomes,
        ):
            async for outcome in outcomes:
                result.outcomes.append(outcome)
                on_outcome(outcomes, outcome)
        result.stopped = outcomes.stopped
        if kind == "asyncio":
            assert asyncio.all_tasks() == {asyncio.current_task()}

    anyio.run(run, backend=kind)
    return result


def projects(number: int) -> list[dict[str, Any]]:
    """Return a number of projects without properties, which a stand-in completes."""
    return [{} for _ in range(number)]


def renames(service: StandIn) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield an update of each project."""
    for number, project in enumerate(service.projects):
        yield project["id"], {"displayName": f"Name {number}"}
