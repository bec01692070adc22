"""`tidegate run`: run what is declared until told to stop.

Knows the options and the exit codes. Does not know how anything runs: that is `app.run_engine`.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from tidegate.cli.options import resource_options, secrets_key_option
from tidegate.cli.output import Outcome, print_error, render_diagnostics, summary
from tidegate.cli.token_options import token_options, token_settings
from tidegate.settings import OnRejected, Settings

if TYPE_CHECKING:
    from tidegate.engine.load import Loaded

__all__ = ["EXAMPLES", "arguments", "run"]

EXAMPLES = (
    ("Run a broker and nothing else.", "tidegate run"),
    ("Run the data flows of a folder.", "tidegate run manifests/"),
    (
        "Run with secrets that Kubernetes or an administrator mounts.",
        "tidegate run flows.yaml --secrets-dir /run/secrets",
    ),
    ("Show status and metrics to other machines too.", "tidegate run manifests/ --http 0.0.0.0:9600"),
    (
        "Run with a token of Kubernetes for a broker of the audience my-broker.",
        "tidegate run flows.yaml --token-file my-broker=/var/run/secrets/tokens/my-broker",
    ),
    ("See every connection in the log.", "tidegate run manifests/ --log-level debug --log-format text"),
)

DAYS_MAX = 3_650


API = "127.0.0.1:8443"
"""Where the HTTP API is served by default."""


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    resource_options(context, needs_paths=False)
    token_options(context)
    context.argument(
        "data_dir",
        options_list=["--data-dir"],
        metavar="DIR",
        help="Where state is kept. Default: $STATE_DIRECTORY, else $XDG_DATA_HOME/tidegate. The resources that lie there run "
        "when it is given, or without PATH.",
    )
    secrets_key_option(context)
    context.argument(
        "http",
        options_list=["--http"],
        metavar="HOST:PORT",
        help="Where to serve /livez, /readyz, /metrics and /status, or `off`.",
    )
    _api_options(context)
    context.argument(
        "on_rejected",
        options_list=["--on-rejected"],
        choices=["hold", "drop"],
        help="What to do with every message that a destination refuses. Default: by its reason code.",
    )
    context.argument(
        "no_broker",
        options_list=["--no-broker"],
        action="store_true",
        help="Run no broker, and leave the name aio-broker to DNS.",
    )
    for name, help_text in (
        ("own_token_seconds", "Life of the tokens that the embedded broker gives our own data flows. Default: a day."),
        ("stall_seconds", "Re-make a connection on which nothing was acknowledged for this long."),
        ("drain_seconds", "How long to settle pending messages before stopping."),
    ):
        context.argument(name, options_list=[f"--{name.replace('_', '-')}"], type=_seconds, help=help_text)
    context.argument(
        "credential_warning_days",
        options_list=["--credential-warning-days"],
        type=_days,
        help="Warn of certificates, authorities and tokens this long before their end. Default: 14; 0 for never.",
    )
    context.argument(
        "packet_bytes_max",
        options_list=["--packet-bytes-max"],
        type=_packet_bytes,
        help="Maximum Packet Size to announce to sources, which discard what is larger. Default: none.",
    )
    context.argument(
        "log_level",
        options_list=["--log-level"],
        help="A level of error, warn, info, debug, trace or off, and module=level. Default: as each profile says.",
    )
    context.argument(
        "log_format",
        options_list=["--log-format"],
        choices=["text", "json"],
        help="Default: text on a terminal, otherwise json.",
    )


def _api_options(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    context.argument(
        "api",
        options_list=["--api"],
        metavar="HOST:PORT",
        help="Where to serve the HTTP API over TLS, or `off`. Default: 127.0.0.1:8443, and off where no resources of a data "
        "directory run.",
    )
    context.argument(
        "api_name",
        options_list=["--api-name"],
        action="append",
        metavar="NAME",
        help="Name that the HTTP API may be addressed by, beside addresses and localhost; may be given again.",
    )


@contextmanager
def _ends_well_before_it_runs() -> Iterator[None]:
    """Let a signal that comes before the engine follows signals end the process with exit code 0, as later ones do."""
    before = {number: signal.signal(number, _exit) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


@_ends_well_before_it_runs()
def run(
    paths: list[str],
    namespace: str = "azure-iot-operations",
    secrets_dir: str | None = None,
    configmaps_dir: str | None = None,
    allow_remote_only: bool = False,
    filter_true: Literal["drop", "pass"] = "drop",
    hops_max: int = 8,
    datasets_dir: str | None = None,
    schemas_dir: str | None = None,
    data_dir: str | None = None,
    secrets_key_file: str | None = None,
    http: str = "127.0.0.1:9600",
    api: str | None = None,
    api_name: list[str] | None = None,
    no_broker: bool = False,
    on_rejected: OnRejected | None = None,
    stall_seconds: float = 60.0,
    drain_seconds: float = 5.0,
    packet_bytes_max: int | None = None,
    token_file: list[tuple[str, str]] | None = None,
    token_command: list[tuple[str, tuple[str, ...]]] | None = None,
    own_token_seconds: float = 86_400.0,
    credential_warning_days: float = 14.0,
    log_level: str | None = None,
    log_format: Literal["text", "json"] | None = None,
) -> Outcome | None:
    """Run until SIGTERM or SIGINT; the exit code is 1 when what is declared has errors or the engine cannot start."""
    from tidegate.engine.data_directory import default_data_directory
    from tidegate.telemetry.logs import InvalidLevel, parse_levels

    # Somebody who tries a file at his desk does not mean what lies in the usual place.
    uses_store = not paths or data_dir is not None or "STATE_DIRECTORY" in os.environ
    try:
        (http_host, http_port), (api_host, api_port) = _addresses(http, api, uses_store=uses_store)
        if log_level is not None:
            parse_levels(log_level)
    except (ValueError, InvalidLevel) as error:
        print_error(str(error), "see `tidegate run --help`")
        return Outcome(None, "", 2)
    settings = Settings(
        data_dir=_path(data_dir) or default_data_directory(os.environ),
        uses_store=uses_store,
        secrets_key_file=_path(secrets_key_file),
        namespace=namespace,
        secrets_dir=_path(secrets_dir),
        configmaps_dir=_path(configmaps_dir),
        datasets_dir=_path(datasets_dir),
        schemas_dir=_path(schemas_dir),
        allow_remote_only=allow_remote_only,
        filter_true=filter_true,
        hops_max=hops_max,
        no_broker=no_broker,
        on_rejected=on_rejected,
        stall_seconds=stall_seconds,
        stall_seconds_max=max(stall_seconds, 900.0),
        drain_seconds=drain_seconds,
        packet_bytes_max=packet_bytes_max,
        tokens=token_settings(token_file, token_command, os.environ),
        own_token_seconds=own_token_seconds,
        credential_warning_days=credential_warning_days,
        http_host=http_host,
        http_port=http_port,
        api_host=api_host,
        api_port=api_port,
        api_names=tuple(api_name or ()),
        log_level=log_level,
        log_format=log_format,
    )
    return _run(paths, settings)


def _run(paths: list[str], settings: Settings) -> Outcome | None:
    from tidegate.app import run_engine

    try:
        is_valid = run_engine(paths, settings, _show)
    except OSError as error:
        print_error(
            f"the data directory {settings.data_dir} cannot be used: {error.strerror}", "choose another with --data-dir"
        )
        return Outcome(None, "", 1)
    return None if is_valid else Outcome(None, "", 1)


def _addresses(http: str, api: str | None, *, uses_store: bool) -> tuple[tuple[str, int], tuple[str, int]]:
    """Return where to listen for the status and for the HTTP API. Raises `ValueError`."""
    from tidegate.engine.status_http import parse_http_address

    host, port = parse_http_address(api or (API if uses_store else "off"))
    if port and not uses_store:
        raise ValueError(
            "the HTTP API changes the resources of a data directory, and none was given; add --data-dir DIR"
        )
    return parse_http_address(http), (host, port)


def _show(loaded: "Loaded") -> None:
    # What runs says its warnings in the log; between JSON lines the form for people would be in the way.
    if loaded.plan is None or sys.stderr.isatty():
        print(render_diagnostics(loaded.diagnostics, loaded.lines, stream=sys.stderr), end="", file=sys.stderr)
    if loaded.plan is None:
        print(summary(loaded.diagnostics), file=sys.stderr)


def _path(text: str | None) -> PurePath | None:
    return PurePath(text) if text is not None else None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0 and below 1000000")
    return seconds


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= DAYS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 0 to {DAYS_MAX}")
    return days


def _packet_bytes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 268_435_455:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of bytes from 1 to 268435455")
    return int(text)
