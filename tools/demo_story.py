"""A program of a user, which `nox -s demo` runs with the package alone."""

from __future__ import annotations

import asyncio

from activepieces_client import Activepieces, AsyncActivepieces, NotFoundError, RequestValidationError
from activepieces_client.models import Metadata, Project, UpdateProjectRequest

PROJECT_ID = "pRjEctId0000000000001"


def show(moment: str, project: Project) -> None:
    """Print what the demo changes."""
    metadata = project.metadata.to_dict() if project.metadata else None
    print(f"{moment:>7}: {project.display_name!r}, external_id={project.external_id!r}, {metadata=}", end="")
    print(f", max_concurrent_jobs={project.max_concurrent_jobs}")


def update() -> None:
    """Update the project with a typed request."""
    with Activepieces() as client:
        show("before", client.projects.update(PROJECT_ID, {}))
        metadata = Metadata.from_dict({"tier": "silver"})
        request = UpdateProjectRequest(display_name="Acme EU", external_id="customer-4711", metadata=metadata)
        show("after", client.projects.update(PROJECT_ID, request))


async def update_async() -> None:
    """Find the project by its external id, and update it with the JSON itself."""
    async with AsyncActivepieces() as client:
        project = await client.projects.find(external_id="customer-4711")
        if project is None:
            raise SystemExit("the project was not found")
        request = {"metadata": {"tier": "gold"}, "maxConcurrentJobs": 25}
        show("after", await client.projects.update(project.id, request))


def update_badly() -> None:
    """Show the errors of an invalid request and of a rejected one."""
    with Activepieces() as client:
        print("\n── an invalid update: every violation is reported, and nothing is sent")
        try:
            client.projects.update(
                PROJECT_ID, {"displayname": "Acme", "icon": {"color": "TEAL"}, "maxConcurrentJobs": 0}
            )
        except RequestValidationError as error:
            print("RequestValidationError:", error)
        else:
            raise SystemExit("the invalid update was sent")

        print("\n── an update that the service rejects: an exception for each usual status")
        try:
            client.projects.update("noSuchProject00000001", UpdateProjectRequest(display_name="Acme EU"))
        except NotFoundError as error:
            print("NotFoundError:", error)
            print(f"  {error.status_code=} {error.code=} {error.params=}")
        else:
            raise SystemExit("an unknown project was updated")


if __name__ == "__main__":
    print("\n── an update, sync, with a typed request")
    update()
    print("\n── find by external id and update, async, with the JSON itself")
    asyncio.run(update_async())
    update_badly()
    print("\nThat is all: the specification became a package, and the package updated a project.")
