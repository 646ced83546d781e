"""The arguments of `client.projects`, as the generated functions take them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypedDict, TypeVar

import attrs

from activepieces_api import models
from activepieces_api.models import CreateProjectRequest, Metadata, Project, ProjectType, UpdateProjectRequest
from activepieces_api.types import Unset

from ._json import invalid_text, is_object, is_plain, shorten
from ._specification import specification
from .exceptions import RequestValidationError, Violation

Body: TypeAlias = UpdateProjectRequest | Mapping[str, Any]
"""The body of an update: the generated model, or a mapping with the property names of the API."""

NewBody: TypeAlias = CreateProjectRequest | Mapping[str, Any]
"""The body of a create."""

Model = TypeVar("Model", UpdateProjectRequest, CreateProjectRequest)


def validate(body: Body) -> None:
    """Validate the body of an update without sending it, for forms and imports.

    Args:
        body: The body, as `client.projects.update` takes it.

    Raises:
        RequestValidationError: The body is invalid; with every violation.
    """
    plain = to_model(UpdateProjectRequest, body).to_dict()
    specification().operations["updateProject"].validate({"body": plain})


def to_model(kind: type[Model], body: Model | Mapping[str, Any], **path: str) -> Model:
    """Return a body as the generated model, which the guard validates against its schema.

    Raises:
        RequestValidationError: The model cannot carry the body, or JSON cannot; with every violation.
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


def merged(body: UpdateProjectRequest, project: Project) -> UpdateProjectRequest:
    """Return a body whose metadata is merged into that of a project."""
    current, given = project.to_dict().get("metadata"), body.to_dict()["metadata"]
    return attrs.evolve(body, metadata=Metadata.from_dict(merge(current, given)))


def merge(value: Any, patch: Any) -> Any:
    """Return a JSON value with a JSON Merge Patch applied (RFC 7396): None removes a member."""
    if not is_object(patch):
        return patch
    members = dict(value) if is_object(value) else {}
    for name, member in patch.items():
        if member is None:
            members.pop(name, None)
        else:
            members[name] = merge(members.get(name), member)
    return members


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


class Filters(TypedDict, total=False):
    """The filters of a list, as the generated function takes them."""

    external_id: str
    display_name: str
    external_user_id: str
    types: list[ProjectType]
    limit: int


def to_filters(
    external_id: str | None,
    display_name: str | None,
    external_user_id: str | None,
    types: Iterable[ProjectType | str] | None,
    page_size: int,
) -> Filters:
    """Return the filters that are not None.

    Raises:
        RequestValidationError: A type is not one of the document's.
    """
    filters = Filters(limit=page_size)
    if external_id is not None:
        filters["external_id"] = external_id
    if display_name is not None:
        filters["display_name"] = display_name
    if external_user_id is not None:
        filters["external_user_id"] = external_user_id
    if types is not None:
        try:
            filters["types"] = [ProjectType(type_) for type_ in ([types] if isinstance(types, str) else types)]
        except ValueError as error:
            raise RequestValidationError([Violation("query.types", str(error))]) from None
    return filters


def split_new(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the body of a create, and that of an update for the properties that create drops.

    Args:
        arguments: The values of properties, by the argument names of the generated models.

    Raises:
        TypeError: The document has no such property.
        RequestValidationError: A value is invalid; with every violation.
    """
    operations = specification().operations
    created, updated = (
        {re.sub("(?=[A-Z])", "_", name).lower(): name for name in operations[id_].properties()}
        for id_ in ("createProject", "updateProject")
    )
    for name in arguments:
        if name not in {**created, **updated}:
            raise TypeError(f"get_or_create() got an unexpected keyword argument {name!r}")
    plain = {name: value.to_dict() if attrs.has(value.__class__) else value for name, value in arguments.items()}
    create = {created[name]: value for name, value in plain.items() if name in created}
    update = {updated[name]: value for name, value in plain.items() if name not in created}
    create_body = to_model(CreateProjectRequest, create).to_dict()
    operations["createProject"].validate({"body": create_body})
    validate(update)
    return create, update
