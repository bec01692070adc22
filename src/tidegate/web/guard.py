"""What every request has to pass before it is looked at: its host, its origin, its token, its length.

Knows HTTP headers. Does not know what a path means, only that reading needs the role `read` and all else `write`.
"""

import hmac
from collections.abc import Mapping
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tidegate.net.host_header import is_own_host
from tidegate.web.arm_error import ArmError

__all__ = ["BODY_BYTES_MAX", "Guard", "Role"]

Role = Literal["read", "write"]

BODY_BYTES_MAX = 4 * 1024 * 1024
"""The longest body that is read: what Azure Resource Manager takes for a template."""

OPEN_PATHS = frozenset({"/livez"})
WITH_BODY = frozenset({"PUT", "POST", "PATCH"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Stands before an application, which answers `ArmError`s, and lets through what may be asked.

    Args:
        tokens: the token of each role; who has that of `write` may read too.
        hosts: names that the server may be addressed by, beside addresses and `localhost`.
    """

    def __init__(self, application: ASGIApp, tokens: Mapping[Role, str], hosts: frozenset[str] = frozenset()) -> None:
        self._application = application
        self._tokens = {role: token.encode() for role, token in tokens.items()}
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._application(scope, receive, send)
            return
        try:
            self._check(scope["method"], scope["path"], Headers(scope=scope))
        except ArmError as error:
            await error.answer()(scope, receive, send)
            return
        await self._application(scope, _Limited(receive), send)

    def _check(self, method: str, path: str, headers: Headers) -> None:
        if not is_own_host(headers.get("host", ""), self._hosts):
            raise ArmError(
                421,
                "MisdirectedRequest",
                "the request is for another host; a web page's owner could have pointed its name here",
                hint="use localhost, an address, or a name given with --http-name",
            )
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"https://{headers.get('host', '').lower()}":
            raise ArmError(403, "OriginNotAllowed", "requests of other web pages are not answered")
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            raise ArmError(403, "OriginNotAllowed", "requests of other web pages are not answered")
        if path not in OPEN_PATHS:
            self._check_token(method, headers.get("authorization", ""))
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if method in WITH_BODY and kind != "application/json":
            raise ArmError(
                415, "UnsupportedMediaType", f"the body is of type {kind or 'none'}", hint="send application/json"
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            raise ArmError(400, "InvalidRequestContent", "Content-Length is no number")
        if int(length) > BODY_BYTES_MAX:
            raise _too_long()

    def _check_token(self, method: str, header: str) -> None:
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise ArmError(
                401,
                "AuthenticationFailed",
                "the request has no bearer token",
                hint="send `Authorization: Bearer TOKEN`; they are api/read.token and api/write.token in the data directory",
            )
        # Both are compared whichever fits, so that the time tells nothing.
        fits = {role: hmac.compare_digest(given.encode(), token) for role, token in self._tokens.items()}
        if fits.get("write"):
            return
        if not fits.get("read"):
            raise ArmError(401, "InvalidAuthenticationToken", "the bearer token is not one of this server")
        if method not in READING:
            raise ArmError(
                403,
                "AuthorizationFailed",
                "the token has the role `read`, and this needs `write`",
                hint="use the token of the role `write`",
            )


class _Limited:
    """Hands on what is received, up to the limit: a chunked body says its length nowhere.

    Its error is answered by the application, which may have begun to answer already.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._length = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._length += len(message.get("body", b""))
        if self._length > BODY_BYTES_MAX:
            raise _too_long()
        return message


def _too_long() -> ArmError:
    return ArmError(
        413, "RequestContentTooLarge", f"the body is longer than {BODY_BYTES_MAX // 1024 // 1024} MiB", hint="split it"
    )
