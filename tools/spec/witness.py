"""A value that one schema accepts and another does not, if there is one among likely values."""

from __future__ import annotations

import json
import string

import jsonschema_rs

from .document import JSON
from .schema import Schema


def candidates(old: Schema, new: Schema, examples: list[JSON]) -> list[JSON]:
    """Return examples, named values and those at the bounds of two schemas, and texts that differ in one character."""
    found = list(examples)
    for schema in (old, new):
        found += [*schema.enum, schema.annotations["default"]]
        for keyword, bound in schema.constraints.items():
            if isinstance(bound, int) and keyword in ("minLength", "maxLength"):
                found += ["a" * min(length, 100_000) for length in (bound, bound + 1, max(bound - 1, 0))]
            elif isinstance(bound, int | float):
                found += [bound, bound + 1, bound - 1]
    texts = [value for value in found if isinstance(value, str)][:10]
    return [*found, *string.printable, *(f"{text}{char}" for text in texts for char in string.printable)]


def witness(schema: JSON, other: JSON, values: list[JSON]) -> str:
    """Return the first value, as JSON, that one schema accepts and another does not; empty if there is none."""
    try:
        accepting, rejecting = jsonschema_rs.Draft202012Validator(schema), jsonschema_rs.Draft202012Validator(other)
    except ValueError:
        return ""
    found = (value for value in values if accepting.is_valid(value) and not rejecting.is_valid(value))
    return next((json.dumps(value, ensure_ascii=False) for value in found), "")
