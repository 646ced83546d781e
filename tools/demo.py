"""Install the wheel in an empty environment, and update a stand-in's project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
STORY = ROOT / "tools" / "demo_story.py"


def step(text: str) -> None:
    """Print the heading of a step."""
    print(f"\n── {text}", flush=True)


def start_stand_in(python: Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """Start the stand-in as a user does, and read the settings that it prints."""
    process = subprocess.Popen(
        [python, "-m", "activepieces_client.testing", "--port", "0"], stdout=subprocess.PIPE, encoding="utf-8"
    )
    output = process.stdout
    settings: dict[str, str] = {}
    while output and len(settings) < 2 and (line := output.readline()):
        settings.update(re.findall(r"export (\w+)=(\S+)", line))
    return process, settings


def main() -> int:
    """Run the demo; return 0 if every step succeeds."""
    with tempfile.TemporaryDirectory() as folder:
        step("the wheel")
        build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder]
        subprocess.run(build, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        print(wheel.name)

        step("an empty environment, with that wheel and what it needs")
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python"
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*pip, "install", wheel], check=True)
        subprocess.run([*pip, "list"], check=True)

        step("the stand-in for the service, as a server: python -m activepieces_client.testing")
        process, settings = start_stand_in(python)
        try:
            print(*(f"{name}={value}" for name, value in settings.items()), sep="\n")
            return subprocess.run([python, STORY], env={**os.environ, **settings}, check=False).returncode
        finally:
            process.terminate()
            process.wait(timeout=10)


if __name__ == "__main__":
    sys.exit(main())
