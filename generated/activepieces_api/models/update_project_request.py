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
    """The changes to a project. Every property is optional, and a property that is not set stays as it is."""

    releases_enabled: bool | Unset = UNSET
    """ Whether the project can receive releases from another environment. """
    notify_flow_owner_on_failure: bool | Unset = UNSET
    """ Whether the owner of a flow is notified when a run of it fails. From release 0.87 on. """
    sensitive: bool | Unset = UNSET
    """ Whether the project is sensitive: its flows need an approval. From release 0.92 on; an older one ignores it.
    """
    display_name: str | Unset = UNSET
    """ The name that people see, without dots and slashes. Ignored for a PERSONAL project. """
    external_id: str | Unset = UNSET
    """ Your own id for the project, unique across platforms. Ignored if it is blank, and if the key does not own
    the platform. Once set, it cannot be cleared. """
    metadata: Metadata | Unset = UNSET
    """ Data that you want to keep with the project, as JSON. An update replaces it whole; it is returned with its
    keys in another order, and integers beyond 2^53 are rounded. No key, at any depth, can be `__proto__`. """
    icon: ProjectIconUpdate | Unset = UNSET
    """ The icon to show. Ignored for a PERSONAL project. """
    plan: ProjectPlanUpdate | Unset = UNSET
    """ The limits of the project's plan. From release 0.87 on, the service ignores `pieces` and `piecesFilterType`
    always, since piece sets have replaced them. """
    global_connection_external_ids: list[str] | Unset = UNSET
    """ The external ids of the platform's connections that the project may use; replaces the list. Unknown ids are
    ignored, and the whole list if the platform's plan lacks global connections. No response shows the list. """
    max_concurrent_jobs: int | None | Unset = UNSET
    """ How many jobs of the project may run concurrently; null lifts the limit. """
    worker_group_id: None | str | Unset = UNSET
    """ The group of workers that runs the project's jobs; null is the shared group. From release 0.86 on; ignored
    if the platform's plan lacks worker groups. """
    execution_data_retention_days: int | None | Unset = UNSET
    """ For how many days the data of runs is kept; null is the installation's default. From release 0.87 on;
    ignored if the key is not a platform admin's. Outside of the installation's bounds, by default exactly 30, the
    response is 409. """

    def to_dict(self) -> dict[str, Any]:
        releases_enabled = self.releases_enabled

        notify_flow_owner_on_failure = self.notify_flow_owner_on_failure

        sensitive = self.sensitive

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

        worker_group_id: None | str | Unset
        if isinstance(self.worker_group_id, Unset):
            worker_group_id = UNSET
        else:
            worker_group_id = self.worker_group_id

        execution_data_retention_days: int | None | Unset
        if isinstance(self.execution_data_retention_days, Unset):
            execution_data_retention_days = UNSET
        else:
            execution_data_retention_days = self.execution_data_retention_days

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if releases_enabled is not UNSET:
            field_dict["releasesEnabled"] = releases_enabled
        if notify_flow_owner_on_failure is not UNSET:
            field_dict["notifyFlowOwnerOnFailure"] = notify_flow_owner_on_failure
        if sensitive is not UNSET:
            field_dict["sensitive"] = sensitive
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
        if worker_group_id is not UNSET:
            field_dict["workerGroupId"] = worker_group_id
        if execution_data_retention_days is not UNSET:
            field_dict["executionDataRetentionDays"] = execution_data_retention_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.metadata import Metadata  # noqa: PLC0415
        from ..models.project_icon_update import ProjectIconUpdate  # noqa: PLC0415
        from ..models.project_plan_update import ProjectPlanUpdate  # noqa: PLC0415

        d = dict(src_dict)
        releases_enabled = d.pop("releasesEnabled", UNSET)

        notify_flow_owner_on_failure = d.pop("notifyFlowOwnerOnFailure", UNSET)

        sensitive = d.pop("sensitive", UNSET)

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

        def _parse_worker_group_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        worker_group_id = _parse_worker_group_id(d.pop("workerGroupId", UNSET))

        def _parse_execution_data_retention_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        execution_data_retention_days = _parse_execution_data_retention_days(d.pop("executionDataRetentionDays", UNSET))

        update_project_request = cls(
            releases_enabled=releases_enabled,
            notify_flow_owner_on_failure=notify_flow_owner_on_failure,
            sensitive=sensitive,
            display_name=display_name,
            external_id=external_id,
            metadata=metadata,
            icon=icon,
            plan=plan,
            global_connection_external_ids=global_connection_external_ids,
            max_concurrent_jobs=max_concurrent_jobs,
            worker_group_id=worker_group_id,
            execution_data_retention_days=execution_data_retention_days,
        )

        return update_project_request
