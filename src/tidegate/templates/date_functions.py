"""Functions of dates, a row each. What the time is now is said by whoever evaluates.

Knows ISO 8601 and the patterns of .NET. Does not read a clock.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tidegate.templates.function import TemplateFunction
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value, as_int, as_text

__all__ = ["DATE_ROWS", "NOW_FORMAT", "formatted_date"]

NOW_FORMAT = "yyyyMMddTHHmmssZ"
"""The format of `utcNow` where none is given."""

_SUM_FORMAT = "yyyy-MM-ddTHH:mm:ssZ"
_NAMED_FORMATS = {"u": "yyyy-MM-dd HH:mm:ssZ", "s": "yyyy-MM-ddTHH:mm:ss", "d": "MM/dd/yyyy", "D": "yyyy-MM-dd"}
_PART = re.compile(r"y{4}|yy|MM|dd|HH|hh|mm|ss|f{1,6}|[Mdhms]|'[^']*'|.", re.DOTALL)
_DURATION = re.compile(
    r"([+-]?)P(?:([0-9]{1,5})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,5})W)?(?:([0-9]{1,6})D)?"
    r"(?:T(?:([0-9]{1,7})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,9})S)?)?"
)


def formatted_date(moment: datetime, form: str) -> str:
    """Write a date by a pattern of .NET, such as `yyyy-MM-dd`."""
    written: dict[str, str] = {
        "yyyy": f"{moment.year:04}",
        "yy": f"{moment.year % 100:02}",
        "MM": f"{moment.month:02}",
        "dd": f"{moment.day:02}",
        "HH": f"{moment.hour:02}",
        "hh": f"{(moment.hour - 1) % 12 + 1:02}",
        "mm": f"{moment.minute:02}",
        "ss": f"{moment.second:02}",
        "M": str(moment.month),
        "d": str(moment.day),
        "h": str((moment.hour - 1) % 12 + 1),
        "m": str(moment.minute),
        "s": str(moment.second),
    }

    def part(match: re.Match[str]) -> str:
        text = match.group()
        if text[0] == "f":
            return f"{moment.microsecond:06}"[: len(text)]
        return text[1:-1] if text[0] == "'" and len(text) > 1 else written.get(text, text)

    return _PART.sub(part, _NAMED_FORMATS.get(form, form))


def _date(value: Value, name: str) -> datetime:
    text = as_text(value, f"`{name}`")
    try:
        if re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", text):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        made = datetime.fromisoformat(text)
    except ValueError:
        message = f"`{name}` takes a date in ISO 8601, and this is `{text[:40]}`"
        raise TemplateError(message, "write it as 2026-01-31T12:00:00Z") from None
    return made.astimezone(UTC) if made.tzinfo else made.replace(tzinfo=UTC)


def _date_time_add(base: Value, duration: Value, form: Value = _SUM_FORMAT) -> Value:
    written = as_text(duration, "`dateTimeAdd`")
    found = _DURATION.fullmatch(written)
    if found is None or not any(found.groups()[1:]):
        message = f"`dateTimeAdd` takes a duration in ISO 8601, and this is `{written[:40]}`"
        raise TemplateError(message, "three days are `P3D`, an hour ago is `-PT1H`")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    sign = -1 if found[1] == "-" else 1
    moment = _date(base, "dateTimeAdd")
    try:
        moment = _months_later(moment, sign * (12 * years + months))
        moment += sign * timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, ValueError):
        raise TemplateError("the result of `dateTimeAdd` is outside of the years 1 to 9999") from None
    return formatted_date(moment, as_text(form, "`dateTimeAdd`"))


def _months_later(moment: datetime, months: int) -> datetime:
    """Return the same day of a later month, or the last that it has."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = index // 12, index % 12 + 1
    for day in (moment.day, 30, 29, 28):
        try:
            return moment.replace(year=year, month=month, day=min(day, moment.day))
        except ValueError:
            if not 1 <= year <= 9999:
                raise
    raise AssertionError("every month has 28 days")


def _from_epoch(seconds: Value) -> Value:
    try:
        moment = datetime.fromtimestamp(as_int(seconds, "`dateTimeFromEpoch`"), UTC)
    except (OverflowError, ValueError, OSError):
        raise TemplateError("the result of `dateTimeFromEpoch` is outside of the years 1 to 9999") from None
    return formatted_date(moment, _SUM_FORMAT)


def _to_epoch(value: Value) -> Value:
    return int(_date(value, "dateTimeToEpoch").timestamp())


def _row(signature: str, summary: str, example: str, result: Value, call: Callable[..., Value]) -> TemplateFunction:
    return TemplateFunction("date", signature, summary, example, json.dumps(result), call)


DATE_ROWS: tuple[TemplateFunction, ...] = (
    _row(
        "dateTimeAdd(base, duration, [format])",
        "A date later by a duration in ISO 8601, or earlier by one with `-`.",
        "dateTimeAdd('2026-01-31T00:00:00Z', 'P1M')",
        "2026-02-28T00:00:00Z",
        _date_time_add,
    ),
    _row(
        "dateTimeFromEpoch(seconds)",
        "The date of a Unix time.",
        "dateTimeFromEpoch(0)",
        "1970-01-01T00:00:00Z",
        _from_epoch,
    ),
    _row(
        "dateTimeToEpoch(date)", "The Unix time of a date.", "dateTimeToEpoch('1970-01-02T00:00:00Z')", 86400, _to_epoch
    ),
)
"""The functions of dates."""
