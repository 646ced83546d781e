"""The file of updates, which is validated whole before anything is sent."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import IO, Any

import attrs

from activepieces_client._json import Location, is_array, is_object, json_path
from activepieces_client.exceptions import Violation

from ._csv import read_csv
from ._json_lines import read_json_lines
from ._line import Line
from ._properties import violations
from ._values import is_exact

_WORKBOOKS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF_16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
# Why two lines with the same project are a violation.
_ONE_LINE_EACH = "lines are sent in any order, so give each project one line"


@attrs.frozen
class Updates:
    """The updates of a file.

    Attributes:
        lines: The lines.
        by_external_id: Whether they name their projects by their external ids.
    """

    lines: list[Line]
    by_external_id: bool

    @property
    def numbers(self) -> list[int]:
        """The numbers of the lines, in the order of the updates."""
        return [line.number for line in self.lines]

    @property
    def merge_metadata(self) -> bool:
        """Whether the updates have single members of metadata, and not the whole."""
        return any(line.merge_metadata for line in self.lines)

    def violations(self) -> Iterator[tuple[int, Violation]]:
        """Validate every line: yield each violation, and each id that is there twice."""
        seen: dict[str, int] = {}
        kinds = [line.by_external_id for line in self.lines if not line.violations]
        for line in self.lines:
            yield from ((line.number, violation) for violation in line.violations or self._violations(line))
            if line.by_external_id not in kinds[:1] and not line.violations:
                yield line.number, Violation("$", "give every line an id, or every line an externalId")
            if isinstance(line.name, str):
                first = seen.setdefault(line.name, line.number)
                if first != line.number:
                    path = "externalId" if line.by_external_id else "path.id"
                    yield line.number, Violation(path, f"is in line {first}, too: {_ONE_LINE_EACH}")

    def _violations(self, line: Line) -> Iterator[Violation]:
        request = {"body": line.body} if self.by_external_id else {"path": {"id": line.name}, "body": line.body}
        if self.by_external_id and not (isinstance(line.name, str) and line.name):
            yield Violation("externalId", "is not a string of at least one character")
        elif not self.by_external_id and isinstance(line.name, str) and line.name.strip() != line.name:
            yield Violation("path.id", "has spaces around it")
        found = violations(request)
        yield from found
        known = {violation.path for violation in found}
        yield from (violation for violation in inexact_integers(line.body) if violation.path not in known)


def read(source: IO[bytes], *, by_external_id: bool) -> Updates:
    """Read updates: JSON Lines if they start with `{`, otherwise CSV."""
    lines = list(_read(source.read()))
    return Updates(lines, by_external_id or any(line.by_external_id for line in lines))


def _read(content: bytes) -> Iterator[Line]:
    number, text = 1, ""
    is_utf_16 = content.startswith(_UTF_16)  # Excel's "Unicode text", and PowerShell's output
    message = "is a spreadsheet workbook: save it as CSV UTF-8"
    if not content.startswith(_WORKBOOKS):
        message = "is empty: it has no updates"
        try:
            text = content.decode("utf-16" if is_utf_16 else "utf-8-sig")
        except UnicodeDecodeError as error:
            number = content.count(b"\n", 0, error.start) + 1
            message = f"{'starts as UTF-16, but is damaged' if is_utf_16 else 'is not UTF-8'}: save it as CSV UTF-8"
    start = text.lstrip()[:1]
    if start == "[":
        message = 'is a JSON array: write one object a line, as `jq -c ".[]"` does'
    elif start:
        yield from (read_json_lines if start == "{" else read_csv)(io.StringIO(text, newline=""))
        return
    yield Line(number, violations=(Violation("$", message),))


def inexact_integers(value: Any, location: Location = ()) -> Iterator[Violation]:
    """Yield the integers that the service would round, as JavaScript does."""
    if is_object(value) or is_array(value):
        for key, item in value.items() if is_object(value) else enumerate(value):
            yield from inexact_integers(item, (*location, key))
    elif type(value) is int and not is_exact(value):
        text = f'{value} is beyond 2^53 and would come back rounded: write it as text, "{value}"'
        yield Violation(json_path(location), text)
