"""Log lines: text on a terminal, JSON otherwise, to standard error, at the level each profile asks for.

Knows loggers, levels and formats. Does not know events (`events`) or who logs.
"""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, TextIO

from tidegate.telemetry.line import Line
from tidegate.telemetry.log_writer import LogWriter

__all__ = [
    "TRACE",
    "InvalidLevel",
    "engine_logger",
    "log_engine_line",
    "log_flow_line",
    "logs_packets",
    "parse_levels",
    "set_levels",
    "set_up_logs",
]

TRACE = 5
_LEVELS = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
    "off": logging.CRITICAL + 1,
}
_LEVEL_NAMES = {
    logging.CRITICAL: "error",
    logging.ERROR: "error",
    logging.WARNING: "warn",
    logging.INFO: "info",
    logging.DEBUG: "debug",
    TRACE: "trace",
}
_PYTHON_LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO, "debug": logging.DEBUG}
_ROOT = "tidegate"


class InvalidLevel(ValueError):
    """A level that does not exist; the message says which do."""


def parse_levels(text: str) -> tuple[int, dict[str, int]]:
    """Read `info` or `info,module=debug` (facts 1.5) into the level of everything and those of single modules.

    Raises `InvalidLevel`.
    """
    default = logging.INFO
    modules: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        module, equals, name = part.rpartition("=")
        level = _LEVELS.get(name.strip().lower())
        if level is None or (equals and not module.strip()):
            raise InvalidLevel(f"{part!r} is not a log level; allowed: {', '.join(_LEVELS)}, or module=level")
        if equals:
            modules[module.strip()] = level
        else:
            default = level
    return default, modules


def set_up_logs(form: Literal["text", "json"] | None = None, stream: TextIO | None = None) -> None:
    """Send this program's log lines to `stream` (standard error). `form` None chooses text for a terminal, else JSON."""
    target = sys.stderr if stream is None else stream
    handler = LogWriter(target)
    use_text = form == "text" or (form is None and target.isatty())
    handler.setFormatter(_TextFormatter() if use_text else _JsonFormatter())
    logging.addLevelName(TRACE, "TRACE")
    root = logging.getLogger(_ROOT)
    for former in root.handlers:
        former.close()
    root.handlers[:] = [handler]
    root.propagate = False
    root.setLevel(logging.INFO)


def set_levels(text: str, profile: str | None = None) -> None:
    """Apply a level text to one profile's flows, or to the whole engine. Raises `InvalidLevel`."""
    default, modules = parse_levels(text)
    base = _ROOT if profile is None else _profile_name(profile)
    for name in [name for name in logging.root.manager.loggerDict if name.startswith(f"{base}.")]:
        if profile is not None or not name.startswith(f"{_ROOT}.profile."):
            logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger(base).setLevel(default)
    for module, level in modules.items():
        logging.getLogger(f"{base}.{module}").setLevel(level)


def engine_logger(module: str) -> logging.Logger:
    """Return the logger of one part of the engine, for what concerns no flow."""
    return logging.getLogger(f"{_ROOT}.{module}")


def log_engine_line(module: str, line: Line) -> None:
    """Write a line that concerns no flow."""
    _log(engine_logger(module), line, {})


def log_flow_line(
    profile: str, dataflow: str, ordinal: int, endpoint: str | None, line: Line, fields: Mapping[str, int]
) -> None:
    """Write a line of a flow with the names of its resources."""
    names: dict[str, str | int | float] = {"dataflow": dataflow, "profile": profile, "instance": ordinal}
    if endpoint is not None:
        names["endpoint"] = endpoint
    _log(logging.getLogger(f"{_profile_name(profile)}.flow"), line, {**names, **fields})


def logs_packets(profile: str) -> bool:
    """Tell whether the flows of a profile log every packet: at level debug of the module `flow`."""
    return logging.getLogger(f"{_profile_name(profile)}.flow").isEnabledFor(logging.DEBUG)


def _log(logger: logging.Logger, line: Line, names: Mapping[str, str | int | float]) -> None:
    level = _PYTHON_LEVELS[line.level]
    if logger.isEnabledFor(level):
        fields = {"mark": line.mark, **names, **line.fields}
        if line.hint is not None:
            fields["hint"] = line.hint
        logger.log(level, "%s", line.text, extra={"fields": fields})


def _profile_name(profile: str) -> str:
    return f"{_ROOT}.profile.{profile.replace('.', '_')}"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> Mapping[str, str | int | float]:
    fields: Mapping[str, str | int | float] = getattr(record, "fields", {})
    return fields


def _module(record: logging.LogRecord) -> str:
    return record.name.rpartition(".")[2]


class _TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.000Z info  = connected to the source dataflow=a endpoint=b`, then a `hint:` line."""

    def format(self, record: logging.LogRecord) -> str:
        fields = dict(_fields(record))
        hint = fields.pop("hint", None)
        mark = fields.pop("mark", "=")
        level = _LEVEL_NAMES.get(record.levelno, record.levelname.lower())
        pairs = "".join(f" {key}={_quoted(value)}" for key, value in fields.items())
        text = f"{_time(record)} {level:<5} {mark} {_one_line(record.getMessage())}{pairs}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text if hint is None else f"{text}\nhint: {_one_line(str(hint))}"


class _JsonFormatter(logging.Formatter):
    """One JSON object for each line."""

    def format(self, record: logging.LogRecord) -> str:
        document = {
            "time": _time(record),
            "level": _LEVEL_NAMES.get(record.levelno, record.levelname.lower()),
            "module": _module(record),
            "message": record.getMessage(),
            **{key: value for key, value in _fields(record).items() if key != "mark"},
        }
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False)


def _one_line(text: str) -> str:
    """Keep a line a line, and a terminal safe, whatever a broker put into a reason string or a topic."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _quoted(value: str | float) -> str:
    text = _one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if " " in text or '"' in text or not text else text
