# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from enum import StrEnum


class ColorName(StrEnum):
    BLUE = "BLUE"
    CYAN = "CYAN"
    DARK_GREEN = "DARK_GREEN"
    DEEP_ORANGE = "DEEP_ORANGE"
    GREEN = "GREEN"
    LAVENDER = "LAVENDER"
    ORANGE = "ORANGE"
    PINK = "PINK"
    PURPLE = "PURPLE"
    RED = "RED"
    VIOLET = "VIOLET"
    YELLOW = "YELLOW"

    def __str__(self) -> str:
        return str(self.value)
