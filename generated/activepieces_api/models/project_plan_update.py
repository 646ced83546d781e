# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.pieces_filter_type import PiecesFilterType
from ..types import UNSET, Unset

T = TypeVar("T", bound="ProjectPlanUpdate")


@_attrs_define
class ProjectPlanUpdate:
    """The limits of the project's plan. From release 0.87 on, the service ignores `pieces` and `piecesFilterType` always,
    since piece sets have replaced them.

    """

    pieces: list[str] | Unset = UNSET
    """ The names of the allowed pieces (integrations), for the filter type ALLOWED; replaces the list. Always
    ignored from release 0.87 on; before, unless the platform allows team projects. """
    pieces_filter_type: PiecesFilterType | Unset = UNSET
    """ Whether a project may use every piece (NONE) or only those listed (ALLOWED). An update of it is always
    ignored from release 0.87 on. """
    active_flows_limit: int | None | Unset = UNSET
    """ How many flows of the project may be active; null lifts the limit. From release 0.87 on; ignored if the
    platform's billing has no team projects. Below the number of active flows, the response is 409. """

    def to_dict(self) -> dict[str, Any]:
        pieces: list[str] | Unset = UNSET
        if not isinstance(self.pieces, Unset):
            pieces = self.pieces

        pieces_filter_type: str | Unset = UNSET
        if not isinstance(self.pieces_filter_type, Unset):
            pieces_filter_type = self.pieces_filter_type.value

        active_flows_limit: int | None | Unset
        if isinstance(self.active_flows_limit, Unset):
            active_flows_limit = UNSET
        else:
            active_flows_limit = self.active_flows_limit

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if pieces is not UNSET:
            field_dict["pieces"] = pieces
        if pieces_filter_type is not UNSET:
            field_dict["piecesFilterType"] = pieces_filter_type
        if active_flows_limit is not UNSET:
            field_dict["activeFlowsLimit"] = active_flows_limit

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pieces = cast(list[str], d.pop("pieces", UNSET))

        _pieces_filter_type = d.pop("piecesFilterType", UNSET)
        pieces_filter_type: PiecesFilterType | Unset
        if isinstance(_pieces_filter_type, Unset):
            pieces_filter_type = UNSET
        else:
            pieces_filter_type = PiecesFilterType(_pieces_filter_type)

        def _parse_active_flows_limit(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        active_flows_limit = _parse_active_flows_limit(d.pop("activeFlowsLimit", UNSET))

        project_plan_update = cls(
            pieces=pieces,
            pieces_filter_type=pieces_filter_type,
            active_flows_limit=active_flows_limit,
        )

        return project_plan_update
