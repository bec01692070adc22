"""Flags of `dataflow endpoint create` and `update` as properties of a data flow endpoint (facts 6.5).

Knows the flags, their defaults, and which method of authentication they mean. Does not know ranges: the model of the
endpoint has them. Where the az extension does what nobody wants, this does not follow it; `docs/az.md` lists where.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from tidegate.diagnostics import Diagnostic
from tidegate.resources.dataflow_endpoint import METHOD_BLOCKS
from tidegate.resources.defaults import BUILT_IN_CA_CONFIG_MAP
from tidegate.resources.findings import closest, enumerate_words

__all__ = ["KINDS", "METHODS", "WORDS", "EndpointFlags", "EndpointKind", "Properties", "create", "flag_of", "update"]

Properties = dict[str, Any]
"""What an endpoint says below `properties`: JSON, of which the model of the endpoint judges the rest."""

LOCAL_AUDIENCE = "aio-internal"
SESSION_EXPIRY_SECONDS = 3600
"""What `create` writes, as az does; an endpoint without it has 600."""

METHODS = ("ServiceAccountToken", "SystemAssignedManagedIdentity", "UserAssignedManagedIdentity", "X509Certificate")
"""What `--auth-type` takes; `Anonymous` is `--no-auth`."""

WEBSOCKET_PATH = "/mqtt"


@dataclass(frozen=True, slots=True)
class EndpointKind:
    """One word after `create`: what it allows, and what it writes by itself."""

    name: str
    methods: tuple[str, ...]
    audience_of: str
    """The method that `--audience` belongs to while no other is named."""
    method_by_default: str
    port: int | None = None
    config_map_ref: str | None = None
    needs_tls: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        EndpointKind(
            "local-mqtt",
            ("ServiceAccountToken", "X509Certificate", "Anonymous"),
            "ServiceAccountToken",
            "ServiceAccountToken",
            config_map_ref=BUILT_IN_CA_CONFIG_MAP,
        ),
        EndpointKind(
            "eventgrid",
            ("SystemAssignedManagedIdentity", "UserAssignedManagedIdentity", "X509Certificate"),
            "SystemAssignedManagedIdentity",
            "SystemAssignedManagedIdentity",
            port=8883,
            needs_tls=True,
        ),
        EndpointKind("custom-mqtt", (*METHODS, "Anonymous"), "ServiceAccountToken", "SystemAssignedManagedIdentity"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFlags:
    """What was given; None is what was not. Names are those of the flags, `--max-inflight-msg` written out."""

    hostname: str | None = None
    port: int | None = None
    auth_type: str | None = None
    no_auth: bool = False
    audience: str | None = None
    sat_audience: str | None = None
    sami_audience: str | None = None
    client_id: str | None = None
    tenant_id: str | None = None
    scope: str | None = None
    secret_name: str | None = None
    client_id_prefix: str | None = None
    protocol: str | None = None
    keep_alive: int | None = None
    retain: str | None = None
    max_inflight_messages: int | None = None
    qos: int | None = None
    session_expiry: int | None = None
    cloud_event_attribute: str | None = None
    disable_tls: bool | None = None
    config_map_ref: str | None = None


_SETTINGS: dict[str, tuple[str, str | int | None]] = {
    "cloud_event_attribute": ("cloudEventAttributes", "Propagate"),
    "protocol": ("protocol", "Mqtt"),
    "keep_alive": ("keepAliveSeconds", 60),
    "retain": ("retain", "Keep"),
    "max_inflight_messages": ("maxInflightMessages", 100),
    "qos": ("qos", 1),
    "session_expiry": ("sessionExpirySeconds", SESSION_EXPIRY_SECONDS),
    "client_id_prefix": ("clientIdPrefix", None),
}
"""Flag, its field in `mqttSettings`, and what `create` writes without it."""

WORDS = {
    "protocol": ("Mqtt", "WebSockets"),
    "retain": ("Keep", "Never"),
    "cloud_event_attribute": ("Propagate", "CreateOrRemap"),
}
"""Flags whose words may be typed in any case."""

_CREDENTIALS = {
    "sat_audience": ("ServiceAccountToken", "audience"),
    "sami_audience": ("SystemAssignedManagedIdentity", "audience"),
    "client_id": ("UserAssignedManagedIdentity", "clientId"),
    "tenant_id": ("UserAssignedManagedIdentity", "tenantId"),
    "scope": ("UserAssignedManagedIdentity", "scope"),
    "secret_name": ("X509Certificate", "secretRef"),
}
"""Flag, the method it belongs to, and its field in the settings of that method."""

_NEEDED = {
    "ServiceAccountToken": {"audience": "--audience"},
    "UserAssignedManagedIdentity": {"clientId": "--client-id", "tenantId": "--tenant-id"},
    "X509Certificate": {"secretRef": "--secret-name"},
}


def create(kind: EndpointKind, flags: EndpointFlags) -> tuple[Properties, tuple[Diagnostic, ...]]:
    """Return the properties of a new endpoint, and what is wrong with the flags; with errors the first is not whole."""
    reader = _Reader(kind, flags)
    host = reader.host(None)
    settings: Properties = {"authentication": reader.authentication(None)}
    if host is not None:
        settings["host"] = host
    settings["tls"] = reader.tls({"mode": "Enabled"}, kind.config_map_ref)
    for flag, (field, default) in _SETTINGS.items():
        value = reader.value(flag)
        if value is None:
            value = default
        if value is not None:
            settings[field] = value
    return {"endpointType": "Mqtt", "mqttSettings": settings}, tuple(reader.found)


def update(
    kind: EndpointKind, flags: EndpointFlags, before: Mapping[str, Any]
) -> tuple[Properties, tuple[Diagnostic, ...]]:
    """Return the properties of an endpoint with what flags change, and what is wrong with the flags.

    Args:
        before: its properties as they are; what no flag names stays.
    """
    reader = _Reader(kind, flags)
    properties = copy.deepcopy(dict(before))
    if properties.get("endpointType") != "Mqtt":
        reader.error(
            "endpoint-type",
            f"the endpoint is of type {properties.get('endpointType')}, and `update {kind.name}` is for Mqtt",
            "",
            "change it with `dataflow endpoint apply --config-file`",
        )
        return properties, tuple(reader.found)
    settings = properties.setdefault("mqttSettings", {})
    if flags.hostname is not None or flags.port is not None or (flags.protocol is not None and "host" in settings):
        settings["host"] = reader.host(settings.get("host"))
    if reader.names_credentials():
        settings["authentication"] = reader.authentication(settings.get("authentication"))
    if flags.disable_tls is not None or flags.config_map_ref is not None:
        settings["tls"] = reader.tls(dict(settings.get("tls") or {"mode": "Enabled"}), None)
    for flag, (field, _) in _SETTINGS.items():
        value = reader.value(flag)
        if value is not None:
            settings[field] = value
    return properties, tuple(reader.found)


def flag_of(path: str) -> str | None:
    """Return the flag that writes a field, such as `--qos` for `mqttSettings.qos`; None where no flag does."""
    field = path.rpartition(".")[2]
    for flag, (name, _) in _SETTINGS.items():
        if name == field:
            return _typed(flag)
    for flag, (method, name) in _CREDENTIALS.items():
        if name == field and METHOD_BLOCKS[method] in path:
            return _typed(flag)
    return {
        "host": "--hostname",
        "mode": "--disable-tls",
        "trustedCaCertificateConfigMapRef": "--config-map-ref",
    }.get(field)


class _Host(NamedTuple):
    name: str
    port: str | None
    path: str

    @classmethod
    def of(cls, text: str | None) -> Self:
        """Take `name:port/path` apart; an IPv6 address stands in brackets."""
        authority, slash, path = (text or "").partition("/")
        name, colon, port = authority.rpartition(":")
        if not colon or not port.isdigit() or (":" in name and not name.endswith("]")):
            return cls(authority, None, slash + path)
        return cls(name, port, slash + path)

    def __str__(self) -> str:
        return f"{self.name}{'' if self.port is None else ':' + self.port}{self.path}"


class _Reader:
    """Flags of one command, and what was found wrong with them."""

    def __init__(self, kind: EndpointKind, flags: EndpointFlags) -> None:
        self.kind = kind
        self.flags = flags
        self.found: list[Diagnostic] = []

    def error(self, code: str, message: str, flag: str, hint: str | None = None) -> None:
        self.found.append(Diagnostic("error", code, message, flag, hint=hint))

    def value(self, flag: str) -> str | int | None:
        value: str | int | None = getattr(self.flags, flag)
        words = WORDS.get(flag)
        if words is None or not isinstance(value, str):
            return value
        for word in words:
            if word.lower() == value.lower():
                return word
        meant = closest(value, words)
        hint = f"did you mean `{meant}`?" if meant else None
        message = f"{_typed(flag)} is `{value}`; allowed are {enumerate_words(words)}"
        self.error("not-allowed", message, _typed(flag), hint)
        return None

    def host(self, before: str | None) -> str | None:
        """Return `<hostname>:<port>`, and the path that WebSockets of Event Grid need; `before` gives what no flag does."""
        flags, was = self.flags, _Host.of(before)
        if flags.hostname is not None and "://" in flags.hostname:
            message = f"--hostname is `{flags.hostname}`: a host has no scheme"
            hint = f"write `{flags.hostname.partition('://')[2]}`; --protocol and --disable-tls choose how to connect"
            self.error("host", message, "--hostname", hint)
            return before
        if flags.hostname is None:
            named = was
        else:
            named = _Host.of(flags.hostname)
            named = named._replace(port=named.port or was.port)
            if flags.port is not None and _Host.of(flags.hostname).port not in (None, str(flags.port)):
                message = f"--hostname is `{flags.hostname}` and --port is {flags.port}"
                self.error("ports-differ", message, "--port", "leave one of them out")
        if not named.name:
            self.error("missing-flag", "--hostname is missing", "--hostname", "add the name or address of the broker")
            return before
        if flags.port is not None:
            if not 1 <= flags.port <= 65535:
                self.error("out-of-range", f"--port is {flags.port}; allowed are 1 to 65535", "--port")
            named = named._replace(port=str(flags.port))
        elif named.port is None and before is None:
            if self.kind.port is None:
                self.error("missing-flag", "--port is missing", "--port", "add it, such as `--port 8883`")
            else:
                named = named._replace(port=str(self.kind.port))
        if not named.path and self.kind.name == "eventgrid" and str(flags.protocol).lower() == "websockets":
            named = named._replace(path=WEBSOCKET_PATH)
        return str(named)

    def names_credentials(self) -> bool:
        """Tell whether any flag is about authentication."""
        flags = self.flags
        return bool(
            flags.no_auth or flags.auth_type or flags.audience or any(getattr(flags, flag) for flag in _CREDENTIALS)
        )

    def authentication(self, before: Mapping[str, Any] | None) -> Properties:
        """Return the block `authentication`; of `before` stays what the flags leave, while the method is the same."""
        old_method = before.get("method") if before is not None else None
        method = self._method(old_method)
        if method is None:
            return dict(before or {})
        if method not in self.kind.methods:
            allowed = sorted(each for each in self.kind.methods if each != "Anonymous")
            hint = f"use {', '.join(allowed[:-1])} or {allowed[-1]}"
            if "Anonymous" in self.kind.methods:
                hint += " by --auth-type, or --no-auth"
            message = f"{method} is no method of authentication for {self.kind.name}"
            self.error("method-not-allowed", message, "--no-auth" if method == "Anonymous" else "--auth-type", hint)
            return {"method": method}
        if method == "Anonymous":
            self._reject_others(method)
            return {"method": method}
        block = METHOD_BLOCKS[method]
        given = self._given(method)
        self._reject_others(method)
        kept = before.get(block) if before is not None and old_method == method else None
        settings: Properties = {**(kept or {}), **given}
        if method == "ServiceAccountToken" and self.kind.name == "local-mqtt":
            settings.setdefault("audience", LOCAL_AUDIENCE)
        missing = [flag for field, flag in _NEEDED.get(method, {}).items() if not settings.get(field)]
        if missing:
            be = "is" if len(missing) == 1 else "are"
            message = f"{enumerate_words(missing)} {be} missing, which {method} needs"
            self.error("missing-flag", message, missing[0], f"add {enumerate_words(missing)}")
        return {"method": method, block: settings}

    def tls(self, before: Properties, config_map_ref: str | None) -> Properties:
        """Return the block `tls`."""
        if self.flags.disable_tls is not None:
            if self.flags.disable_tls and self.kind.needs_tls:
                message = f"{self.kind.name} needs TLS"
                self.error("tls-needed", message, "--disable-tls", "leave --disable-tls out")
            before["mode"] = "Disabled" if self.flags.disable_tls else "Enabled"
        if self.flags.config_map_ref is not None:
            before["trustedCaCertificateConfigMapRef"] = self.flags.config_map_ref
        elif config_map_ref is not None and before["mode"] == "Enabled":
            before["trustedCaCertificateConfigMapRef"] = config_map_ref
        return before

    def _method(self, before: str | None) -> str | None:
        """Return the method that is meant (facts 6.5: the first of these), None where a word is no method."""
        flags = self.flags
        if flags.no_auth:
            if flags.auth_type is not None:
                self.error("two-methods", "--no-auth and --auth-type name two methods", "--no-auth", "give one of them")
            return "Anonymous"
        if flags.auth_type is not None:
            return self._named(flags.auth_type)
        named = [method for flag, (method, _) in _CREDENTIALS.items() if getattr(flags, flag) is not None]
        if flags.audience is not None:
            takes_audience = ("ServiceAccountToken", "SystemAssignedManagedIdentity")
            named.append(before if before in takes_audience else self.kind.audience_of)
        if before is not None and before in named:
            return before
        in_order = ("UserAssignedManagedIdentity", "ServiceAccountToken", "X509Certificate")
        return next((each for each in in_order if each in named), named[0] if named else self.kind.method_by_default)

    def _named(self, word: str) -> str | None:
        for method in (*METHODS, "Anonymous"):
            if method.lower() == word.lower():
                return method
        allowed = sorted(each for each in self.kind.methods if each != "Anonymous")
        begun = [each for each in METHODS if each.lower().startswith(word.lower())]
        meant = begun[0] if len(begun) == 1 else closest(word, METHODS)
        hint = f"did you mean `{meant}`?" if meant else None
        if word.lower() in ("none", "noauth", "no-auth"):
            hint = "no authentication is --no-auth" if "Anonymous" in self.kind.methods else None
        message = f"--auth-type is `{word}`; allowed are {enumerate_words(allowed)}"
        self.error("not-allowed", message, "--auth-type", hint)
        return None

    def _given(self, method: str) -> Properties:
        given: Properties = {}
        for flag, (owner, field) in _CREDENTIALS.items():
            value = getattr(self.flags, flag)
            if owner == method and value is not None:
                given[field] = value
        if self.flags.audience is not None and method in ("ServiceAccountToken", "SystemAssignedManagedIdentity"):
            if given.get("audience", self.flags.audience) != self.flags.audience:
                message = f"--audience is `{self.flags.audience}`, and the other flag for it `{given['audience']}`"
                self.error("two-audiences", message, "--audience", "leave one of them out")
            given["audience"] = self.flags.audience
        return given

    def _reject_others(self, method: str) -> None:
        """Find flags that belong to another method: az would write them where they mean nothing."""
        strangers: dict[str, tuple[str, ...]] = {
            flag: (owner,)
            for flag, (owner, _) in _CREDENTIALS.items()
            if owner != method and getattr(self.flags, flag) is not None
        }
        takes_audience = ("ServiceAccountToken", "SystemAssignedManagedIdentity")
        if self.flags.audience is not None and method not in takes_audience:
            strangers["audience"] = takes_audience
        for flag, owners in strangers.items():
            named = "--no-auth" if method == "Anonymous" else f"the method {method}"
            message = f"{_typed(flag)} belongs to {' or '.join(owners)}, and does not go with {named}"
            allowed = [each for each in owners if each in self.kind.methods]
            hint = f"leave it out, or say --auth-type {allowed[0]}" if allowed else "leave it out"
            self.error("flag-of-another-method", message, _typed(flag), hint)


def _typed(flag: str) -> str:
    return f"--{flag.replace('_', '-').replace('messages', 'msg')}"
