"""The command `activepieces-client`; nothing else of the package imports it, and it needs the extra `cli`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command, or say what to install for it."""
    try:
        from ._commands import main  # noqa: PLC0415 - what it needs may not be there
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("filelock", "rich"):
            raise
        print("activepieces-client needs an extra: pip install 'activepieces-client[cli]'", file=sys.stderr)
        return 2
    return main()
