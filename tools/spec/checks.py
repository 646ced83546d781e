"""The errors of openapi.yaml for which `nox -s regenerate` stops, since they would make a wrong client."""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import attrs
import jsonschema_rs

from .check_operations import check_operations
from .check_schemas import KEYWORDS, check_classes, check_schema
from .document import Document, DocumentError, Pointer, Problem, as_object, did_you_mean
from .operation import schemas

VERSION = (
    "not valid OpenAPI 3.1: write 3.1.0, in which `nullable: true` is type: [..., 'null'], `exclusiveMinimum` is the "
    "limit itself, and `example` of a schema is `examples`, a list"
)
# The types of YAML that JSON has, and its merge key.
TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}
TEXT, MERGE = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
KINDS = ("schemas", "parameters", "responses", "requestBodies")


def problems(document: Document) -> list[Problem]:
    """Find what would make a wrong client, all in one run."""
    structure = dict.fromkeys(_values(document))
    values = {pointer for pointer, _ in structure}
    structure |= {(pointer, reason): None for pointer, reason in _openapi(document) if pointer not in values}
    sound = _without_references(document, [pointer for pointer, _ in structure if pointer])
    found: dict[Problem, None] = {}
    for check in (_schemas, check_classes, _document, check_operations):
        try:
            found |= dict.fromkeys(check(sound))
        except DocumentError:  # It is about an error of the structure.
            continue
    # Around such an error, and in it, others may be its consequences.
    apart = (problem for problem in found if not any(_nested(problem[0], pointer) for pointer, _ in structure))
    return [*structure, *apart]


def _nested(pointer: Pointer, other: Pointer) -> bool:
    length = min(len(pointer), len(other))
    return length > 0 and pointer[:length] == other[:length]


def _without_references(document: Document, pointers: list[Pointer]) -> Document:
    """Return a document without the references that lead nowhere."""
    content = json.loads(json.dumps(document.content))
    for *owner, key in sorted(pointers, key=len, reverse=True):
        if key == "$ref":
            reduce(lambda node, name: node[name], owner, content)[key] = None
    return attrs.evolve(document, content=content)


def _walk(node: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    yield pointer, node
    children = node.value if node.id == "mapping" else enumerate(node.value) if node.id == "sequence" else ()
    for key, child in children:
        yield from _walk(child, (*pointer, key if isinstance(key, int) else str(key.value)))


def _values(document: Document) -> Iterator[Problem]:
    for pointer, node in _walk(document.root, ()):
        for key, _ in node.value if node.id == "mapping" else ():
            if key.tag not in (TEXT, MERGE):
                yield pointer, f"the key {key.value} must be in quotes, since YAML reads it as {_type(key)}"
        if node.tag not in TAGS:
            yield pointer, f"the value must be in quotes, since YAML reads it as {_type(node)}"
        # A $ref within an example is a value, and one among properties is a property.
        names = {key for owner, key in itertools.pairwise(("", *pointer)) if owner != "properties"}
        if pointer[-1:] == ("$ref",) and "$ref" in names and not names & {"example", "examples", "default"}:
            yield from _reference(document, pointer)


def _type(node: Any) -> str:
    return str(node.tag).rpartition(":")[2]


def _reference(document: Document, pointer: Pointer) -> Iterator[Problem]:
    *_, owner, key = ("", *pointer[:-1])
    if not isinstance(document.get(pointer), str):
        yield pointer, "a reference is text: write it in quotes, since # begins a comment"
        return
    try:
        target = document.follow(pointer[:-1])
    except DocumentError as error:
        yield pointer, str(error)
        return
    if pointer[:-2] == ("paths",):
        yield pointer, "the generator drops a path item by $ref: write it out here"
    kind = {"parameters": "parameters", "responses": "responses"}.get(str(owner), "schemas")
    kind = "requestBodies" if key == "requestBody" else kind
    if (
        target[:1] == ("components",)
        and target[1] in KINDS
        and target[1] != kind
        and key not in ("headers", "examples")
    ):
        yield pointer, f"a reference to one of components.{kind} is expected here, and this is one of {target[1]}"


def _openapi(document: Document) -> Iterator[Problem]:
    # Importing openapi-spec-validator takes longer than all checks, so only its schema is read. `nox -s lint` runs it.
    package = importlib.util.find_spec("openapi_spec_validator")
    folder = ((package and package.submodule_search_locations) or [""])[0]
    schema = json.loads(Path(folder, "resources", "schemas", "v3.1", "schema.json").read_text(encoding="utf-8"))
    known = set(re.findall(r'"([\w$]+)": \{', json.dumps(schema)))
    for error in jsonschema_rs.Draft202012Validator(schema, mask="this").iter_errors(document.content):
        place: Pointer = ()
        for key in error.instance_path:  # in which a status is a number
            place = (*place, key if isinstance(document.get(place), list) else str(key))
        if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.UnevaluatedProperties):
            for name in error.kind.unexpected:
                hint = did_you_mean(name, sorted(known))
                if name in known:
                    hint = ": it belongs to another object"
                if name in KEYWORDS:
                    hint = ": write it under `schema`, if it is about a value"
                yield (*place, name), f"OpenAPI 3.1 has no `{name}` here{hint}"
        elif place == ("openapi",):
            yield place, VERSION
        elif isinstance(error.kind, jsonschema_rs.ValidationErrorKind.OneOfNotValid) and place[-2:-1] == (
            "parameters",
        ):
            yield place, "not valid OpenAPI 3.1: a parameter needs its `schema`"
        else:
            yield place, f"not valid OpenAPI 3.1: {error.message}"[:300]


def _schemas(document: Document) -> Iterator[Problem]:
    for pointer in schemas(document):
        yield from check_schema(document, pointer)


def _document(document: Document) -> Iterator[Problem]:
    """Check what the client relies on in the document as a whole."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", str(document.get(("info", "version")))):
        yield ("info", "version"), "the package has this version, so it must be MAJOR.MINOR.PATCH"
    if not re.match(r"https?://[^/{}]+[^{}]*$", str(document.get(("servers", 0, "url")))):
        yield ("servers",), "the first server is the default base URL: write one without variables first, https://…"
    for name, scheme in as_object(document.get(("components", "securitySchemes"))).items():
        if [str(as_object(scheme).get(key)).lower() for key in ("type", "scheme")] != ["http", "bearer"]:
            place = ("components", "securitySchemes", name)
            yield place, "the client sends a bearer token and nothing else: write type: http, scheme: bearer"
