# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ProjectAnalytics")


@_attrs_define
class ProjectAnalytics:
    """How much a project is used."""

    total_users: float
    """ The members of the project. """
    active_users: float
    """ The members whose account is active. """
    total_flows: float
    """ The flows of the project. """
    active_flows: float
    """ The flows that are switched on. """
    last_flow_updated: None | str | Unset = UNSET
    """ When a flow of the project was last updated, in ISO 8601. Later than release 0.88. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        total_users = self.total_users

        active_users = self.active_users

        total_flows = self.total_flows

        active_flows = self.active_flows

        last_flow_updated: None | str | Unset
        if isinstance(self.last_flow_updated, Unset):
            last_flow_updated = UNSET
        else:
            last_flow_updated = self.last_flow_updated

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "totalUsers": total_users,
                "activeUsers": active_users,
                "totalFlows": total_flows,
                "activeFlows": active_flows,
            }
        )
        if last_flow_updated is not UNSET:
            field_dict["lastFlowUpdated"] = last_flow_updated

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        total_users = d.pop("totalUsers")

        active_users = d.pop("activeUsers")

        total_flows = d.pop("totalFlows")

        active_flows = d.pop("activeFlows")

        def _parse_last_flow_updated(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        last_flow_updated = _parse_last_flow_updated(d.pop("lastFlowUpdated", UNSET))

        project_analytics = cls(
            total_users=total_users,
            active_users=active_users,
            total_flows=total_flows,
            active_flows=active_flows,
            last_flow_updated=last_flow_updated,
        )

        project_analytics.additional_properties = d
        return project_analytics

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
