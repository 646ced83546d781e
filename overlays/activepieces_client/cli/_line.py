"""One update of a file, as it was read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import attrs

from activepieces_client.exceptions import Violation

# Why two lines with the same project are a violation.
ONE_LINE_EACH = "lines are sent in any order, so give each project one line"


@attrs.frozen
class Line:
    """One update, and the number of the line that it starts on.

    Attributes:
        by_external_id: Whether the project is named by its external id.
        violations: Why the line cannot be read; ids and body are None then.
    """

    number: int
    project_id: Any = None
    external_id: Any = None
    body: Any = None
    by_external_id: bool = False
    violations: tuple[Violation, ...] = ()

    @property
    def name(self) -> Any:
        """The id that the line names its project by."""
        return self.external_id if self.by_external_id else self.project_id

    @property
    def name_path(self) -> str:
        """The path of that id, for violations."""
        return "externalId" if self.by_external_id else "path.id"

    def digest(self, base_url: str) -> str:
        """Return the SHA-256 of the update and of its server, whatever its line number and its notation."""
        name = "externalId" if self.by_external_id else "id"
        content = {"base_url": base_url, name: self.name, "body": self.body}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
