"""The value of a property as text, in an option or a cell, and back."""

from __future__ import annotations

import argparse
import json
from decimal import Decimal
from typing import Any

from activepieces_client._json import equal, is_array, is_object

from ._properties import types


class InvalidTextError(argparse.ArgumentTypeError):
    """Text that is not a value; the message says how to write it."""


def parse_json(text: str) -> Any:
    """Parse JSON.

    Raises:
        InvalidTextError: It is not JSON, or an object has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise InvalidTextError(f"is not JSON: {error}") from None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, item in members:
        if name in value:
            raise InvalidTextError(f"has the key {json.dumps(name)} twice")
        value[name] = item
    return value


def parse(schema: dict[str, Any], text: str) -> Any:
    """Parse the value of a property; validation is left to the schema.

    Raises:
        InvalidTextError: The text is a list that could mean two things, or an object with a key twice.
    """
    kinds = set(types(schema))
    if kinds and kinds <= {"string", "null"}:
        return None if text == "null" and "null" in kinds else text
    if kinds == {"array"}:
        return _parse_list(text)
    if kinds == {"boolean"} and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if not kinds:
        return parse_member(text)
    if kinds == {"object"}:
        return parse_json(text)
    try:
        return parse_json(text)
    except InvalidTextError:
        return text


def _parse_list(text: str) -> Any:
    if text.lstrip().startswith("["):
        return parse_json(text)
    items = [item.strip() for item in text.split(";")]
    if "" in items:
        raise InvalidTextError("has an empty item: write items as a; b, and an empty list as []")
    if any("," in item for item in items):
        raise InvalidTextError(
            'has a comma, so it could be one item or two: write two items as a; b, and one as ["a, b"]'
        )
    return items


def parse_member(text: str) -> Any:
    """Parse the value of a member of metadata.

    It is read as JSON only if JSON would be written back the same: `1.10`, `1E5` and `007` stay text. Spreadsheets
    write a boolean as TRUE or FALSE.

    Raises:
        InvalidTextError: An object has a key twice.
    """
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    try:
        value: Any = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
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


def format_value(schema: dict[str, Any], value: Any) -> str:
    """Return the text that `parse` parses to a value."""
    if isinstance(value, str):
        return value
    if is_array(value) and value and all(isinstance(item, str) for item in value):
        text = "; ".join(value)
        if not text.lstrip().startswith("[") and _parses_to(schema, text, value):
            return text
    return json.dumps(value, ensure_ascii=False)


def _parses_to(schema: dict[str, Any], text: str, value: Any) -> bool:
    try:
        return equal(value, parse(schema, text))
    except InvalidTextError:
        return False


def format_member(value: Any) -> str | None:
    """Return the text that `parse_member` parses to a value; None if there is none."""
    for text in (value if isinstance(value, str) else "", json.dumps(value, ensure_ascii=False)):
        if text and _parses_to({}, text, value):
            return text
    return None


def is_exact(number: int) -> bool:
    """Return whether JavaScript keeps an integer; it rounds most beyond 2^53."""
    try:
        return Decimal(repr(float(number))) == number
    except OverflowError:
        return False
