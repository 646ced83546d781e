"""How JavaScript and PostgreSQL, the service's base, change JSON values."""

from __future__ import annotations

import enum
import json
import re
from decimal import Decimal
from typing import Any, TypeGuard

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class NotJSON(enum.Enum):
    """A value of JavaScript that JSON does not have."""

    UNDEFINED = "undefined"
    NAN = "NaN"


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Return whether a JSON value is an array."""
    return isinstance(value, list)


def parse(text: str) -> Any:
    """Parse JSON as the web framework does: every number is a 64-bit float.

    Raises:
        ValueError: It is not JSON, or a key is `__proto__`, or `prototype` in a `constructor`.
    """
    return json.loads(
        text, parse_int=_number, parse_float=_number, parse_constant=_reject_constant, object_pairs_hook=_plain_object
    )


def _number(literal: str) -> int | float:
    value = float(literal)
    # JavaScript writes the shortest digits that identify the float, then zeros: 2**60 is 1152921504606847000.
    return int(Decimal(repr(value))) if value.is_integer() else value


def _reject_constant(literal: str) -> Any:
    raise ValueError(f"{literal} is not JSON")


def _plain_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    constructor = value.get("constructor")
    if "__proto__" in value or (is_object(constructor) and "prototype" in constructor):
        raise ValueError("a key is that of a prototype")
    return value


def well_formed(value: Any) -> Any:
    """Replace each half of a surrogate pair by U+FFFD, as UTF-8 does."""
    if isinstance(value, NotJSON):
        return value
    return json.loads(_LONE_SURROGATE.sub("\ufffd", json.dumps(value, ensure_ascii=False)))


def number(value: Any) -> Any:
    """Return `Number(value)` of a query parameter: a string, or a list of strings."""
    text = value.strip() if isinstance(value, str) else "NaN"
    return float(text or 0) if not text or _DECIMAL.fullmatch(text) else NotJSON.NAN


def type_of(value: Any) -> str:
    """Return the type of a value as the service's messages name it."""
    if isinstance(value, NotJSON):
        return value.value
    if isinstance(value, bool):
        return "boolean"
    names = {"dict": "object", "list": "array", "str": "string", "int": "number", "float": "number"}
    return names.get(type(value).__name__, "null")


def stored(value: Any) -> Any:
    """Return a value as a `jsonb` column returns it.

    Keys are ordered by length, then by bytes; an infinite number, such as 1e400, is null.
    """
    if is_object(value):
        return {key: stored(value[key]) for key in sorted(value, key=lambda key: (len(key.encode()), key.encode()))}
    if is_array(value):
        return [stored(item) for item in value]
    return None if value in (float("inf"), float("-inf")) else value


def contains_nul(value: Any) -> bool:
    """Return whether a key or string has a NUL, which PostgreSQL cannot store."""
    if is_object(value):
        return any(contains_nul(name) or contains_nul(item) for name, item in value.items())
    if is_array(value):
        return any(contains_nul(item) for item in value)
    return isinstance(value, str) and "\0" in value
