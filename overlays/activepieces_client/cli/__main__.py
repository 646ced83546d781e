"""Run the command: `python -m activepieces_client.cli`."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
