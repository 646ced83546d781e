"""Updates as JSON Lines: objects with `id` (or `externalId`) and `body`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from activepieces_client._json import is_object
from activepieces_client.exceptions import Violation

from ._line import Line
from ._values import InvalidTextError, parse_json


def read_json_lines(file: IO[str]) -> Iterator[Line]:
    """Yield every line that is not blank."""
    for number, text in enumerate(file, start=1):
        if text.strip():
            try:
                yield _read(number, text)
            except InvalidTextError as error:
                yield Line(number, violations=(Violation("$", str(error)),))


def _read(number: int, text: str) -> Line:
    value = parse_json(text)
    if is_object(value):
        for name in ("id", "externalId"):
            if value.keys() == {name, "body"}:
                return Line(number, value[name], value["body"], by_external_id=name == "externalId")
    raise InvalidTextError('is not a JSON object with "id" (or "externalId") and "body", and nothing else')
