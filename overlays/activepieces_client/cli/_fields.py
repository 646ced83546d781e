"""The fields of the request as options of a command and as columns of a table, read from the specification."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from activepieces_client._json import is_object
from activepieces_client._specification import Operation, specification

Path = tuple[str, ...]


def operation() -> Operation:
    """Give the operation that the command is for."""
    return specification().operations["updateProject"]


def fields(within: dict[str, Any] | None = None, path: Path = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """List the fields of the body with their schemas; in place of an object with named fields, those."""
    schema: dict[str, Any] = within or operation().request.definition["properties"]["body"]
    if "properties" not in schema:
        yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from fields(part, (*path, name))


def types(schema: dict[str, Any]) -> list[str]:
    """Give the types of JSON that a schema says it is about; none where it does not say."""
    given: str | list[str] = schema.get("type", [])
    return [given] if isinstance(given, str) else given


def as_json(text: str) -> Any:
    """Read a text as JSON, or take it as it is: whether it is right is for the specification to say."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def read(schema: dict[str, Any], text: str) -> Any:
    """Read the value of a field from a text: a list is JSON or separated by `;`, the rest but strings is JSON."""
    if types(schema) == ["string"]:
        return text
    if types(schema) == ["array"] and not text.lstrip().startswith("["):
        return [item.strip() for item in text.split(";")]
    return as_json(text)


def put(body: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value into a body, with the objects that lead there."""
    for name in path[:-1]:
        inner: Any = body.get(name)
        if not is_object(inner):
            body[name] = inner = {}
        body = inner
    body[path[-1]] = value


def from_columns(cells: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Make a body of columns: `displayName`, `plan.pieces`, `metadata.tier`; an empty cell is not sent."""
    schemas = dict(fields())
    body: dict[str, Any] = {}
    for column, text in cells:
        path = tuple(column.split("."))
        if text != "":
            put(body, path, read(schemas[path], text) if path in schemas else as_json(text) if path[1:] else text)
    return body


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each field."""
    for path, schema in fields():
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", "-".join(path)).lower()
        kind, said = types(schema), str(schema.get("description", "")).replace("%", "%%")
        settings: dict[str, Any] = {"metavar": "|".join(kind).upper() or "JSON"}
        if kind == ["boolean"]:
            settings = {"action": argparse.BooleanOptionalAction}
        elif kind == ["array"]:
            settings, said = {"action": "append", "metavar": "TEXT"}, f"{said} Once for each item."
        elif kind == ["object"]:
            settings, said = {"action": "append", "metavar": "NAME=VALUE"}, f"{said} VALUE is JSON, or else text."
            settings["type"] = _member
        elif "enum" in schema:
            settings = {"choices": schema["enum"]}
        parser.add_argument(f"--{words}", dest=".".join(path), help=said, **settings)


def _member(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, as_json(value)


def from_options(given: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Add to a body what options say."""
    for path, schema in fields():
        value = given[".".join(path)]
        if types(schema) == ["object"]:
            for name, item in value or ():
                put(body, (*path, name), item)
        elif value is not None:
            put(body, path, read(schema, value) if isinstance(value, str) else value)
    return body


def rows(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Show a JSON value as rows of a table."""
    if is_object(value) and value:
        for name, item in value.items():
            yield from rows(item, f"{path}.{name}" if path else name)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
