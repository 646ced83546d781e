"""The folder in which PyInstaller finds the hook of this package."""

from pathlib import Path


def folders() -> list[str]:
    """Return the folder; the entry point `pyinstaller40` names this function."""
    return [str(Path(__file__).parent)]
