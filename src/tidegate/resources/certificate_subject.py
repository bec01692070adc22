"""The subject of a certificate as people write it, brought into the one form of RFC 4514.

Knows the forms that `openssl x509 -subject` and the portal of Azure show. Does not know certificates.
"""

import re

__all__ = ["SubjectError", "canonical_subject"]

_NAMES = {name.lower(): name for name in ("CN", "L", "ST", "O", "OU", "C", "STREET", "DC", "UID")}
# What RFC 4514 has no name for is written as a number there.
_NUMBERS = {"emailaddress": "1.2.840.113549.1.9.1", "serialnumber": "2.5.4.5", "s": "ST"}
_NUMBER = re.compile(r"\d+(\.\d+)+")
_SPECIAL = ',+"\\<>;='


class SubjectError(ValueError):
    """A text is no subject; the sentence says why."""


def canonical_subject(text: str) -> str:
    """Return `text` without the spaces and quotes that RFC 4514 does not have: `CN = a, O = "b, c"` as `CN=a,O=b\\, c`.

    Raises:
        SubjectError: `text` is no list of `NAME=VALUE` with names that a subject has.
    """
    if text.startswith("/"):
        raise SubjectError("the parts of a subject are separated by `,`")
    return ",".join(_part(part) for part in _split(text))


def _split(text: str) -> list[str]:
    """Split at commas that are neither quoted nor escaped; what was quoted is escaped from here on."""
    parts = [""]
    is_quoted = is_escaped = False
    for character in text:
        if is_escaped:
            parts[-1] += f"\\{character}"
            is_escaped = False
        elif character == "\\":
            is_escaped = True
        elif character == '"':
            is_quoted = not is_quoted
        elif character == "," and not is_quoted:
            parts.append("")
        else:
            parts[-1] += f"\\{character}" if is_quoted and character in _SPECIAL else character
    if is_quoted or is_escaped:
        raise SubjectError("it ends within quotes, or with `\\`")
    return parts


def _part(part: str) -> str:
    name, sign, value = (each.strip() for each in part.partition("="))
    if not sign or not value:
        raise SubjectError(f"`{part.strip()}` is not `NAME=VALUE`")
    known = _NAMES.get(name.lower()) or _NUMBERS.get(name.lower()) or (name if _NUMBER.fullmatch(name) else None)
    if known is None:
        raise SubjectError(
            f"`{name}` is no part of a subject; there are {', '.join(_NAMES.values())}, and numbers of others"
        )
    return f"{known}={value}"
