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

It behaves as a default installation of the community edition: release 0.88, or 0.83 with `StandIn(release="0.83")`.
What it does not imitate, since no well-formed request depends on it or nobody has seen it yet:

- what other plans and editions allow: worker groups, global connections, quotas, permissions (let `fail` return those);
- who sees what: a member sees every project in a list;
- the order of names in a list by the collation of the database: names are ordered by code point;
- the hang of a default server with 10 updates in flight: it handles one request at a time;
- the pool's limit of jobs that changes where the same update ends in 409 or 500: no response shows it;
- operations other than listing, reading and updating projects, and creating one by its name: `handlers` takes yours;
- numbers of JSON in the notation of JavaScript, and messages about bytes and syntax of HTTP.
"""

from ._stand_in import Failure, ReceivedRequest, StandIn

__all__ = ["Failure", "ReceivedRequest", "StandIn"]
