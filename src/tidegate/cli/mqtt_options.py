"""Options that verbs with a connection of their own share: which broker is meant and who comes, as mosquitto's clients do.

Knows options. Does not know MQTT.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypedDict

from tidegate.cli.options import data_directory_option, resource_options
from tidegate.cli.output import NotUnderstood
from tidegate.cli.token_options import token_options, token_settings

if TYPE_CHECKING:
    from tidegate.engine.mqtt_target import Target
    from tidegate.engine.mqtt_tool import ClientOptions

__all__ = ["PASSWORD_VARIABLE", "ConnectionOptions", "chosen_target", "client_options", "connection_options", "number"]

PASSWORD_VARIABLE = "TIDEGATE_MQTT_PASSWORD"  # noqa: S105 - the name of the variable
PASSWORD_BYTES_MAX = 65_535


class ConnectionOptions(TypedDict):
    """The options of `connection_options`, as a verb gets them."""

    paths: list[str]
    host: str | None
    port: int | None
    endpoint: str | None
    cafile: str | None
    use_os_certs: bool
    cert: str | None
    key: str | None
    username: str | None
    password: str | None
    password_file: str | None
    version: str
    client_id: str | None
    keep_alive: int
    data_dir: str | None
    namespace: str
    secrets_dir: str | None
    configmaps_dir: str | None
    token_file: list[tuple[str, str]] | None
    token_command: list[tuple[str, tuple[str, ...]]] | None


_DEFAULTS: dict[str, object] = {
    **dict.fromkeys(ConnectionOptions.__annotations__),
    "paths": [],
    "use_os_certs": False,
    "version": "mqttv5",
    "keep_alive": 60,
    "namespace": "azure-iot-operations",
}


_OF_ADDRESS = frozenset({"cafile", "use_os_certs", "cert", "key", "username", "password", "password_file"})


def connection_options(
    context: Any,  # knack's ArgumentsContext, which is untyped
    *,
    paths_are_option: bool = False,
) -> None:
    """Declare the options; they arrive in a verb's `**kwargs` as `ConnectionOptions`. See `resource_options`."""
    for name, default in _DEFAULTS.items():
        context.extra(name, options_list=[f"--{name.replace('_', '-')}"], default=default)
    data_directory_option(context)
    resource_options(context, needs_paths=False, has_rules=False, paths_are_option=paths_are_option)
    token_options(context)
    for name, options_list, settings in (
        ("host", ["--host", "-h"], {"help": "Broker. Default: the embedded one of the engine that runs."}),
        ("port", ["--port", "-p"], {"type": _port, "help": "Default: 1883, with TLS 8883."}),
        (
            "endpoint",
            ["--endpoint"],
            {
                "metavar": "NAME",
                "help": "Use the host, TLS and credential of this endpoint, declared in PATH or `default`.",
            },
        ),
        ("cafile", ["--cafile"], {"metavar": "FILE", "help": "Use TLS, and trust these authorities."}),
        (
            "use_os_certs",
            ["--tls-use-os-certs"],
            {"action": "store_true", "help": "Use TLS, and trust the authorities of the system."},
        ),
        ("cert", ["--cert"], {"metavar": "FILE", "help": "Client certificate to show, with --key its key."}),
        ("key", ["--key"], {"metavar": "FILE", "help": "Key of --cert, unencrypted PEM."}),
        ("username", ["--username", "-u"], {"help": "User name."}),
        (
            "password",
            ["--pw", "-P"],
            {
                "help": f"Password. Everybody on the machine may read it here; --password-file or ${PASSWORD_VARIABLE} hide it."
            },
        ),
        ("password_file", ["--password-file"], {"metavar": "FILE", "help": "File whose first line is the password."}),
        ("version", ["--protocol-version", "-V"], {"help": "Version of MQTT; mqttv5 is the one that is spoken."}),
        ("client_id", ["--id", "-i"], {"help": "Client identifier. Default: one of its own."}),
        ("keep_alive", ["--keepalive", "-k"], {"type": number(0, 65_535), "help": "Keep alive in seconds, 0 none."}),
    ):
        context.argument(name, options_list=options_list, **settings)


