"""What follows from a reason code: one table for each question, and nothing else decides it.

Knows reason codes and their consequences. Does not know connections, clocks or back-off times (`net/backoff.py`).
"""

from dataclasses import dataclass
from typing import Literal

from tidegate.settings import OnRejected

__all__ = [
    "BACKOFF",
    "CONNECTION_REMEDIES",
    "CONNECTION_RETRY",
    "EVENT_GRID_REMEDIES",
    "IDENTITY_ACCESS_REMEDIES",
    "IDENTITY_REMEDIES",
    "NEVER",
    "NOW",
    "PUBLISH_REJECTIONS",
    "REASON_NAMES",
    "SLOW",
    "SUBSCRIBE_REMEDIES",
    "SUBSCRIBE_RETRY",
    "TAKEN_OVER",
    "Rejection",
    "Retry",
    "connection_retry",
    "publish_rejection",
    "reason_name",
    "subscribe_retry",
]

RetryKind = Literal["now", "backoff", "slow", "taken_over", "never"]


@dataclass(frozen=True, slots=True)
class Retry:
    """How a connection is tried again.

    `now`: at once. `backoff`: exponential with jitter. `slow`: every 60 s, and at once after an edit or a new
    credential. `taken_over`: once after 60 s; a second time within ten minutes the flow stops until an edit or a
    restart. `never`: the relay is finished.
    """

    kind: RetryKind


@dataclass(frozen=True, slots=True)
class Rejection:
    """What a negative PUBACK does: `hold` sends the message again as new on the next connection, `drop` counts it."""

    action: OnRejected
    label: str
    remedy: str


NOW = Retry("now")
BACKOFF = Retry("backoff")
SLOW = Retry("slow")
TAKEN_OVER = Retry("taken_over")
NEVER = Retry("never")

# Section 3.2.2.2 of MQTT 5 (CONNACK) and 3.14.2.1 (DISCONNECT); the two share their numbers. Which are slow: facts 4.6.
REASON_NAMES: dict[int, str] = {
    0x00: "success",
    0x04: "disconnect with will message",
    0x10: "no matching subscribers",
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    0x84: "unsupported protocol version",
    0x85: "client identifier not valid",
    0x86: "bad user name or password",
    0x87: "not authorized",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8C: "bad authentication method",
    0x8D: "keep alive timeout",
    0x8E: "session taken over",
    0x8F: "topic filter invalid",
    0x90: "topic name invalid",
    0x91: "packet identifier in use",
    0x92: "packet identifier not found",
    0x93: "receive maximum exceeded",
    0x94: "topic alias invalid",
    0x95: "packet too large",
    0x96: "message rate too high",
    0x97: "quota exceeded",
    0x98: "administrative action",
    0x99: "payload format invalid",
    0x9A: "retain not supported",
    0x9B: "QoS not supported",
    0x9C: "use another server",
    0x9D: "server moved",
    0x9E: "shared subscriptions not supported",
    0x9F: "connection rate exceeded",
    0xA0: "maximum connect time",
    0xA1: "subscription identifiers not supported",
    0xA2: "wildcard subscriptions not supported",
}

CONNECTION_RETRY: dict[Literal["connack", "disconnect"], dict[int, Retry]] = {
    "connack": {
        **dict.fromkeys(
            (0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90, 0x95, 0x99, 0x9A, 0x9B, 0x9C, 0x9D),
            SLOW,
        ),
        **dict.fromkeys((0x80, 0x88, 0x89, 0x97, 0x9F), BACKOFF),
    },
    "disconnect": {
        **dict.fromkeys((0x81, 0x82, 0x87, 0x8F, 0x90, 0x94, 0x95, 0x99, 0x9A, 0x9B, 0x9D, 0x9E, 0xA1, 0xA2), SLOW),
        **dict.fromkeys((0x00, 0x80, 0x83, 0x89, 0x8B, 0x8D, 0x93, 0x96, 0x97, 0x98, 0x9C, 0x9F, 0xA0), BACKOFF),
        0x8E: TAKEN_OVER,
    },
}

_ACCESS = "check the endpoint's authentication, and what the broker allows this client"
_ADDRESS = "change the endpoint's host to the server that the broker names"

# What a person can do about a CONNACK or DISCONNECT; for the other reasons there is only the broker's log.
CONNECTION_REMEDIES: dict[int, str] = {
    0x84: "the broker has to speak MQTT 5",
    0x85: "set a clientIdPrefix on the endpoint that the broker accepts",
    0x86: _ACCESS,
    0x87: _ACCESS,
    0x8A: "ask the broker's administrator why this client is banned",
    0x8C: "choose an authentication method for the endpoint that the broker has",
    0x8E: "is the same data flow deployed twice? give one of them another clientIdPrefix",
    0x95: "raise the broker's Maximum Packet Size, or let smaller messages come to the data flow",
    0x96: "send less, or divide the topics among several data flows: the broker limits the messages of each session",
    0x97: "raise the broker's quota for connections or sessions",
    0x9C: _ADDRESS,
    0x9D: _ADDRESS,
    0x9F: "let fewer clients connect at once: the broker limits how often",
}

