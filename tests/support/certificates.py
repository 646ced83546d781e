"""Certificates of an authority that nobody trusts by default."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


def server_context(folder: Path) -> ssl.SSLContext:
    """Return the TLS context of a server at 127.0.0.1.

    Writes the certificate of its authority to `authority.pem` in the folder.
    """
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    context.load_cert_chain(folder / "server.pem")
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    return context
