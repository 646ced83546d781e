"""The journal of a roll-out: what came of each line of the file, on disk before it is shown."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, Self

import filelock

from activepieces_client import (
    ActivepiecesError,
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    ConfigurationError,
    RateLimitError,
    ServerError,
    UpdateOutcome,
)


class JournalError(Exception):
    """The journal cannot be used."""


def record(line: int, outcome: UpdateOutcome) -> dict[str, Any]:
    """Say what came of a line: `done`; `refused`, an answer that will not change; or `failed`, to be sent again."""
    about = {"line": line, "id": outcome.project_id}
    if outcome.error is None:
        return {**about, "outcome": "done"}
    what = {"error": type(outcome.error).__name__, "message": str(outcome.error)}
    return {**about, "outcome": "failed" if _may_change(outcome.error) else "refused", **what}


def _may_change(error: ActivepiecesError) -> bool:
    """Whether there was no answer, or one that is not about the update itself."""
    temporary = (APIConnectionError, AuthenticationError, ConfigurationError, RateLimitError, ServerError)
    return isinstance(error, temporary) or (isinstance(error, APIStatusError) and error.status_code == 408)


class Journal:
    """A file of JSON Lines: first which file it is about, then a record for each outcome.

    Attributes:
        outcomes: What came of the lines that have been answered: done or refused.

    Raises:
        JournalError: It is of another file, in use, damaged, or cannot be written.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self.outcomes: dict[int, str] = {}
        self._lock = filelock.FileLock(f"{path}.lock", blocking=False)
        try:
            self._lock.acquire()
            self._file = path.open("a+b")
        except filelock.Timeout:
            raise JournalError(f"{path} is in use by another run") from None
        except OSError as error:
            raise JournalError(f"{path} cannot be written: {error.strerror}") from None
        self._load(path, digest)
        if not self._file.tell():
            self.write({"journal": 1, "file": digest})
            with contextlib.suppress(OSError):  # there are systems where a folder is no file
                folder = os.open(path.parent, os.O_RDONLY)
                os.fsync(folder)
                os.close(folder)

    def _load(self, path: Path, digest: str) -> None:
        self._file.seek(0)
        end = 0
        for number, text in enumerate(self._file, start=1):
            if not text.endswith(b"\n"):
                break  # the line that was being written when the machine stopped
            try:
                entry = json.loads(text)
                same = number > 1 or entry["file"] == digest
                if number > 1 and entry["outcome"] != "failed":
                    self.outcomes[entry["line"]] = entry["outcome"]
            except (ValueError, LookupError, TypeError):
                raise JournalError(f"{path}, line {number}: is not of a journal") from None
            if not same:
                raise JournalError(f"{path} is the journal of another file, or the file has changed since it was begun")
            end += len(text)
        self._file.truncate(end)
        self._file.seek(end)

    def write(self, entry: dict[str, Any]) -> None:
        """Put a record on the disk."""
        self._file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._lock.release()
