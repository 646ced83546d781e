"""The names that the generator gives functions, arguments and classes."""

from __future__ import annotations

import builtins
import re
from keyword import iskeyword

from .document import JSON, Document, Pointer, as_object, types


def snake_case(name: str) -> str:
    """Return the name of a function, an argument or an attribute."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", name).strip("_").lower()
    taken = iskeyword(words) or (words in dir(builtins) and words != "id") or words in ("self", "datetime")
    return f"{words}_" if taken else words


def attribute(name: str, siblings: dict[str, JSON]) -> str:
    """Return the attribute of a property; its own spelling where two would be equal."""
    shared = sum(snake_case(sibling) == snake_case(name) for sibling in siblings) > 1
    return name if shared else snake_case(name)


def class_name(name: str) -> str:
    """Return the name of a component's class."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", name))


def class_of(document: Document, pointer: Pointer) -> str | None:
    """Return the class that a schema becomes, if any; a `title` names it first."""
    schema = as_object(document.get(pointer))
    if pointer[:2] != ("components", "schemas") or len(pointer) != 3:
        return None
    if "properties" not in schema and "enum" not in schema and "object" not in types(schema):
        return None
    return class_name(str(schema.get("title", pointer[-1])))


def classes(document: Document) -> dict[str, Pointer]:
    """Find every schema that becomes a class, used or not, by the name of the class."""
    pointers = [("components", "schemas", name) for name in as_object(document.get(("components", "schemas")))]
    return {name: pointer for pointer in pointers if (name := class_of(document, pointer))}
