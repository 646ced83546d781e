"""YAML in house style, ready to paste into openapi.yaml, for a part that another document has."""

from __future__ import annotations

import io
import re
import textwrap
from typing import Any

from ruamel.yaml import YAML

from .check_schemas import KEYWORDS
from .document import COMBINATIONS, JSON, Document, Pointer, as_array, as_object, types
from .names import class_name
from .operation import Operation, json_schema
from .schema import ALL_KEYWORDS, normalize

DESCRIPTION = "TODO"


def ordered(schema: dict[str, JSON]) -> dict[str, JSON]:
    """Return the keywords of a schema in the order of house style."""
    return {key: schema[key] for key in KEYWORDS if schema.get(key) is not None}


class Snippet:
    """A part of a document, and the components that it needs."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.components: dict[str, JSON] = {}

    def schema(self, pointer: Pointer, name: str, *, response: bool) -> dict[str, JSON]:
        """Return a schema: closed objects in a request, open enums in a response, classes as components."""
        return self._schema(normalize(self.document, pointer, ("description", *ALL_KEYWORDS)), name, response)

    def _schema(self, schema: dict[str, JSON], name: str, response: bool) -> dict[str, JSON]:
        branches = [as_object(branch) for key in COMBINATIONS for branch in as_array(schema.pop(key, []))]
        values = [branch for branch in branches if branch.get("type") != "null"]
        if branches and (len(values) == 1 or all("enum" in branch for branch in values)):
            kinds = sorted({str(kind) for branch in branches for kind in types(branch)}, key="null".__eq__)
            enum = {"enum": [value for branch in values for value in branch["enum"]]} if "enum" in values[0] else {}
            schema |= {**values[0], "type": kinds, **enum}
        elif branches:
            schema["anyOf"] = [self._schema(branch, f"{name} {i}", response) for i, branch in enumerate(branches)]
        if "items" in schema:
            schema["items"] = self._schema(schema["items"], f"{name} item", response)
        for key, value in as_object(schema.get("properties")).items():
            schema["properties"][key] = self.described(self._schema(value, f"{name} {key}", response))
        if "properties" in schema:
            schema["additionalProperties"] = None if response else False
        elif "object" in types(schema):
            schema.setdefault("additionalProperties", True)
        kinds = types(schema)
        schema |= {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
        is_class = "properties" in schema or "enum" in schema
        return self._component(schema, name, response) if is_class else ordered(schema)

    def _component(self, schema: dict[str, JSON], name: str, response: bool) -> dict[str, JSON]:
        """Make a component of a class; what may be null stays beside it."""
        kinds = [kind for kind in types(schema) if kind != "null"]
        kind = kinds[0] if kinds else "object" if "properties" in schema else "string"
        beside = [{"type": "null"}] if "null" in types(schema) else []
        if "enum" in schema:
            schema["enum"] = [value for value in schema["enum"] if value is not None]
            beside += [{"type": kind}] if response else []
        self.components[class_name(name)] = self.described({**schema, "type": kind})
        reference: dict[str, JSON] = {"$ref": f"#/components/schemas/{class_name(name)}"}
        return {"anyOf": [reference, *beside]} if beside else reference

    @staticmethod
    def described(schema: dict[str, JSON]) -> dict[str, JSON]:
        """Return a schema with a description to write, except beside a `$ref`."""
        return schema if "$ref" in schema else ordered({"description": DESCRIPTION, **schema})

    def parameter(self, pointer: Pointer, name: str) -> dict[str, JSON]:
        """Return a parameter."""
        content = as_object(self.document.get(pointer))
        found = {"name": content["name"], "in": content["in"], "description": content.get("description", DESCRIPTION)}
        found |= {"required": True} if content.get("required") else {}
        return {**found, "schema": self.schema((*pointer, "schema"), f"{name} {content['name']}", response=False)}

    def operation(self, operation: Operation) -> dict[str, JSON]:
        """Return an operation, with an operationId made of its method and path if it has none."""
        words = re.sub(r"{.*?}|/v\d+/", " ", f"{operation.method}{operation.path}")
        name = class_name(operation.id or words.replace("/", " "))
        tags = as_array(operation.content.get("tags"))[:1] or ["default"]
        found: dict[str, JSON] = {"operationId": name[:1].lower() + name[1:], "tags": tags, "summary": DESCRIPTION}
        if operation.parameters:
            found["parameters"] = [self.parameter(pointer, name) for pointer in operation.parameters.values()]
        if operation.body and (body := json_schema(self.document, operation.body)):
            found["requestBody"] = {"description": DESCRIPTION, "required": True}
            found["requestBody"]["content"] = self._content(body, f"{name} request", response=False)
        found["responses"] = {}
        for status, pointer in operation.successes.items():
            found["responses"][status] = {"description": DESCRIPTION}
            if (schema := json_schema(self.document, pointer)) and status != "204":
                found["responses"][status]["content"] = self._content(schema, f"{name} response", response=True)
        return found

    def _content(self, pointer: Pointer, name: str, *, response: bool) -> JSON:
        return {"application/json": {"schema": self.schema(pointer, name, response=response)}}


def as_yaml(content: JSON, depth: int) -> str:
    """Return the YAML of a part, indented for its place."""
    yaml: Any = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 116 - depth
    text = io.StringIO()
    yaml.dump(content, text)
    return textwrap.indent(text.getvalue(), " " * depth)
