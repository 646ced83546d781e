# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.pieces_filter_type import PiecesFilterType
from ..types import UNSET, Unset

T = TypeVar("T", bound="ProjectPlan")


@_attrs_define
class ProjectPlan:
    """The limits of a project's plan."""

    id: str
    """ The id of the plan. """
    created: str
    """ When the plan was made, in ISO 8601. """
    updated: str
    """ When the plan was last updated, in ISO 8601. """
    project_id: str
    """ The id of the project that the plan belongs to. """
    name: str
    """ The name of the plan. """
    pieces_filter_type: PiecesFilterType | str
    """ Whether the project may use every piece or only those listed. """
    pieces: list[str]
    """ The names of the allowed pieces, for the filter type ALLOWED. """
    locked: bool = False
    """ Whether the plan is locked. """
    active_flows_limit: float | None | Unset = UNSET
    """ How many flows of the project may be active; null if there is no limit. From release 0.87 on. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        created = self.created

        updated = self.updated

        project_id = self.project_id

        locked = self.locked

        name = self.name

        pieces_filter_type: str
        if isinstance(self.pieces_filter_type, PiecesFilterType):
            pieces_filter_type = self.pieces_filter_type.value
        else:
            pieces_filter_type = self.pieces_filter_type

        pieces = self.pieces

        active_flows_limit: float | None | Unset
        if isinstance(self.active_flows_limit, Unset):
            active_flows_limit = UNSET
        else:
            active_flows_limit = self.active_flows_limit

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "created": created,
                "updated": updated,
                "projectId": project_id,
                "locked": locked,
                "name": name,
                "piecesFilterType": pieces_filter_type,
                "pieces": pieces,
            }
        )
        if active_flows_limit is not UNSET:
            field_dict["activeFlowsLimit"] = active_flows_limit

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        created = d.pop("created")

        updated = d.pop("updated")

        project_id = d.pop("projectId")

        locked = d.pop("locked")

        name = d.pop("name")

        def _parse_pieces_filter_type(data: object) -> PiecesFilterType | str:
            try:
                if not isinstance(data, str):
                    raise TypeError()
                pieces_filter_type_type_0 = PiecesFilterType(data)

                return pieces_filter_type_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(PiecesFilterType | str, data)

        pieces_filter_type = _parse_pieces_filter_type(d.pop("piecesFilterType"))

        pieces = cast(list[str], d.pop("pieces"))

        def _parse_active_flows_limit(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        active_flows_limit = _parse_active_flows_limit(d.pop("activeFlowsLimit", UNSET))

        project_plan = cls(
            id=id,
            created=created,
            updated=updated,
            project_id=project_id,
            locked=locked,
            name=name,
            pieces_filter_type=pieces_filter_type,
            pieces=pieces,
            active_flows_limit=active_flows_limit,
        )

        project_plan.additional_properties = d
        return project_plan

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
