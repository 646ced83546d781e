"""The arguments and the results of `client.projects`, for the generated functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

import attrs

from activepieces_api import models
from activepieces_api.models import (
    CreateProjectRequest,
    Metadata,
    Project,
    ProjectPage,
    ProjectType,
    UpdateProjectRequest,
)
from activepieces_api.types import Response, Unset

from ._comparison import merged
from ._json import invalid_text, is_plain, shorten
from ._specification import specification
from .exceptions import ActivepiecesError, RequestValidationError, Violation

Body: TypeAlias = UpdateProjectRequest | Mapping[str, Any]
"""The body of an update: the generated model, or a mapping with the property names of the API."""

NewBody: TypeAlias = CreateProjectRequest | Mapping[str, Any]
"""The body of a create."""

Types: TypeAlias = Iterable[ProjectType | str]

Model = TypeVar("Model", UpdateProjectRequest, CreateProjectRequest)
T = TypeVar("T")
Parsed = TypeVar("Parsed")


def validate(body: Body) -> None:
    """Validate the body of an update without sending it, for forms and imports.

    Args:
        body: The body, as `client.projects.update` takes it.

    Raises:
        RequestValidationError: The body is invalid; `violations` has every violation.
    """
    plain = to_model(UpdateProjectRequest, body).to_dict()
    specification().operations["updateProject"].validate({"body": plain})


def to_model(kind: type[Model], body: Model | Mapping[str, Any], **path: str) -> Model:
    """Return a body as the generated model, which the guard validates against its schema.

    Raises:
        RequestValidationError: The model or JSON cannot carry the body; `violations` has every violation.
    """
    plain: Any = body
    try:
        model = kind.from_dict(body) if isinstance(body, Mapping) else body
        plain = model.to_dict()
        if isinstance(model, kind) and (model is body or plain == body) and is_plain(plain):
            return model
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(body, kind):
            raise RequestValidationError(list(_plain_values(body)) or [Violation("$", str(error))]) from None
    # A model drops the properties that it does not know, and fails at values that it does not expect.
    operation = "updateProject" if kind is UpdateProjectRequest else "createProject"
    request = {"body": plain if isinstance(body, kind) else body, **({"path": path} if path else {})}
    return kind.from_dict(specification().operations[operation].validate(request)["body"])


def _plain_values(model: Any, path: str = "$") -> Iterator[Violation]:
    """Yield a violation for each attribute that holds a plain value instead of a model."""
    for field in attrs.fields(model.__class__):
        value: Any = getattr(model, field.name)
        attribute = f"{path}.{field.name}"
        kinds = [getattr(models, name) for name in re.findall(r"\w+", str(field.type)) if name in models.__all__]
        if attrs.has(value.__class__):
            yield from _plain_values(value, attribute)
        elif kinds and not isinstance(value, (Unset, None.__class__, *kinds)):
            name = kinds[0].__name__
            how = f"{name}.from_dict(…)" if attrs.has(kinds[0]) else f"{name}.{value}"
            yield Violation(attribute, f"is {shorten(value)}, but the model takes a {name}: write {how}")


def merged_body(body: UpdateProjectRequest, project: Project) -> UpdateProjectRequest:
    """Return a body whose metadata is merged into that of a project."""
    current, given = project.to_dict().get("metadata"), body.to_dict()["metadata"]
    return attrs.evolve(body, metadata=Metadata.from_dict(merged(current, given)))


def to_text(path: str, value: object) -> str:
    """Return an argument that selects a project as plain text.

    A generated function would send `Tenant.ACME` for a str that is an Enum, and would list every project for None.

    Raises:
        RequestValidationError: It is not a string, or cannot be sent.
    """
    if not isinstance(value, str):
        raise RequestValidationError([Violation(path, f'{shorten(value)} is not of type "string"')])
    if violation := invalid_text(value):
        raise RequestValidationError([Violation(path, violation)])
    return str.__str__(value)


def to_filter(name: str, value: str | Unset) -> str | Unset:
    """Return a filter of a list: UNSET, or plain text as from `to_text`."""
    return value if isinstance(value, Unset) else to_text(f"query.{name}", value)


def to_types(types: Types | Unset) -> list[ProjectType] | Unset:
    """Return the types of projects to list.

    Raises:
        RequestValidationError: The document has no such type.
    """
    if isinstance(types, Unset):
        return types
    try:
        return [ProjectType(type_) for type_ in ([types] if isinstance(types, str) else types)]
    except (TypeError, ValueError) as error:
        raise RequestValidationError([Violation("query.types", str(error))]) from None


def split_new(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the body of a create, and that of an update with the properties that create drops.

    Args:
        arguments: The values of properties, by the argument names of the generated models.

    Raises:
        TypeError: The document has no such property.
        RequestValidationError: A value is invalid; `violations` has every violation.
    """
    create, update = (specification().operations[id_] for id_ in ("createProject", "updateProject"))
    names = {re.sub("(?=[A-Z])", "_", name).lower(): name for name in [*update.properties(), *create.properties()]}
    for name in arguments.keys() - names.keys():
        raise TypeError(f"get_or_create() got an unexpected keyword argument {name!r}")
    plain = {names[name]: value.to_dict() if hasattr(value, "to_dict") else value for name, value in arguments.items()}
    new = create.validate({"body": {name: value for name, value in plain.items() if name in create.properties()}})
    later = update.validate({"body": {name: value for name, value in plain.items() if name not in new["body"]}})
    return new["body"], later["body"]


def expect(kind: type[T], parsed: object) -> T:
    """Return the model of a success: the guard raises for every response that is not one."""
    assert isinstance(parsed, kind)  # noqa: S101 - for type checkers
    return parsed


def detailed(kind: type[T], response: Response[Parsed]) -> Response[T]:
    """Return a generated response with the type of its model."""
    return Response(response.status_code, response.content, response.headers, expect(kind, response.parsed))


def next_cursor(page: ProjectPage, seen: set[str]) -> str | None:
    """Return the cursor of the next page; None after the last one.

    Raises:
        ActivepiecesError: The server returns the same cursor twice, so that the list would never end.
    """
    cursor = page.next_ or None
    if cursor in seen:
        raise ActivepiecesError(f"the list of projects does not end: the cursor {shorten(cursor)} comes twice")
    seen.add(cursor or "")
    return cursor


def only(found: Iterable[Project], external_id: str) -> Project | None:
    """Return the one project with an external id; None if there is none.

    Raises:
        ActivepiecesError: Several projects have it.
    """
    ids = {project.id: project for project in found if project.external_id == external_id}
    if len(ids) > 1:
        raise ActivepiecesError(f"several projects have the external id {shorten(external_id)}: {', '.join(ids)}")
    return next(iter(ids.values()), None)
