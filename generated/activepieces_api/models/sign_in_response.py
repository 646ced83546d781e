# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SignInResponse")


@_attrs_define
class SignInResponse:
    """A user who is signed in."""

    token: str
    """ The key to send as a bearer token, a JWT that is valid for seven days. """
    project_id: None | str | Unset = UNSET
    """ The id of the project that the user sees first. """
    platform_id: None | str | Unset = UNSET
    """ The id of the platform of the user. """
    platform_role: None | str | Unset = UNSET
    """ The role of the user on the platform. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        token = self.token

        project_id: None | str | Unset
        if isinstance(self.project_id, Unset):
            project_id = UNSET
        else:
            project_id = self.project_id

        platform_id: None | str | Unset
        if isinstance(self.platform_id, Unset):
            platform_id = UNSET
        else:
            platform_id = self.platform_id

        platform_role: None | str | Unset
        if isinstance(self.platform_role, Unset):
            platform_role = UNSET
        else:
            platform_role = self.platform_role

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "token": token,
            }
        )
        if project_id is not UNSET:
            field_dict["projectId"] = project_id
        if platform_id is not UNSET:
            field_dict["platformId"] = platform_id
        if platform_role is not UNSET:
            field_dict["platformRole"] = platform_role

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        token = d.pop("token")

        def _parse_project_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        project_id = _parse_project_id(d.pop("projectId", UNSET))

        def _parse_platform_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        platform_id = _parse_platform_id(d.pop("platformId", UNSET))

        def _parse_platform_role(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        platform_role = _parse_platform_role(d.pop("platformRole", UNSET))

        sign_in_response = cls(
            token=token,
            project_id=project_id,
            platform_id=platform_id,
            platform_role=platform_role,
        )

        sign_in_response.additional_properties = d
        return sign_in_response

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
