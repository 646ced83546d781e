"""A key source for installations without API keys: it signs in with an email address and a password."""

from __future__ import annotations

import attrs
import httpx

from activepieces_api import AuthenticatedClient
from activepieces_api.api.authentication import sign_in as operation
from activepieces_api.models import SignInRequest, SignInResponse

from ._bodies import expect
from ._specification import specification
from .exceptions import (
    APIError,
    APIStatusError,
    AuthenticationError,
    ConfigurationError,
    RequestValidationError,
    ResponseValidationError,
)


@attrs.frozen
class SignIn:
    """The email address and the password of a user, as an `api_key`; see `sign_in`."""

    email: str
    password: str = attrs.field(repr=False)
    base_url: str | None

    def read(self, client: AuthenticatedClient) -> str:
        """Sign in, and return the token."""
        try:
            return expect(SignInResponse, operation.sync(client=client, body=self._body())).token
        except Exception as error:  # noqa: BLE001 - a hook of an http_client may raise any
            failure = _without_password(error)
        raise failure

    async def read_async(self, client: AuthenticatedClient) -> str:
        """Sign in without blocking the event loop, and return the token."""
        try:
            return expect(SignInResponse, await operation.asyncio(client=client, body=self._body())).token
        except Exception as error:  # noqa: BLE001 - a hook of an http_client may raise any
            failure = _without_password(error)
        raise failure

    def _body(self) -> SignInRequest:
        plain = {"email": self.email, "password": self.password}
        return SignInRequest.from_dict(specification().operations["signIn"].validate({"body": plain})["body"])


def sign_in(email: str, password: str, *, base_url: str | None = None) -> SignIn:
    """Return a key source for `api_key` that signs in: for installations without API keys.

    It signs in when the key is first needed, and again when the service rejects the token, which lasts seven days.

    Args:
        email: The email address of the user.
        password: The password of the user.
        base_url: The address to sign in at; by default that of the client.
    """
    return SignIn(email, password, base_url)


def _without_password(error: Exception) -> Exception:
    """Return an error that holds neither the password, nor a token, nor a frame that does."""
    if isinstance(error, AuthenticationError):
        return ConfigurationError("sign_in: the service rejects the email or the password")
    if isinstance(error, RequestValidationError):
        arguments = " and ".join(violation.path.removeprefix("$.") for violation in error.violations)
        return ConfigurationError(f"sign_in: invalid {arguments}; nothing was sent")
    if isinstance(error, APIStatusError | ResponseValidationError):
        error.response = httpx.Response(error.response.status_code, request=_bare(error.response.request))
    if isinstance(error, APIError):
        error.request = _bare(error.request)
        if isinstance(error.__cause__, httpx.RequestError):
            error.__cause__.request = error.request
    error.__context__ = None
    return error.with_traceback(None)


def _bare(request: httpx.Request) -> httpx.Request:
    return httpx.Request(request.method, request.url)
