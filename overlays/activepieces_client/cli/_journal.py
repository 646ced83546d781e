"""The journal of a roll-out: each outcome, on disk before it is reported."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any, Self

import attrs
import filelock

from activepieces_client.bulk import UpdateOutcome, is_final
from activepieces_client.exceptions import APIError, ResponseValidationError, describe

from ._line import Line

HEADER = b'{"journal": 1, "of": "activepieces-client apply"}\n'


class JournalError(Exception):
    """The journal cannot be used."""


@attrs.frozen
class Entry:
    """The outcome of a line.

    Attributes:
        line: The number of the line.
        id: The id of its project.
        update: The digest of the line and its server.
        outcome: `done`; `rejected`, which is final too; or `failed`, which the next run sends again.
        error: The name of the exception's class; None where the line is done.
        message: The exception's message.
    """

    line: int
    id: str
    update: str
    outcome: str
    error: str | None = None
    message: str | None = None

    @classmethod
    def of(cls, line: Line, outcome: UpdateOutcome, base_url: str) -> Self:
        """Return the entry for an outcome."""
        update = line.number, outcome.project_id, line.digest(base_url)
        if outcome.error is None:
            return cls(*update, "done")
        name, message = type(outcome.error).__name__, _message(outcome.error)
        return cls(*update, "rejected" if is_final(outcome.error) else "failed", name, message)

    @property
    def is_final(self) -> bool:
        """Whether no later run sends the line again."""
        return self.outcome != "failed"

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a JSON object."""
        return {name: value for name, value in attrs.asdict(self).items() if value is not None}

    def __str__(self) -> str:
        reason = f"{self.error}: {self.message}"
        return reason if self.id in reason else f"{self.id}: {reason}"


def _message(error: Exception) -> str:
    """Return the message without the request, whose id the entry has already."""
    message = str(error).replace("\n  ", " ")
    if isinstance(error, APIError):
        return message.rpartition(f" ({describe(error.request)}")[0] or message
    if isinstance(error, ResponseValidationError):
        return message.rpartition(f" ({describe(error.response.request)}")[0] or message
    return message


def load(path: Path) -> dict[str, Entry]:
    """Return the last entry of each project, by the digest of its update, without changing the file.

    Raises:
        JournalError: The file is not a journal, or damaged.
    """
    if not path.exists():
        return {}
    with _opening(path), path.open("rb") as file:
        return _parse(path, file)[0]


@contextlib.contextmanager
def _opening(path: Path) -> Generator[None]:
    """Raise JournalError where a journal cannot be opened."""
    if path.exists() and not path.is_file():
        raise JournalError(f"the journal {path} is not a file")
    try:
        yield
    except OSError as error:
        raise JournalError(f"the journal {path} cannot be opened: {error.strerror}") from None


def _parse(path: Path, file: IO[bytes]) -> tuple[dict[str, Entry], int]:
    """Return the entries, and the offset at which the last whole line ends."""
    start = file.read(len(HEADER))
    if start != HEADER:
        if len(start) < len(HEADER) and HEADER.startswith(start):
            return {}, 0  # empty, or the machine stopped while the first line was written
        raise JournalError(f"{path} is not a journal, and stays as it is: give another path")
    # By project: what an earlier entry records has been overwritten since.
    last: dict[str, Entry] = {}
    end = len(HEADER)
    *lines, _torn = file.read().split(b"\n")
    for number, text in enumerate(lines, start=2):
        try:
            entry = Entry(**json.loads(text))
        except (TypeError, ValueError):
            raise JournalError(f"line {number} of the journal {path} is damaged: remove that line") from None
        last[entry.id] = entry
        end += len(text) + 1
    return {entry.update: entry for entry in last.values()}, end


class Journal:
    """A journal that is open for writing, by one run at a time.

    The file itself is locked, so that no lock file stays behind.

    Attributes:
        entries: The last entry of each project, by the digest of its update.

    Raises:
        JournalError: The file is not a journal, damaged, in use, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with _opening(path):
            self._file = path.open("a+b", buffering=0)
            if not filelock.lock_descriptor(self._file.fileno(), blocking=False):
                self._file.close()
                raise JournalError(f"the journal {path} is in use by another run")
        self._file.seek(0)
        self.entries, self._end = _parse(path, self._file)
        self._file.truncate(self._end)  # without a line that was half written when the machine stopped
        if not self._end:
            self._append(HEADER)
            self._sync_folder()

    def _sync_folder(self) -> None:
        with contextlib.suppress(OSError):  # Windows cannot open a folder
            folder = os.open(self._path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    def write(self, entry: Entry) -> None:
        """Write an entry to the disk.

        Raises:
            JournalError: It cannot be written; the journal ends with the entry before.
        """
        self._append(json.dumps(entry.to_json(), ensure_ascii=False).encode(errors="backslashreplace") + b"\n")

    def _append(self, line: bytes) -> None:
        try:
            written = 0
            while written < len(line):  # a disk that is almost full takes a part
                written += self._file.write(line[written:])
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self._end)
            raise JournalError(f"the journal {self._path} cannot be written: {error.strerror}") from None
        self._end += len(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
