"""Standard output and standard error that never raise: what they cannot take must not end a roll-out half-way."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

# Wider than any table, so that none is cut where no terminal has to show it.
_WIDTH_OF_A_PIPE = 100_000


class _Stream(io.TextIOWrapper):
    """A standard stream that escapes what its encoding lacks, and drops what a closed pipe or a full disk refuses."""

    error: OSError | None = None

    def write(self, text: str, /) -> int:
        with self._dropping():
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with self._dropping():
            super().flush()

    @contextlib.contextmanager
    def _dropping(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            self.error = self.error or error
            # What is buffered goes there, and with it the complaint of the interpreter at its end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)


_streams: list[_Stream] = []


def open_streams() -> None:
    """Replace the standard streams."""
    _streams[:] = sys.stdout, sys.stderr = _stream(sys.stdout), _stream(sys.stderr)


def _stream(stream: Any) -> _Stream:
    if stream is None:  # closed by whoever started the command
        return _Stream(Path(os.devnull).open("wb"), "utf-8")
    encoding = stream.encoding
    return _Stream(stream.detach(), encoding, "backslashreplace", line_buffering=True)


def use_utf_8() -> None:
    """Have standard output take UTF-8, whatever a terminal of this machine has: for files that are read again."""
    _streams[0].reconfigure(encoding="utf-8")


def failure() -> OSError | None:
    """Return why a standard stream took no more; None where both took all."""
    return next((stream.error for stream in _streams if stream.error), None)


def print_json(value: Any, indent: int | None = None) -> None:
    """Print a value as JSON, which is ASCII where the encoding of standard output is not UTF-8."""
    print(json.dumps(value, ensure_ascii=sys.stdout.encoding.lower() != "utf-8", indent=indent))


def say(text: str) -> None:
    """Print a line for people to standard error."""
    print(text, file=sys.stderr)


def print_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table; only a terminal wraps it."""
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(printable, row))
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    Console(file=sys.stdout, width=width, markup=False, highlight=False).print(table)


def printable(text: str) -> str:
    """Return a text without control characters, which could do harm in a terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 update`, `2 updates`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def grouped(found: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Yield each text once, after the numbers of its lines: of many, their count and the first three."""
    lines: dict[str, list[int]] = {}
    for number, text in found:
        lines.setdefault(text, []).append(number)
    for text, numbers in lines.items():
        first = ", ".join(map(str, numbers[:3]))
        if len(numbers) > 3:
            yield f"{len(numbers)} lines ({first}, …): {text}"
        else:
            yield f"line{'s' if len(numbers) > 1 else ''} {first}: {text}"
