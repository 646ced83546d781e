"""One comparison of two OpenAPI 3.x documents, independent of spelling: `diff` judges it, `upstream` filters it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from .document import JSON, Document, Pointer, elements, members
from .names import classes, snake_case
from .operation import EXTENSIONS, Operation, operations
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

    operation: str
    direction: str
    pointer: Pointer
    property: str = ""
    python: str | None = None
    keyword: str
    old: JSON
    new: JSON
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
        template = Change(operation="", direction="document", pointer=pointer, keyword="servers", old=None, new=None)
        yield attrs.evolve(template, property="servers", old=servers[0], new=servers[1])
    before, after = ({operation.route: operation for operation in operations(document)} for document in (old, new))
    for route in before | after:
        if route in before and route in after:
            yield from compare_operations(before[route], after[route])
        else:
            names = (str(found[route]) if route in found else None for found in (before, after))
            yield attrs.evolve(about(after.get(route) or before[route], "operation"), old=next(names), new=next(names))
    yield from compare_classes(old, new)


def about(operation: Operation, keyword: str, direction: str = "request", pointer: Pointer | None = None) -> Change:
    """Begin a change of an operation, or of a part of it."""
    return Change(
        operation=str(operation),
        direction=direction,
        pointer=pointer or operation.pointer,
        python=operation.python,
        keyword=keyword,
        old=None,
        new=None,
    )


def first_server(document: Document) -> str:
    """Return the base URL that the client has by default."""
    server = members((elements(document.content.get("servers")) or [None])[0])
    variables = members(server.get("variables"))
    defaults = {name: str(members(variable).get("default")) for name, variable in variables.items()}
    return re.sub(r"{(.*?)}", lambda name: defaults.get(name[1], name[0]), str(server.get("url", "")))


def compare_operations(old: Operation, new: Operation) -> Iterator[Change]:
    """Compare two operations of one route."""

    def plain(operation: Operation) -> dict[str, JSON]:
        definition = operation.definition
        notes = {key: definition.get(key) for key in ("operationId", "summary", "description")}
        marks = {key: definition.get(key) or None for key in ("deprecated", *EXTENSIONS)}
        names = {"path": operation.path.rstrip("/"), "tags": elements(definition.get("tags"))[:1]}
        return {**names, **notes, **marks, "security": operation.security}

    yield from Change.members(about(new, ""), plain(old), plain(new))
    yield from compare_parameters(old, new)
    yield from compare_bodies(old, new)
    yield from compare_responses(old, new)
    for direction in ("request", "response"):
        before, after = dict(old.schemas(direction)), dict(new.schemas(direction))
        changes = list(compare_schemas(str(new), direction, before, after))
        yield from changes
        if all(change.keyword in ("class", "python", *NOTES) for change in changes):
            yield from unexplained(old, new, direction, before, after)


def compare_parameters(old: Operation, new: Operation) -> Iterator[Change]:
    """Compare which parameters there are, and how each is sent."""

    def plain(operation: Operation, key: tuple[str, str]) -> dict[str, JSON]:
        parameter = members(operation.document.at(operation.parameters[key]))
        style = parameter.get("style") or ("form" if key[0] in ("query", "cookie") else "simple")
        form = {"style": style, "explode": parameter.get("explode", style == "form")}
        notes = {"deprecated": parameter.get("deprecated") or None, "description": parameter.get("description")}
        return {"required": bool(parameter.get("required")), **form, **notes}

    for key in old.parameters | new.parameters:
        pointer = new.parameters.get(key) or (*new.pointer, "parameters", ".".join(key))
        python = f"{new.function}({snake_case(key[1])})"
        template = attrs.evolve(about(new, "parameter", pointer=pointer), property=".".join(key), python=python)
        before, after = (plain(side, key) if key in side.parameters else None for side in (old, new))
        if before is None or after is None:
            yield attrs.evolve(template, old=before, new=after)
        else:
            yield from Change.members(template, before, after)


def compare_bodies(old: Operation, new: Operation) -> Iterator[Change]:
    """Compare whether there is a request body, and whether there must be one."""
    required = [
        {"required": bool(members(side.document.at(side.body)).get("required"))} if side.body else None
        for side in (old, new)
    ]
    template = attrs.evolve(about(new, "body", pointer=(*new.pointer, "requestBody")), property="$")
    if required[0] is None or required[1] is None:
        yield from [attrs.evolve(template, old=required[0], new=required[1])] if any(required) else []
    else:
        yield from Change.members(template, required[0], required[1])


def compare_responses(old: Operation, new: Operation) -> Iterator[Change]:
    """Compare which responses there are, and what a call returns."""
    for status in old.responses.keys() ^ new.responses.keys():
        direction = "response" if status.startswith("2") else "error"
        pointer = new.responses.get(status) or (*new.pointer, "responses", status)
        before, after = (status if status in side.responses else None for side in (old, new))
        yield attrs.evolve(about(new, "status", direction, pointer), property=status, old=before, new=after)
    if new.returns - old.returns and old.successes.keys() != new.successes.keys():
        before, after = (" or ".join(sorted(side.returns)) for side in (old, new))
        template = about(new, "returns", "response", (*new.pointer, "responses"))
        yield attrs.evolve(template, property="$", old=before, new=after)


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
            template = about(new, "schema", direction, after[name].pointer)
            found = attrs.evolve(template, property=name, wider=accepts(other, one), narrower=accepts(one, other))
            if not found.same_values():
                yield found


def compare_classes(old: Document, new: Document) -> Iterator[Change]:
    """Find the classes that are removed, used or not."""
    after = classes(new)
    for name, pointer in classes(old).items():
        if name not in after:
            python = f"models.{name}"
            yield Change(
                operation="", direction="document", pointer=pointer, python=python, keyword="class", old=name, new=None
            )
