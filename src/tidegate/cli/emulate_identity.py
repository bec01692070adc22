"""`tidegate emulate identity`: stand-ins for the endpoints that give managed identities their tokens.

Knows the options. Does not know what is answered (`engine.identity_stand_in`).
"""

import argparse
import os
import secrets
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidegate.cli.options import emulation_option
from tidegate.cli.token import lifetime

if TYPE_CHECKING:
    from tidegate.engine.emulate_identity import EmulatedIdentity

__all__ = ["EXAMPLES", "FAULT_NAMES", "arguments", "identity"]

EXAMPLES = (
    ("Emulate the endpoints, and print the variables by which azure-identity finds them.", "tidegate emulate identity"),
    ("Let tokens live for ten minutes.", "tidegate emulate identity --life 10m"),
    ("See what is said when the identity does not exist.", "tidegate emulate identity --fault no-identity"),
)

FAULT_NAMES = (
    "no-identity",
    "wrong-tenant",
    "no-federation",
    "unknown-audience",
    "other-audience",
    "expired",
    "same-token",
    "unavailable",
    "throttled",
    "nonsense",
)
"""Those of `engine.identity_stand_in`, which is not imported to read a command line."""

FEDERATED_RENEWED_SECONDS = 3600.0


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    emulation_option(context)
    context.argument("host", options_list=["--host"], help="Address to listen on.")
    context.argument("port", options_list=["--port"], type=int, help="Port of the machine's endpoints, in plaintext.")
    context.argument(
        "tls_port", options_list=["--tls-port"], type=int, help="Port of the tenant's endpoints, with TLS."
    )
    context.argument("tenant_id", options_list=["--tenant-id"], help="The one tenant that there is.")
    context.argument(
        "client_id",
        options_list=["--client-id"],
        action="append",
        metavar="ID",
        help="A user-assigned identity that there is; can be given several times. Default: any.",
    )
    context.argument("life", options_list=["--life"], type=lifetime, help="Life of the tokens: 30s, 10m, 24h.")
    context.argument(
        "fault",
        options_list=["--fault"],
        type=_fault,
        help=f"What goes wrong: {', '.join(FAULT_NAMES)}.",
    )
    context.argument(
        "arc_folder",
        options_list=["--arc-folder"],
        metavar="DIR",
        help="Emulate Arc too: its clients read a key from DIR, where azure-identity wants /var/opt/azcmagent/tokens.",
    )


def identity(
    data_dir: str | None = None,
    host: str = "127.0.0.1",
    port: int = 40342,
    tls_port: int = 40343,
    tenant_id: str | None = None,
    client_id: list[str] | None = None,
    life: float = 3600.0,
    fault: str | None = None,
    arc_folder: str | None = None,
) -> None:
    """Answer until SIGTERM or SIGINT."""
    from tidegate.engine.emulate_identity import EmulatedIdentity, IdentityPorts
    from tidegate.engine.emulation import emulation_directory
    from tidegate.engine.identity_stand_in import DEFAULT_TENANT, FAULTS, IdentitySettings

    settings = IdentitySettings(
        tenant_id=tenant_id or DEFAULT_TENANT,
        client_ids=tuple(client_id or ()),
        life_seconds=life,
        arc_folder=Path(arc_folder) if arc_folder is not None else None,
        site_header=secrets.token_hex(16),
    )
    ports = IdentityPorts(host=host, port=port, tls_port=tls_port)
    with EmulatedIdentity(emulation_directory(data_dir, os.environ), settings, ports) as emulated:
        emulated.set_fault(next((each for each in FAULTS if each == fault), None))
        print(f"# A stand-in for tests, not Azure. Tenant {settings.tenant_id}", flush=True)
        for name, variables in emulated.environments().items():
            print(f"# {name}")
            print("".join(f"export {each}={value}\n" for each, value in variables.items()), end="", flush=True)
        _wait(emulated)


def _wait(emulated: "EmulatedIdentity") -> None:
    """Wait for SIGTERM or SIGINT; meanwhile do what the kubelet does."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(FEDERATED_RENEWED_SECONDS):
        emulated.renew_federated_token()


def _fault(text: str) -> str:
    if text not in FAULT_NAMES:
        raise argparse.ArgumentTypeError(f"{text!r} is no fault; there are {', '.join(FAULT_NAMES)}")
    return text
