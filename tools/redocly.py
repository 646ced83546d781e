"""What Redocly CLI's `diff` finds between two documents, each change with the place that it is about.

It pools the uses of a shared schema, so it is given documents in which every reference is replaced by what it leads to:
each use is then judged by itself. A place, here, is a pointer into such a document.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attrs

from document import JSON, ROOT, Document, DocumentError, Pointer, elements, members

PROGRAM = ROOT / "requirements" / "node" / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
SEVERITY_OF_IMPACT = {"patch": "none", "minor": "compatible", "major": "breaking"}


@attrs.frozen
class Found:
    """A change as Redocly CLI found it.

    Attributes:
        place: Where it is: in the new document, or in the old one for what is gone.
        type: What is there, such as Schema, Parameter, Operation.
        kind: added, removed or modified.
        keyword: What is modified of it; None where it came or went as a whole.
        severity: breaking, compatible or none.
        rule: The tool's rule that says so; None where it has none for such a change.
    """

    base: Document
    revision: Document
    place: Pointer
    type: str
    kind: str
    keyword: str | None
    old: JSON
    new: JSON
    severity: str
    rule: str | None

    @property
    def status(self) -> str | None:
        """The status of the answer that it is about; None where it is about the request, or everything."""
        return str(self.place[4]) if self.place[3:4] == ("responses",) and len(self.place) > 4 else None


def without_references(document: Document) -> JSON:
    """Put in the place of each reference what it leads to; one that leads back to itself stays."""

    def inline(node: JSON, inside: frozenset[Pointer]) -> JSON:
        if elements(node):
            return [inline(part, inside) for part in elements(node)]
        if isinstance(reference := members(node).get("$ref"), str):
            target = document.target(reference)
            return members(node) if target in inside else inline(document.at(target), inside | {target})
        if not members(node):
            return node
        # Examples are values, and may have members that are called $ref.
        kept = ("example", "examples")
        return {key: part if key in kept else inline(part, inside) for key, part in members(node).items()}

    schemes = members(document.content.get("components")).get("securitySchemes")
    plain = {key: inline(part, frozenset()) for key, part in document.content.items() if key != "components"}
    return plain | ({"components": {"securitySchemes": schemes}} if schemes else {})


def original(document: Document, place: Pointer) -> tuple[Pointer, list[Pointer]]:
    """Find where a place is in the document as it is written, and what it is in, as far as it is there."""
    pointer: Pointer = ()
    around: list[Pointer] = []
    for key in place:
        owner = document.follow(pointer)
        try:
            document.at((*owner, key))
        except (LookupError, TypeError):
            break
        around.append(owner)
        pointer = (*owner, key)
    return pointer, around


def at(document: Document, place: Pointer) -> JSON:
    """Give what is in a place; None where there is no such place."""
    pointer, around = original(document, place)
    return document.at(document.follow(pointer)) if len(around) == len(place) else None


def node_environment() -> dict[str, str]:
    """Say with which environment Redocly CLI talks to nobody."""
    return {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def run(base: Document, revision: Document) -> list[dict[str, JSON]]:
    """Let Redocly CLI compare two documents. Raises: DocumentError where it cannot."""
    node = shutil.which("node")
    if not node or not PROGRAM.exists():
        raise DocumentError("Redocly CLI is not installed: run `nox -s diff`")
    with tempfile.TemporaryDirectory() as folder:
        for name, document in (("base.json", base), ("revision.json", revision)):
            Path(folder, name).write_text(json.dumps(without_references(document)), encoding="utf-8")
        finished = subprocess.run(
            [node, PROGRAM, "diff", "base.json", "revision.json", "--format", "json", "--fail-on", "none"],
            cwd=folder,
            env=node_environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    try:
        return elements(json.loads(finished.stdout)["changes"])
    except (ValueError, LookupError):
        words = " ".join(finished.stderr.split()) or f"exit {finished.returncode}"
        raise DocumentError(f"Redocly CLI cannot compare {base.name} and {revision.name}: {words}") from None


def changes(base: Document, revision: Document) -> Iterator[Found]:
    """List the changes; in a list of names, what came and what went are two. Raises: DocumentError."""
    for change in run(base, revision):
        verdicts = elements(change.get("verdicts"))
        found = Found(
            base=base,
            revision=revision,
            place=read_place(change["path"]),
            type=change["typeName"],
            kind=change["kind"],
            keyword=change.get("property"),
            old=members(change.get("base")).get("value"),
            new=members(change.get("revision")).get("value"),
            severity=SEVERITY_OF_IMPACT[change["impact"]],
            rule=verdicts[0]["ruleId"] if verdicts else None,
        )
        if found.keyword in ("required", "enum") and isinstance(found.old or found.new, list):
            yield from each_name(found, [verdict["ruleId"] for verdict in verdicts])
        else:
            yield found


def read_place(path: str) -> Pointer:
    """Read a place as the tool writes it; what looks like a number is one where it counts parts of a list."""
    keys = [key.replace("~1", "/").replace("~0", "~") for key in path.removeprefix("#/").split("/")]
    lists = {"anyOf", "oneOf", "allOf", "parameters", "servers", "security", "tags"}
    return tuple(
        int(key) if key.isdecimal() and before in lists else key for before, key in zip(["", *keys], keys, strict=False)
    )


def each_name(found: Found, rules: list[str]) -> Iterator[Found]:
    """Tell apart what came to and what went from the names that are required, or the values of an enum."""
    came = [name for name in elements(found.new) if name not in elements(found.old)]
    went = [name for name in elements(found.old) if name not in elements(found.new)]
    parts: list[tuple[Pointer, JSON, JSON]] = []
    if found.keyword == "required":
        here = members(members(at(found.revision, found.place)).get("properties"))
        # Of a field that is gone, that is enough to say.
        parts += [((*found.place, "properties", name), True, None) for name in went if name in here]
        parts += [((*found.place, "properties", name), None, True) for name in came]
    else:
        parts += [(found.place, went, None)] * bool(went) + [(found.place, None, came)] * bool(came)
    for place, old, new in parts:
        rule = next((rule for rule in rules if rule.endswith("added" if new else "removed")), None)
        yield attrs.evolve(found, place=place, old=old, new=new, severity="breaking" if rule else "none", rule=rule)
