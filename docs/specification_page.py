"""The page of the specification: each operation of the document, in MyST."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, TypeAlias

JSON: TypeAlias = Any

# The constraints of JSON Schema, in words.
_CONSTRAINTS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "length at least {}",
    "maxLength": "length at most {}",
    "pattern": "matches `{}`",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}


def specification_page(document: JSON) -> str:
    """Return the page for a document."""
    return "\n".join(_Page(document).lines())


class _Page:
    """The lines of the page."""

    def __init__(self, document: JSON) -> None:
        self._document = document

    def lines(self) -> Iterator[str]:
        for server in self._document["servers"]:
            yield f"- `{server['url']}`: {server['description']}"
        yield ""
        for path, path_item in self._document["paths"].items():
            for method, operation in path_item.items():
                if isinstance(operation, dict) and "responses" in operation:
                    yield from self._operation(method.upper(), path, path_item.get("parameters", []), operation)

    def _operation(self, method: str, path: str, parameters: list[JSON], operation: JSON) -> Iterator[str]:
        yield from (f"## {operation['summary']}", "", f"**`{method} {path}`**", "")
        yield from (operation.get("description", ""), "")
        if operation.get("x-idempotent"):
            yield from ("Idempotent: the client retries it after 408, 429, 5xx and broken connections.", "")
        if parameters := [self._resolve(parameter) for parameter in [*parameters, *operation.get("parameters", [])]]:
            yield from ("### Parameters", "")
            for parameter in parameters:
                note = f"in {parameter['in']}" + (", required" if parameter.get("required") else "")
                yield from self._item(parameter["name"], parameter["schema"], note, parameter.get("description"))
        if "requestBody" in operation:
            body = self._resolve(operation["requestBody"])
            yield from ("### Request body", "", body.get("description", ""), "")
            yield from self._content(body)
        for status, reference in operation["responses"].items():
            response = self._resolve(reference)
            name = HTTPStatus(int(status)).phrase if status.isdecimal() else ""
            yield from (f"### {status} {name}", "", response["description"], "")
            yield from self._content(response)

    def _content(self, body: JSON) -> Iterator[str]:
        """Describe a body: the properties of an object, one by one, and the examples."""
        for content in body.get("content", {}).values():
            yield from self._properties(content.get("schema", {}), "")
            for example in content.get("examples", {}).values():
                value = json.dumps(example["value"], indent=2, ensure_ascii=False)
                yield from (f"{example.get('summary', 'Example')}:", "", f"```json\n{value}\n```", "")

    def _properties(self, schema: JSON, prefix: str) -> Iterator[str]:
        schema = self._resolve(schema)
        required = schema.get("required", [])
        for name, property_ in schema.get("properties", {}).items():
            path = f"{prefix}{name}"
            yield from self._item(path, property_, "required" if name in required else "")
            for inner in self._inner(property_):
                yield from self._properties(inner, f"{path}[]." if self._is_array(property_) else f"{path}.")

    def _inner(self, schema: JSON) -> list[JSON]:
        """Return the schemas inside a schema: its alternatives, its items, or itself."""
        schema = self._resolve(schema)
        return schema.get("anyOf") or [schema.get("items", schema)]

    def _is_array(self, schema: JSON) -> bool:
        return "items" in self._resolve(schema)

    def _item(self, name: str, schema: JSON, note: str, description: str | None = None) -> Iterator[str]:
        """Describe a parameter or a property as an item of a definition list."""
        resolved = self._resolve(schema)
        facts = [self._type(schema), *self._constraints(resolved), *([note] if note else [])]
        text = description or resolved.get("description") or "No description."
        yield from (f"`{name}` *{', '.join(facts)}*", f": {text}", "")

    def _type(self, schema: JSON) -> str:
        schema = self._resolve(schema)
        if "anyOf" in schema:
            return " or ".join(dict.fromkeys(self._type(inner) for inner in schema["anyOf"]))
        if "enum" in schema:
            return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
        types = schema.get("type", "any")
        names = [types] if isinstance(types, str) else types
        items = f" of {self._type(schema['items'])}" if "items" in schema else ""
        return " or ".join(name + (items if name == "array" else "") for name in names)

    def _constraints(self, schema: JSON) -> list[str]:
        return [text.format(schema[keyword]) for keyword, text in _CONSTRAINTS.items() if keyword in schema]

    def _resolve(self, node: JSON) -> JSON:
        while "$ref" in node:
            reference = node["$ref"]
            node = self._document
            for key in reference.split("/")[1:]:
                node = node[key]
        return node
