"""OpenAPI documents of other services: `nox -s contract`, not by default.

Their operations join those of openapi.yaml, as those of another team would. `regenerate` must say, with a line, what it
does not take; with that edited, it must make a client whose every operation is guarded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML
from tools.spec.document import Document, Pointer
from tools.spec.operation import operations

from ..tools.repository import ROOT, Repository, numbered

PACKAGES = ROOT / "requirements" / "documents" / "node_modules"
DOCUMENTS = {
    "IdealPostcodes": "@ideal-postcodes/openapi/dist/openapi.json",
    "Figma": "@figma/rest-api-spec/openapi/openapi.yaml",
    "Blockfrost": "@blockfrost/openapi/openapi.yaml",
    "Directus": "@directus/specs/dist/openapi.json",
}
PROGRAM = "from tests.contract.every_operation import main; main()"
REFUSAL = re.compile(r"openapi\.yaml:(\d+): .+?: (.+)")


def joined(service: str) -> Any:
    """Return openapi.yaml with the paths and components of another document, named after its service."""
    content = Document.read().content
    text = (PACKAGES / DOCUMENTS[service]).read_text("utf-8")
    text = json.dumps(cast(Any, YAML(typ="safe")).load(text), default=str)
    other = json.loads(re.sub(r'"#/components/(\w+)/', rf'"#/components/\1/{service}', text))
    content["paths"].update(other["paths"])
    for kind, components in other["components"].items():
        if kind != "securitySchemes":
            named = {f"{service}{name}": component for name, component in components.items()}
            content["components"].setdefault(kind, {}).update(named)
    return content


def lines(document: Document) -> dict[int, Pointer]:
    """Return what starts on each line of a document with one value a line."""
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
    """Edit a document as a message says: by its rule, or else by leaving out what it names."""
    *owner, key = pointer
    parent, node = document.get(tuple(owner)), document.get(pointer)
    if reason.startswith("there is no operationId"):
        node["operationId"] = " ".join(map(str, pointer))
    elif "is closed (additionalProperties: false)" in reason:
        node["additionalProperties"] = False
    elif "write `anyOf` of the enum and of its type" in reason:
        parent[key] = {"anyOf": [node, {"type": node.setdefault("type", "string")}]}
    elif "since they are open: write anyOf" in reason:
        parent["anyOf"] = parent.pop(key)
    elif "`nullable`: write type: [..., 'null']" in reason and parent.pop(key) and isinstance(parent.get("type"), str):
        parent["type"] = [parent["type"], "null"]
    elif isinstance(key, int) or key in parent:
        del parent[key]


def regenerate(repository: Repository, content: Any) -> int:
    """Regenerate, editing what is refused until nothing is; return how much was."""
    refusals: set[tuple[Pointer, str]] = set()
    for _ in range(20):
        document = numbered(content)
        (repository.folder / "openapi.yaml").write_text(document.text, "utf-8")
        finished = repository.run("regenerate")
        if finished.returncode == 0:
            return len(refusals)
        found = {int(line): reason for line, reason in REFUSAL.findall(finished.stderr)}
        assert found, finished.stderr
        places = lines(document)
        for line, reason in sorted(found.items(), reverse=True):
            pointer = places[line]
            if document.get(pointer[:-1]) is None:
                continue  # left out with what held it
            if "write another schema for requests" in reason and (pointer, reason) in refusals:
                schema = document.get(pointer[:-1])  # which requests use too: any object is both closed and open
                schema.clear()
                schema.update({"type": "object", "additionalProperties": {}})
            else:
                edit(document, pointer, reason)
            refusals.add((pointer, reason))
        content = document.content
    raise AssertionError("`regenerate` refuses what was edited as it says")


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_operation_is_guarded(tmp_path: Path, service: str) -> None:
    content = joined(service)
    count = len(content["paths"])
    repository = Repository.copy(tmp_path)
    refusals = regenerate(repository, content)
    proof = json.loads(repository.python(PROGRAM))
    print(f"{service}: {refusals} refusals in {count} paths; proved: {proof['counts']}")  # noqa: T201 - a figure
    assert proof["failures"] == []
    # The rest is what `regenerate` cannot hold, such as a body that is not JSON.
    assert proof["counts"]["operations"] >= 0.9 * sum(1 for _ in operations(numbered(content)))
