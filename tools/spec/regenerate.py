"""`nox -s regenerate`: openapi.yaml becomes generated/activepieces_api.

The package is generated and checked in another folder, then replaces the old one. Until then, nothing changes.
The same document gives the same bytes everywhere. During a merge, it resolves the conflicts in generated/.
Exit codes: 0 regenerated or up to date, 1 an error or (with --check) not up to date, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys

from tools import generated
from tools.generated import PACKAGE, RegenerationError
from tools.release.git import GitError

from .checks import problems
from .document import ROOT, Document, DocumentError
from .report import write


def read() -> Document:
    """Read openapi.yaml. Raises: RegenerationError where the client would be wrong."""
    document = Document.read()
    if found := problems(document):
        lines = sorted((document.line(pointer), ".".join(map(str, pointer)), reason) for pointer, reason in found)
        raise RegenerationError("\n".join(f"{document.name}:{line}: {place}: {why}" for line, place, why in lines))
    return document


def main(arguments: list[str] | None = None) -> int:
    """Regenerate; with --check, print what regenerating would change."""
    parser = argparse.ArgumentParser(description="Make generated/ from openapi.yaml.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where generated/ is not up to date")
    only_check: bool = parser.parse_args(arguments).check
    place = PACKAGE.relative_to(ROOT).as_posix()
    report: list[str] = []
    try:
        with generated.workplace() as folder:
            package = folder / PACKAGE.name
            document = read()
            generated.generate(package, document)
            changes = dict(generated.differences(PACKAGE, package))
            if only_check:
                report = [f"{place}/{name}: {how}" for name, how in changes.items()]
            elif changes:
                generated.check(package, document)
                for name in changes:
                    report += [f"{place}/{name}", *generated.summary(PACKAGE / name, package / name)]
                generated.put_in_place(package)
            if not only_check and generated.resolve():
                report.append(f"{PACKAGE.parent.name}/ had conflicts, which are resolved: commit the merge")
    except (RegenerationError, DocumentError, GitError, OSError) as error:
        print(f"{error}\n{place} is as it was.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; {place} is as it was.", file=sys.stderr)
        return 130
    if only_check and changes:
        print(*report, "Run: nox -s regenerate", sep="\n", file=sys.stderr)
        return 1
    write("\n".join([*report, f"{place} is {'regenerated' if changes else 'up to date'}."]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
