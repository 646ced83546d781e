"""Every generated model, under the name that the specification gives it."""

from activepieces_api.models import *  # noqa: F403 - the list of models is the specification's
