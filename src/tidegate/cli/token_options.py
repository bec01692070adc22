"""The options that say where tokens of endpoints come from, shared by the verbs that need them.

Knows options. Does not know what a token is.
"""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from tidegate.settings import TokenSettings

__all__ = ["token_options", "token_settings"]

SERVICE_ACCOUNT_FILE = "AIO_SAT_FILE"
"""The variable that the products' own clients read (facts 5.6)."""


def token_options(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options; they arrive as `token_file` and `token_command`."""
    context.argument(
        "token_file",
        options_list=["--token-file"],
        action="append",
        type=_file,
        metavar="AUDIENCE=PATH",
        help="File that holds the token for an audience, read at each connection and when it changes. "
        f"${SERVICE_ACCOUNT_FILE} names one for all other audiences of service account tokens.",
    )
    context.argument(
        "token_command",
        options_list=["--token-command"],
        action="append",
        type=_command,
        metavar="AUDIENCE=COMMAND",
        help="Command that writes a token for an audience to its standard output; no shell is involved.",
    )


def token_settings(
    files: Sequence[tuple[str, str]] | None,
    commands: Sequence[tuple[str, Sequence[str]]] | None,
    environment: Mapping[str, str],
) -> TokenSettings:
    """Return what the options and the environment say."""
    service_account_file = environment.get(SERVICE_ACCOUNT_FILE)
    return TokenSettings(
        files=tuple((audience, PurePath(path)) for audience, path in files or ()),
        commands=tuple((audience, tuple(arguments)) for audience, arguments in commands or ()),
        service_account_file=PurePath(service_account_file) if service_account_file else None,
    )


def _file(text: str) -> tuple[str, str]:
    audience, path = _pair(text, "PATH")
    return audience, path


def _command(text: str) -> tuple[str, tuple[str, ...]]:
    audience, command = _pair(text, "COMMAND")
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the command for {audience} cannot be read: {str(error).lower()}") from None
    if not arguments:
        raise argparse.ArgumentTypeError(f"the command for {audience} is empty")
    return audience, tuple(arguments)


def _pair(text: str, what: str) -> tuple[str, str]:
    audience, sign, rest = text.partition("=")
    if not (audience and sign and rest):
        raise argparse.ArgumentTypeError(f"write AUDIENCE={what}, as in aio-internal={what.lower()}")
    return audience, rest
