"""The file of updates: JSON Lines or CSV, read a line at a time, and checked as a whole before anything is sent."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO, Any

import attrs

from activepieces_client._json import is_object
from activepieces_client.exceptions import Problem, RequestValidationError

from ._fields import from_columns, operation


@attrs.frozen
class Line:
    """One update, and the number of the line that it starts on."""

    number: int
    project_id: Any
    body: Any
    problem: str | None = None


class Updates:
    """A file of updates: what it says now, whoever writes to it later.

    JSON Lines, `{"id": PROJECT_ID, "body": {…}}` each, where it starts with `{`; else CSV, with a column `id` and one
    for each field, such as `displayName`, `plan.pieces` and `metadata.tier`.

    Attributes:
        digest: The SHA-256 of the file.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is there as long as this
        shutil.copyfileobj(source, self._file)
        self._file.seek(0)
        self.digest = hashlib.file_digest(self._file, "sha256").hexdigest()

    def __iter__(self) -> Iterator[Line]:
        self._file.seek(0)
        start = self._file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
        self._file.seek(0)
        return self._json_lines() if start.startswith(b"{") else self._csv()

    def _json_lines(self) -> Iterator[Line]:
        for number, text in enumerate(self._file, start=1):
            if text.strip():
                try:
                    value = json.loads(text.decode("utf-8-sig"))
                except (ValueError, RecursionError) as error:
                    yield Line(number, None, None, f"is not JSON: {error}")
                    continue
                if is_object(value) and value.keys() == {"id", "body"}:
                    yield Line(number, value["id"], value["body"])
                else:
                    yield Line(number, None, None, 'is not an object of "id" and "body"')

    def _csv(self) -> Iterator[Line]:
        text = io.TextIOWrapper(self._file, "utf-8-sig", newline="")
        rows, number = csv.reader(text, strict=True), 1
        try:
            header, number = next(rows, list[str]()), rows.line_num + 1
            if header.count("id") != 1 or len(set(header)) != len(header):
                yield Line(1, None, None, "is no header of CSV: it needs a column id, and no column twice")
                return
            for row in rows:
                if len(row) == len(header):
                    cells = dict(zip(header, row, strict=True))
                    yield Line(number, cells.pop("id"), from_columns(cells.items()))
                elif row:
                    yield Line(number, None, None, f"has {len(row)} cells, where the header has {len(header)}")
                number = rows.line_num + 1
        except (csv.Error, ValueError) as error:
            yield Line(number, None, None, f"is not CSV: {error}")
        finally:
            text.detach()

    def problems(self) -> Iterator[tuple[int, Problem]]:
        """Check every line, without sending it: every rule of the specification that it breaks, and ids that repeat."""
        seen: dict[str, int] = {}
        for line in self:
            if line.problem:
                yield line.number, Problem("$", line.problem)
                continue
            try:
                operation().validate({"path": {"id": line.project_id}, "body": line.body})
            except RequestValidationError as error:
                yield from ((line.number, problem) for problem in error.problems)
            if isinstance(line.project_id, str):
                first = seen.setdefault(line.project_id, line.number)
                if first != line.number:
                    yield line.number, Problem("path.id", f"stands in line {first} too; the order is not kept")
        self.count = len(seen)
