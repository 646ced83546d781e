"""An OpenAPI document as data, with the line of each JSON Pointer."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property, reduce
from pathlib import Path
from typing import Any, Self, cast

import attrs
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

ROOT = Path(__file__).parent.parent.parent
SPECIFICATION = ROOT / "openapi.yaml"

JSON = Any
"""Any JSON value."""

Pointer = tuple[str | int, ...]
"""A JSON Pointer, as a tuple of keys and indices."""

Problem = tuple[Pointer, str]
"""Where a document is wrong; the reason, and the fix."""

CONFLICT = re.compile("^(<<<<<<<|>>>>>>>) ", re.MULTILINE)
"""The lines that git writes around a conflict of a merge."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
COMBINATIONS = ("anyOf", "oneOf", "allOf")


class DocumentError(Exception):
    """The error of a document that cannot be read or compared, in one line."""


@attrs.frozen(slots=False)
class Document:
    """An OpenAPI document.

    Attributes:
        name: The file, ref or URL that messages name.
        text: The YAML or JSON.
        content: The parsed text.
    """

    name: str
    text: str = attrs.field(repr=False)
    content: dict[str, JSON] = attrs.field(repr=False)

    @classmethod
    def read(cls, path: Path = SPECIFICATION) -> Self:
        """Read a file. Raises: DocumentError."""
        try:
            return cls.parse(path.read_text(encoding="utf-8-sig"), path.name)
        except (OSError, UnicodeError) as error:
            raise DocumentError(f"{path.name}: cannot be read: {error}") from None

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """Parse JSON or YAML. Raises: DocumentError."""
        if marker := CONFLICT.search(text):
            place = f"{name}:{text.count(chr(10), 0, marker.start()) + 1}"
            raise DocumentError(f"{place}: is in conflict: merge the lines up to >>>>>>> by hand, then regenerate")
        try:
            # The YAML loader, which is the generator's, takes minutes for many megabytes of JSON.
            is_json = text.lstrip().startswith("{") and not name.endswith((".yaml", ".yml"))
            content: JSON = json.loads(text) if is_json else cast(Any, YAML(typ="safe")).load(text)
            # Keys that are numbers, and values such as dates, are text in JSON.
            content = content if is_json else json.loads(json.dumps(content, default=str))
        except YAMLError as error:
            raise DocumentError(f"{name}:{yaml_error(error, text.splitlines())}") from None
        except (ValueError, TypeError, RecursionError) as error:
            raise DocumentError(f"{name}: is not JSON: {error}") from None
        if "openapi" not in as_object(content) or not isinstance(content.get("paths"), dict):
            raise DocumentError(f"{name}: is not an OpenAPI document, which has `openapi` and `paths`")
        return cls(name, text, content)

    @cached_property
    def root(self) -> Any:
        """The document as YAML nodes, which know their lines."""
        return cast(Any, YAML(typ="safe")).compose(self.text)

    def line(self, pointer: Pointer) -> int:
        """Return the line of a JSON Pointer, or of its nearest parent that exists."""
        return int(self._find(pointer)[0].start_mark.line) + 1

    def node(self, pointer: Pointer) -> Any:
        """Return the YAML node at a JSON Pointer."""
        return self._find(pointer)[1]

    def _find(self, pointer: Pointer) -> tuple[Any, Any]:
        start = node = self.root
        for key in pointer:
            # A member of a mapping starts at its key, an element of a sequence at its value.
            children: dict[Any, tuple[Any, Any]] = {}
            if node.id == "mapping":
                children = {name.value: (name, value) for name, value in node.value}
            elif node.id == "sequence":
                children = {index: (value, value) for index, value in enumerate(node.value)}
            if key not in children:
                break
            start, node = children[key]
        return start, node

    def get(self, pointer: Pointer) -> JSON:
        """Return the value at a JSON Pointer; None where there is none."""
        try:
            return reduce(lambda node, key: node[key], pointer, cast(JSON, self.content))
        except (LookupError, TypeError):
            return None

    def has(self, pointer: Pointer) -> bool:
        """Return whether a JSON Pointer leads to a value."""
        *owner, key = pointer
        parent = self.get((*owner,))
        return key in as_object(parent) or key in range(len(as_array(parent)))

    def follow(self, pointer: Pointer) -> Pointer:
        """Follow `$ref`s to the last. Raises: DocumentError where one leads nowhere."""
        seen: set[Pointer] = set()
        while isinstance(reference := as_object(self.get(pointer)).get("$ref"), str):
            seen.add(pointer)
            head, *keys = reference.split("/")
            pointer = tuple(key.replace("~1", "/").replace("~0", "~") for key in keys)
            if head != "#" or not pointer or self.get(pointer) is None:
                known = [f"{reference.rpartition('/')[0]}/{name}" for name in as_object(self.get(pointer[:-1]))]
                hint = did_you_mean(reference, known)
                raise DocumentError(f"the reference {reference} leads nowhere in this document{hint}")
            if pointer in seen:
                raise DocumentError(f"the reference {reference} leads nowhere, since it leads to itself")
        return pointer

    def subschemas(self, schema: Pointer) -> Iterator[Pointer]:
        """Find the schemas directly within a schema, without following `$ref`s."""
        content = as_object(self.get(schema))
        yield from ((*schema, "properties", name) for name in as_object(content.get("properties")))
        for key in COMBINATIONS:
            yield from ((*schema, key, index) for index, _ in enumerate(as_array(content.get(key))))
        yield from ((*schema, key) for key in ("items", "additionalProperties") if as_object(content.get(key)))


def yaml_error(error: YAMLError, lines: list[str]) -> str:
    """Return the line of an error of YAML, and what to do."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    number: int = mark.line if mark else 0
    reason = " ".join(str(getattr(error, "problem", None) or error).split())
    line, above = ((*lines, "", "")[index] for index in (number, number - 1))
    if "\t" in line:
        reason = "indent with spaces, and not with a tab"
    elif "expected <block end>" in reason or "mapping values" in reason:
        reason += ": check the indentation of this line, and of the lines above"
        # The parser notices the line above only here.
        odd = [(len(text) - len(text.lstrip(" "))) % 2 for text in (line, above)]
        number -= odd == [0, 1]
    return f"{number + 1}: is not YAML: {reason}"


def json_pointer(pointer: Pointer) -> str:
    """Format a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in pointer)


def did_you_mean(name: str, known: list[str]) -> str:
    """Return a hint at the known name nearest to a misspelt one, if there is one."""
    by_case = {candidate.lower(): candidate for candidate in known if candidate != name}
    nearest = difflib.get_close_matches(name.lower(), by_case, n=1)
    return f": did you mean {by_case[nearest[0]]}?" if nearest else ""


def as_object(value: JSON) -> dict[str, JSON]:
    """Return a value that is an object, or an empty object."""
    return cast("dict[str, JSON]", value) if isinstance(value, dict) else {}


def as_array(value: JSON) -> list[JSON]:
    """Return a value that is an array, or an empty array."""
    return list(cast("Iterable[JSON]", value)) if isinstance(value, list) else []


def load_yaml(path: Path) -> Any:
    """Read a table of the tools."""
    return cast(Any, YAML(typ="safe")).load(path)


def types(schema: dict[str, JSON]) -> list[JSON]:
    """Return the types of a schema, as its keyword `type` lists them."""
    named = schema.get("type", [])
    return as_array(named) if isinstance(named, list) else [named]
