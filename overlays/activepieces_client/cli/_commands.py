"""The commands: list, update, check, plan and apply.

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

from . import _apply, _list, _plan
from ._arguments import list_filters, parser, update_body
from ._input import Updates, inexact_integers
from ._journal import JournalError, load
from ._output import counted, grouped, output_error, print_json, print_table, printable, report, wrap_streams
from ._resolve import fetch, resolve
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
    body = update_body(arguments)
    if violations := list(inexact_integers(body)):
        raise RequestValidationError(violations)
    with Activepieces() as client:
        project = client.projects.update(arguments.project_id, body, timeout=arguments.timeout).to_dict()
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
        print_json({"updates": updates.count})
    else:
        print(f"{counted(updates.count, 'update')} {'is' if updates.count == 1 else 'are'} fine")
    return 0


def plan(arguments: argparse.Namespace) -> int:
    """Show what a file would change."""
    updates = _read(arguments)
    with Activepieces() as client:
        journal = _journal_path(arguments)
        lines = _apply.pending(updates, load(journal) if journal else {}, client.base_url)
        projects = fetch(client, arguments.timeout) if lines else []
    resolved = resolve(lines, projects)
    plans, unknown = _plan.plan(resolved.lines, projects)
    _report_violations(sorted([*resolved.violations, *unknown], key=lambda violation: violation[0]), arguments)
    return _plan.show(plans, updates.count - len(lines), as_json=arguments.output == "json")


def apply(arguments: argparse.Namespace) -> int:
    """Make the updates of a file."""
    if arguments.dry_run:
        return plan(arguments)
    updates, journal = _read(arguments), _journal_path(arguments)
    options = _apply.Options(arguments.concurrency, arguments.timeout, arguments.fail_fast, arguments.output == "json")
    with Activepieces() as client:
        resolved = _apply.resolve_pending(client, updates, journal, arguments.timeout)
        _report_violations(resolved.violations, arguments)
        return _apply.apply(client, updates, resolved, journal, options)


def _read(arguments: argparse.Namespace) -> Updates:
    """Read and validate the whole file.

    Raises:
        _InvalidInputError: The file has violations.
    """
    file = arguments.file
    with contextlib.nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as source:
        updates = Updates(source, by_external_id=arguments.by == "external-id")
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


def _journal_path(arguments: argparse.Namespace) -> Path | None:
    return arguments.journal or (None if arguments.file == "-" else Path(f"{arguments.file}.journal"))


_COMMANDS = {"list": list_projects, "update": update, "check": check, "plan": plan, "apply": apply}
_BAD_INPUT = ConfigurationError, RequestValidationError, InvalidTextError, JournalError, OSError


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
    if error is None or command == "apply":  # which stops by itself and reports why
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
