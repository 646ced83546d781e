# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.metadata import Metadata
    from ..models.project_icon_update import ProjectIconUpdate
    from ..models.project_plan_update import ProjectPlanUpdate


T = TypeVar("T", bound="UpdateProjectRequest")


@_attrs_define
class UpdateProjectRequest:
    """What to change. Every field is optional, and a field that is not set stays as it is."""

    releases_enabled: bool | Unset = UNSET
    """ Whether the project can receive releases from another environment. """
    display_name: str | Unset = UNSET
    """ The name that people see, without dots and slashes. Ignored for a PERSONAL project. """
    external_id: str | Unset = UNSET
    """ Your own id for the project, unique across platforms. Ignored where it is blank, and where the key does not
    own the platform; once set, it cannot be cleared. """
    metadata: Metadata | Unset = UNSET
    """ Whatever you want to keep with the project, as JSON. An update replaces it whole; it comes back with its
    keys in another order, and integers beyond 2^53 come back rounded. """
    icon: ProjectIconUpdate | Unset = UNSET
    """ The icon to show. Ignored for a PERSONAL project. """
    plan: ProjectPlanUpdate | Unset = UNSET
    """ Which pieces (integrations) the project may use. """
    global_connection_external_ids: list[str] | Unset = UNSET
    """ The external ids of the platform's connections that the project may use; replaces the list. """
    max_concurrent_jobs: int | None | Unset = UNSET
    """ How many jobs of the project may run at once; null lifts the limit. """

    def to_dict(self) -> dict[str, Any]:
        releases_enabled = self.releases_enabled

        display_name = self.display_name

        external_id = self.external_id

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        icon: dict[str, Any] | Unset = UNSET
        if not isinstance(self.icon, Unset):
            icon = self.icon.to_dict()

        plan: dict[str, Any] | Unset = UNSET
        if not isinstance(self.plan, Unset):
            plan = self.plan.to_dict()

        global_connection_external_ids: list[str] | Unset = UNSET
        if not isinstance(self.global_connection_external_ids, Unset):
            global_connection_external_ids = self.global_connection_external_ids

        max_concurrent_jobs: int | None | Unset
        if isinstance(self.max_concurrent_jobs, Unset):
            max_concurrent_jobs = UNSET
        else:
            max_concurrent_jobs = self.max_concurrent_jobs

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if releases_enabled is not UNSET:
            field_dict["releasesEnabled"] = releases_enabled
        if display_name is not UNSET:
            field_dict["displayName"] = display_name
        if external_id is not UNSET:
            field_dict["externalId"] = external_id
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if icon is not UNSET:
            field_dict["icon"] = icon
        if plan is not UNSET:
            field_dict["plan"] = plan
        if global_connection_external_ids is not UNSET:
            field_dict["globalConnectionExternalIds"] = global_connection_external_ids
        if max_concurrent_jobs is not UNSET:
            field_dict["maxConcurrentJobs"] = max_concurrent_jobs

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.metadata import Metadata  # noqa: PLC0415
        from ..models.project_icon_update import ProjectIconUpdate  # noqa: PLC0415
        from ..models.project_plan_update import ProjectPlanUpdate  # noqa: PLC0415

        d = dict(src_dict)
        releases_enabled = d.pop("releasesEnabled", UNSET)

        display_name = d.pop("displayName", UNSET)

        external_id = d.pop("externalId", UNSET)

        _metadata = d.pop("metadata", UNSET)
        metadata: Metadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = Metadata.from_dict(_metadata)

        _icon = d.pop("icon", UNSET)
        icon: ProjectIconUpdate | Unset
        if isinstance(_icon, Unset):
            icon = UNSET
        else:
            icon = ProjectIconUpdate.from_dict(_icon)

        _plan = d.pop("plan", UNSET)
        plan: ProjectPlanUpdate | Unset
        if isinstance(_plan, Unset):
            plan = UNSET
        else:
            plan = ProjectPlanUpdate.from_dict(_plan)

        global_connection_external_ids = cast(list[str], d.pop("globalConnectionExternalIds", UNSET))

        def _parse_max_concurrent_jobs(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_concurrent_jobs = _parse_max_concurrent_jobs(d.pop("maxConcurrentJobs", UNSET))

        update_project_request = cls(
            releases_enabled=releases_enabled,
            display_name=display_name,
            external_id=external_id,
            metadata=metadata,
            icon=icon,
            plan=plan,
            global_connection_external_ids=global_connection_external_ids,
            max_concurrent_jobs=max_concurrent_jobs,
        )

        return update_project_request
