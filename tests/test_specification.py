"""openapi.yaml: house style and valid examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from typing import Any, cast

import jsonschema_rs
import pytest

from activepieces_client import RequestValidationError, validate

DOCUMENT: dict[str, Any] = json.loads(files("activepieces_api").joinpath("openapi.json").read_text("utf-8"))
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
PROJECT: dict[str, Any] = DOCUMENT["paths"]["/v1/projects/{id}"]
UPDATE: dict[str, Any] = PROJECT["post"]
LIST: dict[str, Any] = DOCUMENT["paths"]["/v1/projects"]["get"]
PARAMETERS: list[dict[str, Any]] = [*PROJECT["parameters"], *LIST["parameters"]]

# What some release ignores or lacks; no property of `plan` works everywhere.
NOT_EVERYWHERE = {"plan", "workerGroupId", "notifyFlowOwnerOnFailure", "executionDataRetentionDays"}


def subschemas(schema: dict[str, Any], pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield pointer, schema
    for name, inner in schema.get("properties", {}).items():
        yield from subschemas(inner, f"{pointer}/properties/{name}")
    for index, branch in enumerate(schema.get("anyOf", [])):
        yield from subschemas(branch, f"{pointer}/anyOf/{index}")


ALL_SCHEMAS = [found for name, schema in SCHEMAS.items() for found in subschemas(schema, name)]


def is_valid(schema: dict[str, Any], value: Any) -> bool:
    return jsonschema_rs.is_valid({**schema, "components": DOCUMENT["components"]}, value)


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Find media types, parameters and headers: the objects that have a schema."""
    if isinstance(node, dict):
        members = cast("dict[str, Any]", node)
        if "schema" in members:
            yield members
        for child in members.values():
            yield from objects(child)


def test_package_has_the_version_of_the_document() -> None:
    assert version("activepieces-client") == DOCUMENT["info"]["version"]


def test_every_schema_has_a_description() -> None:
    for pointer, schema in ALL_SCHEMAS:
        if "/anyOf/" not in pointer:
            assert "$ref" in schema or "description" in schema, pointer


def test_examples_are_valid() -> None:
    examples = [(schema, example) for _, schema in ALL_SCHEMAS for example in schema.get("examples", [])]
    # Parameters are in lists, which `objects` does not search.
    for owner in [*objects(DOCUMENT["paths"]), *objects(DOCUMENT["components"]["responses"]), *PARAMETERS]:
        examples += [(owner["schema"], example["value"]) for example in owner.get("examples", {}).values()]
        examples += [(owner["schema"], owner["example"])] if "example" in owner else []
    for schema, example in examples:
        assert is_valid(schema, example), example
    assert len(examples) > 60


def test_request_examples_are_valid_for_the_client() -> None:
    for example in UPDATE["requestBody"]["content"]["application/json"]["examples"].values():
        validate(example["value"])
        with pytest.raises(RequestValidationError):
            validate({**example["value"], "surprise": 1})


def test_request_examples_work_everywhere() -> None:
    for example in UPDATE["requestBody"]["content"]["application/json"]["examples"].values():
        assert not NOT_EVERYWHERE & example["value"].keys()


def test_newer_response_properties_are_not_required() -> None:
    (page,) = LIST["responses"]["200"]["content"]["application/json"]["examples"].values()
    (project,) = page["value"]["data"]
    for name, value in (("Project", project), ("ProjectPlan", project["plan"])):
        assert set(SCHEMAS[name]["required"]) == value.keys() - {"externalId"}


@pytest.mark.parametrize(
    ("name", "invalid"),
    [("limit", 0), ("limit", -1), ("externalId", ""), ("types", ["ROBOT"]), ("types", "TEAM")],
)
def test_parameters_of_a_list_have_constraints(name: str, invalid: Any) -> None:
    (schema,) = (parameter["schema"] for parameter in PARAMETERS if parameter["name"] == name)
    assert not is_valid(schema, invalid)
