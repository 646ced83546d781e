"""OpenAPI documents of other services: `nox -s proof -- contract`, not by default.

Their operations join those of openapi.yaml, as those of another team would. `regenerate` must name the line of each
error of the document; with those edited as it says, it must make a client whose every operation is guarded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML
from tools.spec.document import Document, Pointer, as_object

from ..tools.repository import ROOT, Repository, numbered

PACKAGES = ROOT / "requirements" / "documents" / "node_modules"
# Its file, and how many operations, invalid parameters, invalid bodies and invalid responses the client guards against.
# The rest is ambiguous paths (Blockfrost: 6 operations) and operations without a success (Directus: 7).
DOCUMENTS = {
    "IdealPostcodes": ("@ideal-postcodes/openapi/dist/openapi.json", (31, 593, 258, 186)),
    "Figma": ("@figma/rest-api-spec/openapi/openapi.yaml", (54, 502, 218, 309)),
    "Blockfrost": ("@blockfrost/openapi/openapi.yaml", (123, 1237, 18, 653)),
    "Directus": ("@directus/specs/dist/openapi.json", (129, 875, 1100, 445)),
}
PROGRAM = "from tests.contract.every_operation import main; main()"
ERROR = re.compile(r"openapi\.yaml:(\d+): .+?: (.+)")
SCHEMA = re.compile(r'"#/components/schemas/([^"/]+)"')


def joined(service: str) -> Any:
    """Return openapi.yaml with the paths and components of another document, named after its service."""
    text = (PACKAGES / DOCUMENTS[service][0]).read_text("utf-8")
    text = json.dumps(cast(Any, YAML(typ="safe")).load(text), default=str)
    other = json.loads(re.sub(r'"#/components/(\w+)/', rf'"#/components/\1/{service}', text))
    other["components"].pop("securitySchemes", None)  # the client has one way to authorize a request: openapi.yaml's
    other["components"] = {
        kind: {f"{service}{name}": component for name, component in components.items()}
        for kind, components in other["components"].items()
    }
    separate(other)
    content = Document.read().content
    content["paths"].update(other["paths"])
    for kind, components in other["components"].items():
        content["components"].setdefault(kind, {}).update(components)
    return content


def separate(other: Any) -> None:
    """Give request bodies separate schemas: objects are closed in requests, and open in responses."""
    schemas, bodies = other["components"]["schemas"], other["components"].get("requestBodies", {})

    def own(node: Any) -> Any:
        text = json.dumps(node)
        for name in SCHEMA.findall(text):
            if f"{name}Request" not in schemas:
                schemas[f"{name}Request"] = {}  # its references may lead back to it
                schemas[f"{name}Request"] = own(schemas[name])
        return json.loads(SCHEMA.sub(r'"#/components/schemas/\1Request"', text))

    for name in bodies:
        bodies[name] = own(bodies[name])
    for item in other["paths"].values():
        for operation in filter(as_object, item.values()):
            operation.pop("security", None)
            if "requestBody" in operation:
                operation["requestBody"] = own(operation["requestBody"])


def lines(document: Document) -> dict[int, Pointer]:
    """Return the pointer that starts on each line of a document with one value a line."""
    found: dict[int, Pointer] = {}

    def walk(node: Any, pointer: Pointer) -> None:
        children: Iterator[tuple[Any, Any, Any]] = iter(())
        if node.id == "mapping":
            children = ((name.value, name, value) for name, value in node.value)
        elif node.id == "sequence":
            children = ((index, value, value) for index, value in enumerate(node.value))
        for key, start, value in children:
            found[start.start_mark.line + 1] = (*pointer, key)
            walk(value, (*pointer, key))

    walk(document.root, ())
    return found


def edit(document: Document, pointer: Pointer, reason: str) -> None:
    """Edit a document as an error says, or remove the part that no rule covers."""
    *owner, key = pointer
    parent, node = document.get(tuple(owner)), document.get(pointer)
    if reason.startswith("there is no operationId"):
        node["operationId"] = " ".join(map(str, pointer))
    elif key == "allOf":
        merge(document, parent, pointer)
    elif "is closed (additionalProperties: false)" in reason:
        node["additionalProperties"] = False
    elif match := re.search("write type: ([a-z]+)$", reason):
        parent["type"] = match[1]
    elif "write `anyOf` of the enum and of its type" in reason:
        parent[key] = {"anyOf": [node, {"type": node.setdefault("type", "string")}]}
    elif "since they are open: write anyOf" in reason:
        parent["anyOf"] = parent.pop(key)
    elif "`nullable`: write type: [..., 'null']" in reason and parent.pop(key) and isinstance(parent.get("type"), str):
        parent["type"] = [parent["type"], "null"]
    elif "drops JSON without a schema" in reason and "responses" in pointer:
        del node["content"]
    elif isinstance(key, int) or key in parent:
        del parent[key]


def merge(document: Document, schema: Any, pointer: Pointer) -> None:
    """Write out the branches of an `allOf`, those that have none themselves."""
    branches = [document.get(document.follow((*pointer, index))) for index, _ in enumerate(schema["allOf"])]
    if not any("allOf" in branch for branch in branches):
        del schema["allOf"]
        for branch in json.loads(json.dumps(branches)):
            schema.setdefault("properties", {}).update(branch.pop("properties", {}))
            schema.setdefault("required", []).extend(branch.pop("required", []))
            schema.update({**branch, **schema})


def regenerate(repository: Repository, content: Any) -> int:
    """Regenerate, editing the document until it has no error; return how many it had."""
    errors: set[tuple[Pointer, str]] = set()
    for _ in range(20):
        document = numbered(content)
        (repository.folder / "openapi.yaml").write_text(document.text, "utf-8")
        finished = repository.run("regenerate")
        if finished.returncode == 0:
            return len(errors)
        found = {int(line): reason for line, reason in ERROR.findall(finished.stderr)}
        assert found, finished.stderr
        pointers = lines(document)
        for line, reason in sorted(found.items(), reverse=True):
            pointer = pointers[line]
            errors.add((pointer, reason))
            if document.get(pointer[:-1]) is not None:  # else it was removed with its parent
                edit(document, pointer, reason)
        content = document.content
    raise AssertionError("errors remain after 20 rounds of edits")


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_operation_is_guarded(tmp_path: Path, service: str) -> None:
    repository = Repository.copy(tmp_path)
    errors = regenerate(repository, joined(service))
    proof = json.loads(repository.python(PROGRAM))
    counts = proof["counts"]
    print(f"{service}: {errors} errors of the document; then {counts}")  # noqa: T201 - a figure
    assert proof["failures"] == []
    kinds = ("operations", "parameter", "body", "invalid response")
    assert tuple(counts[kind] for kind in kinds) == DOCUMENTS[service][1]
