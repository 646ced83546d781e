"""JSON values: made from what Python has, named by path, shown short, compared."""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard, cast

Keys = tuple[str | int, ...]
"""Where a value stands inside another: the names and indices that lead to it."""

Report = Callable[[Keys, str], object]
"""Told of a problem: where it is, and what it is."""

# jsonschema-rs and the json module both give up, each in its own way, somewhere beyond this depth.
MAX_DEPTH = 200

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def json_path(keys: Keys, root: str = "$") -> str:
    """Write where a value stands as a JSONPath (RFC 9535)."""

    def step(path: str, key: str | int) -> str:
        if isinstance(key, str) and _IDENTIFIER.fullmatch(key):
            return f"{path}.{key}"
        return f"{path}[{json.dumps(key)}]"

    return functools.reduce(step, keys, root)


def shorten(value: object, length: int = 100) -> str:
    """Show a value as JSON, cut to a length in characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = f"<{type(value).__name__}>"
    return text if len(text) <= length else text[: length - 1] + "…"


def to_json(value: object, report: Report, keys: Keys = (), inside: frozenset[int] = frozenset()) -> Any:
    """Copy a Python value as plain JSON: dict, list, str, int, float, bool and None, and nothing derived from them.

    Whatever JSON cannot carry exactly, or the service cannot store, is reported: where it stands and what is wrong.
    In the copy, None stands in its place.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, report, keys)
    if isinstance(value, (int, float)):
        # Beyond the floats, JavaScript reads a number as Infinity, and stores null.
        if not abs(value) <= sys.float_info.max:  # true of NaN too
            report(keys, "is not a number that JSON can carry")
            return None
        return int(value) if isinstance(value, int) else float(value)
    place = id(value)
    if place in inside:
        report(keys, "contains itself")
    elif len(inside) == MAX_DEPTH:
        report(keys, f"is nested more than {MAX_DEPTH} levels deep")
    elif isinstance(value, Mapping):
        return _members(cast("Mapping[object, object]", value), report, keys, inside | {place})
    elif isinstance(value, (list, tuple)):
        items = cast("Sequence[object]", value)
        return [to_json(item, report, (*keys, index), inside | {place}) for index, item in enumerate(items)]
    else:
        report(keys, f"is of type {type(value).__name__}, which JSON does not have")
    return None


def _members(value: Mapping[object, object], report: Report, keys: Keys, inside: frozenset[int]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(key, str):
            name = _text(key, report, keys)
            members[name] = to_json(item, report, (*keys, name), inside)
        else:
            report(keys, f"has a key of type {type(key).__name__}; the keys of JSON are strings")
    return members


def _text(value: str, report: Report, keys: Keys) -> str:
    if "\0" in value:
        report(keys, "contains a NUL character, which the service cannot store")
    try:
        value.encode()
    except UnicodeEncodeError:
        report(keys, "contains half of a surrogate pair, which UTF-8 cannot carry")
        return ""
    return str.__str__(value)


def equal(asked: Any, actual: Any) -> bool:
    """Compare as JSON does: the order of keys is no difference, nor are 5 and 5.0, but 1 and true are one.

    A float may come back as an integer of other digits: JavaScript writes 2.0**60 as 1152921504606847000.
    """
    if is_object(asked) and is_object(actual):
        return asked.keys() == actual.keys() and all(equal(asked[key], actual[key]) for key in asked)
    if is_array(asked) and is_array(actual):
        return len(asked) == len(actual) and all(map(equal, asked, actual))
    if isinstance(asked, float) and type(actual) is int and abs(actual) <= sys.float_info.max:
        return asked == float(actual)
    return isinstance(asked, bool) is isinstance(actual, bool) and bool(asked == actual)
