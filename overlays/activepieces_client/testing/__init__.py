"""A stand-in for the service, in memory: for the demo, our tests and your tests.

    from activepieces_client import Activepieces
    from activepieces_client.testing import StandIn

    service = StandIn()
    client = Activepieces(
        service.api_key, base_url=service.base_url, http_client=httpx.Client(transport=service.transport)
    )
    client.projects.update(service.projects[0]["id"], {"displayName": "Acme EU"})
    assert service.projects[0]["displayName"] == "Acme EU"

`service.serve()` puts the same behind a socket, and so does `python -m activepieces_client.testing --port 8080`.
"""

from ._stand_in import Failure, StandIn

__all__ = ["Failure", "StandIn"]
