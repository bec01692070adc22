"""How often a message has been through data flows, in a user property, so that no loop turns for ever.

Knows the property. Does not know which data flows count, nor what becomes of a message that has come too far.
"""

__all__ = ["HOPS", "counted", "hop_count"]

HOPS = "tidegate-hops"
"""The user property's name; its value is a whole number, counted from 1 by the first data flow that counts."""

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
