"""The commands: list, update, check, plan and apply. Keys come from the environment: process lists show options."""

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
from activepieces_client.exceptions import Problem

from . import _apply, _list, _plan
from ._arguments import body, chosen, parser
from ._input import Updates, inexact_integers
from ._journal import JournalError, load
from ._output import counted, failure, grouped, open_streams, print_json, print_table, printable, say
from ._resolve import fetch, resolve
from ._values import InvalidTextError


class _InvalidInputError(Exception):
    """The file has problems, which have been shown."""


def list_projects(given: argparse.Namespace) -> int:
    """List projects."""
    with Activepieces() as client:
        found = (project.to_dict() for project in client.projects.list(timeout=given.timeout, **chosen(given)))
        _list.show(_until_output_fails(found), given.output)
    return 0


def _until_output_fails(items: Iterable[Any]) -> Iterator[Any]:
    """Yield items until nobody reads any more, as `head` does."""
    for item in items:
        yield item
        if failure():
            return


def update(given: argparse.Namespace) -> int:
    """Update a project, and print it as it is afterwards."""
    made = body(given)
    if problems := list(inexact_integers(made)):
        raise RequestValidationError(problems)
    with Activepieces() as client:
        project = client.projects.update(given.project_id, made, timeout=given.timeout).to_dict()
    if given.output == "json":
        print_json(project, indent=2)
    else:
        print_table(("property", "value"), _rows(project))
    return 0


def _rows(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield a JSON value as rows of a table."""
    if is_object(value) and value:
        for name, item in value.items():
            yield from _rows(item, f"{path}.{name}" if path else name)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check(given: argparse.Namespace) -> int:
    """Validate a file, without a server."""
    updates = _read(given)
    if given.output == "json":
        print_json({"updates": updates.count})
    else:
        print(f"{counted(updates.count, 'update')} {'is' if updates.count == 1 else 'are'} fine")
    return 0


def plan(given: argparse.Namespace) -> int:
    """Show what a file would change."""
    updates = _read(given)
    with Activepieces() as client:
        journal = _journal(given)
        lines = _apply.unsettled(updates, load(journal) if journal else {})
        projects = fetch(client, given.timeout) if lines else []
    resolved = resolve(lines, projects)
    plans, unknown = _plan.plan(resolved.lines, projects)
    _refuse(sorted([*resolved.problems, *unknown], key=lambda found: found[0]), given)
    return _plan.show(plans, updates.count - len(lines), as_json=given.output == "json")


def apply(given: argparse.Namespace) -> int:
    """Make the updates of a file."""
    if given.dry_run:
        return plan(given)
    updates, journal = _read(given), _journal(given)
    options = _apply.Options(given.concurrency, given.timeout, given.fail_fast, given.output == "json")
    with Activepieces() as client:
        resolved = _apply.resolve_unsettled(client, updates, journal, given.timeout)
        _refuse(resolved.problems, given)
        return _apply.apply(client, updates, resolved, journal, options)


def _read(given: argparse.Namespace) -> Updates:
    """Read the file whole.

    Raises:
        _InvalidInputError: It has problems.
    """
    with contextlib.nullcontext(sys.stdin.buffer) if given.file == "-" else Path(given.file).open("rb") as source:
        updates = Updates(source, by_external_id=given.by == "external-id")
    _refuse(updates.problems(), given)
    return updates


def _refuse(problems: Iterable[tuple[int, Problem]], given: argparse.Namespace) -> None:
    """Show problems, if there are any: all of them, each with its line.

    Raises:
        _InvalidInputError: There are.
    """
    found = list(problems)
    if not found:
        return
    if given.output == "json":
        for number, problem in found:
            print_json({"line": number, "path": problem.path, "message": problem.message})
    else:
        for text in grouped((number, printable(str(problem))) for number, problem in found):
            say(text)
    raise _InvalidInputError


def _journal(given: argparse.Namespace) -> Path | None:
    return given.journal or (None if given.file == "-" else Path(f"{given.file}.journal"))


_COMMANDS = {"list": list_projects, "update": update, "check": check, "plan": plan, "apply": apply}
_BAD_INPUT = ConfigurationError, RequestValidationError, InvalidTextError, JournalError, OSError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, and return the exit code."""
    open_streams()
    try:
        given = parser().parse_args(arguments)
        return _with_output(given.command, _COMMANDS[given.command](given))
    except KeyboardInterrupt:
        return 130
    except _InvalidInputError:
        return 2
    except (ActivepiecesError, *_BAD_INPUT) as error:
        say(f"activepieces-client: {_printable_lines(str(error))}")
        return 2 if isinstance(error, _BAD_INPUT) else 1


def _with_output(command: str, code: int) -> int:
    """Return the exit code of a command whose output may be lost; a roll-out has seen to that itself."""
    error = failure()
    if error is None or command == "apply":
        return code
    if command == "update":
        say(f"the update was made, but the output could not be written: {error.strerror}")
        return code
    if isinstance(error, BrokenPipeError):  # whoever reads has enough, as `head` does
        return code
    say(f"activepieces-client: the output could not be written: {error.strerror}")
    return 1


def _printable_lines(text: str) -> str:
    """Return a text of several lines without other control characters."""
    return "\n".join(map(printable, text.split("\n")))
