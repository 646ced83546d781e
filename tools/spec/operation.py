"""What a document says of an operation, independent of spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import attrs

from .document import JSON, METHODS, Document, DocumentError, Pointer, elements, json_pointer, members
from .names import snake_case
from .schema import read_schema

DIRECTIONS = ("request", "response", "error")
"""Where the values of a schema go; an error is a response that is no success."""

EXTENSIONS = ("x-idempotent", "x-echoes-request")
"""What the client reads of an operation beyond OpenAPI."""


@attrs.frozen
class Fact:
    """What a document says of a part of an operation: its name, its kind, and its keywords."""

    name: str
    kind: str
    pointer: Pointer
    python: str
    values: dict[str, JSON]
    direction: str = "request"


@attrs.frozen(slots=False)
class Operation:
    """An operation of a document.

    Attributes:
        pointer: Where the operation is written.
        item: Where its path item is written.
    """

    document: Document = attrs.field(repr=False)
    method: str
    path: str
    pointer: Pointer
    item: Pointer

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def route(self) -> tuple[str, str]:
        """What a request to it matches, whatever the parameters of its path are called."""
        return self.method, re.sub(r"{.*?}", "{}", self.path).rstrip("/")

    @property
    def definition(self) -> dict[str, JSON]:
        """The operation as it is written."""
        return members(self.document.at(self.pointer))

    @property
    def function(self) -> str:
        """The name of the generated function."""
        return snake_case(str(self.definition.get("operationId", "")))

    @property
    def python(self) -> str:
        """The module of the generated function, which its first tag names."""
        tag = (*elements(self.definition.get("tags")), "default")[0]
        return f"api.{snake_case(str(tag))}.{self.function}"

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Pointer]:
        """Its parameters, which override those of its path. Raises: DocumentError."""
        found: dict[tuple[str, str], Pointer] = {}
        for owner in (self.item, self.pointer):
            for index, _ in enumerate(elements(members(self.document.at(owner)).get("parameters"))):
                pointer = self.document.follow((*owner, "parameters", index))
                parameter = members(self.document.at(pointer))
                if not {"in", "name"} <= parameter.keys():
                    raise DocumentError(f"{json_pointer(pointer)} is not a parameter")
                found[str(parameter["in"]), str(parameter["name"])] = pointer
        return found

    @cached_property
    def body(self) -> Pointer | None:
        """Its request body. Raises: DocumentError."""
        return self.document.follow((*self.pointer, "requestBody")) if "requestBody" in self.definition else None

    @cached_property
    def responses(self) -> dict[str, Pointer]:
        """Its responses, by status. Raises: DocumentError."""
        pointer = (*self.pointer, "responses")
        statuses = members(self.definition.get("responses"))
        return {str(status): self.document.follow((*pointer, status)) for status in statuses}

    @property
    def successes(self) -> dict[str, Pointer]:
        """Its responses of success, by status."""
        return {status: self.responses[status] for status in sorted(self.responses) if status.startswith("2")}

    @property
    def returns(self) -> set[str]:
        """What a call may return, in Python: None for a success without a body."""
        schemas = [json_schema(self.document, owner) for owner in self.successes.values()]
        return {read_schema(self.document, schema).class_name or "a value" if schema else "None" for schema in schemas}

    @property
    def security(self) -> list[str]:
        """What may authorize a request: each alternative, with its schemes written out."""
        schemes = members(self.document.get(("components", "securitySchemes")))
        alternatives: list[str] = []
        for alternative in elements(self.definition.get("security", self.document.content.get("security"))):
            needed: list[str] = []
            for name, scopes in members(alternative).items():
                scheme = [members(schemes.get(name)).get(key) for key in ("type", "scheme", "in", "name")]
                needed.append(" ".join(str(part) for part in [*scheme, *elements(scopes)] if part))
            alternatives.append(" and ".join(sorted(needed)) or "none")
        return sorted(alternatives)

    def facts(self) -> Iterator[Fact]:
        """List what the document says of it beside schemas: of itself, each parameter, its body and each response."""
        plain = self.definition
        notes = {key: plain.get(key) for key in ("operationId", "summary", "description")}
        marks = {key: plain.get(key) or None for key in ("deprecated", *EXTENSIONS)}
        names = {"path": self.path.rstrip("/"), "tags": elements(plain.get("tags"))[:1]}
        yield Fact("", "operation", self.pointer, self.python, {**names, **notes, **marks, "security": self.security})
        for (place, name), pointer in self.parameters.items():
            plain = members(self.document.at(pointer))
            style = plain.get("style") or ("form" if place in ("query", "cookie") else "simple")
            form = {"style": style, "explode": plain.get("explode", style == "form")}
            notes = {"deprecated": plain.get("deprecated") or None, "description": plain.get("description")}
            what = {"required": bool(plain.get("required")), **form, **notes}
            yield Fact(f"{place}.{name}", "parameter", pointer, f"{self.function}({snake_case(name)})", what)
        if self.body:
            required = bool(members(self.document.at(self.body)).get("required"))
            content = "application/json" if json_schema(self.document, self.body) else None
            yield Fact("$", "body", self.body, self.python, {"required": required, "content": content})
        for status, pointer in self.responses.items():
            yield Fact(status, "status", pointer, self.python, {}, "response" if status[0] == "2" else "error")

    def schemas(self, direction: str) -> Iterator[tuple[str, Pointer]]:
        """Find where the schemas of a direction are written, by name: `query.limit`, `$`, `404 $`."""
        successes = self.successes
        owners = {
            "request": {"": self.body} if self.body else {},
            # The first success has no status in its name, since most operations have one alone.
            "response": {"" if name == min(successes) else f"{name} ": owner for name, owner in successes.items()},
            "error": {f"{name} ": owner for name, owner in self.responses.items() if name not in successes},
        }
        if direction == "request":
            for (place, name), pointer in self.parameters.items():
                if "schema" in self.document.at(pointer):
                    yield f"{place}.{name}", (*pointer, "schema")
        for prefix, owner in owners[direction].items():
            if schema := json_schema(self.document, owner):
                yield f"{prefix}$", schema


def operations(document: Document) -> Iterator[Operation]:
    """Find every operation of a document. Raises: DocumentError."""
    for path in document.content["paths"]:
        item = document.follow(("paths", path))
        for method in METHODS:
            if method in members(document.at(item)):
                yield Operation(document, method, path, (*item, method), item)


def schemas(document: Document) -> Iterator[Pointer]:
    """Find every schema that is written in a document."""
    waiting: list[Pointer] = [
        ("components", "schemas", name) for name in members(document.get(("components", "schemas")))
    ]
    for operation in operations(document):
        waiting += (pointer for direction in DIRECTIONS for _, pointer in operation.schemas(direction))
    seen: set[Pointer] = set()
    while waiting:
        pointer = waiting.pop()
        if pointer not in seen:
            seen.add(pointer)
            yield pointer
            waiting += document.parts(pointer)


def json_schema(document: Document, owner: Pointer) -> Pointer | None:
    """Find the schema of the JSON that a request body or a response has."""
    pointer = (*owner, "content", "application/json", "schema")
    return pointer if document.get(pointer) is not None else None
