"""Updates as CSV: a column `id`, and one for each property."""

from __future__ import annotations

import contextlib
import csv
import itertools
from collections.abc import Iterable, Iterator
from typing import IO, Any

from activepieces_api.types import UNSET
from activepieces_client._json import is_object, json_path
from activepieces_client.exceptions import Violation

from ._line import Line
from ._properties import PropertyPath, get, properties, put
from ._values import InvalidTextError, format_member, format_value, parse

_DELIMITERS = ",", ";", "\t"
_MAX_CELL = 2**31 - 1  # the largest C long on every platform


class _HeaderError(Exception):
    """The header cannot be used."""


def read_csv(text: IO[str]) -> Iterator[Line]:
    """Yield every row that is not blank, with the number of its first line."""
    csv.field_size_limit(_MAX_CELL)
    number = 1
    try:
        rows, skipped = _rows(text)
        number = skipped + 1
        columns = _columns(next(rows, list[str]()))
        number = skipped + rows.line_num + 1
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _read_row(number, columns, row)
            number = skipped + rows.line_num + 1
    except _HeaderError as error:
        yield Line(number, violations=(Violation("$", str(error)),))
    except csv.Error as error:
        yield Line(number, violations=(Violation("$", f"is not CSV: {error}"),))


def _rows(text: IO[str]) -> tuple[Any, int]:
    """Return a reader that starts with the header, and how many lines come before it."""
    first = text.readline().rstrip("\r\n")
    if first.lower().startswith("sep=") and len(first) == len("sep=,"):  # for Excel
        return csv.reader(text, strict=True, delimiter=first[-1]), 1
    rows = csv.reader(text, strict=True)
    for delimiter in _DELIMITERS:
        text.seek(0)
        rows = csv.reader(text, strict=True, delimiter=delimiter)
        with contextlib.suppress(csv.Error):  # quotes that make sense with another delimiter
            if "id" in map(str.strip, next(rows, list[str]())):
                break
    text.seek(0)
    return csv.reader(text, rows.dialect), 0


def _columns(header: list[str]) -> list[str]:
    """Return the names of the columns, without blank ones at the end.

    Raises:
        _HeaderError: The header cannot be used.
    """
    names = list(header)
    while names and not names[-1].strip():
        names.pop()
    if "id" not in names:
        if "id" in map(str.strip, names):
            raise _HeaderError("has spaces around id: remove them")
        raise _HeaderError("is not a header: it needs a column id, and commas, semicolons or tabs between columns")
    for name in names:
        if names.count(name) > 1:
            raise _HeaderError(f"has the column {name} twice")
        if not all(name.split(".", 1 if name.startswith("metadata.") else -1)):
            raise _HeaderError(f"has a column without a name, {name!r}")
        hidden = next((other for other in names if other.startswith(f"{name}.")), None)
        if hidden:
            raise _HeaderError(f"has the columns {name} and {hidden}, and one would hide the other: keep one")
    return names


def _read_row(number: int, columns: list[str], row: list[str]) -> Line:
    if len(row) < len(columns):
        return Line(number, violations=(Violation("$", f"has {len(row)} cells, where the header has {len(columns)}"),))
    if any(cell.strip() for cell in row[len(columns) :]):
        return Line(number, violations=(Violation("$", "has a cell beyond the last column with a name"),))
    cells = dict(zip(columns, row, strict=False))
    name = cells.pop("id")
    schemas, body, violations = dict(properties()), dict[str, Any](), list[Violation]()
    merge_metadata = any(column.startswith("metadata.") for column in columns)
    for column, text in cells.items():
        # The name of a member of metadata may have dots.
        path = tuple(column.split(".", 1 if column.startswith("metadata.") else -1))
        if text:
            try:
                put(body, path, parse(schemas.get(path, {}), text))
            except InvalidTextError as error:
                violations.append(Violation(json_path(path), str(error)))
    if not body and not violations:
        violations.append(Violation("$", "has an id, but nothing to change"))
    return Line(number, name, body, merge_metadata=merge_metadata, violations=tuple(violations))


def write_csv(file: IO[str], updates: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Write updates in the form that `read_csv` reads, without empty columns."""
    given = list(updates)
    columns: dict[str, list[str]] = {}
    for path, schema in properties():
        values = [get(body, path) for _, body in given]
        members = _member_columns(path, values) if schema.get("additionalProperties") else None
        texts = ["" if value is UNSET else format_value(schema, value) for value in values]
        columns |= members or {".".join(path): texts}
    filled = {name: texts for name, texts in columns.items() if any(texts)}
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", *filled])
    for (project_id, _), *cells in zip(given, *filled.values(), strict=True):
        writer.writerow([project_id, *cells])


def _member_columns(path: PropertyPath, values: list[Any]) -> dict[str, list[str]] | None:
    """Return a column for each member of the objects; None if one fits no column.

    A null has an empty cell, which leaves it as it is.
    """
    objects: list[dict[str, Any]] = [value if is_object(value) else {} for value in values]
    columns: dict[str, list[str]] = {}
    for name in dict.fromkeys(itertools.chain.from_iterable(objects)):
        texts = ["" if item.get(name) is None else format_member(item[name]) for item in objects]
        complete = [text for text in texts if text is not None]
        if not name or len(complete) < len(texts):
            return None
        columns[".".join((*path, name))] = complete
    return columns
