"""The version that semantic versioning demands, and its section of CHANGELOG.md."""

from __future__ import annotations

import re

from tools.spec.document import ROOT, SPECIFICATION, Document, DocumentError, as_object

CHANGELOG = ROOT / "CHANGELOG.md"

Version = tuple[int, ...]


def version(document: Document) -> Version:
    """Read the version of the package. Raises: DocumentError."""
    stated = str(as_object(document.content.get("info")).get("version"))
    if not re.fullmatch(r"\d+\.\d+\.\d+", stated):
        raise DocumentError(f"{document.name}: info.version is {stated}, and not MAJOR.MINOR.PATCH")
    return tuple(map(int, stated.split(".")))


def dotted(number: Version) -> str:
    """Format a version."""
    return ".".join(map(str, number))


def needed(base: Version, verdict: str) -> Version:
    """Return the version that a change needs; below 1.0.0, a minor one may break."""
    major, minor, _ = base
    if verdict in ("breaking", "may break") and major:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if verdict != "unchanged" else base


def shortcomings(
    lowest: Version, stated: Version, verdict: str, changelog_before: str, *, released: bool = False
) -> list[str]:
    """Find what info.version and the changelog lack after a change; once there is a release, one section collects."""
    found: list[str] = []
    changelog = CHANGELOG.read_text(encoding="utf-8") if CHANGELOG.exists() else ""
    if released and len(several := unreleased(changelog)) > 1:
        found.append(f"{CHANGELOG.name}: collect {' and '.join(several)} in one section, of the next release")
    if stated < lowest:
        found.append(f"{SPECIFICATION.name}: info.version must be {dotted(lowest)} or more; it is {dotted(stated)}")
    if verdict != "unchanged":
        number = dotted(max(stated, lowest))
        entry = section(changelog, number)
        if not entry or entry == section(changelog_before, number):
            found.append(f"{CHANGELOG.name}: describe under `## {number}` what changes for users")
    return found


def unreleased(changelog: str) -> list[str]:
    """Return the headings of the sections that are not released yet."""
    return re.findall(r"(?m)^## (.*\(unreleased\))$", changelog)


def section(changelog: str, number: str) -> str:
    """Return the section of a version."""
    found = re.search(rf"(?ms)^## {re.escape(number)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog)
    return found[1].strip() if found else ""
