"""Standard output and standard error, wrapped so that no write raises.

A terminal, a pipe or a disk that cannot take the output must not end a roll-out half-way.
"""

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

# Wider than any table: only a terminal needs its lines cut.
_WIDTH_OF_A_PIPE = 100_000


class _Stream(io.TextIOWrapper):
    """A standard stream that escapes what its encoding lacks.

    It drops what a closed pipe or a full disk does not take, and keeps the first error.
    """

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
            # The null device takes what is still buffered: otherwise, Python complains about it at exit.
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)


_streams: list[_Stream] = []


def wrap_streams() -> None:
    """Wrap the standard streams."""
    _streams[:] = sys.stdout, sys.stderr = _wrap(sys.stdout), _wrap(sys.stderr)


def _wrap(stream: Any) -> _Stream:
    if stream is None:  # closed by whoever started the command
        return _Stream(Path(os.devnull).open("wb"), "utf-8")
    encoding = stream.encoding
    return _Stream(stream.detach(), encoding, "backslashreplace", line_buffering=True)


def use_utf_8() -> None:
    """Encode standard output as UTF-8, which CSV is read as."""
    _streams[0].reconfigure(encoding="utf-8")


def output_error() -> OSError | None:
    """Return the first error of a standard stream; None if both took everything."""
    return next((stream.error for stream in _streams if stream.error), None)


def print_json(value: Any, indent: int | None = None) -> None:
    """Print a value as JSON: in ASCII, unless standard output is UTF-8."""
    print(json.dumps(value, ensure_ascii=sys.stdout.encoding.lower() != "utf-8", indent=indent))


def print_styled(text: str, style: str) -> None:
    """Print a line, in a colour on a terminal."""
    if sys.stdout.isatty():
        Console(file=sys.stdout, markup=False, highlight=False, soft_wrap=True).print(text, style=style)
    else:
        print(text)


def report(text: str) -> None:
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
    """Return a text with its control characters escaped, for terminals."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun: `1 update`, `2 updates`."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


def grouped(texts: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Yield each text once, with the numbers of its lines.

    If these are many, they are a count and the first three.
    """
    lines: dict[str, list[int]] = {}
    for number, text in texts:
        lines.setdefault(text, []).append(number)
    for text, numbers in lines.items():
        first = ", ".join(map(str, numbers[:3]))
        if len(numbers) > 3:
            yield f"{len(numbers)} lines ({first}, …): {text}"
        else:
            yield f"line{'s' if len(numbers) > 1 else ''} {first}: {text}"
