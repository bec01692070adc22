"""Options that `pub`, `sub` and `simulate` share: which broker is meant, spelled as mosquitto's clients spell them.

Knows options. Does not know MQTT.
"""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.options import data_directory_option

if TYPE_CHECKING:
    from tidegate.engine.mqtt_tool import Target

__all__ = ["chosen_target", "target_options"]


def target_options(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options that say which broker is meant; they arrive as `host`, `port`, `cafile`, `data_dir`, `version`."""
    data_directory_option(context)
    context.argument(
        "host",
        options_list=["--host"],
        help="Broker to connect to. Default: the embedded broker of the engine that runs on the data directory.",
    )
    context.argument("port", options_list=["--port", "-p"], type=_port, help="Default: 1883, with --cafile 8883.")
    context.argument("cafile", options_list=["--cafile"], metavar="FILE", help="Use TLS, and trust these authorities.")
    context.argument(
        "version",
        options_list=["--protocol-version", "-V"],
        choices=["mqttv5"],
        help="MQTT 5 is the one that is spoken.",
    )
    context.argument("client_id", options_list=["--id", "-i"], help="Client identifier. Default: one of its own.")


def chosen_target(host: str | None, port: int | None, cafile: str | None, data_dir: str | None) -> "Target":
    """Return the broker that the options mean. Raises `ConnectFailed` or `CredentialError`."""
    from tidegate.engine.data_directory import default_data_directory
    from tidegate.engine.mqtt_tool import Target, embedded_target, tls_context

    if host is None and port is None:
        directory = Path(data_dir) if data_dir is not None else default_data_directory(os.environ)
        return embedded_target(directory)
    tls = tls_context(cafile) if cafile is not None else None
    return Target(host=host or "localhost", port=port or (1883 if tls is None else 8883), tls=tls)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)
