"""The error tree. Each class asks for a different remedy; the facts are attributes, the sentence is made from them.

TidegateError
├── DeclarationError        what was declared does not validate: mend the text named by `diagnostics`
├── MqttError               a rule of MQTT was broken; `reason_code` is what to answer the peer
│   ├── MalformedPacket     the peer sent bytes that are no packet: look at the peer
│   ├── ProtocolViolation   the peer sent a packet it must not send now: look at the peer
│   └── LocalViolation      we were about to send what must not be sent: a bug here, or a message that cannot travel
├── ConnectFailed           no connection to a host: look at the network, the host, its port or its TLS
├── CredentialError         a secret, key, certificate or CA bundle cannot be used: mend the secret
├── DataDirectoryInUse      another engine holds the data directory: stop it or choose another directory
├── ListenFailed            an address cannot be listened on: choose another or free it
├── StateRequestFailed      a state store refuses a request or does not answer: see what it says, or whether there is one
├── StoreConflict           a resource has changed since it was read: read it anew and change that
└── StoreFailed             what must be kept cannot be written: free space on the disk, or mend it

A `Diagnostic` is no exception: findings about declared text are values (see `diagnostics`).
"""

from tidegate.diagnostics import Diagnostic

__all__ = [
    "ConnectFailed",
    "CredentialError",
    "DataDirectoryInUse",
    "DeclarationError",
    "ListenFailed",
    "LocalViolation",
    "MalformedPacket",
    "MqttError",
    "ProtocolViolation",
    "ServerFailed",
    "StateRequestFailed",
    "StoreConflict",
    "StoreFailed",
    "TidegateError",
]


class TidegateError(Exception):
    """The root of all errors that Tidegate raises on purpose."""


class DeclarationError(TidegateError):
    """What was declared cannot run; `diagnostics` holds at least one finding of level error."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        errors = sum(1 for diagnostic in diagnostics if diagnostic.level == "error")
        super().__init__(f"{errors} error{'' if errors == 1 else 's'} in what was declared")


class MqttError(TidegateError):
    """A rule of MQTT was broken. `reason_code` is the reason to send in DISCONNECT, 0x80 or above."""

    default_reason_code = 0x80

    def __init__(self, message: str, reason_code: int | None = None) -> None:
        self.reason_code = self.default_reason_code if reason_code is None else reason_code
        super().__init__(message)


class MalformedPacket(MqttError):
    """The peer sent bytes that do not parse as an MQTT 5 packet (section 1.2 of the specification)."""

    default_reason_code = 0x81


class ProtocolViolation(MqttError):
    """The peer sent a well-formed packet that it must not send in this state (section 4.13)."""

    default_reason_code = 0x82


class LocalViolation(MqttError):
    """We were about to send something that the specification or the peer's limits forbid."""


class ConnectFailed(TidegateError):
    """A connection could not be made. `step` is where it ended: `resolve`, `connect`, `tls`, `websocket` or `timeout`.

    `during` is the step that took too long after a `timeout`, and else the same as `step`.
    """

    def __init__(
        self, host: str, port: int, step: str, detail: str, hint: str | None = None, *, during: str | None = None
    ) -> None:
        self.host = host
        self.port = port
        self.step = step
        self.during = during or step
        self.detail = detail
        self.hint = hint
        super().__init__(f"{host}:{port}: {detail}")


class CredentialError(TidegateError):
    """A secret or config map cannot be used. `reference` names it; its contents are never part of the sentence."""

    def __init__(self, reference: str, detail: str, hint: str | None = None) -> None:
        self.reference = reference
        self.detail = detail
        self.hint = hint
        super().__init__(f"{reference}: {detail}")


class DataDirectoryInUse(TidegateError):
    """Another engine holds the lock of the data directory; `process_id` is its id where it is known."""

    def __init__(self, directory: str, process_id: int | None) -> None:
        self.directory = directory
        self.process_id = process_id
        owner = f"process {process_id}" if process_id is not None else "another process"
        self.hint = "stop that engine, or choose another directory with --data-dir"
        super().__init__(f"the data directory {directory} is in use by {owner}")


class ListenFailed(TidegateError):
    """An address could not be listened on."""

    def __init__(self, address: str, detail: str) -> None:
        self.address = address
        self.detail = detail
        super().__init__(f"cannot listen on {address}: {detail}")


class ServerFailed(TidegateError):
    """The HTTP API of an engine elsewhere does not answer, or refuses; what was to be changed there may not have been."""

    def __init__(self, url: str, detail: str, hint: str | None = None) -> None:
        self.url = url
        self.detail = detail
        self.hint = hint
        super().__init__(f"{url}: {detail}")


class StateRequestFailed(TidegateError):
    """A state store refused a request, or did not answer it."""

    def __init__(self, detail: str, hint: str | None = None) -> None:
        self.hint = hint
        super().__init__(detail)


class StoreConflict(TidegateError):
    """A resource does not have the version that a change was made for; 0 stands for a resource that is not there."""

    def __init__(self, resource: str, expected: int, found: int) -> None:
        self.resource = resource
        self.expected = expected
        self.found = found
        self.hint = "read it anew, and make the change to what it says now"
        is_now = f"it has version {found} now" if found else "it is not there now"
        meant = f"version {expected}" if expected else "a resource that is not there yet"
        super().__init__(f"{resource} was changed by somebody else: {is_now}, the change is for {meant}")


class StoreFailed(TidegateError):
    """A file of the store could not be read or written; what was stored before is unchanged.

    `is_full` says that the disk has no room.
    """

    def __init__(self, path: str, detail: str, *, is_full: bool = False, hint: str | None = None) -> None:
        self.path = path
        self.detail = detail
        self.is_full = is_full
        usual = "free some space on that disk" if is_full else "look at the disk and at who may write there"
        self.hint = hint or usual
        super().__init__(f"{path}: {detail}")
