"""Where the OpenAPI document that the service publishes differs from openapi.yaml: what `nox -s upstream` runs.

What openapi.yaml has by intent (closed requests, open responses and enums, errors, names, descriptions, stricter path
parameters) is no difference, and neither are the known errors of the service's document.
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
from .report import short, write
from .schema import LIMITS

PUBLISHED = "https://raw.githubusercontent.com/activepieces/activepieces/main/docs/openapi.json"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # seconds; an installation before 0.84 takes its time to make 57 MB

# What is compared; `openapi.yaml` says the rest in its own way.
KEYWORDS = {"operation", "parameter", "property", "status", "required", "type", "enum", "enum-value", *LIMITS}

# The known errors of the service's document, as patterns of `DIRECTION PROPERTY KEYWORD`, each with the reason.
KNOWN = {
    r"request query\.types required to optional": "the service lists all types of projects where none is given",
    r"request query\.limit type": "a page has a whole number of projects",
    r"request query\.(limit minimum|externalId minLength)": "stricter on purpose, as openapi.yaml says there",
    r"response \S*(executionDataRetentionDays|activeFlowsLimit) type": "whole numbers, as in the request",
    r"request query\.externalUserId parameter": "only for embedding; left out of openapi.yaml on purpose",
    r"request \$ required from optional": "an update without a body changes nothing",
    r"response \S+ required to optional": "servers of older releases lack what a newer one adds",
}

NEXT = (
    "Where the service is right, edit openapi.yaml in the lines named, then run `nox -s regenerate`; "
    "where its document is late, there is nothing to do."
)


def read(source: str) -> Document:
    """Read a document from an address or a file. Raises: DocumentError."""
    if not re.match("https?://", source):
        return Document.read(Path(source))
    try:
        response = httpx.get(source, timeout=TIMEOUT, follow_redirects=True).raise_for_status()
        return Document.parse(response.content.decode("utf-8-sig"), source)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise DocumentError(f"{source}: cannot be read: {words}") from None


def differences(ours: Document, theirs: Document) -> list[Change]:
    """Find where two documents differ; the service's is the old one. Raises: DocumentError."""
    return [
        change
        for change in compare(theirs, ours)
        if change.keyword in KEYWORDS
        and change.direction != "error"
        and not change.property.startswith("path.")
        # An operation that openapi.yaml lacks is none of this client's.
        and (change.keyword != "operation" or change.old is None)
    ]


def known(change: Change) -> str:
    """Return why a difference is a known error of the service's document; empty where it is none."""
    how = f" {'from' if change.new else 'to'} optional" if change.keyword == "required" else ""
    text = f"{change.direction} {change.property} {change.keyword}{how}"
    return next((reason for pattern, reason in KNOWN.items() if re.fullmatch(pattern, text)), "")


def written(change: Change) -> str:
    """Write a difference in one line."""
    ours, theirs = ("nothing" if value is None else short(value) for value in (change.new, change.old))
    subject = f"{change.operation} {change.direction} {change.property}".rstrip()
    return f"{subject}: {change.keyword}: openapi.yaml has {ours}, the service {theirs}"


def as_text(source: str, ours: Document, found: list[Change]) -> str:
    """Report the differences, and what is left out with its reason; a place in openapi.yaml once."""
    true: dict[tuple[object, ...], str] = {}
    for one in found:
        if not known(one):
            text = f"{ours.name}:{ours.line(one.pointer)}: {written(one)}"
            true.setdefault((one.pointer, one.keyword, str(one.old)), text)
    left_out = [f"Known, and left out: {written(one)}: {known(one)}" for one in found if known(one)]
    if not true:
        return "\n".join([f"{source} and openapi.yaml agree on each operation of openapi.yaml.", *left_out])
    places = f"{len(true)} place{'s' * (len(true) != 1)}"
    return "\n".join([f"{source} and openapi.yaml differ in {places}:", *true.values(), *left_out, NEXT])


def main(arguments: list[str] | None = None) -> int:
    """Compare, and report on standard output."""
    parser = argparse.ArgumentParser(prog="nox -s upstream --", description=(__doc__ or "").partition(":")[0])
    what = (
        "an address or a file, such as https://HOST/api/v1/docs of a server from release 0.84 on; default: %(default)s"
    )
    parser.add_argument("source", nargs="?", default=PUBLISHED, help=what)
    source: str = parser.parse_args(arguments).source
    try:
        ours, theirs = Document.read(), read(source)
        found = differences(ours, theirs)
    except DocumentError as error:
        print(error if source in str(error) else f"{source}: cannot be compared: {error}", file=sys.stderr)
        return 2
    write(as_text(source, ours, found))
    return 1 if any(not known(one) for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
