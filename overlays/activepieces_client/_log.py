"""The logger of the package, and its set-up by ACTIVEPIECES_LOG."""

from __future__ import annotations

import logging
import os

from .exceptions import ConfigurationError

LOG_VARIABLE = "ACTIVEPIECES_LOG"

logger = logging.getLogger("activepieces_client")


def set_up_logging() -> None:
    """Log to standard error at the level that ACTIVEPIECES_LOG names.

    Without it, nothing is set up.

    Raises:
        ConfigurationError: It names another level than debug and info.
    """
    level = os.environ.get(LOG_VARIABLE, "").lower()
    if not level:
        return
    if level not in ("debug", "info"):
        raise ConfigurationError(f"{LOG_VARIABLE} must be debug or info")
    logger.setLevel(level.upper())
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
