# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="SignInRequest")


@_attrs_define
class SignInRequest:
    """The credentials of a user."""

    email: str
    """ The email address of the user. """
    password: str
    """ The password of the user. """

    def to_dict(self) -> dict[str, Any]:
        email = self.email

        password = self.password

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "email": email,
                "password": password,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        email = d.pop("email")

        password = d.pop("password")

        sign_in_request = cls(
            email=email,
            password=password,
        )

        return sign_in_request
