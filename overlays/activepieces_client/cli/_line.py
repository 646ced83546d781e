"""One update of a file, as it was read."""

from __future__ import annotations

from typing import Any

import attrs

from activepieces_client.exceptions import Violation


@attrs.frozen
class Line:
    """One update, and the number of the line that it starts on.

    Attributes:
        name: The id of its project, or its external id.
        by_external_id: Whether the name is an external id.
        merge_metadata: Whether the body has single members of metadata, and not the whole.
        violations: Why the line cannot be read; name and body are None then.
    """

    number: int
    name: Any = None
    body: Any = None
    by_external_id: bool = False
    merge_metadata: bool = False
    violations: tuple[Violation, ...] = ()
