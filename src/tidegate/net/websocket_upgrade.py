"""The opening of a WebSocket: what the server may answer, and what each other answer means to people.

Knows HTTP as far as RFC 6455, section 4 needs it, beyond what the sans-I/O layer of `websockets` does. Does not know
streams or frames.
"""

import http
import re

from websockets.client import ClientProtocol

from tidegate.exceptions import ConnectFailed

__all__ = ["UPGRADE_BYTES_MAX", "for_people", "is_accepted", "no_answer"]

UPGRADE_BYTES_MAX = 16 * 1024
"""The largest header of an answer to the upgrade request."""

PEER_TEXT_CHARACTERS_MAX = 200
"""How much of what the server wrote is repeated to people."""


def is_accepted(protocol: ClientProtocol, answer: bytes) -> bool:
    """Judge the bytes received since the request was sent; when true, `protocol` has been fed with all of them.

    False means that more are needed. Raises `ConnectFailed` for every other answer than an upgrade to the subprotocol
    `mqtt` [MQTT-6.0.0-3]. The library alone would also wait for the body of a refusal, which may never end.
    """
    if answer[:7] != b"HTTP/1."[: len(answer)]:
        raise _failed(
            protocol,
            "the server does not speak HTTP on this port",
            "use the broker's port for WebSockets, or set protocol: Mqtt",
        )
    header, blank_line, _ = answer.partition(b"\r\n\r\n")
    if len(header) > UPGRADE_BYTES_MAX:
        raise _not_valid(protocol, f"its header is larger than {UPGRADE_BYTES_MAX} bytes")
    if not blank_line:
        return False
    status = re.match(rb"HTTP/1\.[01] (\d{3})(?!\d)", header)
    if status is not None and status[1] != b"101":
        raise _refused(protocol, int(status[1]), header)
    protocol.receive_data(answer)
    if protocol.handshake_exc is not None:
        raise _not_valid(protocol, for_people(str(protocol.handshake_exc)))
    if protocol.subprotocol is None:
        raise _failed(
            protocol,
            "the server did not agree to the WebSocket subprotocol mqtt",
            "check that the path is the one on which the broker speaks MQTT",
        )
    return True


def no_answer(protocol: ClientProtocol) -> ConnectFailed:
    """Say that the connection ended before the answer was complete."""
    return _failed(
        protocol,
        "the connection was closed during the WebSocket upgrade",
        "the port may not speak WebSocket; check the port and protocol",
    )


def for_people(text: str) -> str:
    """Make what a server wrote fit to be shown: on one line, printable, of bounded length."""
    shown = "".join(character if character.isprintable() else "?" for character in text[: PEER_TEXT_CHARACTERS_MAX + 1])
    return shown if len(shown) <= PEER_TEXT_CHARACTERS_MAX else f"{shown[:PEER_TEXT_CHARACTERS_MAX]}…"


def _refused(protocol: ClientProtocol, status: int, header: bytes) -> ConnectFailed:
    path = protocol.uri.path
    match status:
        case 301 | 302 | 303 | 307 | 308:
            location = re.search(rb"\r\nlocation:[ \t]*([^\r\n]+)", header, re.IGNORECASE)
            where = f" to {for_people(location[1].decode('latin-1').strip())}" if location is not None else ""
            hint = (
                f"redirects are not followed: this one leads{where or ' nowhere'}; put the right host and path in host"
            )
        case 401 | 403:
            hint = "the server or a proxy before it wants a login for the upgrade itself, which Tidegate does not send"
        case 404:
            hint = f"the server has nothing at {path}; the path is part of host, for example HOST:443/mqtt"
        case 426:
            hint = "the server wants another version of HTTP or of WebSocket; 13 is spoken here"
        case 502 | 503 | 504:
            hint = "the server, or what stands behind a proxy, is not ready"
        case _ if 200 <= status < 300:
            hint = f"this is an ordinary web page; check the port, and the path {path}"
        case _:
            hint = "look at the server's log for its side of it"
    return _failed(protocol, f"the server answered the WebSocket upgrade with HTTP {status}{_phrase(status)}", hint)


def _phrase(status: int) -> str:
    try:
        return f" {http.HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _not_valid(protocol: ClientProtocol, why: str) -> ConnectFailed:
    return _failed(
        protocol,
        f"the server's answer to the WebSocket upgrade is not valid: {why}",
        "check that the port and the path are those of a broker's WebSocket listener",
    )


def _failed(protocol: ClientProtocol, detail: str, hint: str) -> ConnectFailed:
    return ConnectFailed(protocol.uri.host, protocol.uri.port, "websocket", detail, hint)
