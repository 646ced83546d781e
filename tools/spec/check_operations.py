"""The errors of an operation in openapi.yaml that would make a wrong client."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator

from .check_schemas import TABLES, check_direction
from .document import JSON, Document, Pointer, Problem, as_array, as_object
from .names import argument
from .operation import DIRECTIONS, EXTENSIONS, Operation, json_schema, operations
from .schema import read_schema


def check_operations(document: Document) -> Iterator[Problem]:
    """Check every operation, and the schemas that it uses."""
    for first, second in itertools.combinations(operations(document), 2):
        if first.method == second.method and ambiguous(first.path, second.path):
            yield second.item, f"a request can match {first.path}, too: rename a segment"
    yield from _security(document, ())
    names: dict[str, Pointer] = {}
    seen: dict[str, set[Pointer]] = {direction: set() for direction in DIRECTIONS}
    for operation in operations(document):
        place, name = (*operation.pointer, "operationId"), operation.content.get("operationId")
        if name is None:
            yield place, "there is no operationId, which names the function: write one"
        else:
            others = {names.setdefault(key, place) for key in (str(name), operation.python_name)} - {place}
            for other in others:
                yield place, f"the operationId names the function, and line {document.line(other)} has the same"
        yield from _operation(operation)
        yield from _parameters(operation)
        yield from _bodies(operation)
        yield from _security(document, operation.pointer)
        for element in operation.elements():
            if element.schema:
                yield from check_direction(document, element.schema, element.direction, seen[element.direction])


def ambiguous(path: str, other: str) -> bool:
    """Return whether a request can match both templates, neither more specific."""
    segments, others = path.rstrip("/").split("/"), other.rstrip("/").split("/")
    if len(segments) != len(others):  # the client sends no empty parameter
        return False
    pairs = zip(segments, others, strict=True)
    differ = [(here.startswith("{"), there.startswith("{")) for here, there in pairs if here != there]
    return all(any(pair) for pair in differ) and len({pair for pair in differ if not all(pair)}) != 1


def _operation(operation: Operation) -> Iterator[Problem]:
    for owner in (operation.item, operation.pointer):
        if "servers" in as_object(operation.document.get(owner)):
            yield (*owner, "servers"), "the client has one base URL: write servers at the top of the document"
    for name, value in operation.content.items():
        if name.startswith("x-") and (name not in EXTENSIONS or not isinstance(value, bool)):
            yield (*operation.pointer, name), f"the client knows {' and '.join(EXTENSIONS)}, each true or false"
    if re.search(r"[^/]{|}[^/]", operation.path):
        yield operation.item, "a parameter is a whole segment of a path, since a request could match another path, too"
    in_path = {name for place, name in operation.parameters if place == "path"}
    if in_path != set(re.findall(r"{(.*?)}", operation.path)):
        defined = ", ".join(sorted(in_path)) or "none"
        yield operation.pointer, f"the path must have the parameters that are defined for it: {defined}"
    if not operation.successes:
        yield (*operation.pointer, "responses"), "there is no success: add a response with a status such as '200'"


def _parameters(operation: Operation) -> Iterator[Problem]:
    document = operation.document
    names = Counter(argument(name, location) for location, name in operation.parameters)
    for name, count in names.items():
        if count > 1:
            yield operation.pointer, f"two parameters are `{name}` in Python: rename one"
    for (location, name), pointer in operation.parameters.items():
        if argument(name, location) in TABLES["taken"]["parameter"] and (name != "body" or operation.body):
            yield (*pointer, "name"), f"the generated function uses `{name}` itself: leave the parameter out"
        if location == "header" and name.lower() in ("accept", "authorization", "content-type"):
            yield (*pointer, "name"), f"the client sets the header {name} itself: remove the parameter"
        form = location in ("query", "cookie")
        defaults: dict[str, JSON] = {"style": "form" if form else "simple", "explode": form}
        defaults |= dict.fromkeys(("allowReserved", "allowEmptyValue"), False)
        for key, value in as_object(document.get(pointer)).items():
            if key == "content" or value != defaults.get(key, value):
                yield (*pointer, key), f"neither generator nor client knows this `{key}` of a parameter: remove it"
        if location in TABLES["sent"] and document.get((*pointer, "schema")) is not None:
            yield from _sent(document, location, (*pointer, "schema"))


def _sent(document: Document, location: str, pointer: Pointer) -> Iterator[Problem]:
    """Check that the client can send each value of a parameter."""
    schema, sent = read_schema(document, pointer), set(TABLES["sent"][location])
    items = schema.children.get("[]") if location == "query" else None
    for types, known in [(schema.types, sent)] + ([(items.types, sent - {"array"})] if items else []):
        wrong = " or ".join(sorted(types - known)) or ("" if types else "a value of any type")
        within = " within an array" if known != sent else ""
        if wrong:
            yield pointer, f"the client sends {' or '.join(sorted(known))}{within} in a {location}, and not {wrong}"


def _bodies(operation: Operation) -> Iterator[Problem]:
    document = operation.document
    for owner in filter(None, (operation.body, *operation.successes.values())):
        content = as_object(as_object(document.get(owner)).get("content"))
        for media_type in content.keys() - {"application/json"}:
            yield (*owner, "content", media_type), "the client reads and sends JSON: write application/json, alone"
        schema = document.get((*owner, "content", "application/json", "schema"))
        if not schema and (content.keys() == {"application/json"} or (owner == operation.body and not content)):
            yield owner, "the generator drops JSON without a schema: write one, which is not empty"
    for status, owner in operation.successes.items():
        if "content" in as_object(document.get(owner)) and (status in ("204", "205") or operation.method == "head"):
            yield (*owner, "content"), "this response never has a body (RFC 9110): remove this, or write another status"
    body = json_schema(document, operation.body) if operation.body else None
    if body and "null" in read_schema(document, body).types:
        yield body, "httpx sends no body for None, so the body cannot be null: leave null out"


def _security(document: Document, owner: Pointer) -> Iterator[Problem]:
    schemes = as_object(document.get(("components", "securitySchemes")))
    for index, alternative in enumerate(as_array(document.get((*owner, "security")))):
        for name in as_object(alternative).keys() - schemes.keys():
            yield (*owner, "security", index, name), "there is no security scheme of this name"
