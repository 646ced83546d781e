"""Warnings for deprecated operations and properties, at the line of the program that uses them."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator
from typing import Any

from ._json import Location, is_object

_INNER = {"activepieces_client", "activepieces_api", "httpx"}


def deprecated(schema: dict[str, Any], value: Any, location: Location = ()) -> Iterator[Location]:
    """Yield the location of each property of a value that its schema marks as deprecated."""
    for name, inner in schema.get("properties", {}).items():
        if is_object(value) and name in value:
            if inner.get("deprecated"):
                yield (*location, name)
            yield from deprecated(inner, value[name], (*location, name))


def warn(message: str) -> None:
    """Issue a DeprecationWarning that names the first line outside of this package, the generated one and httpx."""
    frame, level = inspect.currentframe(), 1
    while frame and frame.f_globals.get("__name__", "").partition(".")[0] in _INNER:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, DeprecationWarning, stacklevel=level)
