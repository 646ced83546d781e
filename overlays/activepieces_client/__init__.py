"""Create, find, list, update and delete Activepieces projects: typed, validated, safe to leave running.

```python
from activepieces_client import Activepieces
from activepieces_client.models import UpdateProjectRequest

with Activepieces() as client:
    project = client.projects.update("pRjEctId0000000000001", UpdateProjectRequest(display_name="Acme EU"))
```
"""

from typing import TYPE_CHECKING

from activepieces_api.types import UNSET

from . import exceptions
from ._async_projects import AsyncProjects
from ._bodies import validate
from ._client import Activepieces, AsyncActivepieces
from ._projects import Projects
from ._sign_in import sign_in
from .exceptions import *  # noqa: F403 - the module says which

if TYPE_CHECKING:
    from .bulk import UpdateOutcome

    __version__: str

__all__ = [
    "UNSET",
    "Activepieces",
    "AsyncActivepieces",
    "AsyncProjects",
    "Projects",
    "UpdateOutcome",
    "sign_in",
    "validate",
]
__all__ += exceptions.__all__


def __getattr__(name: str) -> object:
    """Import a name that would slow the import down, when it is first used."""
    if name == "UpdateOutcome":
        from .bulk import UpdateOutcome  # noqa: PLC0415 - see above

        return UpdateOutcome
    if name == "__version__":
        import importlib.metadata  # noqa: PLC0415 - see above

        return importlib.metadata.version("activepieces-client")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
