"""Values that several kinds share: numbers with their ranges, enumerations, names, and what a `host` says.

Knows each value's rule and where it comes from. Does not know which field holds it.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

__all__ = [
    "ConfigMapRef",
    "Description",
    "Host",
    "HostAddress",
    "HostError",
    "Mode",
    "Namespace",
    "NonEmpty",
    "Port",
    "SecretRef",
    "UnsignedInt16",
    "UnsignedInt32",
    "at_least_one",
    "kubernetes_name_error",
    "parse_host",
    "resource_name_error",
]

T = TypeVar("T")

Mode = Literal["Enabled", "Disabled"]

UnsignedInt16 = Annotated[int, Field(ge=0, le=65_535)]
UnsignedInt32 = Annotated[int, Field(ge=0, le=4_294_967_295)]
Port = UnsignedInt16
NonEmpty = Annotated[str, Field(min_length=1)]
Description = Annotated[str, Field(max_length=256)]

_RESOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*[a-z0-9]")
_KUBERNETES_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?")


def resource_name_error(name: str) -> str | None:
    """Say what keeps `name` from naming an endpoint, a profile or a data flow (facts 1.2); None when it may."""
    if not 3 <= len(name) <= 63:
        return f"it has {len(name)} character{'' if len(name) == 1 else 's'}; allowed are 3 to 63"
    if not _RESOURCE_NAME.fullmatch(name):
        return "allowed are a to z, 0 to 9 and `-`, and no `-` at either end"
    return None


def kubernetes_name_error(name: str) -> str | None:
    """Say what keeps `name` from naming a secret or config map, which is also a folder's name; None when it may."""
    if not 1 <= len(name) <= 253:
        return f"it has {len(name)} characters; allowed are 1 to 253"
    if not _KUBERNETES_NAME.fullmatch(name):
        return "allowed are a to z, 0 to 9, `-` and `.`, with a letter or digit at both ends"
    return None


def _kubernetes_name(name: str) -> str:
    error = kubernetes_name_error(name)
    if error is not None:
        raise PydanticCustomError("name", "{detail}", {"detail": error})
    return name


SecretRef = Annotated[str, AfterValidator(_kubernetes_name)]
ConfigMapRef = Annotated[str, AfterValidator(_kubernetes_name)]
Namespace = Annotated[str, AfterValidator(_kubernetes_name)]


def at_least_one(items: tuple[T, ...]) -> tuple[T, ...]:
    """Refuse an empty list; pydantic's own bound also counts items that are wrong in themselves."""
    if not items:
        detail = "there is none here, and at least one is needed"
        raise PydanticCustomError("empty", "{detail}", {"detail": detail, "hint": "add one"})
    return items


class HostError(ValueError):
    """A `host` does not parse; `offset` and `length` say which of its characters are wrong, `hint` how to mend it."""

    def __init__(self, message: str, offset: int, length: int, hint: str | None = None) -> None:
        self.message = message
        self.offset = offset
        self.length = length
        self.hint = hint
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class HostAddress:
    """What a `host` says: a name or address without brackets, and where they are given a port and a path with its `/`."""

    host: str
    port: int | None
    path: str | None


def parse_host(text: str) -> HostAddress:
    """Split `<host>[:<port>][/<path>]`; an IPv6 address stands in brackets.

    Raises:
        HostError: `text` is something else.
    """
    if "://" in text:
        scheme = text.index("://") + 3
        hint = f"write `{text[scheme:]}`; `protocol` and `tls` choose how to connect" if text[scheme:] else None
        raise HostError("a host has no scheme", 0, scheme, hint)
    for offset, character in enumerate(text):
        if character.isspace() or not character.isprintable():
            raise HostError("a host has no spaces or control characters", offset, 1)
    authority, slash, rest = text.partition("/")
    if authority.startswith("["):
        address, bracket, tail = authority[1:].partition("]")
        if not bracket:
            raise HostError("`[` is not closed by `]`", 0, len(authority))
        _check_ipv6(address)
        host, port_offset = address, len(address) + 2
    else:
        host, _, _ = authority.partition(":")
        if authority.count(":") > 1:
            raise HostError(
                "a host has one `:`, before the port",
                0,
                len(authority),
                "an IPv6 address stands in brackets: `[::1]:8883`",
            )
        tail, port_offset = authority[len(host) :], len(host)
        if not host:
            raise HostError("the host name is missing", 0, max(len(authority), 1), "write `<host>:<port>`")
        if len(host) > 253 or not _HOST_NAME.fullmatch(host):
            raise HostError(f"`{host}` is no host name", 0, len(host), "write `<host>:<port>`")
    return HostAddress(host, _port(tail, port_offset), slash + rest if slash else None)


def _check_ipv6(address: str) -> None:
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        raise HostError(f"`{address}` is no IPv6 address", 1, max(len(address), 1)) from None


def _port(tail: str, offset: int) -> int | None:
    if not tail:
        return None
    digits = tail[1:]
    if tail[0] != ":":
        raise HostError("after `]` comes `:` and the port", offset, len(tail))
    if not digits:
        raise HostError("the port is missing after `:`", offset, 1)
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 1 <= int(digits) <= 65_535:
        raise HostError(f"the port is `{digits}`; allowed are 1 to 65535", offset + 1, len(digits))
    return int(digits)


def _host(text: str) -> str:
    try:
        parse_host(text)
    except HostError as error:
        raise PydanticCustomError(
            "host",
            "{detail}",
            {"detail": error.message, "offset": error.offset, "length": error.length, "hint": error.hint or ""},
        ) from None
    return text


Host = Annotated[str, AfterValidator(_host)]
