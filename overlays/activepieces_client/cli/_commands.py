"""The commands: `update`, `apply` and `check`. Keys come from the environment, since options show in process lists."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from activepieces_client import Activepieces, ActivepiecesError, ConfigurationError, RequestValidationError
from activepieces_client._json import is_object

from ._apply import Report, apply
from ._fields import add_options, as_json, from_options, operation, rows
from ._input import Updates
from ._journal import Journal, JournalError

DESCRIPTION = """\
Update Activepieces projects. The key is ACTIVEPIECES_API_KEY, or in the file that ACTIVEPIECES_API_KEY_FILE names; the
address is ACTIVEPIECES_BASE_URL. Exit codes: 0 all done, 1 some failed, 2 bad input, 130 interrupted."""

APPLY = """\
Make the updates of FILE. A line of JSON is {"id": PROJECT_ID, "body": {…}}; CSV has a column id, and one for each field
to change: displayName, plan.pieces, metadata.tier. Every line is checked before anything is sent. The journal has what
came of each line: run again, the command goes on where it stopped. What the service answered is not sent again; what
failed for a time, or had no answer, is. Standard input has a journal only where one is given."""


def update(given: argparse.Namespace) -> int:
    """Update a project, and print it as it is afterwards."""
    body = from_options(vars(given), given.json)
    with Activepieces() as client:
        project = client.projects.update(given.project_id, body, timeout=given.timeout).to_dict()
    if given.output == "json":
        print(json.dumps(project, ensure_ascii=False, indent=2))
        return 0
    table = Table("field", "value")
    for row in rows(project):
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)
    return 0


def read(given: argparse.Namespace) -> tuple[Updates, bool]:
    """Read the file, show every problem of it, and say whether there are any."""
    with contextlib.nullcontext(sys.stdin.buffer) if given.file == "-" else Path(given.file).open("rb") as source:
        updates = Updates(source)
    found = False
    for number, problem in updates.problems():
        found = True
        if given.output == "json":
            print(json.dumps({"line": number, "path": problem.path, "message": problem.message}))
        else:
            print(f"line {number}: {problem}", file=sys.stderr)
    return updates, found


def check_file(given: argparse.Namespace) -> int:
    """Check the file, without sending anything."""
    updates, found = read(given)
    if not found:
        print(json.dumps({"updates": updates.count}) if given.output == "json" else f"{updates.count} updates are fine")
    return 2 if found else 0


def apply_file(given: argparse.Namespace) -> int:
    """Make the updates of the file that the journal does not have."""
    updates, found = read(given)
    if found:
        return 2
    path = given.journal or (None if given.file == "-" else Path(f"{given.file}.journal"))
    if given.dry_run and not (path and path.exists()):
        path = None
    with Journal(path, updates.digest) if path else contextlib.nullcontext() as journal:
        if given.dry_run:
            left = updates.count - len(journal.outcomes if journal else {})
            print(json.dumps({"left": left}) if given.output == "json" else f"{left} updates would be sent")
            return 0
        report = Report(updates.count, as_json=given.output == "json")
        options = {"concurrency": given.concurrency, "timeout": given.timeout}
        return apply(updates, journal, report, fail_fast=given.fail_fast, **options)


def _object(text: str) -> dict[str, Any]:
    value = as_json(text)
    if not is_object(value):
        raise argparse.ArgumentTypeError("is not an object of JSON")
    return value


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("activepieces-client", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=importlib.metadata.version("activepieces-client"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    definition = operation().definition
    summaries = {
        "update": (update, definition["summary"], definition["description"]),
        "apply": (apply_file, "Make the updates of a file.", APPLY),
        "check": (check_file, "Check a file of updates.", "Check FILE, as apply takes it, without sending anything."),
    }
    for name, (function, summary, description) in summaries.items():
        command = commands.add_parser(name, help=summary, description=description, allow_abbrev=False)
        command.set_defaults(function=function)
        if name == "update":
            command.add_argument("project_id", metavar="PROJECT_ID")
            add_options(command)
            command.add_argument("--json", type=_object, default={}, help="the body as JSON; options add to it")
        else:
            command.add_argument("file", metavar="FILE", help="JSON Lines or CSV; - is standard input")
        if name == "apply":
            command.add_argument("--journal", type=Path, metavar="PATH", help="default: FILE.journal")
            command.add_argument("--concurrency", type=_positive, default=16, metavar="N", help="default: 16")
            command.add_argument("--fail-fast", action="store_true", help="send nothing new after the first failure")
            command.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")
        if name != "check":
            limit = "for each phase of an attempt; default: 30, and 5 for connecting"
            command.add_argument("--timeout", type=float, metavar="SECONDS", help=limit)
        command.add_argument("--output", choices=("text", "json"), default="text", help="default: text")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, and give the exit code."""
    try:
        given = _parser().parse_args(arguments)
        code: int = given.function(given)
    except KeyboardInterrupt:
        return 130
    except (ActivepiecesError, JournalError, OSError) as error:
        print(f"activepieces-client: {error}", file=sys.stderr)
        return 2 if isinstance(error, (ConfigurationError, RequestValidationError, JournalError, OSError)) else 1
    return code
