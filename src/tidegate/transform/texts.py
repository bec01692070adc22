"""What the functions of expressions do with texts (facts 3.9).

Knows characters and regular expressions in linear time. Does not know names or arguments of functions (`functions`).
"""

import re
from functools import lru_cache
from typing import Protocol

from tidegate.transform.values import EvaluationError, Value, bounded_text, described

__all__ = ["PATTERN_CHARACTERS_MAX", "regex_matches", "regex_replace", "substring", "text"]

PATTERN_CHARACTERS_MAX = 4_096
"""How long a regular expression may be."""

PATTERN_BYTES_MAX = 1 << 20
"""How much memory the automaton of one regular expression may take."""

PATTERNS_REMEMBERED_MAX = 256

_GROUP = re.compile(r"\$(?:(\$)|(\d{1,3})|\{(\w{1,64})\})")


class _Pattern(Protocol):
    """What is used of a compiled expression; the library has no types."""

    groups: int
    groupindex: dict[str, int]

    def search(self, text: str) -> object: ...

    def sub(self, repl: str, string: str) -> str: ...


def text(value: Value) -> str:
    """Return a text, or raise `EvaluationError`."""
    if type(value) is str:
        return value
    raise EvaluationError(f"a text is needed, and this is {described(value)}")


def substring(value: Value, start: Value, end: Value = None) -> Value:
    """Return the characters from `start`, counted from 0, to before `end`, or to the end without one."""
    whole = text(value)
    if type(start) is not int or (end is not None and type(end) is not int):
        raise EvaluationError("characters are counted with ints")
    stop = len(whole) if end is None else end
    if not 0 <= start <= stop <= len(whole):
        raise EvaluationError(f"a text of {len(whole)} characters has none from {start} to {stop}")
    return whole[start:stop]


def regex_matches(value: Value, pattern: Value) -> Value:
    """Tell whether a regular expression matches somewhere in the text."""
    return _compiled(text(pattern)).search(text(value)) is not None


def regex_replace(value: Value, pattern: Value, replacement: Value) -> Value:
    """Replace all matches; `$1` and `${name}` stand for groups, `$$` for `$`."""
    compiled = _compiled(text(pattern))
    return bounded_text(compiled.sub(_template(compiled, text(replacement)), text(value)))


def _template(pattern: _Pattern, replacement: str) -> str:
    """Write a replacement as the library wants it, with `\\1` for a group."""

    def group(found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        number = int(found[2]) if found[2] else pattern.groupindex.get(found[3])
        if number is None and found[3].isdigit():
            number = int(found[3])
        if number is None or number > pattern.groups:
            raise EvaluationError(f"the replacement names the group {found[0]}, and the pattern has {pattern.groups}")
        return rf"\g<{number}>"

    return _GROUP.sub(group, replacement.replace("\\", "\\\\"))


@lru_cache(maxsize=PATTERNS_REMEMBERED_MAX)
def _compiled(pattern: str) -> _Pattern:
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        raise EvaluationError(f"the pattern has {len(pattern)} characters; allowed are {PATTERN_CHARACTERS_MAX}")
    # Not before an expression has one: the library takes megabytes.
    import re2

    options = re2.Options()
    options.max_mem = PATTERN_BYTES_MAX
    options.log_errors = False
    try:
        compiled: _Pattern = re2.compile(pattern, options)
    except re2.error as error:
        detail = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise EvaluationError(f"the pattern {pattern!r} is no regular expression: {detail}") from None
    return compiled
