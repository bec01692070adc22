"""The bridges of a mosquitto configuration as resources: `connection` sections become endpoints and data flows.

Knows how each option of mosquitto.conf(5) is converted, and says what cannot be. Does not know files: their contents are given.
The broker of the configuration stays what it is, and becomes the endpoint `default`, the local side of every data flow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tidegate.adapters.mosquitto_bridge import SESSION_SECONDS, Bridge, Names, bridge_documents, endpoint_document
from tidegate.adapters.mosquitto_options import BRIDGE_OPTIONS, BROKER_OPTIONS
from tidegate.adapters.mosquitto_text import Line, masked, read_lines
from tidegate.diagnostics import Diagnostic, Level, Span
from tidegate.resources.defaults import DEFAULT_NAME
from tidegate.resources.findings import closest
from tidegate.resources.source_map import Json

__all__ = ["Imported", "import_bridges", "mentioned_files"]

PORT = 1883
ALL_ADDRESSES = ("0.0.0.0", "::", "*")  # noqa: S104 - read, not bound

_UNREAD = {
    "include_dir": ("the files of this folder are not read", "import each of them that has connections"),
    "password_file": (
        "where the local broker asks for a password, the endpoint `default` has none to give",
        "add a listener on loopback without one, or let it take a client certificate",
    ),
}


@dataclass(frozen=True, slots=True)
class Imported:
    """Manifests as documents in order, what is to be said, and the text to show it with, its secrets masked."""

    documents: tuple[Mapping[str, Json], ...]
    diagnostics: tuple[Diagnostic, ...]
    shown: str


@dataclass(slots=True)
class _Listener:
    """One listener of the broker, as far as a client has to know it."""

    port: int
    address: str = ""
    has_tls: bool = False
    speaks_mqtt: bool = True


@dataclass(slots=True)
class _Found:
    """What a configuration has, and what there is to say."""

    name: str
    bridges: list[Bridge] = field(default_factory=list)
    listeners: list[_Listener] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def say(
        self, level: Level, code: str, message: str, line: Line, hint: str | None = None, resource: str = ""
    ) -> None:
        span = Span(self.name, line.number, line.column, len(line.option))
        self.diagnostics.append(Diagnostic(level, code, message, line.option, resource, span, hint))


def mentioned_files(text: str) -> list[str]:
    """Return the files of certificate authorities that bridges name, which `import_bridges` wants the contents of."""
    return [line.value for line in read_lines(text) if line.option.lower() == "bridge_cafile" and line.value]


def import_bridges(text: str, name: str, files: Mapping[str, str], *, local_host: str | None = None) -> Imported:
    """Convert a configuration.

    Args:
        text: the configuration.
        name: what findings call it.
        files: the contents of those `mentioned_files` that could be read.
        local_host: where the broker of this configuration is, as `HOST:PORT`; None takes it from the configuration.
    """
    found = _Found(name)
    for line in read_lines(text):
        _read(line, found)
    documents: list[Mapping[str, Json]] = []
    names = Names()
    for bridge in found.bridges:
        documents += bridge_documents(bridge, names, files, found.say)
    if not found.bridges:
        span = Span(name, 1, 1)
        hint = "name the file that has `connection` lines"
        message = "the configuration has no bridge: there is no `connection`"
        found.diagnostics.append(Diagnostic("error", "no-bridge", message, span=span, hint=hint))
    if documents:
        documents.insert(0, _local_endpoint(found.listeners, local_host))
    in_order = sorted(found.diagnostics, key=lambda each: (each.span.line, each.span.column) if each.span else (0, 0))
    return Imported(tuple(documents), tuple(in_order), masked(text))


def _read(line: Line, found: _Found) -> None:
    """Take one line to where it belongs, and say what follows from the line alone."""
    option = line.option.lower()
    bridge = found.bridges[-1] if found.bridges else None
    if option == "connection":
        found.bridges.append(Bridge(line))
    elif option in BRIDGE_OPTIONS and bridge is None:
        message = f"`{option}` stands before the first `connection`, and belongs to none"
        found.say("error", "misplaced", message, line, "move it below the line of its connection")
    elif bridge is not None and option in BRIDGE_OPTIONS:
        bridge.lines.append(line)
        row = BRIDGE_OPTIONS[option]
        if row.level is not None and line.value.lower() not in row.harmless:
            code = "refused" if row.level == "error" else "no-counterpart"
            found.say(row.level, code, row.said, line, row.hint, bridge.title)
    elif option in _UNREAD:
        found.say("warning", "broker-option", _UNREAD[option][0], line, _UNREAD[option][1])
    elif option in BROKER_OPTIONS:
        _read_broker_option(option, line, found)
    else:
        near = closest(option, [*BRIDGE_OPTIONS, *BROKER_OPTIONS])
        hint = f"did you mean `{near}`?" if near else None
        found.say("warning", "unknown-option", f"mosquitto.conf(5) has no option `{line.option}`", line, hint)


def _read_broker_option(option: str, line: Line, found: _Found) -> None:
    listeners, words = found.listeners, line.words
    if option in ("listener", "port") and words and words[0].isdecimal():
        listeners.append(_Listener(int(words[0]), words[1] if len(words) > 1 else ""))
        return
    if listeners and option in ("certfile", "psk_hint"):
        listeners[-1].has_tls = True
    elif listeners and option == "protocol":
        listeners[-1].speaks_mqtt = line.value == "mqtt"
    found.say("information", "broker-option", "it configures the broker, which stays as it is", line)


def _local_endpoint(listeners: Sequence[_Listener], local_host: str | None) -> Mapping[str, Json]:
    """Return the endpoint of the broker itself: at a listener without TLS, if it has any (the default one has none)."""
    usable = [each for each in listeners if each.speaks_mqtt and each.port]
    chosen = min(usable, key=lambda each: each.has_tls, default=_Listener(PORT))
    host = "localhost" if chosen.address in ("", *ALL_ADDRESSES) else chosen.address
    if ":" in host:
        host = f"[{host}]"
    has_tls = chosen.has_tls and local_host is None
    settings: dict[str, Json] = {
        "host": local_host or f"{host}:{chosen.port}",
        "authentication": {"method": "Anonymous"},
        "tls": {"mode": "Enabled" if has_tls else "Disabled"},
        "sessionExpirySeconds": SESSION_SECONDS,
    }
    return endpoint_document(DEFAULT_NAME, settings)
