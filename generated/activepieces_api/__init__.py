# Written by `nox -s regenerate` from openapi.yaml: edit that file, never this one.
"""A client library for accessing Activepieces"""

from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
