"""The command `activepieces-client`, which needs the extra `cli`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command, or name the extra if it is not installed."""
    try:
        from ._commands import main  # noqa: PLC0415 - its dependencies may not be installed
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("filelock", "rich"):
            raise
        print("activepieces-client needs an extra: pip install 'activepieces-client[cli]'", file=sys.stderr)
        return 2
    return main()
