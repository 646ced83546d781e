"""What git says of this repository: commits, their files and trailers, and the last release."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BRANCHES = ("origin/HEAD", "origin/main", "main")


class GitError(Exception):
    """The error of a failed git command, in git's own words."""


def git(*arguments: str) -> str:
    """Return what git prints in this repository. Raises: GitError."""
    # With log.showSignature, `git log` prints signatures between the lines of its format.
    command = ["git", "-C", str(ROOT), "-c", "log.showSignature=false", *arguments]
    try:
        finished = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except OSError as error:
        raise GitError(f"git cannot be run: {error}") from None
    if finished.returncode:
        reason = finished.stderr.strip() or f"it ends with exit code {finished.returncode}"
        raise GitError(f"git {' '.join(arguments)}: {reason}")
    return finished.stdout.rstrip()


def heads() -> list[str]:
    """Return the commits that the files here are based on; during a merge, there are several. Raises: GitError."""
    merged = ROOT / git("rev-parse", "--git-path", "MERGE_HEAD")
    return ["HEAD", *(merged.read_text(encoding="utf-8").split() if merged.exists() else [])]


def merge_base() -> str:
    """Return the commit where this branch left the default branch. Raises: GitError."""
    known = git("for-each-ref", "--format=%(refname)", "refs/heads/main", "refs/remotes/origin").splitlines()
    names = {f"origin/{name.rpartition('/')[2]}" if "remotes" in name else "main" for name in known}
    branch = next((branch for branch in BRANCHES if branch in names), None)
    if branch is None:
        raise GitError(f"there is none of {', '.join(BRANCHES)} to compare with: name a git ref or a file")
    try:
        return git("merge-base", branch, *heads())
    except GitError as error:
        shallow = git("rev-parse", "--is-shallow-repository") == "true"
        hint = "; this clone is shallow: run git fetch --unshallow" if shallow else ""
        raise GitError(f"{error}{hint}") from None


def commit(ref: str) -> str:
    """Return the commit of a ref. Raises: GitError."""
    try:
        return git("rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    except GitError as error:
        raise GitError(f"{ref} is neither a git ref nor a file: {error}") from None


def content(ref: str, name: str) -> str | None:
    """Return a file of a commit; None if the commit lacks it. Raises: GitError."""
    listed = git("ls-tree", ref, "--", name)
    return git("cat-file", "blob", f"{ref}:./{name}") if listed else None


def trailers(ref: str, key: str) -> list[str]:
    """Return the values of a trailer in the commits since a commit. Raises: GitError."""
    printed = git("log", f"--format=%(trailers:key={key},valueonly)", *heads(), f"^{ref}")
    return [line for line in printed.splitlines() if line]


def last_release(ref: str) -> str | None:
    """Return the tag of the last release that a commit contains, such as v1.2.0. Raises: GitError."""
    tags = git("for-each-ref", f"--merged={ref}", "--sort=-version:refname", "--format=%(refname:strip=2)", "refs/tags")
    return next((tag for tag in tags.splitlines() if re.fullmatch(r"v\d+\.\d+\.\d+", tag)), None)
