"""Where a message has been, in user properties: through how many data flows, and who published it, so that no loop turns.

Knows the properties. Does not know which data flows leave them or look at them, nor what becomes of a message.
"""

from collections.abc import Collection

__all__ = ["HOPS", "PUBLISHED_BY", "counted", "echoed", "hop_count", "marked"]

HOPS = "tidegate-hops"
"""How many data flows a message has been through: a whole number, 1 from the first data flow that counts."""

PUBLISHED_BY = "tidegate-published-by"
"""The client identifier with which a data flow published the message; there is one property for each that left it."""

DIGITS_MAX = 9

Properties = tuple[tuple[str, str], ...]


def hop_count(properties: Properties) -> int:
    """Return how many data flows that count a message has been through; the largest number where several are given.

    What is no number counts as none: it came from somebody else.
    """
    most = 0
    for name, value in properties:
        if name == HOPS and len(value) <= DIGITS_MAX and value.isascii() and value.isdigit():
            most = max(most, int(value))
    return most


def counted(properties: Properties, count: int) -> Properties:
    """Return the user properties with `count` as the one number of hops, behind the others."""
    return (*(each for each in properties if each[0] != HOPS), (HOPS, str(count)))


def echoed(properties: Properties, client_ids: Collection[str]) -> str | None:
    """Return which of `client_ids` has published a message, None where none has."""
    return next((value for name, value in properties if name == PUBLISHED_BY and value in client_ids), None)


def marked(properties: Properties, client_id: str) -> Properties:
    """Return the user properties with the client identifier that publishes, once, behind the others."""
    mark = (PUBLISHED_BY, client_id)
    return (*(each for each in properties if each != mark), mark)
