"""A key source for installations without API keys: it signs in with an email address and a password."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import attrs
import httpx

from activepieces_api import AuthenticatedClient
from activepieces_api.api.authentication import sign_in as operation
from activepieces_api.models import SignInRequest, SignInResponse

from ._bodies import expect
from .exceptions import APIError, APIStatusError, AuthenticationError, ConfigurationError, RequestValidationError


@attrs.frozen
class SignIn:
    """The email address and the password of a user, as an `api_key`; see `sign_in`."""

    email: str
    password: str = attrs.field(repr=False)
    base_url: str | None

    def read(self, client: AuthenticatedClient) -> str:
        """Sign in, and return the token."""
        with _without_password():
            return expect(SignInResponse, operation.sync(client=client, body=self._body())).token

    async def read_async(self, client: AuthenticatedClient) -> str:
        """Sign in without blocking the event loop, and return the token."""
        with _without_password():
            return expect(SignInResponse, await operation.asyncio(client=client, body=self._body())).token

    def _body(self) -> SignInRequest:
        return SignInRequest(self.email, self.password)


def sign_in(email: str, password: str, *, base_url: str | None = None) -> SignIn:
    """Return a key source for `api_key` that signs in: for installations without API keys.

    It signs in when the key is first needed, and again when the service rejects the token, which lasts seven days.

    Args:
        email: The email address of the user.
        password: The password of the user.
        base_url: The address to sign in at; by default that of the client.
    """
    return SignIn(email, password, base_url)


@contextlib.contextmanager
def _without_password() -> Generator[None]:
    """Raise errors that hold neither the password nor a frame that does."""
    try:
        yield
    except AuthenticationError:
        raise ConfigurationError("sign_in: the service rejects the email or the password") from None
    except RequestValidationError as error:
        arguments = " and ".join(violation.path.removeprefix("$.") for violation in error.violations)
        raise ConfigurationError(f"sign_in: invalid {arguments}; nothing was sent") from None
    except APIError as error:
        error.request = httpx.Request(error.request.method, error.request.url)
        if isinstance(error, APIStatusError):
            error.response.request = error.request
        raise error.with_traceback(None) from error.__cause__
