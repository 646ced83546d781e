"""The file of updates, which is validated whole before anything is sent."""

from __future__ import annotations

import codecs
import io
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO, Any

import attrs

from activepieces_client._json import Location, is_array, is_object, json_path
from activepieces_client.exceptions import Violation

from ._csv import read_csv
from ._json_lines import read_json_lines
from ._line import ONE_LINE_EACH, Line
from ._properties import violations
from ._values import is_exact

_WORKBOOKS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF_16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


class Updates:
    """The updates of a file: JSON Lines where it starts with `{`, otherwise CSV.

    They are read from a copy, so later changes of the file have no effect.

    Attributes:
        count: How many updates there are, once `violations` is exhausted.
    """

    def __init__(self, source: IO[bytes], *, by_external_id: bool = False) -> None:
        self._by_external_id = by_external_id
        self._file = self._temporary_file()
        shutil.copyfileobj(source, self._file)
        self._undecodable = False
        if self._start(2) in _UTF_16:  # what Excel calls Unicode text, and what PowerShell writes
            self._to_utf_8()
        self.count = 0

    def _temporary_file(self) -> IO[bytes]:
        """Return a file that is there as long as this object."""
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the line below
        weakref.finalize(self, file.close)
        return file

    def _start(self, size: int) -> bytes:
        self._file.seek(0)
        start = self._file.read(size)
        self._file.seek(0)
        return start

    def _to_utf_8(self) -> None:
        decoded = self._temporary_file()
        with io.TextIOWrapper(self._file, "utf-16", newline="") as text:
            try:
                for chunk in iter(lambda: text.read(2**16), ""):
                    decoded.write(chunk.encode())
            except ValueError:
                self._undecodable = True
        self._file = decoded

    def __iter__(self) -> Iterator[Line]:
        start = self._start(1024)
        content = start.removeprefix(codecs.BOM_UTF8).lstrip()
        if self._undecodable:
            message = "starts as UTF-16, but is not UTF-16: save it as UTF-8"
        elif start.startswith(_WORKBOOKS):
            message = "is a spreadsheet workbook: save it as CSV UTF-8"
        elif not content and len(start) < 1024:
            message = "is empty: it has no updates"
        elif content.startswith(b"["):
            message = 'is a JSON array: write one object a line, as `jq -c ".[]"` does'
        else:
            lines = read_json_lines(self._file) if content.startswith(b"{") else read_csv(self._file)
            yield from map(self._with_external_id, lines)
            return
        yield Line(1, violations=(Violation("$", message),))

    def _with_external_id(self, line: Line) -> Line:
        if self._by_external_id and not line.by_external_id and not line.violations:
            return attrs.evolve(line, project_id=None, external_id=line.project_id, by_external_id=True)
        return line

    def violations(self) -> Iterator[tuple[int, Violation]]:
        """Validate every line: yield each violation, and each id that is there twice."""
        seen: dict[tuple[bool, str], int] = {}
        for line in self:
            self.count += 1
            yield from ((line.number, violation) for violation in line.violations or _violations(line))
            if isinstance(line.name, str):
                first = seen.setdefault((line.by_external_id, line.name), line.number)
                if first != line.number:
                    yield line.number, Violation(line.name_path, f"is in line {first}, too: {ONE_LINE_EACH}")


def _violations(line: Line) -> Iterator[Violation]:
    if line.by_external_id:
        if not isinstance(line.external_id, str) or not line.external_id:
            yield Violation("externalId", "is not a string of at least one character")
        found = violations({"body": line.body})
    else:
        found = violations({"path": {"id": line.project_id}, "body": line.body})
        if isinstance(line.project_id, str) and line.project_id and line.project_id != line.project_id.strip():
            yield Violation("path.id", "has spaces around it")
    yield from found
    known = {violation.path for violation in found}
    yield from (violation for violation in inexact_integers(line.body) if violation.path not in known)


def inexact_integers(value: Any, location: Location = ()) -> Iterator[Violation]:
    """Yield the integers that the service, a JavaScript program, would round."""
    if is_object(value) or is_array(value):
        for key, item in value.items() if is_object(value) else enumerate(value):
            yield from inexact_integers(item, (*location, key))
    elif type(value) is int and not is_exact(value):
        text = f'{value} is beyond 2^53 and would come back rounded: write it as text, "{value}"'
        yield Violation(json_path(location), text)
