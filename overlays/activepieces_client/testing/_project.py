"""A whole project as JSON, for responses that you write yourself."""

from __future__ import annotations

import re
from typing import Any

from ._stand_in import StandIn


def project(**properties: Any) -> dict[str, Any]:
    """Return a whole project as the service sends it, for a mock of httpx or a stand-in.

    Args:
        properties: Properties in the names of the models, such as `display_name`, with JSON values. The others are
            those of the example in the specification.

    Raises:
        ValueError: A project has no such property.
    """
    given = {re.sub(r"_(\w)", lambda match: match[1].upper(), name): value for name, value in properties.items()}
    return StandIn([given]).projects[0]
