"""A stand-in for the service, in memory: for your tests, our tests and the demo.

    import httpx

    from activepieces_client import Activepieces
    from activepieces_client.testing import StandIn

    service = StandIn()
    http_client = httpx.Client(transport=service.transport)
    client = Activepieces(service.api_key, base_url=service.base_url, http_client=http_client)
    client.projects.update(service.projects[0]["id"], {"displayName": "Acme EU"})
    assert service.projects[0]["displayName"] == "Acme EU"
    assert service.requests[0].json == {"displayName": "Acme EU"}

`service.serve()` puts the same behind a socket, and so does `python -m activepieces_client.testing --port 8080`.

It behaves as a default installation of the community edition: release 0.92, or an older one with
`StandIn(release="0.88")` or `StandIn(release="0.83")`. It does not imitate behaviour that no well-formed request
depends on, or that nobody has observed yet:

- plans, editions and roles: the number of projects, worker groups, global connections (`fail` returns their errors);
- visibility: a member sees every project in a list;
- external ids of users: a list by `externalUserId` is empty;
- the random icon of a new project, and the rate limit of sign-in;
- the database's collation: a list is ordered by the code points of the names;
- the hang of a default server with 10 updates in flight: it handles one request at a time;
- the job limit of the pool, which the service changes even if the update ends in 409 or 500: no response shows it;
- JavaScript's notation of numbers in JSON, and the messages about malformed HTTP.

It handles every operation that openapi.yaml has today. Its response to an operation that is added to the document is
501, until it has a handler: `service.handlers["archiveProject"] = handler`.
"""

from ._project import project
from ._stand_in import Failure, ReceivedRequest, StandIn

__all__ = ["Failure", "ReceivedRequest", "StandIn", "project"]
