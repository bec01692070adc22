"""`format`: texts with places for values, as .NET's composite formatting has them.

Knows the places and the formats of numbers. Does not know other functions.
"""

import re

from tidegate.templates.limits import TEXT_CHARACTERS_MAX
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value, as_text, text_of

__all__ = ["format_text"]

_PLACE = re.compile(r"\{\{|\}\}|\{([0-9]{1,4})(?:,(-?[0-9]{1,4}))?(?::([^{}]{0,40}))?\}|[{}]")
_NUMBER_FORMAT = re.compile(r"([DdXxFfNn])([0-9]{0,2})")


def format_text(pattern: Value, *values: Value) -> Value:
    """Return the pattern with its places filled. Raises `TemplateError` for a place without a value or a bad format."""
    made: list[str] = []
    length = 0
    text = as_text(pattern, "`format`")
    position = 0
    for match in _PLACE.finditer(text):
        parts = (text[position : match.start()], _filled(match, values))
        position = match.end()
        made += parts
        length += sum(map(len, parts))
        if length > TEXT_CHARACTERS_MAX:
            raise TemplateError(f"the text would be longer than {TEXT_CHARACTERS_MAX} characters")
    return "".join((*made, text[position:]))


def _filled(match: re.Match[str], values: tuple[Value, ...]) -> str:
    whole = match.group()
    if whole in ("{{", "}}"):
        return whole[0]
    if match[1] is None:
        raise TemplateError(f"`format` has a single `{whole}` in its pattern", f"write `{whole * 2}` for a brace")
    index = int(match[1])
    if index >= len(values):
        count = f"{len(values)} value{'' if len(values) == 1 else 's'}"
        raise TemplateError(f"`format` has the place {{{index}}} and {count}", "the first value is {0}")
    written = _written(values[index], match[3] or "")
    width = int(match[2] or "0")
    return written.rjust(width) if width >= 0 else written.ljust(-width)


def _written(value: Value, form: str) -> str:
    if not form or isinstance(value, str | bool) or value is None:
        return text_of(value)
    found = _NUMBER_FORMAT.fullmatch(form)
    if found is None or not isinstance(value, int | float):
        message = f"`format` does not know the format `{form}`"
        raise TemplateError(message, "known for numbers are D, X, F and N with a count of digits, as `{0:D3}`")
    kind, digits = found[1], int(found[2] or ("2" if found[1] in "FfNn" else "0"))
    if kind in "Ff":
        return f"{value:.{digits}f}"
    if kind in "Nn":
        return f"{value:,.{digits}f}"
    if not isinstance(value, int):
        raise TemplateError(f"`format` writes ints with `{form}`, and this is a float")
    if kind in "Xx":
        return f"{value % 2**64:0{digits}{kind}}" if value < 0 else f"{value:0{digits}{kind}}"
    return ("-" if value < 0 else "") + str(abs(value)).rjust(digits, "0")
