"""What a user of the package writes; `nox -s demo` runs it where nothing but the package is installed."""

from __future__ import annotations

import asyncio

from activepieces_client import Activepieces, AsyncActivepieces, NotFoundError, RequestValidationError
from activepieces_client.models import PiecesFilterType, Project, ProjectPlanUpdate, UpdateProjectRequest

PROJECT_ID = "pRjEctId0000000000001"


def show(moment: str, project: Project) -> None:
    """Print what the demo changes."""
    metadata = project.metadata.to_dict() if project.metadata else None
    print(f"{moment:>7}: {project.display_name!r}, {metadata=}, pieces={project.plan.pieces}", end="")
    print(f", max_concurrent_jobs={project.max_concurrent_jobs}")


def update() -> None:
    """Update the project with a typed request."""
    with Activepieces() as client:
        show("before", client.projects.update(PROJECT_ID, {}))
        request = UpdateProjectRequest(
            display_name="Acme EU",
            plan=ProjectPlanUpdate(pieces_filter_type=PiecesFilterType.ALLOWED, pieces=["@activepieces/piece-gmail"]),
        )
        show("after", client.projects.update(PROJECT_ID, request))


async def update_async() -> None:
    """Update the project with the JSON itself."""
    async with AsyncActivepieces() as client:
        show("before", await client.projects.update(PROJECT_ID, {}))
        request = {"metadata": {"tier": "gold"}, "maxConcurrentJobs": 25}
        show("after", await client.projects.update(PROJECT_ID, request))


def update_badly() -> None:
    """Show what the client refuses, and what the service refuses."""
    with Activepieces() as client:
        print("\n── a bad update: the client finds every problem, and sends nothing")
        try:
            client.projects.update(
                PROJECT_ID, {"displayname": "Acme", "icon": {"color": "TEAL"}, "maxConcurrentJobs": 0}
            )
        except RequestValidationError as error:
            print("RequestValidationError:", error)
        else:
            raise SystemExit("the bad update was not refused")

        print("\n── an update that the service refuses: an exception for each usual status")
        try:
            client.projects.update("noSuchProject00000001", UpdateProjectRequest(display_name="Acme EU"))
        except NotFoundError as error:
            print("NotFoundError:", error)
            print(f"  {error.status_code=} {error.code=} {error.params=}")
        else:
            raise SystemExit("the update of an unknown project was not refused")


if __name__ == "__main__":
    print("\n── an update, sync, with a typed request")
    update()
    print("\n── an update, async, with the JSON itself")
    asyncio.run(update_async())
    update_badly()
    print("\nThat is all: the specification became a package, and the package updated a project.")