_ROLES = "give the identity the role EventGrid TopicSpaces Publisher or EventGrid TopicSpaces Subscriber on the namespace or "
_ROLES += "topic space, or its counterpart at another broker; a role takes some minutes to count"

_SITES = "; if another deployment has a data flow of the same name, give each a clientIdPrefix of its own"

# What goes before CONNECTION_REMEDIES for a managed identity (facts 5.3).
IDENTITY_REMEDIES: dict[int, str] = {
    0x86: _ROLES,
    0x87: _ROLES + _SITES,
    0x8C: "the broker takes no OAUTH2-JWT: choose an authentication method for the endpoint that it has",
}

# What goes before the remedy of a refused subscription or message for a managed identity.
IDENTITY_ACCESS_REMEDIES: dict[int, str] = {0x87: _ROLES}

# What goes before the remedy of a refused message at Event Grid (facts 5.7).
EVENT_GRID_REMEDIES: dict[int, str] = {
    0x95: "publish smaller messages: Event Grid takes packets of 512 KiB at most",
    0x97: "divide the topics among several data flows, or send less: Event Grid takes about 100 messages a second of a session",
}

SUBSCRIBE_REMEDIES: dict[int, str] = {
    0x87: "allow this client to subscribe to the topic filter at the source broker",
    0x8F: "change the topic filter in dataSources to one that the source broker accepts",
    0x97: "raise the source broker's quota for subscriptions",
    0x9E: "set instanceCount: 1, and name no shared subscription in dataSources",
    0xA2: "name the topics in dataSources without wildcards",
}

SUBSCRIBE_RETRY: dict[int, Retry] = {
    **dict.fromkeys((0x87, 0x8F, 0x9E, 0xA1, 0xA2), SLOW),
    **dict.fromkeys((0x80, 0x83, 0x91, 0x97), BACKOFF),
}

# [MQTT-4.4.0-2]: a negative PUBACK ends the packet's life; it is not resent, so a held message is published as new.
PUBLISH_REJECTIONS: dict[int, Rejection] = {
    0x80: Rejection("hold", "unspecified_error", "look at the destination broker's log"),
    0x83: Rejection("hold", "implementation_specific_error", "look at the destination broker's log"),
    0x87: Rejection("hold", "not_authorized", "allow this client to publish to the topic at the destination broker"),
    0x90: Rejection("drop", "topic_name_invalid", "change dataDestination to a topic that the destination accepts"),
    0x91: Rejection("hold", "packet_id_in_use", "look at the destination broker's log"),
    0x97: Rejection("hold", "quota_exceeded", "raise the destination broker's quota, or send less"),
    0x99: Rejection("drop", "payload_format_invalid", "correct the payload format indicator at the publisher"),
    0x95: Rejection(
        "drop", "packet_too_large", "raise the destination's Maximum Packet Size, or publish smaller messages"
    ),
    0x9A: Rejection("drop", "retain_not_supported", "set retain: Never on the destination endpoint"),
}

_UNKNOWN_REJECTION = Rejection("hold", "rejected", "look at the destination broker's log")


def reason_name(reason_code: int) -> str:
    """Return the specification's words for a reason code, with its number: `0x87 not authorized`."""
    return f"0x{reason_code:02X} {REASON_NAMES.get(reason_code, 'unknown reason')}"


def connection_retry(packet: Literal["connack", "disconnect"], reason_code: int) -> Retry:
    """Return how to try again after a CONNACK or DISCONNECT with this reason code; back-off for one not in the table."""
    return CONNECTION_RETRY[packet].get(reason_code, BACKOFF)


def subscribe_retry(reason_code: int) -> Retry:
    """Return how to try again after a SUBACK with this failure code; back-off for one not in the table."""
    return SUBSCRIBE_RETRY.get(reason_code, BACKOFF)


def publish_rejection(reason_code: int, override: OnRejected | None) -> Rejection:
    """Return what a negative PUBACK does; `override` is the user's choice for all of them, None to use the table."""
    rejection = PUBLISH_REJECTIONS.get(reason_code, _UNKNOWN_REJECTION)
    if override is None or override == rejection.action:
        return rejection
    return Rejection(override, rejection.label, rejection.remedy)
