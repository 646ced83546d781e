# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.color_name import ColorName

T = TypeVar("T", bound="ProjectIconUpdate")


@_attrs_define
class ProjectIconUpdate:
    """The icon to show. Ignored for a PERSONAL project."""

    color: ColorName
    """ A colour of an icon. """

    def to_dict(self) -> dict[str, Any]:
        color = self.color.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "color": color,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        color = ColorName(d.pop("color"))

        project_icon_update = cls(
            color=color,
        )

        return project_icon_update
