"""openapi.yaml keeps to what it says about itself, and its examples are true."""

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


def parts(schema: dict[str, Any], place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield place, schema
    for name, part in schema.get("properties", {}).items():
        yield from parts(part, f"{place}.{name}")
    for index, part in enumerate(schema.get("anyOf", [])):
        yield from parts(part, f"{place}.anyOf[{index}]")


ALL_PARTS = [found for name, schema in SCHEMAS.items() for found in parts(schema, name)]


def test_the_package_has_the_version_of_the_specification() -> None:
    assert version("activepieces-client") == DOCUMENT["info"]["version"]


def test_everything_a_user_touches_is_described() -> None:
    for place, schema in ALL_PARTS:
        if "anyOf[" not in place:
            assert "$ref" in schema or "description" in schema, place


def test_examples_keep_the_rules() -> None:
    count = 0
    for place, schema in ALL_PARTS:
        validator = jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})
        for example in schema.get("examples", []):
            count += 1
            assert validator.is_valid(example), (place, example)

    def media_types(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            members = cast("dict[str, Any]", node)
            if "schema" in members and "examples" in members:
                yield members
            for part in members.values():
                yield from media_types(part)

    for media_type in media_types({"paths": DOCUMENT["paths"], "responses": DOCUMENT["components"]["responses"]}):
        validator = jsonschema_rs.Draft202012Validator({**media_type["schema"], "components": DOCUMENT["components"]})
        for name, example in media_type["examples"].items():
            count += 1
            assert validator.is_valid(example["value"]), name
    assert count > 40


def test_the_request_examples_pass_the_clients_check_and_fail_when_altered() -> None:
    operation = DOCUMENT["paths"]["/v1/projects/{id}"]["post"]
    for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
        validate(example["value"])
        with pytest.raises(RequestValidationError):
            validate({**example["value"], "surprise": 1})
