"""What a change of openapi.yaml does to the users of this client: what `nox -s diff` runs.

Redocly CLI compares the documents. Its verdicts are corrected, by rules with names, where they are not true of this
client, and each change is named as the wire and as Python have it.
Exit codes: 0 there is a report, 1 (with --check) the version or the changelog says too little, 2 bad input.
"""

from __future__ import annotations

import argparse
import builtins
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from keyword import iskeyword
from pathlib import Path

from diff_report import FORMATS, Change, Report, dotted
from document import CONSTRAINTS, JSON, ROOT, SPECIFICATION, Document, DocumentError, Pointer, elements, members
from redocly import Found, at, changes, original

CHANGELOG = ROOT / "CHANGELOG.md"
SEVERITIES = ("none", "compatible", "breaking")

LIMITS = {*CONSTRAINTS, "additionalProperties"}

# The rules of ours. Each takes a change and gives its severity, or None where the rule is not about it; the first that
# says something is heard. Where it says something else than the tool, its name is in the report, with hyphens.


def errors_come_by_status(found: Found) -> str | None:
    """An answer of failure raises the exception of its status, whatever the document says of it."""
    return "none" if found.status and not found.status.startswith("2") else None


def answers_are_only_watched(found: Found) -> str | None:
    """An answer beyond a limit is logged, and returned all the same."""
    return "none" if found.status and found.keyword in LIMITS else None


def first_server_is_the_default(found: Found) -> str | None:
    """The client reads the first server, and no other."""
    if found.place[:1] != ("servers",):
        return None
    first, second = (at(document, ("servers", 0, "url")) for document in (found.base, found.revision))
    return "breaking" if first != second else "none"


def open_enum(found: Found) -> str | None:
    """Who reads an enum that is open takes values that it does not name."""
    if not found.status or found.keyword != "enum" or found.place[-2:-1] != ("anyOf",) or not found.new:
        return None
    branches = map(members, elements(at(found.revision, found.place[:-1])))
    return "compatible" if any("type" in branch and "enum" not in branch for branch in branches) else None


def name_of_an_enum_value(found: Found) -> str | None:
    """A value that goes takes its name in Python along."""
    return "breaking" if found.keyword == "enum" and found.old else None


def name_in_python(found: Found) -> str | None:
    """The first tag names the module of an operation, and the parameters of its path are arguments."""
    if found.keyword == "tags":
        return "breaking" if elements(found.old)[:1] != elements(found.new)[:1] else "none"
    return "breaking" if found.keyword == "key" else None


def extension_of_the_guard(found: Found) -> str | None:
    """The extensions say what the guard may do; only a repeat more makes no call fail that did not."""
    if not (found.keyword or "").startswith("x-"):
        return None
    return "compatible" if found.keyword == "x-idempotent" and found.new else "breaking"


def seen_in_python(found: Found) -> str | None:
    """The tool has no word for what takes more or promises more; users see it, and what works goes on working."""
    if found.severity != "none":
        return None
    security = "security" in (*found.place[:1], *found.place[3:4])
    return "compatible" if security or found.keyword in {"type", "required", "enum", *LIMITS} else None


RULES: tuple[Callable[[Found], str | None], ...] = (
    *(errors_come_by_status, answers_are_only_watched, first_server_is_the_default, open_enum, name_of_an_enum_value),
    *(name_in_python, extension_of_the_guard, seen_in_python),
)


def judge(found: Found) -> Change:
    """Say what a change is for the users of this client, and what it is about."""
    severity, rule = found.severity, found.rule or f"{found.keyword or noun(found)}-{found.kind}"
    for ours in RULES:
        said = ours(found)
        if said is not None:
            if said != severity:
                severity, rule = said, ours.__name__.replace("_", "-")
            break
    whole = found.keyword is None
    field, python = names(found.base if found.kind == "removed" else found.revision, found.place, found.keyword)
    place = found.place if whole or found.keyword == "required" else (*found.place, str(found.keyword))
    return Change(
        severity=severity,
        direction="response" if found.status else "request",
        field=field,
        python=python,
        rule=rule,
        old=summary(found.old) if whole else found.old,
        new=summary(found.new) if whole else found.new,
        line=found.revision.line(original(found.revision, place)[0]),
        what=found.keyword or noun(found),
    )


