"""`nox -s upstream`: where the service's document differs from openapi.yaml.

Where openapi.yaml differs by intent (closed requests, open responses and enums, errors, names, descriptions, stricter
path parameters), that is no difference. The known errors of the service's document are reported apart.
Exit codes: 0 no difference, 1 differences, 2 a document could not be read.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import httpx

from .compare import Change, compare
from .document import Document, DocumentError
from .operation import operations
from .report import short, write
from .schema import COMPARED
from .snippet import Snippet, as_yaml

PUBLISHED = "https://raw.githubusercontent.com/activepieces/activepieces/main/docs/openapi.json"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # seconds; an installation before 0.84 takes its time to make 57 MB

# The keywords that are compared; in others, openapi.yaml differs by intent.
KEYWORDS = {"operation", "parameter", "property", "status", "required", "type", "enum", "enum-value", *COMPARED}

# The known errors of the service's document: patterns of `OPERATION DIRECTION PROPERTY KEYWORD`, each with its reason.
# The operation may be left out.
KNOWN = {
    r"request query\.types required to optional": "the service lists all types of projects where none is given",
    r"request query\.limit type": "a page has a whole number of projects",
    r"request query\.(limit minimum|external(User)?Id minLength)": "stricter on purpose, as openapi.yaml says there",
    r"request (maxConcurrentJobs|plan\.activeFlowsLimit) (type|exclusiveMinimum|maximum)": "stricter on purpose, too",
    r"request alertReceiverEmail format": "the pattern beside it means the same",
    r"DELETE \S+ response 20[04] status": "a deletion has a response without a body",
    r"(GET /v1/projects/\{id\}|POST /v1/authentication/sign-in|GET /v1/health) request operation": "not documented",
    r"request \$ required from optional": "an update without a body changes nothing",
    r"response \S+ required to optional": "servers of older releases lack what a newer one adds",
}

NEXT = (
    "Where the service is right, edit openapi.yaml in the lines named, then run `nox -s regenerate`; "
    "where its document is late, there is nothing to do."
)


def read(source: str) -> Document:
    """Read a document from a URL or a file. Raises: DocumentError."""
    if not re.match("https?://", source):
        return Document.read(Path(source))
    try:
        response = httpx.get(source, timeout=TIMEOUT, follow_redirects=True).raise_for_status()
        return Document.parse(response.content.decode("utf-8-sig"), source)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DocumentError(f"{source}: cannot be read: {reason}") from None


def differences(ours: Document, theirs: Document, pattern: str | None = None) -> list[Change]:
    """Find where the documents differ; theirs is the old one. Raises: DocumentError.

    Args:
        ours: The document of this repository.
        theirs: That of the service.
        pattern: Words of the service's other operations that are a difference, too.
    """
    return [
        change
        for change in compare(theirs, ours)
        if change.keyword in KEYWORDS
        and change.direction != "error"
        and not change.property.startswith("path.")
        # This client need not have each operation of the service.
        and (change.keyword != "operation" or change.old is None or (pattern or "\0") in change.operation)
    ]


def known(change: Change) -> str:
    """Return why a difference is a known error; empty where it is none."""
    how = f" {'from' if change.new else 'to'} optional" if change.keyword == "required" else ""
    subject = " ".join(filter(None, (change.operation, change.direction, change.property)))
    text = f"{subject} {change.keyword}{how}"
    return next((reason for pattern, reason in KNOWN.items() if re.search(rf"\b{pattern}$", text)), "")


def sentence(change: Change) -> str:
    """Return a difference in one line."""
    ours, theirs = ("nothing" if value is None else short(value) for value in (change.new, change.old))
    subject = f"{change.operation} {change.direction} {change.property}".rstrip()
    return f"{subject}: {change.keyword}: openapi.yaml has {ours}, the service {theirs}"


def snippet(theirs: Document, change: Change) -> str:
    """Return the YAML for a property, parameter or operation that only the service has; empty for other changes."""
    part = Snippet(theirs)
    if change.keyword == "property" and change.new is None:
        *place, name, _ = change.pointer
        schema = part.schema(change.old_pointer, f"{place[-2]} {name}", response=change.direction == "response")
        text = as_yaml({name: part.described(schema)}, 8)
    elif change.keyword == "parameter" and change.new is None:
        place = [*change.pointer[:-1], "parameters"]
        text = as_yaml([part.parameter(change.old_pointer, change.operation)], 6)
    elif change.keyword == "operation" and change.new is None:
        operation = next(one for one in operations(theirs) if one.pointer == change.pointer)
        place = ["paths", operation.path]
        text = as_yaml({operation.method: part.operation(operation)}, 4)
    else:
        return ""
    components = f"  Under components.schemas:\n{as_yaml(part.components, 4)}" if part.components else ""
    return f"  Under {'.'.join(map(str, place))}:\n{text}{components}"


def as_text(source: str, ours: Document, theirs: Document, changes: list[Change], *, verbose: bool) -> str:
    """Return the differences as text with the YAML of what is new, and the known errors or their number."""
    errors = [f"Known, and left out: {sentence(change)}: {known(change)}" for change in changes if known(change)]
    if errors and not verbose:
        errors = [f"Known, and left out: {len(errors)}; `--verbose` prints them."]
    lines: dict[tuple[object, ...], str] = {}
    for change in changes:
        if not known(change):
            # A component that several operations use differs once.
            line = f"{ours.name}:{ours.line(change.pointer)}: {sentence(change)}\n{snippet(theirs, change)}"
            lines.setdefault((change.pointer, change.keyword, str(change.old)), line.rstrip("\n"))
    if not lines:
        return "\n".join([f"{source} and openapi.yaml agree on each operation of openapi.yaml.", *errors])
    head = f"{source} and openapi.yaml differ in {len(lines)} place{'s' * (len(lines) != 1)}:"
    return "\n".join([head, *lines.values(), *errors, NEXT])


def main(arguments: list[str] | None = None) -> int:
    """Print the differences."""
    parser = argparse.ArgumentParser(prog="nox -s upstream --", description=(__doc__ or "").partition("\n")[0])
    what = "a URL or a file, such as https://HOST/api/v1/docs of a server from release 0.84 on; default: %(default)s"
    parser.add_argument("source", nargs="?", default=PUBLISHED, help=what)
    parser.add_argument(
        "--operations", metavar="PATTERN", help="print new operations as YAML, such as --operations tags"
    )
    parser.add_argument("--verbose", action="store_true", help="print known differences, each with its reason")
    given = parser.parse_args(arguments)
    source: str = given.source
    try:
        ours, theirs = Document.read(), read(source)
        found = differences(ours, theirs, given.operations)
        text = as_text(source, ours, theirs, found, verbose=given.verbose)
    except DocumentError as error:
        print(error if source in str(error) else f"{source}: cannot be compared: {error}", file=sys.stderr)
        return 2
    write(text)
    return 0 if all(known(change) for change in found) else 1


if __name__ == "__main__":
    sys.exit(main())
