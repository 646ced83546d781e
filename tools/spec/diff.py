"""What a change of openapi.yaml does to the users of this client: what `nox -s diff` runs.

Exit codes: 0 there is a report, 1 (with --check) the version or the changelog says too little, 2 bad input.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.release.version import CHANGELOG, shortcomings, version

from .compare import compare
from .document import ROOT, SPECIFICATION, Document, DocumentError, json_pointer
from .report import FORMATS, Entry, Report, write
from .rules import RULES, judge

BRANCHES = ("origin/HEAD", "origin/main", "main")


def report(base: Document, revision: Document, accepted: dict[tuple[str, str], str]) -> Report:
    """Compare two documents, and judge the changes. Raises: DocumentError."""
    entries: dict[tuple[str, ...], Entry] = {}
    used: set[tuple[str, str]] = set()
    for change, rule in judge(compare(base, revision)):
        pointer = json_pointer(change.pointer)
        place = (rule.name, pointer)
        reason = accepted.get(place, "") if rule.severity == "may break" else ""
        used |= {place} if reason else set()
        entry = Entry(change, rule, revision.line(change.pointer), reason)
        # A class is renamed once, in however many places it stands.
        once = ("class", str(change.old)) if change.keyword == "class" else (change.operation, change.direction, *place)
        entries.setdefault(once, entry)
    for name, pointer in accepted.keys() - used:
        raise DocumentError(f"--accept {name}@{pointer}: no such change may break")
    return Report(version(base), version(revision), list(entries.values()))


def git(*arguments: str) -> str | None:
    """Run git in this repository; None where it fails."""
    command = ["git", "-C", str(ROOT), *arguments]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return finished.stdout if finished.returncode == 0 else None


def read_base(base: str | None) -> tuple[Document, str]:
    """Read the document to compare with, and the changelog beside it. Raises: DocumentError."""
    if base and Path(base).is_file():
        return Document.read(Path(base)), ""
    ref = base or next(filter(None, (git("merge-base", "HEAD", branch) for branch in BRANCHES)), "").strip()
    if not ref:
        raise DocumentError(f"there is none of {', '.join(BRANCHES)} to compare with: name a git ref or a file")
    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit is None:
        raise DocumentError(f"{ref} is neither a git ref nor a file")
    text = git("show", f"{commit.strip()}:./{SPECIFICATION.name}")
    if text is None:
        raise DocumentError(f"{ref} has no {SPECIFICATION.name}")
    changelog = git("show", f"{commit.strip()}:./{CHANGELOG.name}")
    return Document.parse(text, f"{ref}:{SPECIFICATION.name}"), changelog or ""


def trailers(base: Document) -> Iterator[tuple[tuple[str, str], str]]:
    """Read what the commits since a git ref accept, in trailers `Accept: RULE@POINTER=REASON`."""
    ref, _, name = base.name.rpartition(":")
    logged = git("log", f"{ref}..HEAD", "--format=%(trailers:key=Accept,valueonly)") if name and ref else None
    yield from (acceptance(line) for line in (logged or "").splitlines() if line)


def acceptance(text: str) -> tuple[tuple[str, str], str]:
    """Read an argument of --accept."""
    found = re.fullmatch(r"([\w-]+)@(/[^=]*)=(\S.*)", text)
    if not found or found[1] not in RULES:
        raise argparse.ArgumentTypeError(f"{text} is not RULE@POINTER=REASON, such as the report shows them")
    return (found[1], found[2]), found[3]


def main(arguments: list[str] | None = None) -> int:
    """Report on standard output."""
    parser = argparse.ArgumentParser(prog="nox -s diff --", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("base", nargs="?", help="a git ref or a file; default: where the branch left the default one")
    parser.add_argument("revision", nargs="?", default=SPECIFICATION, help="a file; default: openapi.yaml")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    parser.add_argument("--check", action="store_true", help="fail where info.version or CHANGELOG.md says too little")
    parser.add_argument("--explain", metavar="RULE", choices=RULES, help="say what a rule is, and nothing else")
    parser.add_argument(
        "--accept",
        metavar="RULE@POINTER=REASON",
        type=acceptance,
        action="append",
        default=[],
        help="say why a change that may break does not",
    )
    given = parser.parse_args(arguments)
    if given.explain:
        rule = RULES[given.explain]
        write(f"{rule.name}: {rule.severity}. {rule.reason}")
        return 0
    try:
        base, changelog = read_base(given.base)
        found = report(base, Document.read(Path(given.revision)), {**dict(trailers(base)), **dict(given.accept)})
    except (DocumentError, argparse.ArgumentTypeError) as error:
        print(error, file=sys.stderr)
        return 2
    write(FORMATS[given.format](found))
    missing = shortcomings(found.needed, found.stated, found.verdict, changelog) if given.check else []
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