def client_options(verb: str, options: ConnectionOptions, session_expiry_seconds: int = 0) -> "ClientOptions":
    """Return how the client of a verb connects. Raises `NotUnderstood` for a version that is not spoken."""
    from tidegate.engine.mqtt_tool import ClientOptions

    version = options["version"].lower()
    if version not in ("5", "mqttv5"):
        known = version in ("31", "311", "mqttv31", "mqttv311")
        hint = f"mosquitto_{verb} speaks it, and the embedded broker takes both" if known else "use mqttv5"
        raise NotUnderstood(f"this client speaks MQTT 5, not {options['version']}", hint)
    return ClientOptions(
        client_id=options["client_id"] or f"tidegate-{verb}-{os.getpid()}",
        keep_alive_seconds=options["keep_alive"],
        session_expiry_seconds=session_expiry_seconds,
    )


def chosen_target(options: ConnectionOptions) -> "Target":
    """Return the broker that the options mean.

    Raises:
        NotUnderstood: options that do not go together.
        ConnectFailed, CredentialError, DeclarationError: see `engine.mqtt_target`.
    """
    from tidegate.engine.data_directory import default_data_directory
    from tidegate.engine.mqtt_target import embedded_target, endpoint_target
    from tidegate.settings import Settings

    directory = Path(options["data_dir"]) if options["data_dir"] is not None else default_data_directory(os.environ)
    has_address = options["host"] is not None or options["port"] is not None
    if options["paths"] and options["endpoint"] is None:
        raise NotUnderstood(f"{options['paths'][0]!r} is a PATH, and no endpoint was named", "add --endpoint NAME")
    given = [each for each, value in options.items() if each in _OF_ADDRESS and value]
    if options["endpoint"] is not None:
        if has_address or given:
            raise NotUnderstood("--endpoint says where and as whom", "leave out -h, -p, and those of TLS and passwords")
        secrets, config_maps = options["secrets_dir"], options["configmaps_dir"]
        settings = Settings(
            data_dir=directory,
            namespace=options["namespace"],
            secrets_dir=PurePath(secrets) if secrets is not None else None,
            configmaps_dir=PurePath(config_maps) if config_maps is not None else None,
            tokens=token_settings(options["token_file"], options["token_command"], os.environ),
        )
        return endpoint_target(options["endpoint"], options["paths"], settings)
    if has_address:
        return _address_target(options)
    if given:
        raise NotUnderstood("TLS, certificates and passwords are for a broker that was named", "add -h HOST or -p PORT")
    return embedded_target(directory)


def _address_target(options: ConnectionOptions) -> "Target":
    from tidegate.engine.mqtt_target import address_target, tls_context

    has_tls = options["cafile"] is not None or options["use_os_certs"]
    if options["cert"] is not None and not has_tls:
        raise NotUnderstood("a certificate is shown with TLS only", "add --cafile FILE or --tls-use-os-certs")
    if options["key"] is not None and options["cert"] is None:
        raise NotUnderstood("--key is the key of --cert", "add --cert FILE")
    tls = tls_context(options["cafile"], options["cert"], options["key"]) if has_tls else None
    target = address_target(options["host"] or "localhost", options["port"] or (8883 if has_tls else 1883), tls)
    return replace(target, username=options["username"], password=_password(options))


def _password(options: ConnectionOptions) -> bytes | None:
    """Return the password from the first place that has one, None without a user name."""
    from tidegate.exceptions import CredentialError

    if options["username"] is None:
        if options["password"] is not None or options["password_file"] is not None:
            raise NotUnderstood("a password without a user name", "add -u NAME")
        return None
    if options["password"] is not None:
        return options["password"].encode(errors="surrogateescape")
    path = options["password_file"]
    if path is None:
        return os.environb.get(PASSWORD_VARIABLE.encode())
    try:
        with Path(path).open("rb") as file:
            line = file.readline(PASSWORD_BYTES_MAX + 2)
    except OSError as error:
        raise CredentialError(f"password file {path}", f"it cannot be read: {error.strerror}", "check it") from None
    return line.removesuffix(b"\n").removesuffix(b"\r")


def number(least: int, most: int) -> Any:  # Any: what argparse takes for `type`
    """Return what reads a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return read


_port = number(1, 65_535)
