"""The text of a release: the section of CHANGELOG.md for the version of a tag.

Exit codes: 0 printed; 2 the tag is not the version of openapi.yaml, the changelog has no dated section for it, or
another section is unreleased.
"""

from __future__ import annotations

import argparse
import re
import sys

from tools.spec.document import Document

from .version import CHANGELOG, section, unreleased


def main(arguments: list[str] | None = None) -> int:
    """Print the text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tag", help="such as v1.2.0")
    tag: str = parser.parse_args(arguments).tag
    version: str = Document.read().content["info"]["version"]
    changelog = CHANGELOG.read_text(encoding="utf-8")
    text = section(changelog, version)
    if tag != f"v{version}":
        print(f"the tag is {tag}, and info.version of openapi.yaml is {version}", file=sys.stderr)
    elif not re.search(rf"(?m)^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$", changelog) or not text:
        print(f"CHANGELOG.md has no section `## {version} (YYYY-MM-DD)` with text", file=sys.stderr)
    elif others := unreleased(changelog):
        print(f"CHANGELOG.md: {' and '.join(others)} would be left out: move it to {version}", file=sys.stderr)
    else:
        print(text)
        return 0
    return 2


if __name__ == "__main__":
    sys.exit(main())
