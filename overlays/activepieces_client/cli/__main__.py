"""Run the command: `python -m activepieces_client.cli`."""

import sys

from . import main

sys.exit(main())
