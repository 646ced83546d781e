"""Roll-outs: many updates, a few in flight, so that no server hangs and no outcome is lost.

`client.projects.update_many` returns them. The core imports this add-on only there.
"""

from ._outcome import Failed, Updated, UpdateOutcome, is_final
from ._roll_out import AsyncRollOut, RollOut

__all__ = ["AsyncRollOut", "Failed", "RollOut", "UpdateOutcome", "Updated", "is_final"]
