"""Hypothesis strategies for the schemas of the specification."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from hypothesis import strategies as st

Values = st.SearchStrategy[Any]

DOCUMENT: dict[str, Any] = json.loads(files("activepieces_api").joinpath("openapi.json").read_text("utf-8"))

# Strings that implementations of patterns, JSON and paths often disagree on.
_ODD = st.sampled_from(
    ["", ".", "/", "a\n", "\n", "\u2028", "\ufeff", "\U0001f600", "é", "__proto__", "null", "5", "a" * 21 + "\n"]
)

text = _ODD | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_numbers = (
    st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, -1, 1, 1.5, 5.0, 0.0, -0.0, 2**53 - 1, 2**53, 2**31, 1e300])
)
free_json: Values = st.recursive(
    st.none() | st.booleans() | _numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)


def definition(name: str) -> dict[str, Any]:
    """Return a schema of the specification, with the schemas that it refers to."""
    return {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}


def conforming(name: str) -> Values:
    """Draw values that are valid for a schema of the specification."""
    return _draw(definition(name), broken=False)


def any_for(name: str) -> Values:
    """Draw values for a schema, with parts that are wrong, missing or extra."""
    return conforming(name) | _draw(definition(name), broken=True) | free_json


def _draw(schema: dict[str, Any], *, broken: bool) -> Values:
    if "$ref" in schema:
        return _draw(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], broken=broken)
    if "anyOf" in schema:
        return st.one_of([_draw(branch, broken=broken) for branch in schema["anyOf"]])
    if "enum" in schema:
        values: Values = st.sampled_from(schema["enum"])
    else:
        types: str | list[str] = schema["type"]
        names = [types] if isinstance(types, str) else types
        values = st.one_of([_draw_type(name, schema, broken=broken) for name in names])
    # Mostly valid, so that a value has few violations.
    return st.integers(0, 29).flatmap(lambda dice: free_json if dice == 0 else values) if broken else values


def _draw_type(name: str, schema: dict[str, Any], *, broken: bool) -> Values:
    match name:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            least = schema.get("exclusiveMinimum", schema.get("minimum", -1000))
            bounds = st.integers(least + ("exclusiveMinimum" in schema), schema.get("maximum", 1000))
            return bounds | st.integers(1, 9).map(float)
        case "string":
            if "pattern" in schema:
                matching = st.from_regex(schema["pattern"].replace("$", r"\Z"), alphabet=_alphabet)
                return matching | matching.map(lambda value: value + "\n") if broken else matching
            return text
        case "array":
            return st.lists(_draw(schema["items"], broken=broken), max_size=3)
        case _:
            return _draw_object(schema, broken=broken)


_alphabet = st.characters(exclude_characters="\0", exclude_categories=["Cs"])


def _draw_object(schema: dict[str, Any], *, broken: bool) -> Values:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    members = {member: _draw(inner, broken=broken) for member, inner in properties.items()}
    objects: Values = st.fixed_dictionaries(
        {member: values for member, values in members.items() if member in required},
        optional={member: values for member, values in members.items() if member not in required},
    )
    if broken and members:
        objects |= st.tuples(objects, st.sampled_from(sorted(members))).map(_without)
    if schema.get("additionalProperties") is False and not broken:
        return objects
    more = st.dictionaries(text.filter(lambda key: key not in properties), free_json, max_size=2)
    return st.tuples(objects, more).map(lambda pair: {**pair[0], **pair[1]})


def _without(pair: tuple[dict[str, Any], str]) -> dict[str, Any]:
    whole, member = pair
    return {key: value for key, value in whole.items() if key != member}
