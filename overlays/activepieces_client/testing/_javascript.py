"""What becomes of JSON on its way through the service: a JavaScript program with a PostgreSQL database behind it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from activepieces_client._json import is_array, is_object

_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


def parse(text: str) -> Any:
    """Read JSON as JavaScript does: every number is a float of 64 bits, and there is no NaN.

    Half of a surrogate pair is replaced, as it is on the way to the database.

    Raises: ValueError where it is not JSON.
    """
    return _well_formed(json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_no_constant))


def _well_formed(value: Any) -> Any:
    if is_object(value):
        return {_well_formed(key): _well_formed(item) for key, item in value.items()}
    if is_array(value):
        return [_well_formed(item) for item in value]
    return _HALF_A_PAIR.sub("\ufffd", value) if isinstance(value, str) else value


def _number(literal: str) -> int | float:
    value = float(literal)
    # The shortest digits that tell the float from its neighbours, then zeros: 2**60 is written 1152921504606847000.
    return int(Decimal(repr(value))) if value.is_integer() else value


def _no_constant(literal: str) -> Any:
    raise ValueError(f"{literal} is not JSON")


def type_of(value: Any) -> str:
    """Name the type of a value as the service's messages do."""
    if isinstance(value, bool):
        return "boolean"
    names = {"dict": "object", "list": "array", "str": "string", "int": "number", "float": "number"}
    return names.get(type(value).__name__, "null")


def stored(value: Any) -> Any:
    """Give a value back as a `jsonb` column does: keys by length, then by bytes; no infinite numbers."""
    if is_object(value):
        return {key: stored(value[key]) for key in sorted(value, key=lambda key: (len(key.encode()), key.encode()))}
    if is_array(value):
        return [stored(item) for item in value]
    return None if value in (float("inf"), float("-inf")) else value


def contains_nul(value: Any) -> bool:
    """Whether there is a NUL in any string, keys included, which PostgreSQL cannot store."""
    if is_object(value):
        return any(contains_nul(part) for pair in value.items() for part in pair)
    if is_array(value):
        return any(contains_nul(item) for item in value)
    return isinstance(value, str) and "\0" in value
