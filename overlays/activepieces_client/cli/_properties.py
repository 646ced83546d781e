"""The properties of an update and the filters of a list, from the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from activepieces_api.types import UNSET
from activepieces_client._json import is_object
from activepieces_client._specification import Operation, specification
from activepieces_client.exceptions import RequestValidationError, Violation

PropertyPath = tuple[str, ...]
"""The names that lead to a property of a body, such as `plan`, `pieces`."""

# The parameters that cut the list into pages; the command fetches all pages.
_PAGING = {"cursor", "limit"}


def operation(operation_id: str) -> Operation:
    """Return an operation of the document."""
    return specification().operations[operation_id]


def body_schema() -> dict[str, Any]:
    """Return the schema of the body of an update."""
    schema: dict[str, Any] = operation("updateProject").request.definition["properties"]["body"]
    return schema


def properties(
    schema: dict[str, Any] | None = None, path: PropertyPath = ()
) -> Iterator[tuple[PropertyPath, dict[str, Any]]]:
    """Yield the paths and schemas of the properties of a body.

    An object with named properties is not among them: its properties are.
    """
    schema = body_schema() if schema is None else schema
    if "properties" not in schema:
        yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from properties(inner, (*path, name))


def types(schema: dict[str, Any]) -> list[str]:
    """Return the JSON types that a schema names; an empty list if it names none."""
    given: str | list[str] = schema.get("type", [])
    return [given] if isinstance(given, str) else given


def filters() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the names and schemas of the parameters that filter the list."""
    list_projects = operation("listProjects")
    schemas: dict[str, Any] = list_projects.request.definition["properties"]["query"]["properties"]
    for parameter in list_projects.parameters:
        name = parameter["name"]
        if name not in _PAGING:
            yield name, {**schemas[name], "description": parameter["description"]}


def violations(request: dict[str, Any]) -> tuple[Violation, ...]:
    """Return every violation of an update, given as its `path` and `body`."""
    try:
        operation("updateProject").validate(request)
    except RequestValidationError as error:
        return error.violations
    return ()


def get(body: Any, path: PropertyPath) -> Any:
    """Return the value at a path of a body; UNSET if it is missing."""
    for name in path:
        if not is_object(body) or name not in body:
            return UNSET
        body = body[name]
    return body


def put(body: dict[str, Any], path: PropertyPath, value: Any) -> None:
    """Put a value at a path of a body; create the objects on the way."""
    for name in path[:-1]:
        inner: Any = body.get(name)
        if not is_object(inner):
            body[name] = inner = {}
        body = inner
    body[path[-1]] = value
