# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.metadata import Metadata


T = TypeVar("T", bound="CreateProjectRequest")


@_attrs_define
class CreateProjectRequest:
    """A new project. The name is required; every other property can be null or unset, or be updated later."""

    display_name: str
    """ The name that people see, without dots and slashes. """
    external_id: None | str | Unset = UNSET
    """ Your own id for the project, unique across platforms. One that is taken is a 500 with the code 23505. """
    metadata: Metadata | None | Unset = UNSET
    """ Data that you want to keep with the project. """
    max_concurrent_jobs: int | None | Unset = UNSET
    """ How many jobs of the project may run concurrently; null is no limit. """
    global_connection_external_ids: list[str] | Unset = UNSET
    """ The external ids of the platform's connections that the project may use. Unknown ids are ignored. No
    response shows the list. """
    alert_receiver_email: None | str | Unset = UNSET
    """ Who receives the alerts of the project. No response shows it. """

    def to_dict(self) -> dict[str, Any]:
        from ..models.metadata import Metadata  # noqa: PLC0415

        display_name = self.display_name

        external_id: None | str | Unset
        if isinstance(self.external_id, Unset):
            external_id = UNSET
        else:
            external_id = self.external_id

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, Metadata):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        max_concurrent_jobs: int | None | Unset
        if isinstance(self.max_concurrent_jobs, Unset):
            max_concurrent_jobs = UNSET
        else:
            max_concurrent_jobs = self.max_concurrent_jobs

        global_connection_external_ids: list[str] | Unset = UNSET
        if not isinstance(self.global_connection_external_ids, Unset):
            global_connection_external_ids = self.global_connection_external_ids

        alert_receiver_email: None | str | Unset
        if isinstance(self.alert_receiver_email, Unset):
            alert_receiver_email = UNSET
        else:
            alert_receiver_email = self.alert_receiver_email

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "displayName": display_name,
            }
        )
        if external_id is not UNSET:
            field_dict["externalId"] = external_id
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if max_concurrent_jobs is not UNSET:
            field_dict["maxConcurrentJobs"] = max_concurrent_jobs
        if global_connection_external_ids is not UNSET:
            field_dict["globalConnectionExternalIds"] = global_connection_external_ids
        if alert_receiver_email is not UNSET:
            field_dict["alertReceiverEmail"] = alert_receiver_email

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.metadata import Metadata  # noqa: PLC0415

        d = dict(src_dict)
        display_name = d.pop("displayName")

        def _parse_external_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        external_id = _parse_external_id(d.pop("externalId", UNSET))

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

        def _parse_max_concurrent_jobs(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_concurrent_jobs = _parse_max_concurrent_jobs(d.pop("maxConcurrentJobs", UNSET))

        global_connection_external_ids = cast(list[str], d.pop("globalConnectionExternalIds", UNSET))

        def _parse_alert_receiver_email(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        alert_receiver_email = _parse_alert_receiver_email(d.pop("alertReceiverEmail", UNSET))

        create_project_request = cls(
            display_name=display_name,
            external_id=external_id,
            metadata=metadata,
            max_concurrent_jobs=max_concurrent_jobs,
            global_connection_external_ids=global_connection_external_ids,
            alert_receiver_email=alert_receiver_email,
        )

        return create_project_request
