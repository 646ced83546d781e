"""JSON Schema validation, with messages for people."""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

import activepieces_api.models

from ._json import Location, is_array, is_object, shorten

_REFERENCE = re.compile(r'"\$ref": "#/components/schemas/(.*?)"')

# Stands for the value in the validator's messages, until a shortened one replaces it.
_MASK = "\0"


class Schema:
    """A JSON Schema (2020-12, with patterns as in ECMA-262) of the document.

    Attributes:
        definition: The schema, with every `$ref` resolved, except recursive ones.
    """

    def __init__(self, definition: dict[str, Any], document: dict[str, Any]) -> None:
        # A component, or an array of one.
        self._name: str = definition.get("$ref", definition.get("items", {}).get("$ref", "")).rpartition("/")[2]
        # Recursive references are not resolved, so the components must be part of the schema.
        whole = {**definition, "components": {"schemas": _referenced(definition, document)}}
        self.definition: dict[str, Any] = jsonschema_rs.dereference(whole)
        self._validator = jsonschema_rs.Draft202012Validator(self.definition, mask=_MASK)

    def violations(self, value: Any) -> Iterator[tuple[Location, str]]:
        """Yield the location and the message of every violation of a JSON value."""
        if self._validator.is_valid(value):
            return
        try:
            errors = [error for whole in self._validator.iter_errors(value) for error in _most_precise(whole)]
        except ValueError as reason:  # it gives up if an invalid value is some 255 levels deep
            yield (), f"cannot be validated: {reason}"
            return
        wrong_type = {tuple(error.instance_path) for error in errors if error.kind.name == "type"}
        for error in errors:
            location = tuple(error.instance_path)
            if isinstance(error.kind, ValidationErrorKind.AdditionalProperties):
                known = find(self.definition, error.schema_path[:-1])["properties"]
                yield from (((*location, name), _unknown_property(name, known)) for name in error.kind.unexpected)
            elif error.kind.name == "type" or location not in wrong_type:
                yield location, _message(error).replace(_MASK, _shown(find(value, location)))

    def parse(self, value: Any) -> Any:
        """Return the generated model of a JSON value; for an array, a list of models.

        Raises:
            LookupError, TypeError, ValueError, AttributeError: The model cannot be made.
        """
        if is_array(value) and self.definition.get("type") == "array":
            return [self._parse_object(item) for item in value] if self._name else value
        return self._parse_object(value)

    def _parse_object(self, value: Any) -> Any:
        if not is_object(value):
            raise TypeError("not an object")  # the generated code makes a model of an empty array
        return getattr(activepieces_api.models, self._name).from_dict(value)


def _shown(value: Any) -> str:
    """Return a value for a message; an object or array that is not empty may hold secrets."""
    if value and (is_object(value) or is_array(value)):
        return "an object" if is_object(value) else "an array"
    return shorten(value)


def find(value: Any, location: list[str | int] | Location) -> Any:
    """Return the part of a value at a location."""
    return functools.reduce(lambda inner, key: inner[key], location, value)


def _referenced(definition: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return only the components that a schema needs; the document may have hundreds."""
    schemas: dict[str, Any] = {}
    waiting = [definition]
    while waiting:
        names = set(_REFERENCE.findall(json.dumps(waiting.pop())))
        for name in names - schemas.keys():
            schemas[name] = document["components"]["schemas"][name]
            waiting.append(schemas[name])
    return schemas


def _most_precise(error: ValidationError) -> Iterator[ValidationError]:
    """Replace the violation of an `anyOf` or `oneOf` by those of the branch that the value selects.

    It does so by its type, then by the `const` and `enum` of its members, then by their types.
    """
    if isinstance(error.kind, ValidationErrorKind.AnyOf | ValidationErrorKind.OneOfNotValid):
        branches = [branch for branch in error.kind.context if not any(_is_of_other_type(error, e) for e in branch)]
        for kinds in ({"const", "enum"}, {"type"}):
            selected = [branch for branch in branches if not any(inner.kind.name in kinds for inner in branch)]
            branches = selected or branches
        if len(branches) == 1:
            for inner in branches[0]:
                yield from _most_precise(inner)
            return
    yield error


def _is_of_other_type(whole: ValidationError, inner: ValidationError) -> bool:
    return inner.kind.name == "type" and inner.instance_path == whole.instance_path


def _message(error: ValidationError) -> str:
    match error.kind:
        case ValidationErrorKind.Enum(options):
            return f"{_MASK} is not one of {', '.join(map(shorten, options))}"
        case ValidationErrorKind.AnyOf(branches) | ValidationErrorKind.OneOfNotValid(branches):
            kinds = [inner.kind for branch in branches for inner in branch if _is_of_other_type(error, inner)]
            types = [type_ for kind in kinds if isinstance(kind, ValidationErrorKind.Type) for type_ in kind.types]
            if len(kinds) == len(branches):
                return f"{_MASK} is not of type {' or '.join(map(shorten, dict.fromkeys(types)))}"
        case _:
            pass
    return error.message


def _unknown_property(name: str, known: Mapping[str, Any]) -> str:
    # Compared without case, since the usual slip is displayname for displayName.
    names = {candidate.lower(): candidate for candidate in known}
    nearest = difflib.get_close_matches(name.lower(), names, n=1)
    hint = f"did you mean {shorten(names[nearest[0]])}?" if nearest else f"known are {', '.join(known)}"
    return f"is not a property of this object; {hint}"
