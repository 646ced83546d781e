"""The command line: its options are properties and parameters of the document."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from activepieces_client._json import is_object

from ._properties import filters, operation, properties, put, types
from ._values import parse, parse_json, parse_member

DESCRIPTION = """\
List and update Activepieces projects. ACTIVEPIECES_API_KEY is the API key, or ACTIVEPIECES_API_KEY_FILE names a file
that has it; ACTIVEPIECES_BASE_URL is the address, with its /api. Exit codes: 0 all done, 1 something failed or is left,
2 bad input, 3 something would change (plan), 130 Ctrl-C, 143 SIGTERM."""

FILE = """\
JSON Lines: {"id": PROJECT_ID, "body": {…}} or {"externalId": YOUR_ID, "body": {…}}; or CSV: a column id, and one for
each property to change, such as displayName, plan.pieces, metadata.tier; - is standard input"""

APPLY = """\
Compare FILE with the server, and send what differs. Every line is validated before anything is sent. A record of the
values before and after is written beside FILE, for undo and report. Run again, the command sends the rest."""

UNDO = """\
Take back what an apply changed, as its RECORD says. A value that somebody has changed since stays as it is."""

PLAN = "Show what apply would change, line by line and property by property, and change nothing."
LIST = "List the projects that the key sees, as a table or in the form that apply takes."
CHECK = "Validate FILE as apply does, without a server."
REPORT = "Show what an apply changed, as its RECORD says."


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"activepieces-client: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser; the attribute `command` of its result names the command."""
    root = _Parser("activepieces-client", description=DESCRIPTION, allow_abbrev=False)
    root.add_argument("--version", action="version", version=importlib.metadata.version("activepieces-client"))
    commands = root.add_subparsers(required=True, metavar="COMMAND", dest="command")

    def add(name: str, summary: str, description: str, *formats: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=description, allow_abbrev=False)
        command.add_argument("--output", choices=("text", *formats), default="text", help="default: text")
        if name not in ("check", "report"):
            timeout = "for each phase of an attempt; default: 30, and 5 to connect"
            command.add_argument("--timeout", type=_seconds, metavar="SECONDS", help=timeout)
        return command

    command = add("list", "List projects", LIST, "jsonl", "csv")
    for name, schema in filters():
        _add_option(command, (name,), schema)
    definition = operation("updateProject").definition
    command = add("update", definition["summary"], definition["description"], "json")
    command.add_argument("project_id", metavar="PROJECT_ID")
    for path, schema in properties():
        _add_option(command, path, schema)
    whole_body = "the body as a JSON object; the options for properties add to it and override it"
    command.add_argument("--json", type=_json_object, default={}, help=whole_body)
    _add_file(add("check", "Validate a file of updates", CHECK, "json"))
    command = _add_file(add("plan", "Show what a file of updates would change", PLAN, "json"))
    command.add_argument("--summary", action="store_true", help="print the summary alone")
    command = _add_roll_out(_add_file(add("apply", "Send what a file of updates changes", APPLY, "json")))
    command.add_argument("--skip-unknown", action="store_true", help="go on without the ids that the key does not see")
    command = _add_roll_out(add("undo", "Take back what an apply changed", UNDO, "json"))
    command.add_argument("file", type=Path, metavar="RECORD", help="the record of the apply")
    command.add_argument("--force", action="store_true", help="overwrite what somebody has changed since")
    command = add("report", "Show what an apply changed", REPORT, "csv", "markdown")
    command.add_argument("file", type=Path, metavar="RECORD", help="the record of the apply")
    return root


def _add_file(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("file", metavar="FILE", help=FILE)
    ids = "what the ids of FILE are: the service's, or your own external ids; default: id"
    command.add_argument("--by", choices=("id", "external-id"), default="id", help=ids)
    return command


def _add_roll_out(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("--yes", action="store_true", help="do not ask for a confirmation on a terminal")
    command.add_argument("--concurrency", type=_positive, default=4, metavar="N", help="default: 4, at most 8")
    command.add_argument("--fail-fast", action="store_true", help="send nothing new after the first failure")
    command.add_argument("--record", type=Path, metavar="PATH", help="default: beside the file")
    command.add_argument("--no-record", action="store_true", help="write no record; undo is not possible then")
    command.add_argument("--no-wait", action="store_true", help="fail if two others send to the server already")
    return command


def _add_option(command: argparse.ArgumentParser, path: tuple[str, ...], schema: dict[str, Any]) -> None:
    kinds, description = types(schema), str(schema.get("description", "")).replace("%", "%%")
    settings: dict[str, Any] = {"metavar": "|".join(kinds).upper() or "JSON"}
    if kinds == ["boolean"]:
        settings = {"action": argparse.BooleanOptionalAction}
    elif kinds == ["array"]:
        settings, description = {"action": "append", "metavar": "TEXT"}, f"{description} Once for each item."
        if "enum" in schema.get("items", {}):
            settings = {"action": "append", "choices": schema["items"]["enum"]}
    elif kinds == ["object"]:
        settings = {"action": "append", "metavar": "NAME=VALUE", "type": _member}
        description += " Sets a member and keeps the others; null removes it. VALUE is JSON, or else text."
    elif "enum" in schema:
        settings = {"choices": schema["enum"]}
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", "-".join(path)).lower()
    command.add_argument(f"--{name}", dest=".".join(path), help=description, **settings)


def update_body(arguments: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    """Return the body of an update, and whether to merge its metadata.

    The body is that of --json, with the options for properties. Without metadata in --json, its options are merged.
    """
    body: dict[str, Any] = arguments.json
    merge_metadata = "metadata" not in body
    for path, schema in properties():
        value = vars(arguments)[".".join(path)]
        if types(schema) == ["object"]:
            for name, item in value or ():
                put(body, (*path, name), item)
        elif value is not None:
            put(body, path, parse(schema, value) if isinstance(value, str) else value)
    return body, merge_metadata


def list_filters(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the given filters of a list, by the names of `client.projects.list`."""
    values = {name: vars(arguments)[name] for name, _ in filters()}
    return {re.sub(r"(?=[A-Z])", "_", name).lower(): value for name, value in values.items() if value is not None}


def _member(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, parse_member(value)


def _json_object(text: str) -> dict[str, Any]:
    value = parse_json(text)
    if not is_object(value):
        raise argparse.ArgumentTypeError("is not a JSON object")
    return value


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer from 1 up; it is {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"must be seconds above 0; it is {text!r}")
