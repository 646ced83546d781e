"""The comparison of two OpenAPI 3.x documents, for `diff` and `upstream`."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator

import attrs

from .document import JSON, Document, Pointer, as_array, as_object
from .names import classes
from .operation import Operation, operations
from .schema import ALL_KEYWORDS, COMPARED, RESPONSE_KEYWORDS, Schema, normalize, prove, read_schema
from .witness import candidates, witness


@attrs.frozen
class Change:
    """A change from an old document to a new one.

    Attributes:
        operation: The operation, as `POST /v1/projects/{id}`; empty for the whole document.
        direction: request, response, error (a response without success) or document.
        pointer: Where it is in the new document; of what is removed, where it would be.
        property: What changes, in JSON: `plan.pieces[]`, `query.limit`, `$` for the whole body.
        python_name: The same in Python; None where Python has no name for it.
        keyword: What changes of it: a keyword of OpenAPI or JSON Schema, or `property`, `parameter`, `returns`, ….
        old: The old value; None where it is added.
        new: The new value; None where it is removed.
        proved: Whether the new schema accepts all values of the old one, and the reverse: yes, no or unknown.
        witness: A value, as JSON: of a request, one that was valid and is not; of a response, the other way round.
        old_pointer: Where what is removed was, in the old document.
    """

    operation: str
    direction: str
    pointer: Pointer
    property: str = ""
    python_name: str | None = None
    keyword: str = ""
    old: JSON = None
    new: JSON = None
    proved: tuple[str, str] = ("unknown", "unknown")
    witness: str = ""
    old_pointer: Pointer = ()

    def same_values(self) -> bool:
        """Return whether both schemas accept the same values."""
        return self.proved == ("yes", "yes")

    def prove(self, old: JSON, new: JSON, values: Callable[[], list[JSON]], whole: JSON = True) -> Change:
        """Compare what two schemas accept, by proof or by a value that the whole schema accepts."""
        proved = list(prove(old, new))
        side, accepting, rejecting = (1, new, old) if self.direction == "response" else (0, old, new)
        found = "" if proved[side] == "yes" else witness({"allOf": [accepting, whole]}, rejecting, values())
        proved[side] = "no" if found else proved[side]
        return attrs.evolve(self, proved=(proved[0], proved[1]), witness=found)

    def compare(self, keyword: str, old: JSON, new: JSON) -> Iterator[Change]:
        """Compare a keyword; what differs is a change like this."""
        if old != new:
            yield attrs.evolve(self, pointer=(*self.pointer, keyword), keyword=keyword, old=old, new=new)

    def compare_each(self, old: dict[str, JSON], new: dict[str, JSON]) -> Iterator[Change]:
        """Compare every keyword of two objects."""
        for keyword in old | new:
            yield from self.compare(keyword, old.get(keyword), new.get(keyword))


def compare(old: Document, new: Document, *, moves: bool = False) -> Iterator[Change]:
    """Find every change that matters to a client; an operationId may have moved. Raises: DocumentError."""
    servers = Change("", "document", ("servers", 0, "url"), "servers")
    base_urls = [str(document.get(servers.pointer) or "").rstrip("/") for document in (old, new)]
    yield from servers.compare("servers", *base_urls)
    before, after = ({operation.route: operation for operation in operations(document)} for document in (old, new))
    moved = {name: route for route, operation in after.items() if route not in before and (name := operation.id)}
    for route in before.keys() - after.keys() if moves else ():
        if target := moved.get(before[route].id):
            before[target] = before.pop(route)
    for route in before | after:
        operation = after.get(route) or before[route]
        change = Change(str(operation), "request", operation.pointer, "", operation.python_name, "operation")
        if route in before and route in after:
            yield from compare_operations(before[route], after[route])
        elif route in after:
            yield attrs.evolve(change, new=operation.signature)
        else:
            yield attrs.evolve(change, old=operation.signature)
    # A class can be imported, whether an operation uses it or not.
    for name, pointer in classes(old).items():
        if name not in classes(new):
            yield Change("", "document", pointer, "", f"models.{name}", "class", old=name)


def compare_operations(old: Operation, new: Operation) -> Iterator[Change]:
    """Compare two operations of one route, or of one operationId."""
    if old.route != new.route:
        yield Change(str(new), "request", new.pointer, "", new.python_name, "moved", str(old), str(new))
    before, after = ({element.name: element for element in operation.elements()} for operation in (old, new))
    for name in before | after:
        element = after.get(name) or before[name]
        pointer = element.pointer if name in after else (*new.pointer, name)
        change = Change(str(new), element.direction, pointer, name, element.python_name, element.kind)
        change = attrs.evolve(change, old_pointer=element.pointer)
        if name in before and name in after:
            yield from change.compare_each(before[name].keywords, after[name].keywords)
        elif name in after:
            yield attrs.evolve(change, new=element.keywords or name)
        elif f"{name[0]}XX" not in after:  # It has every status of the range.
            yield attrs.evolve(change, old=element.keywords or name)
    statuses_differ = old.successes.keys() != new.successes.keys()
    if new.returns - old.returns and (statuses_differ or "None" in old.returns ^ new.returns):
        change = Change(str(new), "response", (*new.pointer, "responses"), "$", new.python_name, "returns")
        yield attrs.evolve(change, old=" or ".join(sorted(old.returns)), new=" or ".join(sorted(new.returns)))
    old_elements = {(element.direction, element.value): element for element in before.values()}
    for element in after.values():
        old_element = old_elements.get((element.direction, element.value), element)
        old_pointer = old_element.schema if old_element is not element else None
        if old_pointer and element.schema and element.direction != "error":
            examples = [*old_element.examples, *element.examples]
            argument = element.python_name if element.kind == "parameter" else None
            old_schema = read_schema(old.document, old_pointer, argument)
            new_schema = read_schema(new.document, element.schema, argument)
            change = Change(str(new), element.direction, element.schema, element.value, new.python_name)
            yield from compare_schemas(change, old_schema, new_schema, examples)
            yield from compare_whole(change, old.document, old_pointer, new.document, examples)


def compare_schemas(change: Change, old: Schema, new: Schema, examples: list[JSON]) -> Iterator[Change]:
    """Compare two schemas and their children."""
    change = attrs.evolve(change, pointer=new.pointer, python_name=new.python_name)
    examples = [*examples, *as_array(old.annotations["examples"]), *as_array(new.annotations["examples"])]
    yield from compare_schema(change, old, new, functools.partial(candidates, old, new, examples))
    for name in old.children | new.children:
        before, after = old.children.get(name), new.children.get(name)
        schema = after or old.children[name]
        child = attrs.evolve(
            change,
            pointer=schema.pointer if after else (*new.target, "properties", name),
            property=child_name(change.property, name),
            python_name=schema.python_name,
            old_pointer=schema.pointer,
        )
        if before and after:
            if own_name(before) != own_name(after):
                yield from child.compare("python", before.python_name, after.python_name)
            inner = [value for example in examples for value in nested(example, name)]
            yield from compare_schemas(child, before, after, inner)
        elif name != ".*":  # Of other properties, `additionalProperties` changes.
            yield from child.compare("property", before and before.as_property(), after and after.as_property())


def nested(value: JSON, name: str) -> list[JSON]:
    """Return the items of an array, or a property of an object."""
    return as_array(value) if name == "[]" else [as_object(value)[name]] if name in as_object(value) else []


def child_name(parent: str, name: str) -> str:
    """Return the name of a nested value, such as `plan.pieces` or `plan.pieces[]`."""
    parent = parent.removesuffix("$")
    dot = "." if parent[-1:] not in ("", " ") and name not in ("[]", ".*") else ""
    return f"{parent}{dot}{name}"


def own_name(schema: Schema) -> str:
    """Return the name of an attribute or argument, without its class or function."""
    return re.split(r"[.(]", schema.python_name or "")[-1]


def compare_schema(change: Change, old: Schema, new: Schema, values: Callable[[], list[JSON]]) -> Iterator[Change]:
    """Compare two schemas without their children."""
    yield from change.compare("required", old.required, new.required)
    if old.class_name and new.class_name:
        yield from change.compare("class", old.class_name, new.class_name)
    yield from change.compare("additionalProperties", not old.closed, not new.closed)
    yield from change.compare_each(old.annotations, new.annotations)

    exact = change.prove(old.own, new.own, values)
    proved = change.prove(old.lenient, new.lenient, values) if change.direction == "response" else exact
    if old.types != new.types and not proved.same_values():
        yield from proved.compare("type", old.type(), new.type())
    yield from compare_enums(proved, old, new)
    for keyword in COMPARED if not exact.same_values() else ():
        before, after = old.constraints.get(keyword), new.constraints.get(keyword)
        if before != after:
            # Where several constraints change, each in its own way, each is judged alone.
            typed = {"type": sorted(old.types)}
            alone, now = (typed if value is None else {**typed, keyword: value} for value in (before, after))
            proved = exact if "yes" in exact.proved else change.prove(alone, now, values, old.own)
            yield from proved.compare(keyword, before, after)


def compare_enums(change: Change, old: Schema, new: Schema) -> Iterator[Change]:
    """Compare the values that have names."""
    removed = [value for value in old.enum if value not in new.enum]
    added = [value for value in new.enum if value not in old.enum]
    if not old.enum or not new.enum:
        yield from change.compare("enum", removed or None, added or None)
    elif removed or added:
        yield from change.compare("enum-value", removed or None, None)
        yield from change.compare("enum-value", None, added or None)
    elif old.types == new.types and not change.same_values():
        yield attrs.evolve(change, keyword="open enum", old=old.open, new=new.open)


def compare_whole(
    change: Change, old: Document, pointer: Pointer, new: Document, examples: list[JSON]
) -> Iterator[Change]:
    """Find whether two schemas differ in what their properties do not show."""
    keywords = ALL_KEYWORDS if change.direction == "request" else RESPONSE_KEYWORDS
    schemas = normalize(old, pointer, keywords), normalize(new, change.pointer, keywords)
    change = attrs.evolve(change, pointer=new.follow(change.pointer), keyword="schema")
    change = change.prove(*schemas, lambda: examples)
    if not change.same_values():
        yield change


def renamed(changes: Iterable[Change]) -> Iterator[Change]:
    """Report a property that is removed, and the one equal one that is added beside it, as a probable rename."""
    equal: dict[str, list[Change]] = {}
    for change in changes:
        schema = json.dumps({**as_object(change.new or change.old), "required": None}, sort_keys=True)
        if change.keyword == "property":
            equal.setdefault(f"{change.operation} {change.direction} {change.pointer[:-2]} {schema}", []).append(change)
        else:
            yield change
    for found in equal.values():
        if sorted(change.new is None for change in found) == [False, True]:
            added, removed = sorted(found, key=lambda change: change.new is None)
            yield attrs.evolve(added, keyword="rename", old=removed.property, new=added.property)
        else:
            yield from found
