"""The options of mosquitto.conf(5), a row each: what becomes of those of bridges, and why some become nothing.

Knows words. Does not know how an option is converted (`mosquitto`).
"""

from dataclasses import dataclass

from tidegate.diagnostics import Level

__all__ = ["BRIDGE_OPTIONS", "BROKER_OPTIONS", "Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one option. With `level` None it is converted, as `said` tells; else `said` is the finding, unless the
    value is one of `harmless`, with which there is nothing to tell.
    """

    level: Level | None
    said: str
    hint: str | None = None
    harmless: tuple[str, ...] = ()


_PASSWORDS = "endpoints of Azure IoT Operations have no method with user name and password, so it is left out"
_PASSWORDS_HINT = "let the broker take a client certificate or a token, or nothing at all from this machine"
_ONE_ADDRESS = "an endpoint has one address"
_ALWAYS = "connections are made at once, and again for ever"
_STATE = "nothing is published about the connection; `tidegate status`, `/readyz` and the metrics tell"
_CIPHERS = "OpenSSL's own choice of ciphers is used"
_PRESHARED = "TLS with pre-shared keys is not spoken, so it is left out"
_SYSTEM_SOCKETS = "a dead connection is found by `keepAliveSeconds`"
_REMOTE_CLIENT = "`clientIdPrefix` of the endpoint; the name of the data flow and more follow it in client identifiers"

BRIDGE_OPTIONS: dict[str, Row] = {
    "address": Row(None, "`host` of the endpoint; of several addresses the first"),
    "addresses": Row(None, "`host` of the endpoint; of several addresses the first"),
    "bridge_alpn": Row(
        "warning", "the TLS handshake names no application protocol", "use a port of the remote broker that needs none"
    ),
    "bridge_attempt_unsubscribe": Row(
        "information", "topic filters that are declared no more are always unsubscribed", harmless=("true", "1")
    ),
    "bridge_bind_address": Row(
        "warning", "connections leave from the address that the system chooses", "set a route on this machine"
    ),
    "bridge_cafile": Row(None, "a config map with the content of the file, for `trustedCaCertificateConfigMapRef`"),
    "bridge_capath": Row(None, "`trustedCaCertificateConfigMapRef`; the config map is to be made from the files"),
    "bridge_certfile": Row(None, "`method: X509Certificate`; the secret is to be made from the file"),
    "bridge_ciphers": Row("information", _CIPHERS),
    "bridge_ciphers_tls1.3": Row("information", _CIPHERS),
    "bridge_identity": Row("error", _PRESHARED, "let the remote broker take a client certificate"),
    "bridge_insecure": Row(
        "error",
        "refused: nothing is ever sent to a server whose certificate is not for its name",
        "write the host as its certificate does, or issue a certificate for it",
        ("false", "0"),
    ),
    "bridge_keyfile": Row(None, "the key in the secret of the client certificate"),
    "bridge_max_packet_size": Row(
        "information", "the remote broker's own Maximum Packet Size counts, and no other", harmless=("0",)
    ),
    "bridge_max_topic_alias": Row("information", "topic aliases are used as the remote broker allows"),
    "bridge_outgoing_retain": Row(None, "`retain: Never` of the endpoint where it is false"),
    "bridge_protocol_version": Row(
        "warning",
        "Tidegate speaks MQTT 5 and nothing else to other brokers",
        "make sure that the remote broker speaks MQTT 5",
        ("mqttv50", "mqttv5"),
    ),
    "bridge_psk": Row("error", _PRESHARED, "let the remote broker take a client certificate"),
    "bridge_receive_maximum": Row(None, "`maxInflightMessages` of the endpoint"),
    "bridge_reload_type": Row("information", "an edit is followed while messages flow"),
    "bridge_require_ocsp": Row("warning", "no OCSP answer is asked of the server", harmless=("false", "0")),
    "bridge_session_expiry_interval": Row(None, "`sessionExpirySeconds` of the endpoint"),
    "bridge_tcp_keepalive": Row("information", _SYSTEM_SOCKETS),
    "bridge_tcp_user_timeout": Row("information", _SYSTEM_SOCKETS),
    "bridge_tls_use_os_certs": Row(None, "TLS that trusts the system's authorities"),
    "bridge_tls_version": Row(
        "warning", "TLS 1.2 and 1.3 are spoken", "upgrade the remote broker's TLS", ("tlsv1.2", "tlsv1.3")
    ),
    "cleansession": Row(None, "`sessionExpirySeconds: 0` of the endpoint where it is true, else a week"),
    "clientid": Row(None, _REMOTE_CLIENT),
    "connection": Row(None, "the name of the endpoint, and the beginning of its data flows' names"),
    "idle_timeout": Row("information", _ALWAYS),
    "keepalive_interval": Row(None, "`keepAliveSeconds` of the endpoint"),
    "local_cleansession": Row("information", "the session at the local broker is always kept", harmless=("false", "0")),
    "local_clientid": Row(
        "information",
        "client identifiers at the local broker begin with `tidegate`",
        "set `clientIdPrefix` in the endpoint `default`",
    ),
    "local_password": Row("error", _PASSWORDS, _PASSWORDS_HINT),
    "local_username": Row("error", _PASSWORDS, _PASSWORDS_HINT),
    "notification_topic": Row("information", _STATE),
    "notifications": Row("information", _STATE, harmless=("false", "0")),
    "notifications_local_only": Row("information", _STATE, harmless=("false", "0")),
    "password": Row("error", _PASSWORDS, _PASSWORDS_HINT),
    "remote_clientid": Row(None, _REMOTE_CLIENT),
    "remote_password": Row("error", _PASSWORDS, _PASSWORDS_HINT),
    "remote_username": Row("error", _PASSWORDS, _PASSWORDS_HINT),
    "restart_timeout": Row(
        "information", "a lost connection is made again after 128 ms, and then ever later up to a minute"
    ),
    "round_robin": Row("warning", _ONE_ADDRESS, "give the servers one name in DNS", ("false", "0")),
    "start_type": Row("warning", _ALWAYS, "switch data flows off with `mode: Disabled`", ("automatic",)),
    "threshold": Row("information", _ALWAYS),
    "topic": Row(None, "a data flow for each direction, prefix and QoS; QoS 2 becomes 1"),
    "try_private": Row(
        "information",
        "the remote broker is not told of a bridge; data flows of both directions name each other in `tidegate.dev/no-echo-of`",
        harmless=("false", "0"),
    ),
    "username": Row("error", _PASSWORDS, _PASSWORDS_HINT),
}
"""Those of a `connection`, by name; `clientid`, `password` and `username` are older spellings."""

BROKER_OPTIONS = frozenset(
    [
        "accept_protocol_versions",
        "acl_file",
        "allow_anonymous",
        "allow_duplicate_messages",
        "allow_zero_length_clientid",
        "auth_plugin",
        "auth_plugin_deny_special_chars",
        "auto_id_prefix",
        "autosave_interval",
        "autosave_on_changes",
        "bind_address",
        "bind_interface",
        "cafile",
        "capath",
        "certfile",
        "check_retain_source",
        "ciphers",
        "ciphers_tls1.3",
        "clientid_prefixes",
        "connection_messages",
        "crlfile",
        "dhparamfile",
        "disable_client_cert_date_checks",
        "enable_control_api",
        "enable_proxy_protocol",
        "global_max_clients",
        "global_max_connections",
        "global_plugin",
        "http_dir",
        "include_dir",
        "keyfile",
        "listener",
        "listener_allow_anonymous",
        "listener_auto_id_prefix",
        "log_dest",
        "log_dest_filter",
        "log_facility",
        "log_timestamp",
        "log_timestamp_format",
        "log_type",
        "max_connections",
        "max_inflight_bytes",
        "max_inflight_messages",
        "max_keepalive",
        "max_packet_size",
        "max_qos",
        "max_queued_bytes",
        "max_queued_messages",
        "max_topic_alias",
        "max_topic_alias_broker",
        "memory_limit",
        "message_size_limit",
        "mount_point",
        "packet_buffer_size",
        "password_file",
        "per_listener_settings",
        "persistence",
        "persistence_file",
        "persistence_location",
        "persistent_client_expiration",
        "pid_file",
        "plugin",
        "plugin_load",
        "plugin_use",
        "port",
        "protocol",
        "psk_file",
        "psk_hint",
        "queue_qos0_messages",
        "require_certificate",
        "retain_available",
        "retain_expiry_interval",
        "retry_interval",
        "set_tcp_nodelay",
        "socket_domain",
        "sys_interval",
        "tls_engine",
        "tls_engine_kpass_sha1",
        "tls_keyform",
        "tls_version",
        "upgrade_outgoing_qos",
        "use_identity_as_username",
        "use_subject_as_username",
        "use_username_as_clientid",
        "user",
        "websockets_headers_size",
        "websockets_log_level",
        "websockets_origin",
    ]
)
"""Those of the broker and its listeners, which stay mosquitto's."""
