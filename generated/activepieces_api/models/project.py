# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.project_type import ProjectType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.metadata import Metadata
    from ..models.project_analytics import ProjectAnalytics
    from ..models.project_icon import ProjectIcon
    from ..models.project_plan import ProjectPlan


T = TypeVar("T", bound="Project")


@_attrs_define
class Project:
    """A project with all its properties. A release older than a property does not return it."""

    id: str
    """ The id of the project. """
    created: str
    """ When the project was made, in ISO 8601. """
    updated: str
    """ When the project was last updated, in ISO 8601. Every update moves it, an empty one too. """
    owner_id: str
    """ The id of the user who owns the project. """
    display_name: str
    """ The name that people see. """
    platform_id: str
    """ The id of the platform that the project belongs to. """
    type_: ProjectType | str
    """ Whether the project belongs to a team or to one person. """
    icon: ProjectIcon
    """ The icon of a project. """
    releases_enabled: bool
    """ Whether the project can receive releases from another environment. """
    plan: ProjectPlan
    """ The limits of a project's plan. """
    analytics: ProjectAnalytics
    """ How much a project is used. """
    max_concurrent_jobs: float | None | Unset = UNSET
    """ How many jobs of the project may run concurrently; null if there is no limit. """
    external_id: None | str | Unset = UNSET
    """ Your own id for the project. """
    notify_flow_owner_on_failure: bool | Unset = UNSET
    """ Whether the owner of a flow is notified when a run of it fails. From release 0.87 on. """
    sensitive: bool | Unset = UNSET
    """ Whether the project is sensitive, so that its flows need an approval. From release 0.92 on. """
    metadata: Metadata | None | Unset = UNSET
    """ The data that you keep with the project; null if it never had any. """
    pool_id: None | str | Unset = UNSET
    """ The id of the pool that holds the limit of concurrent jobs. """
    piece_set_id: None | str | Unset = UNSET
    """ The id of the set of pieces that the project may use. From release 0.87 on. """
    worker_group_id: None | str | Unset = UNSET
    """ The group of workers that runs the project's jobs. From release 0.86 on. """
    execution_data_retention_days: float | None | Unset = UNSET
    """ For how many days the data of runs is kept; null is the installation's default. From release 0.87 on. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.metadata import Metadata  # noqa: PLC0415

        id = self.id

        created = self.created

        updated = self.updated

        owner_id = self.owner_id

        display_name = self.display_name

        platform_id = self.platform_id

        type_: str
        if isinstance(self.type_, ProjectType):
            type_ = self.type_.value
        else:
            type_ = self.type_

        icon = self.icon.to_dict()

        releases_enabled = self.releases_enabled

        plan = self.plan.to_dict()

        analytics = self.analytics.to_dict()

        max_concurrent_jobs: float | None | Unset
        if isinstance(self.max_concurrent_jobs, Unset):
            max_concurrent_jobs = UNSET
        else:
            max_concurrent_jobs = self.max_concurrent_jobs

        external_id: None | str | Unset
        if isinstance(self.external_id, Unset):
            external_id = UNSET
        else:
            external_id = self.external_id

        notify_flow_owner_on_failure = self.notify_flow_owner_on_failure

        sensitive = self.sensitive

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, Metadata):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        pool_id: None | str | Unset
        if isinstance(self.pool_id, Unset):
            pool_id = UNSET
        else:
            pool_id = self.pool_id

        piece_set_id: None | str | Unset
        if isinstance(self.piece_set_id, Unset):
            piece_set_id = UNSET
        else:
            piece_set_id = self.piece_set_id

        worker_group_id: None | str | Unset
        if isinstance(self.worker_group_id, Unset):
            worker_group_id = UNSET
        else:
            worker_group_id = self.worker_group_id

        execution_data_retention_days: float | None | Unset
        if isinstance(self.execution_data_retention_days, Unset):
            execution_data_retention_days = UNSET
        else:
            execution_data_retention_days = self.execution_data_retention_days

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "created": created,
                "updated": updated,
                "ownerId": owner_id,
                "displayName": display_name,
                "platformId": platform_id,
                "type": type_,
                "icon": icon,
                "releasesEnabled": releases_enabled,
                "plan": plan,
                "analytics": analytics,
            }
        )
        if max_concurrent_jobs is not UNSET:
            field_dict["maxConcurrentJobs"] = max_concurrent_jobs
        if external_id is not UNSET:
            field_dict["externalId"] = external_id
        if notify_flow_owner_on_failure is not UNSET:
            field_dict["notifyFlowOwnerOnFailure"] = notify_flow_owner_on_failure
        if sensitive is not UNSET:
            field_dict["sensitive"] = sensitive
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if pool_id is not UNSET:
            field_dict["poolId"] = pool_id
        if piece_set_id is not UNSET:
            field_dict["pieceSetId"] = piece_set_id
        if worker_group_id is not UNSET:
            field_dict["workerGroupId"] = worker_group_id
        if execution_data_retention_days is not UNSET:
            field_dict["executionDataRetentionDays"] = execution_data_retention_days

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.metadata import Metadata  # noqa: PLC0415
        from ..models.project_analytics import ProjectAnalytics  # noqa: PLC0415
        from ..models.project_icon import ProjectIcon  # noqa: PLC0415
        from ..models.project_plan import ProjectPlan  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        created = d.pop("created")

        updated = d.pop("updated")

        owner_id = d.pop("ownerId")

        display_name = d.pop("displayName")

        platform_id = d.pop("platformId")

        def _parse_type_(data: object) -> ProjectType | str:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                type_type_0 = ProjectType(data)

                return type_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ProjectType | str, data)

        type_ = _parse_type_(d.pop("type"))

        icon = ProjectIcon.from_dict(d.pop("icon"))

        releases_enabled = d.pop("releasesEnabled")

        plan = ProjectPlan.from_dict(d.pop("plan"))

        analytics = ProjectAnalytics.from_dict(d.pop("analytics"))

        def _parse_max_concurrent_jobs(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        max_concurrent_jobs = _parse_max_concurrent_jobs(d.pop("maxConcurrentJobs", UNSET))

        def _parse_external_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        external_id = _parse_external_id(d.pop("externalId", UNSET))

        notify_flow_owner_on_failure = d.pop("notifyFlowOwnerOnFailure", UNSET)

        sensitive = d.pop("sensitive", UNSET)

        def _parse_metadata(data: object) -> Metadata | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = Metadata.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Metadata | None | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        def _parse_pool_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        pool_id = _parse_pool_id(d.pop("poolId", UNSET))

        def _parse_piece_set_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        piece_set_id = _parse_piece_set_id(d.pop("pieceSetId", UNSET))

        def _parse_worker_group_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        worker_group_id = _parse_worker_group_id(d.pop("workerGroupId", UNSET))

        def _parse_execution_data_retention_days(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        execution_data_retention_days = _parse_execution_data_retention_days(d.pop("executionDataRetentionDays", UNSET))

        project = cls(
            id=id,
            created=created,
            updated=updated,
            owner_id=owner_id,
            display_name=display_name,
            platform_id=platform_id,
            type_=type_,
            icon=icon,
            releases_enabled=releases_enabled,
            plan=plan,
            analytics=analytics,
            max_concurrent_jobs=max_concurrent_jobs,
            external_id=external_id,
            notify_flow_owner_on_failure=notify_flow_owner_on_failure,
            sensitive=sensitive,
            metadata=metadata,
            pool_id=pool_id,
            piece_set_id=piece_set_id,
            worker_group_id=worker_group_id,
            execution_data_retention_days=execution_data_retention_days,
        )

        project.additional_properties = d
        return project

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
