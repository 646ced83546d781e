# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from enum import StrEnum


class ProjectType(StrEnum):
    PERSONAL = "PERSONAL"
    TEAM = "TEAM"

    def __str__(self) -> str:
        return str(self.value)
