"""Updates as JSON Lines: objects with `id` (or `externalId`) and `body`."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

from activepieces_client._json import is_object
from activepieces_client.exceptions import Violation

from ._line import Line
from ._values import InvalidTextError, parse_json


def read_json_lines(file: IO[bytes]) -> Iterator[Line]:
    """Yield every line that is not blank."""
    for number, text in enumerate(file, start=1):
        if text.removeprefix(codecs.BOM_UTF8).strip():
            try:
                yield _read(number, text)
            except (InvalidTextError, UnicodeDecodeError) as error:
                message = str(error) if isinstance(error, InvalidTextError) else "is not UTF-8"
                yield Line(number, violations=(Violation("$", message),))


def _read(number: int, text: bytes) -> Line:
    value = parse_json(text.decode("utf-8-sig"))
    if is_object(value):
        if value.keys() == {"id", "body"}:
            return Line(number, value["id"], body=value["body"])
        if value.keys() == {"externalId", "body"}:
            return Line(number, external_id=value["externalId"], body=value["body"], by_external_id=True)
    raise InvalidTextError('is not a JSON object with "id" (or "externalId") and "body", and nothing else')
