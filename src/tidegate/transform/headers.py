"""Changes of the user properties that a destination declares, in the order of the list (facts 1.6).

Knows the three actions. Does not know what else changes user properties.
"""

from tidegate.transform.spec import HeaderSpec

__all__ = ["Properties", "apply_headers", "replaced"]

Properties = tuple[tuple[str, str], ...]


def apply_headers(headers: tuple[HeaderSpec, ...], properties: Properties) -> Properties:
    """Return the user properties after all actions.

    `AddIfNotPresent` does nothing where any property has the key, `AddOrReplace` leaves exactly one with it, in the place of
    the first, and `Remove` none.
    """
    for header in headers:
        key = header.key
        present = any(name == key for name, _ in properties)
        if header.action == "Remove":
            if present:
                properties = tuple(each for each in properties if each[0] != key)
        elif not present:
            properties = (*properties, (key, header.value))
        elif header.action == "AddOrReplace":
            properties = replaced(properties, key, header.value)
    return properties


def replaced(properties: Properties, key: str, value: str) -> Properties:
    """Return the user properties with exactly one of a key, which is there, in the place of the first."""
    first = next(index for index, (name, _) in enumerate(properties) if name == key)
    kept = tuple(each for each in properties[first + 1 :] if each[0] != key)
    return (*properties[:first], (key, value), *kept)
