"""`tidegate token create`: a service account token for a client of the embedded broker.

Knows the options. Works on the data directory, whether an engine runs or not; only the token is on standard output.
"""

import argparse
import os
import re
import time
from pathlib import Path
from typing import Any

from tidegate.cli.options import data_directory_option
from tidegate.cli.output import Outcome

__all__ = ["EXAMPLES", "TTL_SECONDS_MAX", "arguments", "create", "lifetime"]

EXAMPLES = (
    ("Make a token for a client of the listener on 18883.", "tidegate token create --audience aio-internal"),
    (
        "Name the client, for authorization rules.",
        "tidegate token create --audience aio-internal --client press-1 --ttl 8h",
    ),
    (
        "Give it an attribute that authorization rules name.",
        "tidegate token create --audience aio-internal --client press-1 --attribute line=one",
    ),
)

TTL_SECONDS_MAX = 366 * 86_400.0

_CLIENT = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    data_directory_option(context)
    context.argument("audience", options_list=["--audience"], help="Audience, one of the listener's authentication.")
    context.argument(
        "client",
        options_list=["--client"],
        type=_client,
        metavar="NAME",
        help="Service account that the token is for: system:serviceaccount:azure-iot-operations:NAME.",
    )
    context.argument(
        "attributes",
        options_list=["--attribute"],
        action="append",
        type=_attribute,
        metavar="NAME=VALUE",
        help="Attribute for authorization rules; may be given again.",
    )
    context.argument("ttl", options_list=["--ttl"], type=lifetime, help="Life of the token: 90s, 30m, 24h, 7d.")


def create(
    audience: str,
    client: str = "client",
    attributes: list[tuple[str, str]] | None = None,
    ttl: float = 86_400.0,
    data_dir: str | None = None,
) -> Outcome:
    """Return the token."""
    from tidegate.auth.token_issuer import TokenIssuer
    from tidegate.engine.data_directory import default_data_directory

    directory = Path(data_dir) if data_dir is not None else default_data_directory(os.environ)
    token = TokenIssuer.open(directory).issue(audience, client, ttl, time.time(), dict(attributes or ()))
    return Outcome(token, f"{token}\n")


def _client(text: str) -> str:
    if _CLIENT.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no service account; use a to z, 0 to 9, `-` and `.`, at most 63")
    return text


def _attribute(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        raise argparse.ArgumentTypeError(f"{text!r} is no attribute; write NAME=VALUE, as in line=one")
    return name, value


def lifetime(text: str) -> float:
    """Read a time as in 24h. Raises `ArgumentTypeError`."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write a number and s, m, h or d, as in 24h")
    seconds = float(int(number) * _UNITS[unit])
    if not 0 < seconds <= TTL_SECONDS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 1s and 366d")
    return seconds
