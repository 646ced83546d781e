"""The pages of the list of projects."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ._errors import framework_error
from ._javascript import is_object

_DEFAULT_LIMIT = 50
_LIMIT_OF_ZERO = 100
_UNLIMITED = -1
_ORDER = ("type", "displayName", "id")

Key = tuple[str, ...]


def page(projects: Iterable[dict[str, Any]], query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the page of the projects for a valid query."""
    limit = int(query.get("limit", _DEFAULT_LIMIT)) or _LIMIT_OF_ZERO
    if limit < _UNLIMITED:
        raise framework_error(500, "LIMIT must not be negative", "2201W")
    found = sorted(_filter(projects, query), key=_key)
    if limit == _UNLIMITED:
        return {"data": found, "next": None, "previous": None}
    direction, position = _decode(query.get("cursor", ""))
    forward, backward = direction == "next", direction == "prev"
    if forward:
        found = [project for project in found if _key(project) > position]
    if backward:
        found = [project for project in found if _key(project) < position]
    more = len(found) > limit
    data = found[-limit:] if backward else found[:limit]
    return {
        "data": data,
        "next": _encode("next", data[-1]) if data and (more or backward) else None,
        "previous": _encode("prev", data[0]) if data and (forward or (more and backward)) else None,
    }


def _filter(projects: Iterable[dict[str, Any]], query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    # The service uses the name as a pattern of SQL LIKE, with the wildcards % and _.
    pattern = re.escape(query.get("displayName", "")).replace("%", ".*").replace("_", ".")
    name = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for project in projects:
        external_id = project.get("externalId")
        if (
            query.get("externalId", external_id) == external_id
            and project["type"] in query.get("types", [project["type"]])
            and name.search(project["displayName"])
        ):
            yield project


def _key(project: Mapping[str, Any]) -> Key:
    return tuple(project[name] for name in _ORDER)


def _encode(direction: str, project: Mapping[str, Any]) -> str:
    values = json.dumps(dict(zip(_ORDER, _key(project), strict=True)), separators=(",", ":"), ensure_ascii=False)
    inner = base64.b64encode(values.encode()).decode()
    return base64.b64encode(f"{direction}_{inner}".encode()).decode()


def _decode(cursor: str) -> tuple[str, Key]:
    """Return the direction and the position of a cursor; an unknown one has neither."""
    try:
        direction, _, inner = base64.b64decode(cursor).decode().partition("_")
        values = json.loads(base64.b64decode(inner))
    except ValueError:
        return "", ()
    return (direction, tuple(str(values.get(name)) for name in _ORDER)) if is_object(values) else ("", ())
