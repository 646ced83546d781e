"""The command line's options: those of an update and of a list are the properties and parameters of the document."""

from __future__ import annotations

import argparse
import importlib.metadata
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from activepieces_client._json import is_object

from ._csv import put
from ._properties import filters, operation, properties, types
from ._values import InvalidTextError, loads, read, read_any

DESCRIPTION = """\
List and update Activepieces projects. The key is ACTIVEPIECES_API_KEY, or in the file that ACTIVEPIECES_API_KEY_FILE
names; the address is ACTIVEPIECES_BASE_URL. Exit codes: 0 all done, 1 something failed, 2 bad input, 3 something would
change (plan), 130 Ctrl-C, 143 SIGTERM."""

FILE = """\
JSON Lines, {"id": PROJECT_ID, "body": {…}} each, or {"externalId": YOUR_ID, "body": {…}}; or CSV with a column id and
one for each property to change: displayName, plan.pieces, metadata.tier; - is standard input"""

APPLY = """\
Make the updates of FILE. Every line is validated before anything is sent. The journal has what each line ended with:
run again, the command sends what is not in it, what failed and what was corrected. Standard input has a journal only
where one is given."""

PLAN = "Show what apply would change, line by line and property by property, and change nothing."
LIST = "List the projects that the key sees: as a table, or in the form that apply takes."
CHECK = "Validate FILE, as apply does, without a server."


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"activepieces-client: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser; `command` of what it parses is the name of the command."""
    whole = _Parser("activepieces-client", description=DESCRIPTION, allow_abbrev=False)
    whole.add_argument("--version", action="version", version=importlib.metadata.version("activepieces-client"))
    commands = whole.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def add(name: str, summary: str, description: str, *forms: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=description, allow_abbrev=False)
        command.add_argument("--output", choices=("text", *forms), default="text", help="default: text")
        if name != "check":
            limit = "for each phase of an attempt; default: 30, and 5 to connect"
            command.add_argument("--timeout", type=_seconds, metavar="SECONDS", help=limit)
        return command

    command = add("list", "List projects.", LIST, "jsonl", "csv")
    for name, schema in filters():
        _add_option(command, (name,), schema)
    definition = operation("updateProject").definition
    command = add("update", definition["summary"], definition["description"], "json")
    command.add_argument("project_id", metavar="PROJECT_ID")
    for path, schema in properties():
        _add_option(command, path, schema)
    command.add_argument("--json", type=_object, default={}, help="the body as JSON; options add to it")
    _add_file(add("check", "Validate a file of updates.", CHECK, "json"))
    _add_journal(_add_file(add("plan", "Show what a file of updates would change.", PLAN, "json")))
    command = _add_journal(_add_file(add("apply", "Make the updates of a file.", APPLY, "json")))
    command.add_argument("--concurrency", type=_positive, default=4, metavar="N", help="in flight at once; default: 4")
    command.add_argument("--fail-fast", action="store_true", help="send nothing new after the first failure")
    command.add_argument("--dry-run", action="store_true", help="do as plan does")
    return whole


def _add_file(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("file", metavar="FILE", help=FILE)
    about = "what the ids of FILE are: the service's, or your own external ids; default: id"
    command.add_argument("--by", choices=("id", "external-id"), default="id", help=about)
    return command


def _add_journal(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("--journal", type=Path, metavar="PATH", help="default: FILE.journal")
    return command


def _add_option(command: argparse.ArgumentParser, path: tuple[str, ...], schema: dict[str, Any]) -> None:
    kind, about = types(schema), str(schema.get("description", "")).replace("%", "%%")
    settings: dict[str, Any] = {"metavar": "|".join(kind).upper() or "JSON"}
    if kind == ["boolean"]:
        settings = {"action": argparse.BooleanOptionalAction}
    elif kind == ["array"]:
        settings, about = {"action": "append", "metavar": "TEXT"}, f"{about} Once for each item."
        if "enum" in schema.get("items", {}):
            settings = {"action": "append", "choices": schema["items"]["enum"]}
    elif kind == ["object"]:
        settings, about = {"action": "append", "metavar": "NAME=VALUE"}, f"{about} VALUE is JSON, or else text."
        settings["type"] = _member
    elif "enum" in schema:
        settings = {"choices": schema["enum"]}
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", "-".join(path)).lower()
    command.add_argument(f"--{words}", dest=".".join(path), help=about, **settings)


def body(given: argparse.Namespace) -> dict[str, Any]:
    """Return the body that the options of an update make, together with --json."""
    made: dict[str, Any] = given.json
    for path, schema in properties():
        value = vars(given)[".".join(path)]
        if types(schema) == ["object"]:
            for name, item in value or ():
                put(made, (*path, name), item)
        elif value is not None:
            put(made, path, read(schema, value) if isinstance(value, str) else value)
    return made


def chosen(given: argparse.Namespace) -> dict[str, Any]:
    """Return the filters of a list that are given, by the names that the library has for them."""
    values = {name: vars(given)[name] for name, _ in filters()}
    return {re.sub(r"(?=[A-Z])", "_", name).lower(): value for name, value in values.items() if value is not None}


def _member(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, _typed(read_any, value)


def _object(text: str) -> dict[str, Any]:
    value = _typed(loads, text)
    if not is_object(value):
        raise argparse.ArgumentTypeError("is not an object of JSON")
    return value


def _typed(parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except InvalidTextError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer from 1 up; it is {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"must be seconds above 0; it is {text!r}")
    return seconds
