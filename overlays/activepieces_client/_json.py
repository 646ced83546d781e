"""JSON values: made from what Python has, named by path, shown short, compared."""

from __future__ import annotations

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

_CONTAINERS: tuple[type, ...] = dict, list, tuple, Mapping

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def json_path(keys: Keys, root: str = "$") -> str:
    """Write where a value stands as a JSONPath (RFC 9535)."""
    plain = (isinstance(key, str) and _IDENTIFIER.fullmatch(key) for key in keys)
    return root + "".join(f".{key}" if name else f"[{json.dumps(key)}]" for key, name in zip(keys, plain, strict=True))


def shorten(value: object, length: int = 100) -> str:
    """Show a value as JSON, cut to a length in characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except RecursionError:
        text = f"<{type(value).__name__}, nested very deep>"
    return text if len(text) <= length else text[: length - 1] + "…"


def flaw(text: str) -> str | None:
    """Say why a text is not one that JSON can carry exactly and the service can store."""
    bad = _UNSTORABLE.search(text)
    if not bad:
        return None
    why = "the service cannot store" if bad[0] == "\0" else "UTF-8 cannot carry"
    return f"contains U+{ord(bad[0]):04X}, which {why}"


def to_json(value: object, report: Report, keys: Keys = (), inside: tuple[int, ...] = ()) -> Any:
    """Copy a Python value as plain JSON: dict, list, str, int, float, bool and None, and nothing derived from them.

    What JSON cannot carry exactly is reported, with where it stands; in the copy, None stands in its place.
    """
    if isinstance(value, str):
        if value.isprintable() or not (problem := flaw(value)):
            return str.__str__(value)
    elif value is None or isinstance(value, bool):
        return value
    elif isinstance(value, (int, float)):
        # Beyond the floats, JavaScript reads a number as Infinity, and stores null.
        if abs(value) <= sys.float_info.max:
            return int(value) if isinstance(value, int) else float(value)
        problem = "is not a number that JSON can carry"
    elif isinstance(value, _CONTAINERS):
        if id(value) in inside:
            problem = "contains itself"
        elif len(inside) >= MAX_DEPTH:
            problem = f"is nested more than {MAX_DEPTH} levels deep"
        else:
            inside = (*inside, id(value))
            if isinstance(value, (list, tuple)):
                items = cast("Sequence[object]", value)
                return [to_json(item, report, (*keys, index), inside) for index, item in enumerate(items)]
            members: dict[str, Any] = {}
            for key, item in cast("Mapping[object, object]", value).items():
                if not isinstance(key, str):
                    report(keys, f"has a key that is of type {type(key).__name__}, not a string")
                elif key.isprintable() or not (problem := flaw(key)):
                    members[str.__str__(key)] = to_json(item, report, (*keys, key), inside)
                else:
                    report(keys, f"has a key that {problem}")
            return members
    else:
        problem = f"is of type {type(value).__name__}, which JSON does not have"
    report(keys, problem)
    return None


def equal(asked: Any, actual: Any) -> bool:
    """Compare as JSON does: the order of keys is no difference, nor are 5 and 5.0, but 1 and true are one.

    A float may come back as an integer of other digits: JavaScript writes 2.0**60 as 1152921504606847000.
    """
    if isinstance(asked, str) or asked is None:
        return bool(asked == actual)
    if is_object(asked) and is_object(actual):
        return asked.keys() == actual.keys() and all(equal(asked[key], actual[key]) for key in asked)
    if is_array(asked) and is_array(actual):
        return len(asked) == len(actual) and all(map(equal, asked, actual))
    if isinstance(asked, float) and type(actual) is int and abs(actual) <= sys.float_info.max:
        return asked == float(actual)
    return isinstance(asked, bool) is isinstance(actual, bool) and bool(asked == actual)
