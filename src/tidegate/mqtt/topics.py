"""Topic names, topic filters and shared subscriptions (section 4.7 and 4.8 of MQTT 5).

Knows their syntax and how a filter matches. Does not know who subscribes.
"""

from itertools import zip_longest

__all__ = [
    "SHARE_PREFIX",
    "TOPIC_BYTES_MAX",
    "filter_error",
    "has_wildcard",
    "intersection",
    "matches",
    "split_share",
    "topic_error",
]

SHARE_PREFIX = "$share/"
TOPIC_BYTES_MAX = 65_535


def topic_error(topic: str) -> str | None:
    """Say what keeps `topic` from being a topic name, None when it is one.

    [MQTT-4.7.3-1] at least one character, [MQTT-4.7.3-2] no NUL, [MQTT-3.3.2-2] no wildcards, [MQTT-4.7.3-3] length.
    """
    if "+" in topic or "#" in topic:
        return "a topic name has no wildcard, `+` or `#`"
    return _string_error(topic, "a topic name")


def filter_error(topic_filter: str) -> str | None:
    """Say what keeps `topic_filter` from being a topic filter, a `$share/` prefix included; None when it is one.

    [MQTT-4.7.1-1] `#` stands alone and last, [MQTT-4.7.1-2] `+` stands alone, [MQTT-4.8.2-1] and [MQTT-4.8.2-2] ShareName.
    """
    error = _string_error(topic_filter, "a topic filter")
    if error is not None:
        return error
    pattern = topic_filter
    if topic_filter == "$share" or topic_filter.startswith(SHARE_PREFIX):
        share_name, slash, pattern = topic_filter[len(SHARE_PREFIX) :].partition("/")
        if not share_name:
            return "a shared subscription is `$share/<group>/<filter>`, and the group is empty"
        if "+" in share_name or "#" in share_name:
            return "the group of a shared subscription has no `+` or `#`"
        if not slash or not pattern:
            return "a shared subscription is `$share/<group>/<filter>`, and the filter is missing"
    levels = pattern.split("/")
    for index, level in enumerate(levels):
        if "#" in level and (level != "#" or index != len(levels) - 1):
            return "`#` stands alone in the last level of a filter, as in `a/b/#`"
        if "+" in level and level != "+":
            return "`+` stands alone in its level, as in `a/+/b`"
    return None


def has_wildcard(topic_filter: str) -> bool:
    """Tell whether a valid filter has a `+` or `#` outside its `$share/` prefix."""
    pattern = split_share(topic_filter)[1]
    return "+" in pattern or "#" in pattern


def split_share(topic_filter: str) -> tuple[str | None, str]:
    """Split a valid filter into its ShareName, None for a plain one, and the filter that matches topics."""
    if not topic_filter.startswith(SHARE_PREFIX):
        return None, topic_filter
    share_name, _, pattern = topic_filter[len(SHARE_PREFIX) :].partition("/")
    return share_name, pattern


def matches(topic_filter: str, topic: str) -> bool:
    """Tell whether a valid filter matches a topic name; a `$share/` prefix is looked through.

    [MQTT-4.7.2-1]: a filter that starts with a wildcard does not match a topic that starts with `$`.
    """
    pattern = split_share(topic_filter)[1]
    if topic.startswith("$") and pattern[0] in "+#":
        return False
    levels = topic.split("/")
    pattern_levels = pattern.split("/")
    for index, level in enumerate(pattern_levels):
        if level == "#":
            return True
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(pattern_levels) == len(levels)


def intersection(first: str, second: str) -> str | None:
    """Return the filter that matches exactly the topic names that match both valid filters, None where there are none.

    `$share/` prefixes are looked through; the answer has none.
    """
    patterns = (split_share(first)[1], split_share(second)[1])
    for one, other in (patterns, patterns[::-1]):
        if one.startswith("$") and other[0] in "+#":
            return None
    one_levels, other_levels = patterns[0].split("/"), patterns[1].split("/")
    made: list[str] = []
    for position, (a, b) in enumerate(zip_longest(one_levels, other_levels)):
        if "#" in (a, b):
            # `#` stands for the level above it too [section 4.7.1.2].
            made += (other_levels if a == "#" else one_levels)[position:]
            break
        if a is None or b is None or ("+" not in (a, b) and a != b):
            return None
        made.append(b if a == "+" else a)
    # No topic is empty [MQTT-4.7.3-1].
    return "/".join(made) or None


def _string_error(text: str, what: str) -> str | None:
    if not text:
        return f"{what} has at least one character"
    if "\0" in text:
        return f"{what} has no NUL character"
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        return f"{what} is UTF-8, which has no lone surrogates"
    if length > TOPIC_BYTES_MAX:
        return f"{what} is at most {TOPIC_BYTES_MAX} bytes long, and this one is {length}"
    return None
