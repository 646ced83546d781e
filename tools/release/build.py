"""dist/: sdist and wheel, if a second build from the sdist gives the same bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DIST = ROOT / "dist"


def build(source: Path, target: Path) -> dict[str, bytes]:
    """Build both files with what is installed here; nothing is fetched."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target)]
    finished = subprocess.run(command, cwd=source, capture_output=True, encoding="utf-8", check=False)
    if finished.returncode:
        sys.exit(finished.stdout + finished.stderr)
    return {file.name: file.read_bytes() for file in sorted(target.iterdir())}


def main() -> int:
    """Build twice; return 1 if the builds differ."""
    shutil.rmtree(DIST, ignore_errors=True)  # files of an earlier version would be published
    with tempfile.TemporaryDirectory() as folder:
        once = build(ROOT, Path(folder, "once"))
        (sdist,) = Path(folder, "once").glob("*.tar.gz")
        # Another folder, other times and other permissions: none of them may be seen in the files.
        os.umask(0o077)
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        again = build(Path(folder, sdist.name.removesuffix(".tar.gz")), Path(folder, "again"))
        different = [name for name in once.keys() | again.keys() if once.get(name) != again.get(name)]
        if different:
            print("a second build, from the sdist, gives another", " and another ".join(different), file=sys.stderr)
            return 1
        shutil.copytree(Path(folder, "once"), DIST)
    print(*(f"{DIST.name}/{name}" for name in once), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
