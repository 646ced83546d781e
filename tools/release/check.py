"""Check what a package index shows of the wheel in dist/: its description, with each link, and its SBOM."""

from __future__ import annotations

import html
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from pathlib import Path
from urllib.parse import unquote

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from readme_renderer import markdown

ROOT = Path(__file__).parent.parent.parent


def faults_of_description(description: str, source: str) -> Iterator[str]:
    """Find links that a package page cannot follow, or that name no file or heading of this repository."""
    rendered = markdown.render(description)
    if not rendered:
        yield "the description is not rendered"
        return
    for link in map(html.unescape, re.findall(r'(?:href|src)="([^"]*)"', rendered)):
        if not link.startswith("https://") and f'id="{link.removeprefix("#")}"' not in rendered:
            yield f"the description has a link that is dead on a package page: {link}"
        elif link.startswith(f"{source}/blob/"):
            path, _, heading = link.removeprefix(f"{source}/blob/").partition("/")[2].partition("#")
            file = ROOT / unquote(path)
            if not file.exists():
                yield f"the description links to {path}, which does not exist"
            elif heading and heading not in headings(file):
                yield f"the description links to {path}#{heading}, which does not exist"


def headings(file: Path) -> set[str]:
    """Return the anchors of a Markdown file's headings, as GitHub makes them."""
    titles = re.findall(r"(?m)^#+ (.*)", file.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def main() -> int:
    """Print every fault of the wheel in dist/; return 1 if there are any."""
    (wheel,) = (ROOT / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (folder,) = (path for path in zipfile.Path(archive).iterdir() if path.name.endswith(".dist-info"))
        metadata = PathDistribution(folder).metadata
        links = dict(link.split(", ") for link in metadata.get_all("Project-URL", []))
        faults = list(faults_of_description(metadata["Description"], links["Source"]))
        (sbom,) = (folder / "sboms").iterdir()
        if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.read_text(encoding="utf-8")):
            faults.append(f"{sbom.name} is not CycloneDX 1.6: {error}")
    print(*faults or [f"{wheel.name}: description, links and SBOM are valid"], sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
