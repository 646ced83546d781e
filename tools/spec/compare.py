"""One comparison of two OpenAPI 3.x documents, independent of spelling: `diff` judges it, `upstream` filters it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from .document import JSON, Document, Pointer, elements, members
from .names import classes
from .operation import Operation, operations
from .schema import LIMITS, NOTES, Schema, accepts, in_one_spelling, without_limits

PARAMETER = r"(?:path|query|header|cookie)\.[^.\[]+"
"""The name of a parameter's schema, such as `query.limit`."""


@attrs.frozen(kw_only=True)
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
        wider: Whether the new schema accepts every value that the old one accepts: yes, no or unknown.
        narrower: The same the other way round.
    """

    operation: str = ""
    direction: str
    pointer: Pointer
    property: str = ""
    python: str | None = None
    keyword: str
    old: JSON = None
    new: JSON = None
    wider: str = "unknown"
    narrower: str = "unknown"

    def same_values(self) -> bool:
        """Return whether both schemas accept the same values."""
        return (self.wider, self.narrower) == ("yes", "yes")

    @classmethod
    def members(cls, template: Change, old: dict[str, JSON], new: dict[str, JSON]) -> Iterator[Change]:
        """Compare two objects member by member; each difference is a change like the template."""
        for key in old | new:
            if old.get(key) != new.get(key):
                pointer = (*template.pointer, key)
                yield attrs.evolve(template, pointer=pointer, keyword=key, old=old.get(key), new=new.get(key))


def compare(old: Document, new: Document) -> Iterator[Change]:
    """Find every change that matters to a client. Raises: DocumentError."""
    servers = first_server(old), first_server(new)
    if servers[0] != servers[1]:
        pointer = ("servers", 0, "url")
        template = Change(direction="document", pointer=pointer, property="servers", keyword="servers")
        yield attrs.evolve(template, old=servers[0], new=servers[1])
    before, after = ({operation.route: operation for operation in operations(document)} for document in (old, new))
    for route in before | after:
        if route in before and route in after:
            yield from compare_operations(before[route], after[route])
        else:
            names = (str(found[route]) if route in found else None for found in (before, after))
            yield attrs.evolve(about(after.get(route) or before[route], "operation"), old=next(names), new=next(names))
    yield from compare_classes(old, new)


def about(
    operation: Operation,
    keyword: str,
    direction: str = "request",
    pointer: Pointer | None = None,
    name: str = "",
    python: str | None = None,
) -> Change:
    """Begin a change of an operation, or of a part of it."""
    return Change(
        operation=str(operation),
        direction=direction,
        pointer=pointer or operation.pointer,
        property=name,
        python=python or operation.python,
        keyword=keyword,
    )


def first_server(document: Document) -> str:
    """Return the base URL that the client has by default."""
    server = members((elements(document.content.get("servers")) or [None])[0])
    variables = members(server.get("variables"))
    defaults = {name: str(members(variable).get("default")) for name, variable in variables.items()}
    return re.sub(r"{(.*?)}", lambda name: defaults.get(name[1], name[0]), str(server.get("url", "")))


def compare_operations(old: Operation, new: Operation) -> Iterator[Change]:
    """Compare two operations of one route."""
    before, after = ({fact.name: fact for fact in operation.facts()} for operation in (old, new))
    for name in before | after:
        fact = after.get(name) or before[name]
        kind = "error" if fact.kind == "status" and not name.startswith("2") else "request"
        direction = "response" if fact.kind == "status" and kind != "error" else kind
        pointer = fact.pointer if name in after else (*new.pointer, name)
        template = about(new, fact.kind, direction, pointer, name, fact.python)
        if name in before and name in after:
            yield from Change.members(template, before[name].values, after[name].values)
        else:
            sides = (found[name].values if name in found else None for found in (before, after))
            yield attrs.evolve(template, old=next(sides), new=next(sides))
    if new.returns - old.returns and old.successes.keys() != new.successes.keys():
        names = (" or ".join(sorted(operation.returns)) for operation in (old, new))
        template = about(new, "returns", "response", (*new.pointer, "responses"), "$")
        yield attrs.evolve(template, old=next(names), new=next(names))
    for direction in ("request", "response"):
        one, other = dict(old.schemas(direction)), dict(new.schemas(direction))
        changes = list(compare_schemas(str(new), direction, one, other))
        yield from changes
        if all(change.keyword in ("class", "python", *NOTES) for change in changes):
            yield from unexplained(old, new, direction, one, other)


def compare_schemas(operation: str, direction: str, old: dict[str, Schema], new: dict[str, Schema]) -> Iterator[Change]:
    """Compare the schemas of an operation by name."""
    for name in old | new:
        before, after = old.get(name), new.get(name)
        # Of an object that only one document has, the properties are not listed.
        listed = not any((owner in old) != (owner in new) for owner in owners_of(name))
        here = after or before
        around = [new[owner].target for owner in owners_of(name) if owner in new]
        if here and listed:
            template = Change(
                operation=operation,
                direction=direction,
                pointer=here.pointer if after or not around else (*around[-1], "properties", here.pointer[-1]),
                property=name,
                python=here.python,
                keyword="property",
                old=before and {**before.as_json(), "required": before.required},
                new=after and {**after.as_json(), "required": after.required},
            )
            if before and after:
                yield from compare_schema(template, before, after)
            elif not whole(name):  # that there is another parameter, body or response is a change by itself
                yield template


def whole(name: str) -> bool:
    """Return whether a name stands for the whole of a parameter, a body or a response."""
    return name.rpartition(" ")[2] == "$" or bool(re.fullmatch(PARAMETER, name))


def owners_of(name: str) -> list[str]:
    """Return the names of what a property is nested in, such as `$` and `plan` of `plan.pieces`."""
    status, space, plain = name.rpartition(" ")
    parts = re.findall(rf"^{PARAMETER}|\[\]|\.?[^.\[]+", plain)
    names = ["".join(parts[:count]) for count in range(1, len(parts))]
    root = [] if plain == "$" or re.match(PARAMETER, plain) else ["$"]
    return [f"{status}{space}{owner}" for owner in root + names]


def compare_schema(template: Change, old: Schema, new: Schema) -> Iterator[Change]:
    """Compare two schemas of one name."""

    def change(keyword: str, before: JSON, after: JSON, wider: str = "unknown", narrower: str = "unknown") -> Change:
        pointer = (*new.pointer, keyword)
        return attrs.evolve(
            template, pointer=pointer, keyword=keyword, old=before, new=after, wider=wider, narrower=narrower
        )

    yield from Change.members(template, {"required": old.required}, {"required": new.required})
    if own_name(old) != own_name(new) and not whole(template.property):
        yield change("python", old.python, new.python)
    if old.class_name != new.class_name and old.class_name and new.class_name:
        yield change("class", old.class_name, new.class_name)
    opened = ({"additionalProperties": not schema.closed} for schema in (old, new))
    yield from Change.members(template, next(opened), next(opened))
    yield from Change.members(template, old.notes, new.notes)

    exact = accepts(new.own, old.own), accepts(old.own, new.own)
    values = exact
    if template.direction == "response":
        before, after = without_limits(old.own), without_limits(new.own)
        values = accepts(after, before), accepts(before, after)
    proved = attrs.evolve(template, wider=values[0], narrower=values[1])
    if old.types != new.types and not proved.same_values():
        yield change("type", old.as_json()["type"], new.as_json()["type"], *values)
    yield from compare_enums(proved, old, new)
    for key in LIMITS if exact != ("yes", "yes") else ():
        before, after = old.limits.get(key), new.limits.get(key)
        if before != after:
            pair = exact
            if "yes" not in exact:  # where several limits move, each in its own way
                alone = [{"type": sorted(old.types), **({key: limit} if limit else {})} for limit in (before, after)]
                pair = accepts(alone[1], alone[0]), accepts(alone[0], alone[1])
            yield change(key, before, after, *pair)


def own_name(schema: Schema) -> str:
    """Return what an attribute or an argument is called, without what it belongs to."""
    return re.split(r"[.(]", schema.python or "")[-1]


def compare_enums(template: Change, old: Schema, new: Schema) -> Iterator[Change]:
    """Compare the values that have names, one by one where there are some before and after."""
    removed = [value for value in old.enum if value not in new.enum]
    added = [value for value in new.enum if value not in old.enum]
    if not old.enum or not new.enum:
        yield from Change.members(template, {"enum": removed or None}, {"enum": added or None})
    elif removed or added:
        yield from Change.members(template, {"enum-value": removed or None}, {"enum-value": None})
        yield from Change.members(template, {"enum-value": None}, {"enum-value": added or None})
    elif old.types == new.types and not template.same_values():
        yield attrs.evolve(template, keyword="open enum", old=old.open, new=new.open)


def unexplained(
    old: Operation, new: Operation, direction: str, before: dict[str, Schema], after: dict[str, Schema]
) -> Iterator[Change]:
    """Find the schemas that differ as a whole, in a way that their properties one by one do not show."""
    for name in before.keys() & after.keys():
        if whole(name):
            one = in_one_spelling(old.document, before[name].pointer, nested=True)
            other = in_one_spelling(new.document, after[name].pointer, nested=True)
            if direction == "response":
                one, other = without_limits(one), without_limits(other)
            template = about(new, "schema", direction, after[name].pointer, name)
            found = attrs.evolve(template, wider=accepts(other, one), narrower=accepts(one, other))
            if not found.same_values():
                yield found


def compare_classes(old: Document, new: Document) -> Iterator[Change]:
    """Find the classes that are removed, used or not."""
    after = classes(new)
    for name, pointer in classes(old).items():
        if name not in after:
            yield Change(direction="document", pointer=pointer, python=f"models.{name}", keyword="class", old=name)
