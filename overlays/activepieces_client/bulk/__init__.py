"""Roll-outs: many updates, a few in flight, with a plan of their changes.

A default server survives them, and no outcome is lost. `client.projects.update_many` returns a roll-out, and
`client.projects.plan` a plan; the core imports this add-on only when it is used.
"""

from ._outcome import Failed, Updated, UpdateOutcome, is_final
from ._plan import Change, Plan
from ._roll_out import AsyncRollOut, RollOut

__all__ = ["AsyncRollOut", "Change", "Failed", "Plan", "RollOut", "UpdateOutcome", "Updated", "is_final"]
