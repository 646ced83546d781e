"""The commands: `update`, `apply` and `check`. Keys come from the environment, since options show in process lists."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.table import Table

from activepieces_client import Activepieces, ActivepiecesError, ConfigurationError, RequestValidationError
from activepieces_client._json import is_object

from ._apply import Report, apply
from ._fields import as_json, from_options, operation, options, rows
from ._input import Updates
from ._journal import Journal, JournalError

OUTPUT = click.option("--output", type=click.Choice(["text", "json"]), default="text", help="How to print the result.")
FILE = click.argument("file", type=click.File("rb"))


@click.group()
@click.version_option(package_name="activepieces-client")
def command() -> None:
    """Update Activepieces projects.

    The key is ACTIVEPIECES_API_KEY, or in the file that ACTIVEPIECES_API_KEY_FILE names; the address is
    ACTIVEPIECES_BASE_URL. Exit codes: 0 all done, 1 some failed, 2 bad input, 130 interrupted.
    """


def update(project_id: str, json_: str | None, output: str, **given: Any) -> int:
    """Update a project, and print it as it is afterwards."""
    body = as_json(json_ or "{}")
    if not is_object(body):
        raise click.BadParameter("is not an object of JSON", param_hint="--json")
    body = from_options(given, body)
    with Activepieces() as client:
        project = client.projects.update(project_id, body).to_dict()
    if output == "json":
        click.echo(json.dumps(project, ensure_ascii=False, indent=2))
        return 0
    table = Table("field", "value")
    for row in rows(project):
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)
    return 0


def check_all(updates: Updates, output: str) -> int:
    """Show every problem of a file, and count them."""
    found = 0
    for number, problem in updates.problems():
        found += 1
        told = {"line": number, "path": problem.path, "message": problem.message}
        click.echo(json.dumps(told) if output == "json" else f"line {number}: {problem}", err=output != "json")
    return found


@command.command("check")
@FILE
@OUTPUT
def check_command(file: IO[bytes], output: str) -> int:
    """Check FILE without sending anything: JSON Lines or CSV, as `apply` takes it; - is standard input."""
    updates = Updates(file)
    found = check_all(updates, output)
    if not found:
        click.echo(
            json.dumps({"updates": updates.count}) if output == "json" else f"{updates.count} updates, no problem"
        )
    return 2 if found else 0


@command.command("apply")
@FILE
@click.option("--journal", type=click.Path(dir_okay=False, path_type=Path), help="Default: FILE.journal.")
@click.option("--concurrency", type=click.IntRange(min=1), default=16, show_default=True, help="How many at once.")
@click.option("--fail-fast", is_flag=True, help="Send nothing new after the first failure.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@OUTPUT
def apply_command(
    file: IO[bytes], journal: Path | None, concurrency: int, fail_fast: bool, dry_run: bool, output: str
) -> int:
    """Make the updates of FILE: JSON Lines or CSV; - is standard input.

    A line of JSON is {"id": PROJECT_ID, "body": {…}}. CSV has a column id, and one for each field to change:
    displayName, plan.pieces, metadata.tier. Every line is checked before anything is sent.

    The journal has what came of each line. Run again, the command goes on where it stopped: what the service answered
    is not sent again; what failed for a time, or had no answer, is. Standard input has a journal only where one is
    given.
    """
    updates = Updates(file)
    if check_all(updates, output):
        return 2
    path = journal or (None if file.name in ("-", "<stdin>") else Path(f"{file.name}.journal"))
    if dry_run and not (path and path.exists()):
        path = None
    with Journal(path, updates.digest) if path else contextlib.nullcontext() as opened:
        if dry_run:
            left = updates.count - len(opened.outcomes if opened else {})
            click.echo(json.dumps({"left": left}) if output == "json" else f"{left} updates would be sent")
            return 0
        report = Report(updates.count, as_json=output == "json")
        return apply(updates, opened, report, concurrency=concurrency, fail_fast=fail_fast)


def _update_command() -> click.Command:
    definition = operation().definition
    own: list[click.Parameter] = [
        click.Option(["--json", "json_"], metavar="JSON", help="The body as JSON; options add to it."),
        click.Option(
            ["--output"], type=click.Choice(["text", "json"]), default="text", help="How to print the project."
        ),
    ]
    params = [click.Argument(["project_id"]), *options(), *own]
    return click.Command("update", params=params, callback=update, help=definition["description"])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, and give the exit code."""
    command.add_command(_update_command())
    try:
        code = int(command.main(arguments, "activepieces-client", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except (ActivepiecesError, JournalError) as error:
        click.echo(f"Error: {error}", err=True)
        return 2 if isinstance(error, (ConfigurationError, RequestValidationError, JournalError)) else 1
    return code
