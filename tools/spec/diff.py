"""`nox -s diff`: what a change of openapi.yaml does to users of this client.

Exit codes: 0 reported, 1 (with --check) the version or the changelog lacks something, 2 bad input.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import attrs
from tools.release.version import CHANGELOG, shortcomings, version

from .compare import compare
from .document import ROOT, SPECIFICATION, Document, DocumentError, json_pointer
from .report import FORMATS, Entry, Report, write
from .rules import RULES, judge

BRANCHES = ("origin/HEAD", "origin/main", "main")


def report(base: Document, revision: Document, accepted: dict[str, str]) -> Report:
    """Compare two documents and judge the changes. Raises: DocumentError."""
    entries: dict[tuple[str, ...], Entry] = {}
    for change, rule in judge(compare(base, revision)):
        entry = Entry(change, rule, revision.line(change.pointer))
        entry = attrs.evolve(entry, accepted=accepted.get(entry.name, ""))
        key: tuple[str, ...] = (change.operation, change.direction, rule.name, json_pointer(change.pointer))
        if change.keyword == "class":  # It is renamed once, wherever it is used.
            key = ("class", str(change.old))
        entries.setdefault(key, entry)
    for name in accepted.keys() - {entry.name for entry in entries.values()}:
        raise DocumentError(f"{name} is accepted, but no change that may break has this rule and pointer")
    return Report(version(base), version(revision), list(entries.values()))


def git(*arguments: str) -> str | None:
    """Return what git prints in this repository; None where it fails."""
    command = ["git", "-C", str(ROOT), *arguments]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return finished.stdout.rstrip() if finished.returncode == 0 else None


def read_base(base: str | None) -> tuple[Document, str, dict[str, str]]:
    """Read the old document, its changelog, and what commits since accept.

    Raises:
        DocumentError: There is no such document.
        ArgumentTypeError: A commit has an invalid trailer `Accept`.
    """
    if base and Path(base).is_file():
        return Document.read(Path(base)), "", {}
    ref = base or next(filter(None, (git("merge-base", "HEAD", branch) for branch in BRANCHES)), None)
    if not ref:
        raise DocumentError(f"there is none of {', '.join(BRANCHES)} to compare with: name a git ref or a file")
    commit = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit is None:
        raise DocumentError(f"{ref} is neither a git ref nor a file")
    text = git("show", f"{commit}:./{SPECIFICATION.name}")
    if text is None:
        raise DocumentError(f"{ref} has no {SPECIFICATION.name}")
    changelog = git("show", f"{commit}:./{CHANGELOG.name}") or ""
    trailers = git("log", f"{commit}..HEAD", "--format=%(trailers:key=Accept,valueonly)") or ""
    accepted = dict(acceptance(line) for line in trailers.splitlines() if line)
    return Document.parse(text, f"{ref}:{SPECIFICATION.name}"), changelog, accepted


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
    parser.add_argument("--check", action="store_true", help="fail where info.version or CHANGELOG.md lacks the change")
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
        base, changelog, accepted = read_base(given.base)
        found = report(base, Document.read(Path(given.revision)), accepted | dict(given.accept))
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
