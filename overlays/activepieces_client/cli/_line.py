"""One update of a file."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any

import attrs

from activepieces_client.exceptions import Problem


@attrs.frozen
class Line:
    """One update, and the number of the line that it starts on.

    Attributes:
        by_external_id: Whether the project is named by its external id.
        problems: Why it cannot be read; the rest is None then.
    """

    number: int
    project_id: Any = None
    external_id: Any = None
    body: Any = None
    by_external_id: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> Any:
        """The id that the line names its project by."""
        return self.external_id if self.by_external_id else self.project_id

    @functools.cached_property
    def digest(self) -> str:
        """The SHA-256 of what the line says: equal for equal updates, wherever they stand and however written."""
        says = {"externalId" if self.by_external_id else "id": self.name, "body": self.body}
        return hashlib.sha256(json.dumps(says, sort_keys=True).encode()).hexdigest()
