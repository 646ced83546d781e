"""The logger of the package, and its set-up by ACTIVEPIECES_LOG."""

from __future__ import annotations

import logging
import os

logger = logging.getLogger("activepieces_client")


def set_up_logging() -> None:
    """Log to standard error at the level that ACTIVEPIECES_LOG names, such as debug or info.

    If it is not set, nothing changes. An unknown level is only logged, since a log setting must never stop a program.
    """
    name = os.environ.get("ACTIVEPIECES_LOG", "").upper()
    if not name:
        return
    level = logging.getLevelNamesMapping().get(name)
    if level is None:
        logger.warning("ACTIVEPIECES_LOG is ignored: %r is not a level, such as debug or info", name.lower())
        return
    logger.setLevel(level)
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
