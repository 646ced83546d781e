"""The fields of the request as options of a command and as columns of a table, read from the specification."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import click

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


def options() -> list[click.Option]:
    """Make an option of each field."""
    return [_option(path, schema) for path, schema in fields()]


def _option(path: Path, schema: dict[str, Any]) -> click.Option:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", "-".join(path)).lower()
    kind = types(schema)
    settings: dict[str, Any] = {"help": schema.get("description"), "default": None}
    declared = f"--{words}"
    if kind == ["boolean"]:
        declared += f"/--no-{words}"
    elif kind == ["array"]:
        settings.update(multiple=True, metavar="TEXT", help=f"{settings['help']} Once for each item.")
    elif kind == ["object"]:
        settings.update(multiple=True, metavar="NAME=VALUE", help=f"{settings['help']} VALUE is JSON, or else text.")
    elif "enum" in schema:
        settings["type"] = click.Choice(schema["enum"])
    elif kind != ["string"]:
        settings["metavar"] = "|".join(kind).upper() or "JSON"
    return click.Option([declared, "__".join(path)], **settings)


def from_options(given: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Add what options say to a body."""
    for path, schema in fields():
        value = given.get("__".join(path))
        if value is None or value == ():
            continue
        if types(schema) == ["object"]:
            for text in value:
                name, equals, item = text.partition("=")
                if not equals:
                    raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint=f"--{'-'.join(path)}")
                put(body, (*path, name), as_json(item))
        elif types(schema) == ["array"]:
            put(body, path, list(value))
        else:
            put(body, path, read(schema, value) if isinstance(value, str) else value)
    return body


def rows(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Show a JSON value as rows of a table."""
    if is_object(value) and value:
        for name, item in value.items():
            yield from rows(item, f"{path}.{name}" if path else name)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
