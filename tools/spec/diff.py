"""`nox -s diff`: what a change of openapi.yaml does to users of this client.

Exit codes: 0 reported, 1 (with --check) the version or the changelog lacks something, 2 bad input.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import attrs
from tools.release import git
from tools.release.version import CHANGELOG, needed, shortcomings, version

from .compare import compare, renamed
from .document import SPECIFICATION, Document, DocumentError, json_pointer
from .report import FORMATS, Entry, Report, write
from .rules import RULES, judge


@attrs.frozen
class Base:
    """What openapi.yaml is compared with.

    Attributes:
        document: The document before the change.
        changelog: The changelog of that commit.
        accepted: What the commits since then accept.
        tag: The last release, if the base is a commit and there is one.
    """

    document: Document
    changelog: str = ""
    accepted: dict[str, str] = attrs.field(factory=dict[str, str])
    tag: str = ""


def report(base: Document, revision: Document, accepted: dict[str, str], *, strict: bool = True) -> Report:
    """Compare two documents and judge the changes. Raises: DocumentError."""
    entries: dict[tuple[str, ...], Entry] = {}
    for change, rule in judge(renamed(compare(base, revision, moves=True))):
        # A component differs once, whichever operations use it, and a class is renamed once.
        key: tuple[str, ...] = (change.direction, rule.name, json_pointer(change.pointer))
        if change.keyword == "class":
            key = ("class", str(change.old))
        if key not in entries:
            entry = Entry(change, rule, revision.line(change.pointer), [change.operation])
            entries[key] = attrs.evolve(entry, accepted=accepted.get(entry.name, ""))
        elif change.operation not in ("", *entries[key].operations):
            entries[key].operations.append(change.operation)
    for name in accepted.keys() - {entry.name for entry in entries.values()} if strict else ():
        raise DocumentError(f"{name} is accepted, but no change that may break has this rule and pointer")
    before, after = version(base), version(revision)
    found = Report(before, after, list(entries.values()), before)
    return attrs.evolve(found, needed=needed(before, found.verdict))


def read_commit(commit: str, name: str) -> Base:
    """Read the document of a commit, and what the commits since accept.

    Raises:
        DocumentError: There is no such document.
        GitError: Git cannot read it.
        ArgumentTypeError: A commit has an invalid trailer `Accept`.
    """
    text = git.content(commit, SPECIFICATION.name)
    if text is None:
        raise DocumentError(f"{name} has no {SPECIFICATION.name}")
    document = Document.parse(text, f"{name}:{SPECIFICATION.name}")
    accepted = dict(acceptance(line) for line in git.trailers(commit, "Accept"))
    return Base(document, git.content(commit, CHANGELOG.name) or "", accepted, git.last_release(commit) or "")


def read_base(base: str | None) -> Base:
    """Read what to compare with: a file, a git ref, or the merge base. Raises: as `read_commit`."""
    if base and Path(base).is_file():
        return Base(Document.read(Path(base)))
    ref = base or git.merge_base()
    return read_commit(git.commit(ref), ref)


def since_release(found: Report, base: Base, revision: Document, accepted: dict[str, str]) -> Report:
    """Base the version that a change needs on the last release. Raises: as `read_commit`."""
    if not base.tag:
        return found
    released = read_commit(git.commit(base.tag), base.tag)
    since = report(released.document, revision, released.accepted | accepted, strict=False)
    return attrs.evolve(found, needed=since.needed, released=f"{since.verdict} since {base.tag}")


def acceptance(text: str) -> tuple[str, str]:
    """Parse an argument of --accept into RULE@POINTER and the reason."""
    found = re.fullmatch(r"(([\w-]+)@/[^=]*)=(\S.*)", text)
    if not found or found[2] not in RULES:
        raise argparse.ArgumentTypeError(f"{text} is not RULE@POINTER=REASON; the report prints RULE@POINTER")
    return found[1], found[3]


def main(arguments: list[str] | None = None) -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="nox -s diff --", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("base", nargs="?", help="a git ref or a file; default: the merge base with the default branch")
    parser.add_argument("revision", nargs="?", default=SPECIFICATION, help="a file; default: openapi.yaml")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--check", action="store_true", help="fail if info.version or CHANGELOG.md lacks the change")
    parser.add_argument("--explain", metavar="RULE", choices=RULES, help="print what a rule is, and nothing else")
    parser.add_argument(
        "--accept",
        metavar="RULE@POINTER=REASON",
        type=acceptance,
        action="append",
        default=[],
        help="accept a change that may break, for this reason",
    )
    given = parser.parse_args(arguments)
    if given.explain:
        rule = RULES[given.explain]
        write(f"{rule.name}: {rule.severity}. {rule.reason}")
        return 0
    try:
        base, revision = read_base(given.base), Document.read(Path(given.revision))
        accepted = base.accepted | dict(given.accept)
        found = since_release(report(base.document, revision, accepted), base, revision, accepted)
    except (DocumentError, git.GitError, argparse.ArgumentTypeError) as error:
        print(error, file=sys.stderr)
        return 2
    write(FORMATS[given.format](found))
    released = bool(base.tag)
    missing = shortcomings(found.needed, found.stated, found.verdict, base.changelog, released=released)
    for line in missing if given.check else ():
        print(line, file=sys.stderr)
    return 1 if given.check and missing else 0


if __name__ == "__main__":
    sys.exit(main())