def noun(found: Found) -> str:
    """Name the kind of thing that came or went."""
    if found.place[-2:-1] == ("properties",):
        return "field"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", found.type).lower()


def summary(value: JSON) -> JSON:
    """Say of a schema, an operation or a parameter what tells most."""
    node = members(value)
    told = (node[key] for key in ("operationId", "name", "type", "url", "scheme", "description") if key in node)
    return None if value is None else next(told, True)


def names(document: Document, place: Pointer, keyword: str | None) -> tuple[str, str | None]:
    """Name a place as the wire has it and as Python has it."""
    if place[:1] != ("paths",) or len(place) < 3:
        return ".".join(map(str, place[place[:1] == ("paths",) :])), None
    operation = members(at(document, place[:3]))
    function = snake_case(str(operation.get("operationId", "")))
    if place[3:4] == ("parameters",):
        parameter = members(at(document, place[:5]))
        return f"{parameter.get('in')}.{parameter.get('name')}", f"{function}({snake_case(str(parameter.get('name')))})"
    if "schema" not in place:
        module = f"api.{snake_case(str((*elements(operation.get('tags')), 'default')[0]))}."
        status = f" {place[4]}" if place[3:4] == ("responses",) and len(place) > 4 else ""
        python = f"{module if keyword in ('tags', 'operationId') else ''}{function}" if function else None
        return f"{str(place[2]).upper()} {place[1]}{status}", python
    field, last, before = "", None, None
    for key in place[place.index("schema") + 1 :]:
        if before == "properties":
            field, last, before = f"{field}.{key}", str(key), None
        else:
            field, before = field + {"items": "[]", "additionalProperties": ".*"}.get(str(key), ""), key
    pointer, around = original(document, place)
    schemas = [owner for owner in (*around, document.follow(pointer)) if owner[:2] == ("components", "schemas")]
    # The class of a field is that of the component that has it.
    owners = [class_name(str(owner[2])) for owner in schemas if not last or owner[3:] == ("properties",)]
    python = ".".join([*owners[-1:], snake_case(last)] if last else owners[-1:])
    return field.lstrip(".") or "$", python or None


def snake_case(name: str) -> str:
    """Write a name as the generator does."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", name).strip("_").lower()
    taken = iskeyword(words) or (words in dir(builtins) and words != "id") or words in ("self", "datetime")
    return f"{words}_" if taken else words


def class_name(name: str) -> str:
    """Write the name of a component as the generator does."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))


def renamed_classes(base: Document, revision: Document) -> Iterator[Change]:
    """Find the schemas that have another name, which Redocly CLI does not look at: it is the name of a class."""
    seen: set[tuple[str, str]] = set()
    for place, new in classes(revision):
        pointer, around = original(base, place)
        old = base.follow(pointer) if len(around) == len(place) else ()
        before, after = str(old[-1]) if len(old) == 3 else str(new[-1]), str(new[-1])
        if before == after or (before, after) in seen:
            continue
        seen.add((before, after))
        yield Change(
            severity="breaking",
            direction="response" if "responses" in place else "request",
            field=names(revision, place, None)[0],
            python=class_name(after),
            rule="name-of-a-class",
            old=class_name(before),
            new=class_name(after),
            line=revision.line(new),
            what="class",
        )


def classes(document: Document) -> Iterator[tuple[Pointer, Pointer]]:
    """Find the places of the schemas that become classes, each with where the schema is written."""

    def walk(place: Pointer, pointer: Pointer, inside: frozenset[Pointer]) -> Iterator[tuple[Pointer, Pointer]]:
        target = document.follow(pointer)
        if target in inside:
            return
        schema = members(document.at(target))
        if len(target) == 3 and ("enum" in schema or "object" in (schema.get("type"), *elements(schema.get("type")))):
            yield place, target
        for part in document.parts(target):
            yield from walk((*place, *part[len(target) :]), part, inside | {target})

    for operation in document.operations():
        for use, schema in document.schemas(operation):
            if use == "body" or use.startswith("2"):
                owner = ("requestBody",) if use == "body" else ("responses", use)
                yield from walk((*operation, *owner, *schema[-3:]), schema, frozenset())


