# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
"""Contains all the data models used in inputs/outputs"""

from .color_name import ColorName
from .framework_error import FrameworkError
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
from .update_project_request import UpdateProjectRequest

__all__ = (
    "ColorName",
    "FrameworkError",
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
    "UpdateProjectRequest",
)
