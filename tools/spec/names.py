"""The names that the generator gives functions, arguments and classes."""

from __future__ import annotations

import builtins
import functools
import re
from keyword import iskeyword

from .document import JSON, Document, Pointer, as_object, types

DELIMITERS = r"\. _-"


@functools.cache  # each property is compared with its siblings
def snake_case(name: str) -> str:
    """Return the name of a function, an argument or an attribute."""
    words = "_".join(split(name)).lower()
    if iskeyword(words) or (words in dir(builtins) and words != "id") or words in ("self", "true", "false", "datetime"):
        words = f"{words}_"
    return words if words.isidentifier() and not name.startswith("_") else f"field_{words}"


def argument(name: str, location: str) -> str:
    """Return a parameter's argument; `client` and `url` are the function's own."""
    words = snake_case(name)
    return f"{words}_{location}" if words in ("client", "url") else words


def split(name: str) -> list[str]:
    """Return the words of a name, without the characters that neither Python nor the generator knows in one."""
    known = "".join(char for char in name if char.isidentifier() or char.isdecimal() or char in DELIMITERS)
    if any(char.isupper() for char in known):
        known = " ".join(re.split("([A-Z]?[a-z]+)", known))
    return re.findall(rf"[^{re.escape(DELIMITERS)}]+", known)


def constant(value: str | int, index: int) -> str:
    """Return the name of a value of an enum, among whose values it has an index."""
    if isinstance(value, int):
        return f"VALUE_{value}".replace("-", "NEGATIVE_")
    return "_".join(split(value.upper() if value[:1].isalpha() else f"VALUE_{index}")).upper()


def attribute(name: str, siblings: dict[str, JSON]) -> str:
    """Return the attribute of a property; its own spelling where two would be equal."""
    shared = sum(snake_case(sibling) == snake_case(name) for sibling in siblings) > 1
    return name if shared else snake_case(name)


def class_name(name: str) -> str:
    """Return the name of a component's class."""
    return "".join(word if word.isupper() else word.capitalize() for word in split(name))


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
