"""Flags of `dataflow endpoint create` and `update`, as az spells them (facts 6.5), and all their other spellings.

Knows names, helps and which kind of endpoint has which flag. Does not know what a flag means (`adapters/endpoint_flags`).
"""

import argparse
from typing import Any, NamedTuple

from argcomplete.completers import BaseCompleter, ChoicesCompleter

from tidegate.adapters.endpoint_flags import KINDS, WORDS, EndpointFlags
from tidegate.cli.completers import NameCompleter

__all__ = ["endpoint_flags", "endpoint_options"]


class _Flag(NamedTuple):
    options: tuple[str, ...]
    help: str
    type: Any = str  # Any: what argparse takes, a class or a function
    not_for: tuple[str, ...] = ()


def _yes_or_no(text: str) -> bool:
    if text.lower() in ("true", "yes", "1", "y", "t"):
        return True
    if text.lower() in ("false", "no", "0", "n", "f"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")


_FLAGS = {
    "hostname": _Flag(("--hostname", "--host"), "Name or address of the broker."),
    "port": _Flag(("--port",), "Port of the broker.", int),
    "auth_type": _Flag(("--auth-type",), "Method of authentication; found from the other flags where it is absent."),
    "audience": _Flag(("--audience", "--aud"), "Audience of the token."),
    "sat_audience": _Flag(
        ("--sat-audience", "--sat-aud"), "Audience of the service account token.", not_for=("local-mqtt", "eventgrid")
    ),
    "sami_audience": _Flag(
        ("--sami-audience", "--sami-aud"),
        "Audience of the token of the system-assigned managed identity.",
        not_for=("local-mqtt", "eventgrid"),
    ),
    # These three every kind has, to be refused in words: `--client-id` would else count as short for `--client-id-prefix`.
    "client_id": _Flag(("--client-id", "--cid"), "Client id of the user-assigned managed identity."),
    "tenant_id": _Flag(("--tenant-id", "--tid"), "Tenant id of the user-assigned managed identity."),
    "scope": _Flag(("--scope",), "Scope of the token of the user-assigned managed identity."),
    "secret_name": _Flag(("--secret-name", "-s"), "Secret with the X.509 certificate and key."),
    "client_id_prefix": _Flag(("--client-id-prefix",), "What client identifiers begin with."),
    "protocol": _Flag(("--protocol",), "Mqtt or WebSockets."),
    "keep_alive": _Flag(("--keep-alive", "--ka"), "Keep alive, seconds.", int),
    "retain": _Flag(("--retain",), "What becomes of the retain flag: Keep or Never."),
    "max_inflight_messages": _Flag(
        ("--max-inflight-msg", "--mim"), "How many messages may wait for their acknowledgement.", int
    ),
    "qos": _Flag(("--qos",), "Quality of service: 0 or 1.", int),
    "session_expiry": _Flag(("--session-expiry",), "For how many seconds the session outlives its connection.", int),
    "cloud_event_attribute": _Flag(
        ("--cloud-event-attribute", "--cea"), "What becomes of CloudEvents attributes: Propagate or CreateOrRemap."
    ),
    "config_map_ref": _Flag(("--config-map-ref", "--cm"), "Config map with the certificate authorities to trust."),
}

_REFERENCES = {"secret_name": "Secret", "config_map_ref": "ConfigMap"}


def endpoint_options(context: Any, kind: str) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the flags that endpoints of a kind have; `endpoint_flags` takes them up again."""
    for name, flag in _FLAGS.items():
        if kind not in flag.not_for:
            completer = _completer(name, kind)
            context.extra(name, options_list=list(flag.options), type=flag.type, completer=completer, help=flag.help)
    if "Anonymous" in KINDS[kind].methods:
        context.extra("no_auth", options_list=["--no-auth"], action="store_true", help="Use no authentication.")
    context.extra(
        "disable_tls",
        options_list=["--disable-tls"],
        nargs="?",
        const=True,
        type=_yes_or_no,
        metavar="{true,false}",
        help="Use no TLS.",
    )


def _completer(name: str, kind: str) -> BaseCompleter | None:
    """Return what knows the values of a flag. They are no `choices`: those the flag's own finding explains better."""
    if name in _REFERENCES:
        return NameCompleter(_REFERENCES[name])
    words = {**WORDS, "auth_type": KINDS[kind].methods, "qos": ("0", "1")}.get(name)
    return ChoicesCompleter(dict.fromkeys(words, "")) if words is not None else None


def endpoint_flags(given: dict[str, Any]) -> EndpointFlags:
    """Take the flags out of what a verb was given."""
    names = (*_FLAGS, "no_auth", "disable_tls")
    return EndpointFlags(**{name: given.pop(name) for name in names if name in given and given[name] is not None})
