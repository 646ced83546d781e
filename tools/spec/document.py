"""An OpenAPI document as data, with the line of each of its parts."""

from __future__ import annotations

import difflib
import json
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
"""A JSON Pointer, as the keys and indices that it consists of."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
COMBINATIONS = ("anyOf", "oneOf", "allOf")


class DocumentError(Exception):
    """Why a document cannot be read, in one line."""


@attrs.frozen(slots=False)
class Document:
    """An OpenAPI document.

    Attributes:
        name: What messages call it.
        text: As it was written, in YAML or JSON.
        content: The same as data.
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
        """Read a text: JSON, or else YAML, with the loader that the generator uses. Raises: DocumentError."""
        try:
            # Not with the YAML loader, which takes minutes for many megabytes.
            is_json = text.lstrip().startswith("{") and not name.endswith((".yaml", ".yml"))
            content: JSON = json.loads(text) if is_json else cast(Any, YAML(typ="safe")).load(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise DocumentError(f"{name}: is not JSON: {error}") from None
        except YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            problem = " ".join(str(getattr(error, "problem", None) or error).split())
            if mark and "\t" in "".join(text.splitlines()[mark.line : mark.line + 1]):
                problem = "indent with spaces, and not with a tab"
            raise DocumentError(f"{name}:{mark.line + 1 if mark else 1}: is not YAML: {problem}") from None
        if "openapi" not in members(content) or not isinstance(content.get("paths"), dict):
            raise DocumentError(f"{name}: is not an OpenAPI document, which has `openapi` and `paths`")
        return cls(name, text, content)

    @cached_property
    def root(self) -> Any:
        """The document as YAML nodes, which know their lines."""
        return cast(Any, YAML(typ="safe")).compose(self.text)

    def line(self, pointer: Pointer) -> int:
        """Return the line where a part of the document starts; where it is missing, that of what it would be in."""
        return self._find(pointer)[0]

    def node(self, pointer: Pointer) -> Any:
        """Return a part of the document as a YAML node."""
        return self._find(pointer)[1]

    def _find(self, pointer: Pointer) -> tuple[int, Any]:
        node: Any = self.root
        start = node
        for key in pointer:
            # A member of a mapping starts at its key, an element of a sequence at its value.
            parts: dict[Any, tuple[Any, Any]] = {}
            if node.id == "mapping":
                parts = {name.value: (name, value) for name, value in node.value}
            elif node.id == "sequence":
                parts = {index: (value, value) for index, value in enumerate(node.value)}
            if key not in parts:
                break
            start, node = parts[key]
        return int(start.start_mark.line) + 1, node

    def at(self, pointer: Pointer) -> JSON:
        """Return the part of the document at a pointer. Raises: LookupError or TypeError where there is none."""
        return reduce(lambda node, key: node[key], pointer, cast(JSON, self.content))

    def get(self, pointer: Pointer) -> JSON:
        """Return the part of the document at a pointer; None where there is none."""
        try:
            return self.at(pointer)
        except (LookupError, TypeError):
            return None

    def follow(self, pointer: Pointer) -> Pointer:
        """Follow the `$ref`s that start at a pointer. Raises: DocumentError where one leads nowhere."""
        seen: set[Pointer] = set()
        while isinstance(reference := members(self.at(pointer)).get("$ref"), str):
            seen.add(pointer)
            pointer = self.target(reference)
            if pointer in seen:
                raise DocumentError(f"the reference {reference} leads nowhere, since it leads to itself")
        return pointer

    def target(self, reference: str) -> Pointer:
        """Return the pointer that a `$ref` leads to. Raises: DocumentError where that is nowhere."""
        head, *keys = reference.split("/")
        pointer: Pointer = tuple(key.replace("~1", "/").replace("~0", "~") for key in keys)
        if head != "#" or not pointer or self.get(pointer) is None:
            known = [f"{reference.rpartition('/')[0]}/{name}" for name in members(self.get(pointer[:-1]))]
            hint = did_you_mean(reference, known)
            raise DocumentError(f"the reference {reference} leads nowhere in this document{hint}")
        return pointer

    def parts(self, schema: Pointer) -> Iterator[Pointer]:
        """Find the schemas that are written in a schema, one level down; `$ref`s are not followed."""
        node = members(self.at(schema))
        yield from ((*schema, "properties", name) for name in members(node.get("properties")))
        for key in COMBINATIONS:
            yield from ((*schema, key, index) for index, _ in enumerate(elements(node.get(key))))
        yield from ((*schema, key) for key in ("items", "additionalProperties") if members(node.get(key)))


def json_pointer(pointer: Pointer) -> str:
    """Write a JSON Pointer (RFC 6901)."""
    return "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in pointer)


def did_you_mean(name: str, known: list[str]) -> str:
    """Return a hint at the known name that is nearest to a misspelt one; empty where none is near."""
    by_case = {candidate.lower(): candidate for candidate in known}
    nearest = difflib.get_close_matches(name.lower(), by_case, n=1)
    return f": did you mean {by_case[nearest[0]]}?" if nearest else ""


def members(node: JSON) -> dict[str, JSON]:
    """Return the members of an object; none where a value is something else."""
    return cast("dict[str, JSON]", node) if isinstance(node, dict) else {}


def elements(node: JSON) -> list[JSON]:
    """Return the elements of an array; none where a value is something else."""
    return list(cast("Iterable[JSON]", node)) if isinstance(node, list) else []


def types(schema: dict[str, JSON]) -> list[JSON]:
    """Return the types that a schema names."""
    named = schema.get("type", [])
    return elements(named) if isinstance(named, list) else [named]
