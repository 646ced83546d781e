"""JSON values: copied from Python, parsed, located, shortened for messages, and compared."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard, cast

Location = tuple[str | int, ...]
"""The names and indices that lead to a value inside another."""

Report = Callable[[Location, str], object]
"""Called with the location and the message of each violation."""

# jsonschema-rs and the json module both give up, each in its own way, somewhere beyond this depth.
MAX_DEPTH = 200

_CONTAINERS: tuple[type, ...] = dict, list, tuple, Mapping

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)

# The service rejects this key at any depth: it would set the prototype of a JavaScript object.
_PROTOTYPE = "__proto__"

# Only JSON text with one of these may contain a value that the service cannot store, so only such text is walked.
_SUSPECT = "\\u0000", "\\ud", "Infinity", "NaN", _PROTOTYPE


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Return whether a JSON value is an array."""
    return isinstance(value, list)


def json_path(location: Location, root: str = "$") -> str:
    """Return a location as a JSONPath (RFC 9535)."""
    return root + "".join(
        f".{name}" if isinstance(name, str) and _IDENTIFIER.fullmatch(name) else f"[{json.dumps(name)}]"
        for name in location
    )


def shorten(value: object, length: int = 100) -> str:
    """Return a value as JSON text of at most `length` characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except RecursionError:
        text = f"<{type(value).__name__}, nested very deep>"
    return text if len(text) <= length else text[: length - 1] + "…"


def invalid_text(text: str) -> str | None:
    """Return the reason why a text cannot be sent; None if it can.

    JSON cannot carry it exactly, or the service cannot store it.
    """
    bad = _UNSTORABLE.search(text)
    if not bad:
        return None
    why = "the service cannot store" if bad[0] == "\0" else "UTF-8 cannot carry"
    return f"contains U+{ord(bad[0]):04X}, which {why}"


def to_json(value: object, report: Report) -> Any:
    """Copy a Python value as plain JSON: dict, list, str, int, float, bool and None.

    A value that JSON cannot carry exactly is reported. In its place the copy has None, or the number itself.
    """
    return json.loads(json.dumps(value)) if is_plain(value) else _walk(value, report, (), ())


def is_plain(value: object) -> bool:
    """Return whether the json module writes a value exactly as it is, and the service can store it."""
    try:
        text = json.dumps(value, allow_nan=False)
        return bool(_DECODER.decode(text) == value) and _is_harmless(text)  # a key that is not a string becomes one
    except (ArithmeticError, TypeError, ValueError, RecursionError):
        return False


def parse_json(content: bytes, report: Report) -> Any:
    """Return the value of JSON text; report each part that the service cannot store.

    Raises:
        ValueError: The text is not JSON in UTF-8.
        RecursionError: It is nested too deep.
    """
    text = content.decode()
    try:
        value = _DECODER.decode(text)
    except OverflowError:
        return _walk(json.loads(text), report, (), ())
    return value if _is_harmless(text) else _walk(value, report, (), ())


def _is_harmless(text: str) -> bool:
    return not any(mark in text for mark in _SUSPECT) and text.count("{") + text.count("[") <= MAX_DEPTH


def _parse_int(digits: str) -> int:
    if len(digits) > sys.float_info.max_10_exp:
        raise OverflowError
    return int(digits)


_DECODER = json.JSONDecoder(parse_int=_parse_int)


def _walk(value: object, report: Report, location: Location, parents: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        if not (violation := invalid_text(value)):
            return str.__str__(value)
    elif isinstance(value, (int, float)):
        # JavaScript reads a number beyond the floats as Infinity, and stores null.
        if not abs(value) <= sys.float_info.max:
            name = str(value) if isinstance(value, float) else "a number of this size"
            report(location, f"is {name}, which JSON cannot carry")
            value = math.nan
        return int(value) if isinstance(value, int) else float(value)
    elif not isinstance(value, _CONTAINERS):
        violation = f"is of type {type(value).__name__}, which JSON does not have"
    elif id(value) in parents:
        violation = "contains itself"
    elif len(parents) >= MAX_DEPTH:
        violation = f"is nested more than {MAX_DEPTH} levels deep"
    elif isinstance(value, (list, tuple)):
        items = cast("Sequence[object]", value)
        parents = (*parents, id(items))
        return [_walk(item, report, (*location, index), parents) for index, item in enumerate(items)]
    else:
        members = cast("Mapping[object, object]", value)
        return _walk_object(members, report, location, (*parents, id(members)))
    report(location, violation)
    return None


def _walk_object(
    value: Mapping[object, object], report: Report, location: Location, parents: tuple[int, ...]
) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, item in value.items():
        if not isinstance(name, str):
            report(location, f"has a key of type {type(name).__name__}, but JSON has only strings")
        elif name == _PROTOTYPE:
            report(location, f'has the key "{_PROTOTYPE}", which the service rejects')
        elif violation := invalid_text(name):
            report(location, f"has a key that {violation}")
        else:
            members[str.__str__(name)] = _walk(item, report, (*location, name), parents)
    return members


def equal(requested: Any, returned: Any) -> bool:
    """Return whether two JSON values are equal.

    The order of keys does not count; 5 and 5.0 are equal, 1 and true are not.

    A float may be returned as an integer with other digits: JavaScript writes 2.0**60 as 1152921504606847000.
    """
    if isinstance(requested, str) or requested is None:
        return bool(requested == returned)
    if is_object(requested) and is_object(returned):
        return requested.keys() == returned.keys() and all(equal(requested[name], returned[name]) for name in requested)
    if is_array(requested) and is_array(returned):
        return len(requested) == len(returned) and all(map(equal, requested, returned))
    if isinstance(requested, float) and type(returned) is int and abs(returned) <= sys.float_info.max:
        return requested == float(returned)
    return isinstance(requested, bool) is isinstance(returned, bool) and bool(requested == returned)
