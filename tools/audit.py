"""Known vulnerabilities in what requirements/ pins.

Exit codes: 0 none is known, or nobody can be asked; 1 there are some.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).parent.parent / "requirements"


def audit(pins: Path) -> list[dict[str, Any]] | str:
    """Ask pip-audit about one file: what is pinned, with its vulnerabilities, or why there is no answer."""
    command = ["pip-audit", "--disable-pip", "--require-hashes", "--format", "json", "--requirement", str(pins)]
    finished = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    try:
        packages: list[dict[str, Any]] = json.loads(finished.stdout)["dependencies"]
    except ValueError:
        return (finished.stderr.strip().splitlines() or [f"exit code {finished.returncode}"])[-1]
    return packages


def main() -> int:
    """Print a line for each vulnerability."""
    found: set[str] = set()
    asked: set[str] = set()
    # lowest.txt has the oldest releases that work, which are tested and not recommended.
    for pins in sorted(set(REQUIREMENTS.glob("*.txt")) - {REQUIREMENTS / "lowest.txt"}):
        packages = audit(pins)
        if isinstance(packages, str):
            print(f"{pins.name} was not audited: {packages}", file=sys.stderr)
            continue
        if unknown := [package["name"] for package in packages if "skip_reason" in package]:
            print(f"{pins.name}: nothing is said of {', '.join(unknown)}", file=sys.stderr)
        for package in (package for package in packages if "skip_reason" not in package):
            asked.add(package["name"])
            for known in package["vulns"]:
                fixed = " or ".join(known["fix_versions"]) or "no release"
                found.add(f"{package['name']} {package['version']}: {known['id']}, mended by {fixed}")
    print(*sorted(found), f"packages audited: {len(asked)}; known vulnerabilities: {len(found)}", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
