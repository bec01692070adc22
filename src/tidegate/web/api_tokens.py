"""The bearer tokens of the HTTP API: one for each role, in files that only their owner may read.

Knows where they lie and how they are made. Does not know who sends them (`web/guard.py`).
"""

import secrets
from pathlib import Path

from tidegate.auth.private_files import make_private_folder, read_private, write_private
from tidegate.exceptions import CredentialError
from tidegate.web.guard import Role

__all__ = ["api_token_path", "api_tokens"]

FOLDER = "api"
TOKEN_BYTES = 32
FILE_BYTES_MAX = 1024
ROLES: tuple[Role, ...] = ("read", "write")


def api_token_path(data_directory: Path, role: Role) -> Path:
    """Return the file with the token of a role."""
    return data_directory / FOLDER / f"{role}.token"


def api_tokens(data_directory: Path) -> dict[Role, str]:
    """Return the token of each role; what is missing is made.

    Raises:
        CredentialError: a file cannot be used, others may read it, or it holds no token.
    """
    make_private_folder(data_directory / FOLDER)
    return {role: _token(api_token_path(data_directory, role)) for role in ROLES}


def _token(path: Path) -> str:
    found = read_private(path, FILE_BYTES_MAX)
    if found is None:
        write_private(path, secrets.token_urlsafe(TOKEN_BYTES).encode() + b"\n")
        found = read_private(path, FILE_BYTES_MAX)
    token = (found or b"").decode("ascii", errors="replace").strip()
    if len(token) < TOKEN_BYTES or not token.isprintable() or " " in token:
        raise CredentialError(
            str(path), f"it holds no token of {TOKEN_BYTES} characters or more", "remove it, and a new one is made"
        )
    return token
