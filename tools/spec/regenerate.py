"""openapi.yaml -> generated/activepieces_api: what `nox -s regenerate`, `fresh` and `demo` run.

The package is made and checked in a folder of its own, and takes its place in one step when it is whole; whatever
happens before, generated/ stays as it was. The same document gives the same bytes everywhere.
"""

from __future__ import annotations

import argparse
import sys

from tools.generated import PACKAGE, RegenerationError, check, differences, generate, put_in_place, summary, workplace

from .checks import problems
from .document import ROOT, Document, DocumentError
from .operation import operations
from .report import write


def read() -> tuple[Document, dict[tuple[str, str], str]]:
    """Read openapi.yaml, and the place of each route. Raises: RegenerationError where the client would be wrong."""
    document = Document.read()
    if found := problems(document):
        lines = sorted((document.line(pointer), ".".join(map(str, pointer)), reason) for pointer, reason in found)
        raise RegenerationError("\n".join(f"{document.name}:{line}: {place}: {why}" for line, place, why in lines))
    places = {one.route: f"{document.name}:{document.line(one.pointer)}: {one}" for one in operations(document)}
    return document, places


def main(arguments: list[str] | None = None) -> int:
    """Regenerate, or with --check report what regenerating would change; 0 where all is well, 1 otherwise."""
    parser = argparse.ArgumentParser(description="Make generated/ from openapi.yaml.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where generated/ is not up to date")
    only_check: bool = parser.parse_args(arguments).check
    place = PACKAGE.relative_to(ROOT).as_posix()
    report: list[str] = []
    try:
        with workplace() as folder:
            package = folder / PACKAGE.name
            document, routes = read()
            generate(package, document, routes)
            changes = dict(differences(PACKAGE, package))
            if only_check:
                report = [f"{place}/{name}: {how}" for name, how in changes.items()]
            elif changes:
                check(package, document)
                for name in changes:
                    report += [f"{place}/{name}", *summary(PACKAGE / name, package / name)]
                put_in_place(package)
    except (RegenerationError, DocumentError, OSError) as error:
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
