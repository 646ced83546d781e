"""Update Activepieces projects: typed, checked before sending, safe to leave running.

```python
from activepieces_client import Activepieces
from activepieces_client.models import UpdateProjectRequest

with Activepieces() as client:
    project = client.projects.update("pRjEctId0000000000001", UpdateProjectRequest(display_name="Acme EU"))
```
"""

from activepieces_api.types import UNSET

from . import exceptions
from ._client import Activepieces, AsyncActivepieces
from ._outcome import UpdateOutcome
from ._projects import AsyncProjects, Projects, validate
from .exceptions import *  # noqa: F403 - the module says which

__all__ = ["UNSET", "Activepieces", "AsyncActivepieces", "AsyncProjects", "Projects", "UpdateOutcome", "validate"]
__all__ += exceptions.__all__
