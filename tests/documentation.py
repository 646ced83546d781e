"""Find the code blocks of README.md and docs/.

Run as a program, write those in Python to files, for the type checkers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parent.parent


@attrs.frozen
class Block:
    """A fenced code block; `line` is that of its fence."""

    path: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """A name that is valid for a module, too: `docs_errors_28`."""
        words = re.findall(r"\w+", str(self.path.with_suffix("")))
        return "_".join([*words, str(self.line)])


def blocks(language: str) -> Iterator[Block]:
    """Find every block in a language."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(rf"(?ms)^```{language}\n(.*?)^```", text):
            line = text.count("\n", 0, match.start()) + 1
            yield Block(path.relative_to(ROOT), line, language, match[1])


def write(folder: Path) -> None:
    """Write each Python block to a file, on the same lines as in the documentation."""
    for block in blocks("python"):
        padding = "\n" * (block.line - 1)
        (folder / f"{block.name}.py").write_text(f"# pyright: strict\n{padding}{block.text}", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
