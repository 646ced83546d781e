# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.framework_error import FrameworkError
from ...models.project import Project
from ...models.service_error import ServiceError
from ...models.update_project_request import UpdateProjectRequest
from ...types import Response


def _get_kwargs(
    id: str,
    *,
    body: UpdateProjectRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/projects/{id}".format(
            id=quote(str(id), safe="").replace(".", "%2E"),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> FrameworkError | ServiceError | Project | None:
    if response.status_code == 200:
        response_200 = Project.from_dict(response.json())

        return response_200

    if response.status_code == 400:

        def _parse_response_400(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_400 = _parse_response_400(response.json())

        return response_400

    if response.status_code == 401:

        def _parse_response_401(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_401 = _parse_response_401(response.json())

        return response_401

    if response.status_code == 402:

        def _parse_response_402(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_402 = _parse_response_402(response.json())

        return response_402

    if response.status_code == 403:

        def _parse_response_403(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_403 = _parse_response_403(response.json())

        return response_403

    if response.status_code == 404:

        def _parse_response_404(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_404 = _parse_response_404(response.json())

        return response_404

    if response.status_code == 409:

        def _parse_response_409(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_409 = _parse_response_409(response.json())

        return response_409

    if response.status_code == 413:

        def _parse_response_413(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_413 = _parse_response_413(response.json())

        return response_413

    if response.status_code == 415:

        def _parse_response_415(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_415 = _parse_response_415(response.json())

        return response_415

    if response.status_code == 429:

        def _parse_response_429(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_429 = _parse_response_429(response.json())

        return response_429

    if response.status_code == 500:

        def _parse_response_500(data: object) -> FrameworkError | ServiceError:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_error_type_0 = ServiceError.from_dict(data)

                return componentsschemas_error_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_error_type_1 = FrameworkError.from_dict(data)

            return componentsschemas_error_type_1

        response_500 = _parse_response_500(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[FrameworkError | ServiceError | Project]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateProjectRequest,
) -> Response[FrameworkError | ServiceError | Project]:
    """Update a project

     A partial update: a property that is not sent stays as it is. The service ignores in silence the
    properties that the project, the key, the platform's plan or the release does not allow; each
    property says when. The response is the whole project after the update. A property that was sent,
    and that the response shows otherwise or lacks, was not applied.

    Args:
        id (str):
        body (UpdateProjectRequest): The changes to a project. Every property is optional, and a
            property that is not set stays as it is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FrameworkError | ServiceError | Project]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateProjectRequest,
) -> FrameworkError | ServiceError | Project | None:
    """Update a project

     A partial update: a property that is not sent stays as it is. The service ignores in silence the
    properties that the project, the key, the platform's plan or the release does not allow; each
    property says when. The response is the whole project after the update. A property that was sent,
    and that the response shows otherwise or lacks, was not applied.

    Args:
        id (str):
        body (UpdateProjectRequest): The changes to a project. Every property is optional, and a
            property that is not set stays as it is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FrameworkError | ServiceError | Project
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateProjectRequest,
) -> Response[FrameworkError | ServiceError | Project]:
    """Update a project

     A partial update: a property that is not sent stays as it is. The service ignores in silence the
    properties that the project, the key, the platform's plan or the release does not allow; each
    property says when. The response is the whole project after the update. A property that was sent,
    and that the response shows otherwise or lacks, was not applied.

    Args:
        id (str):
        body (UpdateProjectRequest): The changes to a project. Every property is optional, and a
            property that is not set stays as it is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FrameworkError | ServiceError | Project]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateProjectRequest,
) -> FrameworkError | ServiceError | Project | None:
    """Update a project

     A partial update: a property that is not sent stays as it is. The service ignores in silence the
    properties that the project, the key, the platform's plan or the release does not allow; each
    property says when. The response is the whole project after the update. A property that was sent,
    and that the response shows otherwise or lacks, was not applied.

    Args:
        id (str):
        body (UpdateProjectRequest): The changes to a project. Every property is optional, and a
            property that is not set stays as it is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FrameworkError | ServiceError | Project
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
        )
    ).parsed
