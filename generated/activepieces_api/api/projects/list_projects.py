# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.framework_error import FrameworkError
from ...models.project_page import ProjectPage
from ...models.project_type import ProjectType
from ...models.service_error import ServiceError
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    display_name: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    external_user_id: str | Unset = UNSET,
    types: list[ProjectType] | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["cursor"] = cursor

    params["limit"] = limit

    params["displayName"] = display_name

    params["externalId"] = external_id

    params["externalUserId"] = external_user_id

    json_types: list[str] | Unset = UNSET
    if not isinstance(types, Unset):
        json_types = []
        for types_item_data in types:
            types_item = types_item_data.value
            json_types.append(types_item)

    params["types"] = json_types

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/projects",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> FrameworkError | ServiceError | ProjectPage | None:
    if response.status_code == 200:
        response_200 = ProjectPage.from_dict(response.json())

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
) -> Response[FrameworkError | ServiceError | ProjectPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    display_name: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    external_user_id: str | Unset = UNSET,
    types: list[ProjectType] | Unset = UNSET,
) -> Response[FrameworkError | ServiceError | ProjectPage]:
    """List projects

     One page of the projects that the key sees: all of the platform for an API key, their own for a
    member. Ordered by type, display name and id, and a cursor holds those three: a project that is
    renamed between two pages can be missing or come twice, so read all pages before updating.

    Args:
        cursor (str | Unset):
        limit (int | Unset):
        display_name (str | Unset):
        external_id (str | Unset):
        external_user_id (str | Unset):
        types (list[ProjectType] | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FrameworkError | ServiceError | ProjectPage]
    """

    kwargs = _get_kwargs(
        cursor=cursor,
        limit=limit,
        display_name=display_name,
        external_id=external_id,
        external_user_id=external_user_id,
        types=types,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    display_name: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    external_user_id: str | Unset = UNSET,
    types: list[ProjectType] | Unset = UNSET,
) -> FrameworkError | ServiceError | ProjectPage | None:
    """List projects

     One page of the projects that the key sees: all of the platform for an API key, their own for a
    member. Ordered by type, display name and id, and a cursor holds those three: a project that is
    renamed between two pages can be missing or come twice, so read all pages before updating.

    Args:
        cursor (str | Unset):
        limit (int | Unset):
        display_name (str | Unset):
        external_id (str | Unset):
        external_user_id (str | Unset):
        types (list[ProjectType] | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FrameworkError | ServiceError | ProjectPage
    """

    return sync_detailed(
        client=client,
        cursor=cursor,
        limit=limit,
        display_name=display_name,
        external_id=external_id,
        external_user_id=external_user_id,
        types=types,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    display_name: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    external_user_id: str | Unset = UNSET,
    types: list[ProjectType] | Unset = UNSET,
) -> Response[FrameworkError | ServiceError | ProjectPage]:
    """List projects

     One page of the projects that the key sees: all of the platform for an API key, their own for a
    member. Ordered by type, display name and id, and a cursor holds those three: a project that is
    renamed between two pages can be missing or come twice, so read all pages before updating.

    Args:
        cursor (str | Unset):
        limit (int | Unset):
        display_name (str | Unset):
        external_id (str | Unset):
        external_user_id (str | Unset):
        types (list[ProjectType] | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FrameworkError | ServiceError | ProjectPage]
    """

    kwargs = _get_kwargs(
        cursor=cursor,
        limit=limit,
        display_name=display_name,
        external_id=external_id,
        external_user_id=external_user_id,
        types=types,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    display_name: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    external_user_id: str | Unset = UNSET,
    types: list[ProjectType] | Unset = UNSET,
) -> FrameworkError | ServiceError | ProjectPage | None:
    """List projects

     One page of the projects that the key sees: all of the platform for an API key, their own for a
    member. Ordered by type, display name and id, and a cursor holds those three: a project that is
    renamed between two pages can be missing or come twice, so read all pages before updating.

    Args:
        cursor (str | Unset):
        limit (int | Unset):
        display_name (str | Unset):
        external_id (str | Unset):
        external_user_id (str | Unset):
        types (list[ProjectType] | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FrameworkError | ServiceError | ProjectPage
    """

    return (
        await asyncio_detailed(
            client=client,
            cursor=cursor,
            limit=limit,
            display_name=display_name,
            external_id=external_id,
            external_user_id=external_user_id,
            types=types,
        )
    ).parsed