def report(base: Document, revision: Document) -> Report:
    """Compare two documents. Raises: DocumentError."""
    judged = [judge(found) for found in changes(base, revision) if found.place[:1] != ("info",)]
    judged += renamed_classes(base, revision)
    judged.sort(key=lambda change: (-SEVERITIES.index(change.severity), change.line, change.field, change.rule))
    verdict = max((change.severity for change in judged), key=SEVERITIES.index, default="none")
    old, new = version(base), version(revision)
    return Report(verdict, base=old, needed=needed(old, verdict), stated=new, changes=judged)


def version(document: Document) -> tuple[int, ...]:
    """Read the version of the package. Raises: DocumentError."""
    stated = str(members(document.content.get("info")).get("version"))
    if not re.fullmatch(r"\d+\.\d+\.\d+", stated):
        raise DocumentError(f"{document.name}: info.version is {stated}, and not MAJOR.MINOR.PATCH")
    return tuple(map(int, stated.split(".")))


def needed(base: tuple[int, ...], verdict: str) -> tuple[int, ...]:
    """Say which version a change needs by semantic versioning; below 1.0.0, a minor version may break."""
    major, minor, _ = base
    if verdict == "breaking" and major:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if verdict != "none" else base


def shortcomings(found: Report, changelog_before: str) -> Iterator[str]:
    """Find what info.version and the changelog would have to say and do not."""
    if found.stated < found.needed:
        yield f"{SPECIFICATION.name}: info.version must be {dotted(found.needed)} or more; it is {dotted(found.stated)}"
    if found.verdict != "none":
        number = dotted(max(found.stated, found.needed))
        entry = section(CHANGELOG.read_text(encoding="utf-8") if CHANGELOG.exists() else "", number)
        if not entry or entry == section(changelog_before, number):
            yield f"{CHANGELOG.name}: say under `## {number}` what changes for users"


def section(changelog: str, number: str) -> str:
    """Give what a changelog says of a version."""
    found = re.search(rf"(?ms)^## {re.escape(number)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog)
    return found[1].strip() if found else ""


def git(*arguments: str) -> str | None:
    """Run git in this repository; None where it fails."""
    command = ["git", "-C", str(ROOT), *arguments]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return finished.stdout if finished.returncode == 0 else None


def read_base(base: str | None) -> tuple[Document, str]:
    """Read the document to compare with, and the changelog beside it. Raises: DocumentError."""
    if base and Path(base).is_file():
        return Document.read(Path(base)), ""
    branches = ("origin/HEAD", "origin/main", "main")
    ref = base or next(filter(None, (git("merge-base", "HEAD", branch) for branch in branches)), "").strip()
    if not ref:
        raise DocumentError(f"there is none of {', '.join(branches)} to compare with: name a git ref or a file")
    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit is None:
        raise DocumentError(f"{ref} is neither a git ref nor a file")
    text = git("show", f"{commit.strip()}:./{SPECIFICATION.name}")
    if text is None:
        raise DocumentError(f"{ref} has no {SPECIFICATION.name}")
    return Document.parse(text, f"{ref}:{SPECIFICATION.name}"), git(
        "show", f"{commit.strip()}:./{CHANGELOG.name}"
    ) or ""


def main(arguments: list[str] | None = None) -> int:
    """Report on standard output."""
    parser = argparse.ArgumentParser(prog="nox -s diff --", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("base", nargs="?", help="a git ref or a file; default: where the branch left the default one")
    parser.add_argument("revision", nargs="?", default=SPECIFICATION, help="a file; default: openapi.yaml")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--check", action="store_true", help="fail where info.version or CHANGELOG.md says too little")
    given = parser.parse_args(arguments)
    try:
        base, changelog = read_base(given.base)
        found = report(base, Document.read(Path(given.revision)))
    except DocumentError as error:
        print(error, file=sys.stderr)
        return 2
    print(FORMATS[given.format](found))
    missing = list(shortcomings(found, changelog)) if given.check else []
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
