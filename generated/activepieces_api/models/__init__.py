# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
"""Contains all the data models used in inputs/outputs"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .color_name import ColorName
    from .create_project_request import CreateProjectRequest
    from .framework_error import FrameworkError
    from .health import Health
    from .metadata import Metadata
    from .pieces_filter_type import PiecesFilterType
    from .project import Project
    from .project_analytics import ProjectAnalytics
    from .project_icon import ProjectIcon
    from .project_icon_update import ProjectIconUpdate
    from .project_page import ProjectPage
    from .project_plan import ProjectPlan
    from .project_plan_update import ProjectPlanUpdate
    from .project_type import ProjectType
    from .service_error import ServiceError
    from .service_error_params import ServiceErrorParams
    from .sign_in_request import SignInRequest
    from .sign_in_response import SignInResponse
    from .update_project_request import UpdateProjectRequest
else:

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        model = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return model

    def __dir__() -> list[str]:
        return [*globals(), *_MODULES]


_MODULES = {
    "ColorName": "color_name",
    "CreateProjectRequest": "create_project_request",
    "FrameworkError": "framework_error",
    "Health": "health",
    "Metadata": "metadata",
    "PiecesFilterType": "pieces_filter_type",
    "Project": "project",
    "ProjectAnalytics": "project_analytics",
    "ProjectIcon": "project_icon",
    "ProjectIconUpdate": "project_icon_update",
    "ProjectPage": "project_page",
    "ProjectPlan": "project_plan",
    "ProjectPlanUpdate": "project_plan_update",
    "ProjectType": "project_type",
    "ServiceError": "service_error",
    "ServiceErrorParams": "service_error_params",
    "SignInRequest": "sign_in_request",
    "SignInResponse": "sign_in_response",
    "UpdateProjectRequest": "update_project_request",
}


__all__ = (
    "ColorName",
    "CreateProjectRequest",
    "FrameworkError",
    "Health",
    "Metadata",
    "PiecesFilterType",
    "Project",
    "ProjectAnalytics",
    "ProjectIcon",
    "ProjectIconUpdate",
    "ProjectPage",
    "ProjectPlan",
    "ProjectPlanUpdate",
    "ProjectType",
    "ServiceError",
    "ServiceErrorParams",
    "SignInRequest",
    "SignInResponse",
    "UpdateProjectRequest",
)
