"""Every generated model, under the name that the specification gives it."""

from typing import TYPE_CHECKING

from activepieces_api import models

if TYPE_CHECKING:
    from activepieces_api.models import *  # noqa: F403 - the list of models is the specification's
else:
    # A model is imported when it is first used: there may be hundreds.
    __all__ = models.__all__

    def __getattr__(name: str) -> object:
        return getattr(models, name)

    def __dir__() -> list[str]:
        return dir(models)
