"""Which characters a UTF-8 Encoded String may hold (section 1.5.4 of MQTT 5).

Knows the forbidden and the discouraged characters. Does not know which field a string stands in.
"""

import re

__all__ = ["text_error"]

# [MQTT-1.5.4-1] surrogates and [MQTT-1.5.4-2] NUL are forbidden; the others may be, and real servers do close the
# connection on them (section 1.5.4: U+0001..U+001F, U+007F..U+009F and the non-characters), so none is sent.
_REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17))
    + "]"
)


def text_error(text: str) -> str | None:
    """Say which character of `text` a server may close the connection for, None when there is none."""
    if text.isprintable():
        return None
    found = _REFUSED.search(text)
    if found is None:
        return None
    return f"it holds the character U+{ord(found[0]):04X}, for which a server may close the connection"
