# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from enum import StrEnum


class PiecesFilterType(StrEnum):
    ALLOWED = "ALLOWED"
    NONE = "NONE"

    def __str__(self) -> str:
        return str(self.value)
