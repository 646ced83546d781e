"""The command `list`: the projects as a table, or in the form that `apply` takes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from activepieces_api.types import UNSET

from ._csv import write_csv
from ._output import print_json, print_table, use_utf_8
from ._properties import get, properties, put, violations

Project = dict[str, Any]

_COLUMNS = "id", "displayName", "type", "externalId"


def show(projects: Iterable[Project], form: str) -> None:
    """Print projects."""
    if form == "text":
        print_table(_COLUMNS, ([str(project.get(name) or "") for name in _COLUMNS] for project in projects))
    elif form == "csv":
        use_utf_8()
        write_csv(sys.stdout, ((project["id"], as_body(project)) for project in projects))
    else:
        for project in projects:
            print_json({"id": project["id"], "body": as_body(project)})


def as_body(project: Project) -> dict[str, Any]:
    """Return the update that leaves a project as it is.

    It has the properties that an update may have, except those whose value in the project is not valid in an update.
    """
    body: dict[str, Any] = {}
    for path, _ in properties():
        value = get(project, path)
        single: dict[str, Any] = {}
        put(single, path, value)
        if value is not UNSET and not violations({"body": single}):
            put(body, path, value)
    return body
