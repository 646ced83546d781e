"""An OpenAPI document as data, with the line of each of its parts: what the tools read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property, reduce
from pathlib import Path
from typing import Any, Self, cast

import attrs
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

ROOT = Path(__file__).parent.parent
SPECIFICATION = ROOT / "openapi.yaml"

Pointer = tuple[str | int, ...]
"""Where a part of a document stands: the keys and indices that lead to it."""

JSON = Any
"""Any JSON value."""

# What a value must be like beyond its type, in the order in which a schema says it.
CONSTRAINTS = (
    *("pattern", "minLength", "maxLength", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


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
    content: dict[str, Any] = attrs.field(repr=False)

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
            # Not by the loader of YAML: it takes minutes for many megabytes.
            is_json = text.lstrip().startswith("{") and not name.endswith((".yaml", ".yml"))
            content: JSON = json.loads(text) if is_json else cast(Any, YAML(typ="safe")).load(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise DocumentError(f"{name}: is not JSON: {error}") from None
        except YAMLError as error:
            mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", error)
            place = f"{name}:{mark.line + 1}" if mark else name
            raise DocumentError(f"{place}: is not YAML: {' '.join(str(problem).split())}") from None
        if "openapi" not in members(content) or not isinstance(content.get("paths"), dict):
            raise DocumentError(f"{name}: is not an OpenAPI document, which has `openapi` and `paths`")
        return cls(name, text, content)

    @cached_property
    def _nodes(self) -> Any:
        return cast(Any, YAML(typ="safe")).compose(self.text)

    def line(self, pointer: Pointer) -> int:
        """Say in which line a part of the document starts; where it is not there, what it would be a part of."""
        node: Any = self._nodes
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
        return int(start.start_mark.line) + 1

    def at(self, pointer: Pointer) -> JSON:
        """Give the part of the document that a pointer leads to. Raises: LookupError or TypeError where none does."""
        return reduce(lambda node, key: node[key], pointer, cast(JSON, self.content))

    def follow(self, pointer: Pointer) -> Pointer:
        """Follow the references that start at a part of the document. Raises: DocumentError where one leads nowhere."""
        seen: set[Pointer] = set()
        while reference := members(self.at(pointer)).get("$ref"):
            seen.add(pointer)
            pointer = self.target(str(reference))
            if pointer in seen:
                raise DocumentError(f"the reference {reference} leads nowhere in this document")
        return pointer

    def target(self, reference: str) -> Pointer:
        """Say where a reference leads. Raises: DocumentError where that is nowhere."""
        head, *keys = reference.split("/")
        pointer = tuple(key.replace("~1", "/").replace("~0", "~") for key in keys)
        try:
            self.at(pointer)
        except (LookupError, TypeError):
            pointer = ()
        if head != "#" or not pointer:
            raise DocumentError(f"the reference {reference} leads nowhere in this document")
        return pointer

    def operations(self) -> Iterator[Pointer]:
        """Find every operation; its path and method are the last two keys."""
        for path, item in members(self.content["paths"]).items():
            yield from (("paths", path, method) for method in METHODS if method in members(item))

    def parameters(self, operation: Pointer) -> Iterator[Pointer]:
        """Find the parameters of an operation, those of its path first. Raises: DocumentError."""
        for owner in (operation[:-1], operation):
            for index, _ in enumerate(elements(members(self.at(owner)).get("parameters"))):
                yield self.follow((*owner, "parameters", index))

    def schemas(self, operation: Pointer) -> Iterator[tuple[str, Pointer]]:
        """Find the schemas of an operation, each with its use: `query.limit`, `body`, or the status of an answer.

        Raises: DocumentError.
        """
        for place in self.parameters(operation):
            parameter = members(self.at(place))
            if "schema" in parameter:
                yield f"{parameter.get('in')}.{parameter.get('name')}", (*place, "schema")
        responses = members(self.at(operation).get("responses"))
        owners: dict[str, Pointer] = {status: (*operation, "responses", status) for status in responses}
        if "requestBody" in self.at(operation):
            owners = {"body": (*operation, "requestBody"), **owners}
        for use, owner in owners.items():
            place = self.follow(owner)
            if "schema" in members(members(members(self.at(place)).get("content")).get("application/json")):
                yield use, (*place, "content", "application/json", "schema")

    def parts(self, schema: Pointer) -> Iterator[Pointer]:
        """Find the schemas that stand in a schema, one level down; references are not followed."""
        node = members(self.at(schema))
        yield from ((*schema, "properties", name) for name in members(node.get("properties")))
        for key in ("anyOf", "oneOf", "allOf"):
            yield from ((*schema, key, index) for index, _ in enumerate(elements(node.get(key))))
        yield from ((*schema, key) for key in ("items", "additionalProperties") if members(node.get(key)))


def members(node: JSON) -> dict[str, JSON]:
    """Give the members of an object; none where it is something else."""
    return cast("dict[str, JSON]", node) if isinstance(node, dict) else {}


def elements(node: JSON) -> list[JSON]:
    """Give the elements of an array; none where it is something else."""
    return list(cast("Iterable[JSON]", node)) if isinstance(node, list) else []
