"""The table of a project's properties by release, from the schemas and descriptions of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_COLUMNS = {"create": "CreateProjectRequest", "update": "UpdateProjectRequest", "response": "Project"}


def properties_page(document: dict[str, Any]) -> str:
    """Return the table in Markdown: a row for each property of requests and responses."""
    found: dict[str, dict[str, str]] = {}
    for column, name in _COLUMNS.items():
        for path, description in _properties(document, {"$ref": f"#/components/schemas/{name}"}):
            found.setdefault(path, {})[column] = description
    lines = [f"| property | from release | {' | '.join(_COLUMNS)} | ignored in silence |", "|---|:-:|:-:|:-:|:-:|---|"]
    for path, descriptions in found.items():
        marks = ("✓" if column in descriptions else "" for column in _COLUMNS)
        ignored = _ignored(descriptions.get("update", ""))
        release = _release(" ".join(descriptions.values()))
        lines.append(f"| `{path}` | {release} | {' | '.join(marks)} | {ignored} |")
    return "\n".join(lines)


def _properties(document: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each property, down to those of an object with several, and its description."""
    for name, inner in _resolve(document, schema).get("properties", {}).items():
        path, target = f"{prefix}{name}", _resolve(document, inner)
        if len(target.get("properties", ())) > 1:
            yield from _properties(document, target, f"{path}.")
        else:
            yield path, target.get("description", "")


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return {**document["components"]["schemas"][name], **schema} if name else schema


def _release(description: str) -> str:
    """Return the first release that has a property, as its description says it."""
    match = re.search(r"(From|Later than) release (\d+\.\d+)", description)
    return "" if match is None else match[2] if match[1] == "From" else f"after {match[2]}"


def _ignored(description: str) -> str:
    """Return when the service ignores a property in silence, as its description says it."""
    clauses = (clause.strip(" .") for clause in re.split(r"[.;] ", f"{description} ") if "gnored" in clause)
    return "; ".join(re.sub("^[Ii]gnored ", "", clause) for clause in clauses)
