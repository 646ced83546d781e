"""dist/activepieces-client.cdx.json: what an installation of the wheel in dist/ brings, as a CycloneDX document."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
NAME = "activepieces-client"


def main() -> int:
    """Install the wheel in an empty environment, and list what is there then."""
    if not list(DIST.glob("*.whl")):
        print("dist/ has no wheel: run `nox -s build` first", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "Scripts" if os.name == "nt" else "bin", "python"))
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        # By its name, since the path of a wheel would be recorded; first without what it needs, which dist/ has not.
        subprocess.run([*pip, "install", "--no-index", "--no-deps", "--find-links", DIST, NAME], check=True)
        subprocess.run([*pip, "install", NAME], check=True)
        subprocess.run([*pip, "uninstall", "--yes", "pip", "setuptools"], check=True, stderr=subprocess.DEVNULL)
        listed = ["cyclonedx-py", "environment", "--mc-type", "library", "--output-reproducible"]
        target = DIST / f"{NAME}.cdx.json"
        subprocess.run([*listed, "--pyproject", ROOT / "pyproject.toml", "--output-file", target, python], check=True)
    print(target.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
