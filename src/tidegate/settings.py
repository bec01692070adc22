"""What the process is told beside the resources, as one frozen value. `app` and `cli` fill it from flags and environment.

Knows names, units and defaults. Does not read flags, files or the environment.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

__all__ = ["OnRejected", "Settings", "TokenSettings"]

OnRejected = Literal["hold", "drop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """Where tokens of endpoints come from, by audience: a file, or a command with its arguments.

    `service_account_file` is for service account tokens of any other audience (`AIO_SAT_FILE`).
    """

    files: tuple[tuple[str, PurePath], ...] = ()
    commands: tuple[tuple[str, tuple[str, ...]], ...] = ()
    service_account_file: PurePath | None = None

    @property
    def paths(self) -> tuple[PurePath, ...]:
        """All files that tokens are read from."""
        files = tuple(path for _, path in self.files)
        return files if self.service_account_file is None else (*files, self.service_account_file)

    def __repr__(self) -> str:
        # The arguments of a command may hold a secret.
        return f"TokenSettings({len(self.files)} files, {len(self.commands)} commands)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one engine process.

    `stall_seconds`: an unanswered in-flight message is reported at half of it, the connection re-made at the whole.
    `drain_seconds`: how long SIGTERM, reload and deletion wait for pending messages to settle.
    `qos0_pending_bytes_max`: payload bytes of QoS 0 messages that may wait in one data flow; above it new ones drop.
    `packet_bytes_max`: Maximum Packet Size announced to a source, None to announce none [MQTT-3.1.2-25].
    `on_rejected`: overrides the policy table for negative acknowledgements, None to use the table.
    `filter_true`: what a filter that is true does with a message where the data flow has no annotation that says it (facts 3.3).
    `hops_max`: how many data flows that count hops a message may go through; the next one drops it.
    `datasets_dir`: where data sets lie as files; None to read them from the state store of a data flow's local broker.
    `schemas_dir`: the folder that is the schema registry, None for none.
    `no_broker`: leave the name `aio-broker` to DNS and run no broker of our own.
    `tokens`: where tokens of endpoints come from beside the cluster, the machine's identity and our own issuer.
    `own_token_seconds`: life of the tokens that the embedded broker issues for our own flows.
    `uses_store`: take resources from the store in the data directory too; `secrets_key_file`: the key that secrets in it are
    encrypted with, None for the usual place.
    `credential_warning_days`: a certificate, trusted authority or token is warned of from this many days before its end, or
    when a fifth of its life is left (of a token's a twentieth) where that is later; 0 for never.
    `http_host`, `http_port`: the status listener; port 0 turns it off.
    `api_host`, `api_port`: the HTTP API, over TLS; port 0 turns it off. `api_names`: names that it may be addressed by, beside
    addresses and `localhost`.
    """

    data_dir: PurePath
    namespace: str = "azure-iot-operations"
    uses_store: bool = False
    secrets_key_file: PurePath | None = None
    secrets_dir: PurePath | None = None
    configmaps_dir: PurePath | None = None
    datasets_dir: PurePath | None = None
    schemas_dir: PurePath | None = None
    allow_remote_only: bool = False
    no_broker: bool = False
    on_rejected: OnRejected | None = None
    filter_true: Literal["drop", "pass"] = "drop"
    hops_max: int = 8
    stall_seconds: float = 60.0
    stall_seconds_max: float = 900.0
    drain_seconds: float = 5.0
    connect_timeout_seconds: float = 30.0
    qos0_pending_bytes_max: int = 16 * 1024 * 1024
    packet_bytes_max: int | None = None
    tokens: TokenSettings = TokenSettings()
    own_token_seconds: float = 86_400.0
    credential_warning_days: float = 14.0
    http_host: str = "127.0.0.1"
    http_port: int = 9600
    api_host: str = "127.0.0.1"
    api_port: int = 0
    api_names: tuple[str, ...] = ()
    log_level: str | None = None
    log_format: Literal["text", "json"] | None = None
