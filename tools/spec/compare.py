"""One comparison of two OpenAPI 3.x documents, independent of spelling: `diff` judges it, `upstream` filters it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from .document import JSON, Document, Pointer, elements, members
from .names import classes
from .operation import Operation, operations
from .schema import LIMITS, Schema, in_one_spelling, proofs, read_schema, without_limits


@attrs.frozen
class Change:
    """One change from an old document to a new one.

    Attributes:
        operation: The operation, as `POST /v1/projects/{id}`; empty where it is about the whole document.
        direction: request, response, error for a response that is no success, or document.
        pointer: Where it is in the new document; where it is removed, where it would be.
        property: What it is about, as the wire has it: `plan.pieces[]`, `query.limit`, `$` for the whole body.
        python: The same in Python; None where it is nothing there.
        keyword: What changes of it: a keyword of OpenAPI or JSON Schema, or `property`, `parameter`, `returns`, ….
        old: What it was; None where it is added.
        new: What it is; None where it is removed.
        proved: Whether the new schema accepts all that the old one accepts, and the reverse: yes, no or unknown.
    """

    operation: str
    direction: str
    pointer: Pointer
    property: str = ""
    python: str | None = None
    keyword: str = ""
    old: JSON = None
    new: JSON = None
    proved: tuple[str, str] = ("unknown", "unknown")

    def same_values(self) -> bool:
        """Return whether both schemas accept the same values."""
        return self.proved == ("yes", "yes")

    def members(self, old: dict[str, JSON], new: dict[str, JSON]) -> Iterator[Change]:
        """Compare two objects member by member; each difference is a change like this one."""
        for key in old | new:
            if old.get(key) != new.get(key):
                pointer = (*self.pointer, key)
                yield attrs.evolve(self, pointer=pointer, keyword=key, old=old.get(key), new=new.get(key))


def compare(old: Document, new: Document) -> Iterator[Change]:
    """Find every change that matters to a client. Raises: DocumentError."""
    servers = Change("", "document", ("servers", 0, "url"), "servers")
    yield from servers.members({"servers": first_server(old)}, {"servers": first_server(new)})
    before, after = ({operation.route: operation for operation in operations(document)} for document in (old, new))
    for route in before | after:
        if route in before and route in after:
            yield from compare_operations(before[route], after[route])
        else:
            names = (str(found[route]) if route in found else None for found in (before, after))
            yield attrs.evolve(about(after.get(route) or before[route]), old=next(names), new=next(names))
    yield from compare_classes(old, new)


def first_server(document: Document) -> str:
    """Return the base URL that the client has by default."""
    server = members((elements(document.content.get("servers")) or [None])[0])
    return str(server.get("url", "")).rstrip("/")


def about(operation: Operation) -> Change:
    """Begin a change of an operation, or of a part of it."""
    return Change(str(operation), "request", operation.pointer, python=operation.python, keyword="operation")


def compare_operations(old: Operation, new: Operation) -> Iterator[Change]:
    """Compare two operations of one route."""
    template = about(new)
    before, after = ({fact.name: fact for fact in operation.facts()} for operation in (old, new))
    for name in before | after:
        fact = after.get(name) or before[name]
        change = attrs.evolve(
            template,
            direction=fact.direction,
            pointer=fact.pointer if name in after else (*new.pointer, name),
            property=name,
            python=fact.python,
            keyword=fact.kind,
        )
        if name in before and name in after:
            yield from change.members(before[name].values, after[name].values)
        elif name in after or f"{name[0]}XX" not in after:  # which has the status that is gone
            sides = (found[name].values if name in found else None for found in (before, after))
            yield attrs.evolve(change, old=next(sides), new=next(sides))
    if new.returns - old.returns and (
        old.successes.keys() != new.successes.keys() or "None" in old.returns ^ new.returns
    ):
        names = (" or ".join(sorted(operation.returns)) for operation in (old, new))
        where = attrs.evolve(template, direction="response", pointer=(*new.pointer, "responses"), property="$")
        yield attrs.evolve(where, keyword="returns", old=next(names), new=next(names))
    for direction in ("request", "response"):
        one, other = dict(old.schemas(direction)), dict(new.schemas(direction))
        for name in one.keys() & other.keys():
            argument = after[name].python if name in after and name != "$" else None
            whole = attrs.evolve(template, direction=direction, pointer=other[name], property=name)
            yield from compare_schemas(
                whole, read_schema(old.document, one[name], argument), read_schema(new.document, other[name], argument)
            )
            yield from compare_whole(whole, old.document, one[name], new.document)


def compare_schemas(template: Change, old: Schema, new: Schema) -> Iterator[Change]:
    """Compare two schemas, and those nested in them."""
    template = attrs.evolve(template, pointer=new.pointer, python=new.python)
    yield from compare_schema(template, old, new)
    for name in old.parts | new.parts:
        before, after = old.parts.get(name), new.parts.get(name)
        part = attrs.evolve(template, property=nested_name(template.property, name))
        here = after or before
        if name == ".*" and not (before and after):
            if not (old.closed or new.closed):  # or else additionalProperties says so
                one, other = (schema.own if schema else True for schema in (before, after))
                kinds = [{"type": schema.as_json()["type"] if schema else "any"} for schema in (before, after)]
                yield from attrs.evolve(part, proved=proofs(one, other)).members(*kinds)
        elif here:
            pointer = here.pointer if after else (*new.target, "properties", name)
            part = attrs.evolve(part, pointer=pointer, python=here.python)
            if before and after:
                if own_name(before) != own_name(after):
                    yield from part.members({"python": before.python}, {"python": after.python})
                yield from compare_schemas(part, before, after)
            else:
                sides = ({"property": schema and schema.as_json()} for schema in (before, after))
                yield from part.members(*sides)


def nested_name(owner: str, name: str) -> str:
    """Return the name of a schema that is nested in another, such as `plan.pieces` or `plan.pieces[]`."""
    owner = owner.removesuffix("$")
    dot = "." if owner[-1:] not in ("", " ") and name not in ("[]", ".*") else ""
    return f"{owner}{dot}{name}"


def compare_schema(template: Change, old: Schema, new: Schema) -> Iterator[Change]:
    """Compare two schemas, without those nested in them."""
    yield from template.members({"required": old.required}, {"required": new.required})
    if old.class_name != new.class_name and old.class_name and new.class_name:
        yield from template.members({"class": old.class_name}, {"class": new.class_name})
    yield from template.members({"additionalProperties": not old.closed}, {"additionalProperties": not new.closed})
    yield from template.members(old.notes, new.notes)

    exact = proofs(old.own, new.own)
    lenient = proofs(without_limits(old.own), without_limits(new.own))
    proved = attrs.evolve(template, proved=lenient if template.direction == "response" else exact)
    if old.types != new.types and not proved.same_values():
        yield from proved.members({"type": old.as_json()["type"]}, {"type": new.as_json()["type"]})
    yield from compare_enums(proved, old, new)
    for key in LIMITS if exact != ("yes", "yes") else ():
        before, after = old.limits.get(key), new.limits.get(key)
        if before != after:
            # Where several limits move, each in its own way, each is judged alone.
            alone = [{"type": sorted(old.types), **({key: value} if value else {})} for value in (before, after)]
            proved = attrs.evolve(template, proved=exact if "yes" in exact else proofs(*alone))
            yield from proved.members({key: before}, {key: after})


def own_name(schema: Schema) -> str:
    """Return what an attribute or an argument is called, without what it belongs to."""
    return re.split(r"[.(]", schema.python or "")[-1]


def compare_enums(template: Change, old: Schema, new: Schema) -> Iterator[Change]:
    """Compare the values that have names, one by one where there are some before and after."""
    removed = [value for value in old.enum if value not in new.enum]
    added = [value for value in new.enum if value not in old.enum]
    if not old.enum or not new.enum:
        yield from template.members({"enum": removed or None}, {"enum": added or None})
    elif removed or added:
        yield from template.members({"enum-value": removed or None}, {"enum-value": None})
        yield from template.members({"enum-value": None}, {"enum-value": added or None})
    elif old.types == new.types and not template.same_values():
        yield attrs.evolve(template, keyword="open enum", old=old.open, new=new.open)


def compare_whole(template: Change, old: Document, before: Pointer, new: Document) -> Iterator[Change]:
    """Find whether two schemas differ as a whole, in a way that their parts one by one may not show."""
    one = in_one_spelling(old, before, nested=True)
    other = in_one_spelling(new, template.pointer, nested=True)
    if template.direction == "response":
        one, other = without_limits(one), without_limits(other)
    found = attrs.evolve(template, keyword="schema", proved=proofs(one, other))
    if not found.same_values():
        yield found


def compare_classes(old: Document, new: Document) -> Iterator[Change]:
    """Find the classes that are removed, used or not."""
    after = classes(new)
    for name, pointer in classes(old).items():
        if name not in after:
            yield Change("", "document", pointer, python=f"models.{name}", keyword="class", old=name)
