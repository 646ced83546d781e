# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.service_error_params import ServiceErrorParams


T = TypeVar("T", bound="ServiceError")


@_attrs_define
class ServiceError:
    """An error as the service words it."""

    code: str
    """ What went wrong, for programs. """
    params: ServiceErrorParams | Unset = UNSET
    """ What the error is about; the properties depend on the code. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        params: dict[str, Any] | Unset = UNSET
        if not isinstance(self.params, Unset):
            params = self.params.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
            }
        )
        if params is not UNSET:
            field_dict["params"] = params

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.service_error_params import ServiceErrorParams  # noqa: PLC0415

        d = dict(src_dict)
        code = d.pop("code")

        _params = d.pop("params", UNSET)
        params: ServiceErrorParams | Unset
        if isinstance(_params, Unset):
            params = UNSET
        else:
            params = ServiceErrorParams.from_dict(_params)

        service_error = cls(
            code=code,
            params=params,
        )

        service_error.additional_properties = d
        return service_error

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
