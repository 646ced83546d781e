"""Roll-outs: many updates, a few at a time, that neither hang a server nor lose an outcome.

`client.projects.update_many` returns them, and is what loads this add-on.
"""

from ._outcome import Failed, Updated, UpdateOutcome, is_final
from ._roll_out import AsyncRollOut, RollOut

__all__ = ["AsyncRollOut", "Failed", "RollOut", "UpdateOutcome", "Updated", "is_final"]
