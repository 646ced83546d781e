"""The record of an `apply`: the values before and after, and each outcome.

It is JSON Lines: a header, a line for each change before any is sent, and a line for each outcome as it is known.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Self

import attrs

from activepieces_api.types import UNSET
from activepieces_client import ConfigurationError
from activepieces_client.bulk import Change, UpdateOutcome, is_final
from activepieces_client.exceptions import APIError, NotAppliedError, ResponseValidationError, describe

from ._properties import PropertyPath

# The names in a JSONPath: `.name`, or `["a name"]`.
_NAMES = re.compile(r'\.(\w+)|\[("(?:[^"\\]|\\.)*")\]', re.ASCII)


def names(path: str) -> PropertyPath:
    """Return the names in a JSONPath."""
    return tuple(plain or json.loads(quoted) for plain, quoted in _NAMES.findall(path))


@attrs.frozen
class Entry:
    """A change, as it is recorded.

    Attributes:
        line: The number of its line.
        before: The values before, by JSONPath, without those that did not exist.
        after: The values after, without those that the change removes.
    """

    line: int
    id: str
    externalId: str | None  # noqa: N815 - as the service writes it
    displayName: str  # noqa: N815 - as the service writes it
    before: dict[str, Any]
    after: dict[str, Any]

    @classmethod
    def of(cls, change: Change, line: int) -> Self:
        """Return the entry for a change."""
        before = {item.path: item.returned for item in change.differences if item.returned is not UNSET}
        after = {item.path: item.requested for item in change.differences if item.requested is not UNSET}
        project = change.project
        return cls(line, project.id, project.external_id or None, project.display_name, before, after)

    @property
    def paths(self) -> list[str]:
        """The JSONPaths of the values."""
        return list(dict.fromkeys([*self.before, *self.after]))


def describe_outcome(outcome: UpdateOutcome, line: int) -> dict[str, Any]:
    """Return an outcome as a JSON object.

    It is `done`; `rejected`, if the update was certainly not made; or `failed`, if it may have been made.
    """
    found: dict[str, Any] = {"line": line, "id": outcome.project_id, "outcome": "done"}
    if error := outcome.error:
        rejected = is_final(error) and not isinstance(error, NotAppliedError)
        found |= {"outcome": "rejected" if rejected else "failed", "error": type(error).__name__}
        found["message"] = str(error).replace("\n  ", " ")
        if isinstance(error, APIError | ResponseValidationError):  # without the request, whose id is there already
            request = error.request if isinstance(error, APIError) else error.response.request
            found["message"] = found["message"].partition(f" ({describe(request)}")[0]
    return found


def create(path: Path | None, file: Path | None) -> IO[bytes] | None:
    """Create a record: at its path, or beside the file that is applied, with the time in its name."""
    if path:
        return path.open("xb", buffering=0)
    while file:
        try:
            return file.with_name(f"{file.name}.{_now().replace(':', '')}.jsonl").open("xb", buffering=0)
        except FileExistsError:
            time.sleep(0.1)  # another record has this second
    return None


def write_start(record: IO[bytes], server: str, file: str, entries: Iterator[Entry]) -> None:
    """Write the header and every change, before any is sent."""
    version = importlib.metadata.version("activepieces-client")
    write(record, {"record": 1, "server": server, "file": file, "version": version})
    for entry in entries:
        write(record, {"change": attrs.asdict(entry)})


def write(record: IO[bytes], value: Mapping[str, Any]) -> None:
    """Write a line, with the time."""
    text = json.dumps({**value, "time": _now()}, ensure_ascii=False)
    line = text.encode(errors="backslashreplace") + b"\n"
    while line:  # a disk that is almost full takes a part
        line = line[record.write(line) :]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@attrs.frozen
class Record:
    """A record that was read.

    Attributes:
        header: The server, the file, the version and the time.
        entries: The changes.
        outcomes: The outcomes, by the id of the project.
    """

    header: dict[str, Any]
    entries: list[Entry]
    outcomes: dict[str, dict[str, Any]]


def read(path: Path) -> Record:
    """Read a record; its last line may be half written.

    Raises:
        ConfigurationError: It is not a record.
    """
    try:
        header, *lines = _lines(path)
        if header["record"] == 1:
            entries = [Entry(**line["change"]) for line in lines if "change" in line]
            return Record(header, entries, {line["id"]: line for line in lines if "outcome" in line})
    except (LookupError, TypeError, ValueError):
        pass
    raise ConfigurationError(f"{path} is not a record of this program")


def _lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield from (json.loads(line) for line in file if line.endswith(b"\n"))
