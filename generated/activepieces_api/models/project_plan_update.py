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
    """Which pieces (integrations) the project may use."""

    pieces_filter_type: PiecesFilterType | Unset = UNSET
    """ Whether a project may use every piece (NONE) or only those listed (ALLOWED). """
    pieces: list[str] | Unset = UNSET
    """ The names of the allowed pieces, for the filter type ALLOWED; replaces the list. """

    def to_dict(self) -> dict[str, Any]:
        pieces_filter_type: str | Unset = UNSET
        if not isinstance(self.pieces_filter_type, Unset):
            pieces_filter_type = self.pieces_filter_type.value

        pieces: list[str] | Unset = UNSET
        if not isinstance(self.pieces, Unset):
            pieces = self.pieces

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if pieces_filter_type is not UNSET:
            field_dict["piecesFilterType"] = pieces_filter_type
        if pieces is not UNSET:
            field_dict["pieces"] = pieces

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _pieces_filter_type = d.pop("piecesFilterType", UNSET)
        pieces_filter_type: PiecesFilterType | Unset
        if isinstance(_pieces_filter_type, Unset):
            pieces_filter_type = UNSET
        else:
            pieces_filter_type = PiecesFilterType(_pieces_filter_type)

        pieces = cast(list[str], d.pop("pieces", UNSET))

        project_plan_update = cls(
            pieces_filter_type=pieces_filter_type,
            pieces=pieces,
        )

        return project_plan_update
