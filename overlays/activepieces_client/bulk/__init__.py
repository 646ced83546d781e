"""Roll-outs: many updates, a few in flight.

A default server survives them, and no outcome is lost. `client.projects.update_many` returns a roll-out; the core
imports this add-on only when it is used.
"""

from ._outcome import Failed, Updated, UpdateOutcome, is_final
from ._roll_out import AsyncRollOut, RollOut

__all__ = ["AsyncRollOut", "Failed", "RollOut", "UpdateOutcome", "Updated", "is_final"]
