"""An operation, independent of its spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import attrs

from .document import JSON, METHODS, Document, Pointer, as_array, as_object
from .names import argument, snake_case
from .schema import read_schema

DIRECTIONS = ("request", "response", "error")
"""Where the values of a schema go; an error is a response without success."""

EXTENSIONS = ("x-idempotent", "x-echoes-request")
"""The extensions of an operation that the client reads."""


@attrs.frozen
class Element:
    """An operation itself, or its parameter, body or response, without the schema.

    Attributes:
        name: `query.limit` for a parameter, `$` for the body, the status for a response; empty for the operation.
        kind: operation, parameter, body or status.
        keywords: What the document says of it.
        value: The name of its value: `query.limit`, `$` for the body and the first success, `404 $` for others.
        schema: Where the schema of that value is, if it has one.
        examples: Values that the document shows for it.
    """

    name: str
    kind: str
    pointer: Pointer
    python_name: str
    keywords: dict[str, JSON]
    value: str = ""
    schema: Pointer | None = None
    direction: str = "request"
    examples: list[JSON] = attrs.field(factory=list[JSON])


@attrs.frozen(slots=False)
class Operation:
    """An operation of a document.

    Attributes:
        item: Where its path item is.
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
        """Its method and path, without the names of path parameters."""
        return self.method, re.sub(r"{.*?}", "{}", self.path).rstrip("/")

    @property
    def content(self) -> dict[str, JSON]:
        """The operation object."""
        return as_object(self.document.get(self.pointer))

    @property
    def id(self) -> str:
        """Its operationId; empty if there is none."""
        return str(self.content.get("operationId", ""))

    @property
    def function(self) -> str:
        """The name of the generated function."""
        return snake_case(self.id)

    @property
    def python_name(self) -> str:
        """The generated function in its module, which the first tag names."""
        tag = (*as_array(self.content.get("tags")), "default")[0]
        return f"api.{snake_case(str(tag))}.{self.function}"

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Pointer]:
        """Its parameters, which override those of its path item. Raises: DocumentError."""
        found: dict[tuple[str, str], Pointer] = {}
        for owner in (self.item, self.pointer):
            for index, _ in enumerate(as_array(as_object(self.document.get(owner)).get("parameters"))):
                pointer = self.document.follow((*owner, "parameters", index))
                parameter = as_object(self.document.get(pointer))
                if {"in", "name"} <= parameter.keys():
                    found[str(parameter["in"]), str(parameter["name"])] = pointer
        return found

    @cached_property
    def body(self) -> Pointer | None:
        """Its request body. Raises: DocumentError."""
        return self.document.follow((*self.pointer, "requestBody")) if "requestBody" in self.content else None

    @cached_property
    def responses(self) -> dict[str, Pointer]:
        """Its responses by status. Raises: DocumentError."""
        pointer = (*self.pointer, "responses")
        statuses = as_object(self.content.get("responses"))
        return {str(status): self.document.follow((*pointer, status)) for status in statuses}

    @property
    def successes(self) -> dict[str, Pointer]:
        """Its successful responses by status, the lowest first."""
        return {status: self.responses[status] for status in sorted(self.responses) if status.startswith("2")}

    @property
    def returns(self) -> set[str]:
        """The classes that a call may return; None for a success without a body."""
        schemas = [json_schema(self.document, response) for response in self.successes.values()]
        return {read_schema(self.document, schema).class_name or "a value" if schema else "None" for schema in schemas}

    @property
    def signature(self) -> str:
        """The generated function with its arguments and what it returns."""
        arguments: list[str] = []
        for element in self.elements():
            if element.kind in ("parameter", "body"):
                name = "body" if element.kind == "body" else element.python_name.rpartition("(")[2].rstrip(")")
                schema = read_schema(self.document, element.schema) if element.schema else None
                default = "" if element.keywords.get("required") else " = UNSET"
                arguments.append(f"{name}: {schema.hint() if schema else 'Any'}{default}")
        function = self.python_name.removeprefix("api.")
        return f"{function}.sync({', '.join(arguments)}) -> {' | '.join(sorted(self.returns))}"

    @property
    def security(self) -> list[str]:
        """The alternatives that authorize a request, each with its schemes."""
        schemes = as_object(self.document.get(("components", "securitySchemes")))
        alternatives: list[str] = []
        for alternative in as_array(self.content.get("security", self.document.content.get("security"))):
            needed: list[str] = []
            for name, scopes in as_object(alternative).items():
                scheme = [as_object(schemes.get(name)).get(key) for key in ("type", "scheme", "in", "name")]
                needed.append(" ".join(str(word) for word in [*scheme, *as_array(scopes)] if word))
            alternatives.append(" and ".join(sorted(needed)) or "none")
        return sorted(alternatives)

    def elements(self) -> Iterator[Element]:
        """Find the operation itself, its parameters, its body and its responses."""
        content = self.content
        keywords = {key: content.get(key) for key in ("operationId", "summary", "description")}
        flags = {key: content.get(key) or None for key in ("deprecated", *EXTENSIONS)}
        in_path = " ".join(re.findall(r"{.*?}", self.path))
        keywords |= {"path": in_path, "tags": as_array(content.get("tags"))[:1], **flags}
        yield Element("", "operation", self.pointer, self.python_name, {**keywords, "security": self.security})
        for (location, name), pointer in self.parameters.items():
            content = as_object(self.document.get(pointer))
            style = content.get("style") or ("form" if location in ("query", "cookie") else "simple")
            form = {"style": style, "explode": content.get("explode", style == "form")}
            notes = {"deprecated": content.get("deprecated") or None, "description": content.get("description")}
            keywords = {"required": bool(content.get("required")), **form, **notes}
            schema = (*pointer, "schema") if "schema" in content else None
            value, python_name = f"{location}.{name}", f"{self.function}({argument(name, location)})"
            values = [self.document.get(example) for example in examples(self.document, pointer)]
            yield Element(value, "parameter", pointer, python_name, keywords, value, schema, examples=values)
        if self.body:
            schema = json_schema(self.document, self.body)
            required = bool(as_object(self.document.get(self.body)).get("required"))
            keywords = {"required": required, "content": "application/json" if schema else None}
            values = [self.document.get(example) for example in examples(self.document, (schema or self.body)[:-1])]
            yield Element("$", "body", self.body, self.python_name, keywords, "$", schema, examples=values)
        for status, pointer in self.responses.items():
            direction = "response" if status in self.successes else "error"
            value = "$" if status == next(iter(self.successes), None) else f"{status} $"
            schema = json_schema(self.document, pointer)
            values = [self.document.get(example) for example in examples(self.document, (schema or pointer)[:-1])]
            yield Element(status, "status", pointer, self.python_name, {}, value, schema, direction, values)


