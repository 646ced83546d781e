"""The comparison of a request with its response, since the service silently ignores properties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from activepieces_api.types import UNSET

from ._json import Location, equal, is_object, json_path
from .exceptions import Difference

Echo = dict[str, "Echo | None"]
"""The properties that a request and its response share; an object with named properties has an `Echo` in turn."""


def echo(request: dict[str, Any], response: dict[str, Any]) -> Echo | None:
    """Return the properties that two schemas share.

    None stands for a value that an update replaces as a whole.

    An object with named properties (`additionalProperties: false`) is changed property by property.
    """
    if request.get("additionalProperties") is not False:
        return None
    shown = _properties(response)
    return {name: echo(schema, shown[name]) for name, schema in request.get("properties", {}).items() if name in shown}


def differences(echoed: Echo | None, requested: Any, returned: Any, location: Location = ()) -> Iterator[Difference]:
    """Yield each requested value that a response lacks or shows differently."""
    if echoed is not None and is_object(requested) and is_object(returned):
        for name, value in requested.items():
            if name in echoed:
                actual = returned.get(name, UNSET)
                if not equal(value, actual):
                    yield from differences(echoed[name], value, actual, (*location, name))
    elif not equal(requested, returned):
        yield Difference(json_path(location), requested, returned)


def merged(current: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return metadata with members set, or removed if they are None (RFC 7396, on one level)."""
    kept = {name: value for name, value in current.items() if name not in given} if is_object(current) else {}
    return {**kept, **{name: value for name, value in given.items() if value is not None}}


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of an object, even if null is its alternative."""
    properties: dict[str, Any] = dict(schema.get("properties", {}))
    for branch in schema.get("anyOf", []):  # `regenerate` rejects oneOf in a response
        properties |= _properties(branch)
    return properties
