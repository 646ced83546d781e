"""The value of a property as text, in an option or a cell, and back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from activepieces_client._json import equal, is_array, is_object

from ._properties import types


class InvalidTextError(ValueError):
    """A text is no value, and what to write in its place."""


def loads(text: str) -> Any:
    """Return the JSON value of a text.

    Raises:
        InvalidTextError: It is not JSON, or an object of it has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except InvalidTextError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidTextError(f"is not JSON: {error}") from None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in members:
        if name in found:
            raise InvalidTextError(f"has the key {json.dumps(name)} twice")
        found[name] = value
    return found


def read(schema: dict[str, Any], text: str) -> Any:
    """Return the value of a property; what the text cannot be is left to the schema to find.

    Raises:
        InvalidTextError: The text is a list that could be read in two ways, or an object with a key twice.
    """
    kinds = set(types(schema))
    if kinds and kinds <= {"string", "null"}:
        return None if text == "null" and "null" in kinds else text
    if kinds == {"array"}:
        return _read_list(text)
    if kinds == {"boolean"} and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if not kinds:
        return read_any(text)
    if kinds == {"object"}:
        return loads(text)
    try:
        return loads(text)
    except InvalidTextError:
        return text


def _read_list(text: str) -> Any:
    if text.lstrip().startswith("["):
        return loads(text)
    items = [item.strip() for item in text.split(";")]
    if "" in items:
        raise InvalidTextError("has an empty item: write items as a; b, or the list as JSON, [] for an empty one")
    if any("," in item for item in items):
        raise InvalidTextError(
            'has a comma, so it could be one item or two: write two as a; b, and one as JSON, ["a, b"]'
        )
    return items


def read_any(text: str) -> Any:
    """Return the value of a member of metadata: JSON where it would be written back the same, else the text as it is.

    So `1.10`, `1E5` and `007` stay text. TRUE and FALSE are how spreadsheets write a boolean.

    Raises:
        InvalidTextError: An object has a key twice.
    """
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    try:
        value: Any = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
    except InvalidTextError:
        raise
    except (ValueError, RecursionError):
        return text
    if is_object(value) or is_array(value) or json.dumps(value, ensure_ascii=False) == text:
        return value
    return text


def _integer(text: str) -> int:
    value = int(text)
    if str(value) != text:
        raise ValueError
    return value


def _float(text: str) -> float:
    value = float(text)
    if repr(value) != text or text.endswith(".0"):  # the service would return 1.0 as 1
        raise ValueError
    return value


def _constant(_: str) -> None:
    raise ValueError  # NaN and Infinity are not JSON


def write(schema: dict[str, Any], value: Any) -> str:
    """Return the text from which `read` returns a value of a property."""
    if isinstance(value, str):
        return value
    if is_array(value) and value and all(isinstance(item, str) for item in value):
        text = "; ".join(value)
        if not text.lstrip().startswith("[") and _reads_as(schema, text, value):
            return text
    return json.dumps(value, ensure_ascii=False)


def _reads_as(schema: dict[str, Any], text: str, value: Any) -> bool:
    try:
        return equal(value, read(schema, text))
    except InvalidTextError:
        return False


def write_any(value: Any) -> str | None:
    """Return the text from which `read_any` returns a value; None where there is none."""
    for text in (value if isinstance(value, str) else "", json.dumps(value, ensure_ascii=False)):
        if text and _reads_as({}, text, value):
            return text
    return None


def is_exact(number: int) -> bool:
    """Return whether JavaScript writes an integer back as it reads it, which beyond 2^53 it seldom does."""
    try:
        return Decimal(repr(float(number))) == number
    except OverflowError:
        return False