def operations(document: Document) -> Iterator[Operation]:
    """Find every operation of a document. Raises: DocumentError."""
    for path in document.content["paths"]:
        item = document.follow(("paths", path))
        for method in METHODS:
            if method in as_object(document.get(item)):
                yield Operation(document, method, path, (*item, method), item)


def schemas(document: Document) -> Iterator[Pointer]:
    """Find every schema of a document, nested ones too. Raises: DocumentError."""
    components: Pointer = ("components", "schemas")
    pointers: list[Pointer] = [(*components, name) for name in as_object(document.get(components))]
    elements = (element for operation in operations(document) for element in operation.elements())
    pointers += (element.schema for element in elements if element.schema)
    waiting = list(dict.fromkeys(pointers))
    while waiting:
        pointer = waiting.pop()
        yield pointer
        waiting += document.subschemas(pointer)


def examples(document: Document, owner: Pointer) -> Iterator[Pointer]:
    """Find the examples of a parameter, or of the JSON of a body or response, beside its schema."""
    content = as_object(document.get(owner))
    if "example" in content:
        yield (*owner, "example")
    for name, example in as_object(content.get("examples")).items():
        if "value" in as_object(example):
            yield (*owner, "examples", name, "value")


def json_schema(document: Document, owner: Pointer) -> Pointer | None:
    """Return where the schema of a body's or a response's JSON is."""
    pointer = (*owner, "content", "application/json", "schema")
    return pointer if document.get(pointer) is not None else None
