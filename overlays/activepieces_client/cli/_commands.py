"""The commands: list, update, check, plan, apply, undo and report.

No option takes the key, since process lists show options.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from activepieces_client import Activepieces, ActivepiecesError, ConfigurationError, RequestValidationError
from activepieces_client._json import is_object
from activepieces_client.exceptions import Violation

from . import _list, _plan, _record, _report, _undo
from ._apply import apply_plan
from ._arguments import list_filters, parser, update_body
from ._input import Updates, inexact_integers, read
from ._output import counted, grouped, output_error, print_json, print_table, printable, report, wrap_streams
from ._values import InvalidTextError


class _InvalidInputError(Exception):
    """The file has violations, which have been reported."""


def list_projects(arguments: argparse.Namespace) -> int:
    """List projects."""
    with Activepieces() as client:
        projects = client.projects.list(timeout=arguments.timeout, **list_filters(arguments))
        _list.show(_until_output_fails(project.to_dict() for project in projects), arguments.output)
    return 0


def _until_output_fails(items: Iterable[Any]) -> Iterator[Any]:
    """Yield items until the output fails, as it does once `head` has its lines."""
    for item in items:
        yield item
        if output_error():
            return


def update(arguments: argparse.Namespace) -> int:
    """Update a project, and print the project that the response shows."""
    body, merge_metadata = update_body(arguments)
    if violations := list(inexact_integers(body)):
        raise RequestValidationError(violations)
    with Activepieces() as client:
        options = {"merge_metadata": merge_metadata, "timeout": arguments.timeout}
        project = client.projects.update(arguments.project_id, body, **options).to_dict()
    if arguments.output == "json":
        print_json(project, indent=2)
    else:
        print_table(("property", "value"), _rows(project))
    return 0


def _rows(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the rows of a table that shows a JSON value."""
    if is_object(value) and value:
        for name, item in value.items():
            yield from _rows(item, f"{path}.{name}" if path else name)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check(arguments: argparse.Namespace) -> int:
    """Validate a file, without a server."""
    updates = _read(arguments)
    if arguments.output == "json":
        print_json({"updates": len(updates.numbers)})
    else:
        number = len(updates.numbers)
        print(f"{counted(number, 'update')} {'is' if number == 1 else 'are'} fine")
    return 0


def plan(arguments: argparse.Namespace) -> int:
    """Show what a file would change."""
    updates = _read(arguments)
    with Activepieces() as client:
        found, unknown = _plan.make(client, updates, arguments.timeout)
    as_json = arguments.output == "json"
    code = _plan.show(found, updates.numbers, as_json=as_json, only_summary=arguments.summary)
    _report_violations(unknown, arguments)
    return code


def apply(arguments: argparse.Namespace) -> int:
    """Send what a file changes."""
    updates = _read(arguments)
    with Activepieces() as client:
        found, unknown = _plan.make(client, updates, arguments.timeout)
        with contextlib.suppress(_InvalidInputError) if arguments.skip_unknown else contextlib.nullcontext():
            _report_violations(unknown, arguments)
        file = None if arguments.file == "-" else Path(arguments.file)
        return apply_plan(client, found, updates.numbers, file, arguments)


def undo(arguments: argparse.Namespace) -> int:
    """Take back what an apply changed."""
    record = _record.read(arguments.file)
    with Activepieces() as client:
        if record.header.get("server") != client.base_url:
            raise ConfigurationError(f"the record is of {record.header.get('server')}, not of {client.base_url}")
        found = _undo.make(client, record, arguments.timeout, force=arguments.force)
        for text in grouped(found.lasting):
            report(f"cannot be taken back: {printable(text)}")
        for text in grouped(found.conflicts):
            report(f"conflict: {printable(text)}")
        code = apply_plan(client, found.plan, found.numbers, arguments.file, arguments)
    return code or (1 if found.conflicts else 0)


def show_record(arguments: argparse.Namespace) -> int:
    """Show what an apply changed."""
    _report.show(_record.read(arguments.file), arguments.output)
    return 0


def _read(arguments: argparse.Namespace) -> Updates:
    """Read and validate the whole file.

    Raises:
        _InvalidInputError: The file has violations.
    """
    file = arguments.file
    with contextlib.nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as source:
        updates = read(source, by_external_id=arguments.by == "external-id")
    _report_violations(updates.violations(), arguments)
    return updates


def _report_violations(violations: Iterable[tuple[int, Violation]], arguments: argparse.Namespace) -> None:
    """Report violations, each with its line.

    Raises:
        _InvalidInputError: There are violations.
    """
    found = list(violations)
    if not found:
        return
    if arguments.output == "json":
        for number, violation in found:
            print_json({"line": number, "path": violation.path, "message": violation.message})
    else:
        for text in grouped((number, printable(str(violation))) for number, violation in found):
            report(text)
    raise _InvalidInputError


_COMMANDS = {
    "list": list_projects, "update": update, "check": check, "plan": plan, "apply": apply, "undo": undo,
    "report": show_record,
}  # fmt: skip
_BAD_INPUT = ConfigurationError, RequestValidationError, InvalidTextError, OSError


def main(argv: list[str] | None = None) -> int:
    """Run the command line, and return the exit code."""
    wrap_streams()
    try:
        arguments = parser().parse_args(argv)
        return _exit_code(arguments.command, _COMMANDS[arguments.command](arguments))
    except KeyboardInterrupt:
        return 130
    except _InvalidInputError:
        return 2
    except (ActivepiecesError, *_BAD_INPUT) as error:
        report(f"activepieces-client: {_printable_lines(str(error))}")
        return 2 if isinstance(error, _BAD_INPUT) else 1


def _exit_code(command: str, code: int) -> int:
    """Return the exit code of a command whose output may be lost."""
    error = output_error()
    if error is None or command in ("apply", "undo"):  # which stop by themselves and report why
        return code
    if command == "update":
        report(f"the update was made, but the output could not be written: {error.strerror}")
        return code
    if isinstance(error, BrokenPipeError):  # the reader has enough, as `head` does
        return code
    report(f"activepieces-client: the output could not be written: {error.strerror}")
    return 1


def _printable_lines(text: str) -> str:
    """Return a text with its control characters escaped, except line breaks."""
    return "\n".join(map(printable, text.split("\n")))
