"""Options that several verbs share, so that they are spelled and explained alike.

Knows options. Does not know what a verb does with them.
"""

import argparse
from typing import Any

__all__ = ["data_directory_option", "emulation_option", "resource_options", "schemas_option", "secrets_key_option"]

HOPS_MAX = 10_000


def data_directory_option(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the option that says where an engine keeps its state; it arrives as `data_dir`."""
    context.argument(
        "data_dir",
        options_list=["--data-dir"],
        metavar="DIR",
        help="The engine's data directory. Default: $STATE_DIRECTORY, else $XDG_DATA_HOME/tidegate.",
    )


def secrets_key_option(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the option that says where the key of stored secrets lies; it arrives as `secrets_key_file`."""
    context.argument(
        "secrets_key_file",
        options_list=["--secrets-key-file"],
        metavar="FILE",
        help="Key that stored secrets are encrypted with, made when it is not there. Default: the credential "
        "tidegate-secrets-key of systemd, else secrets.key in $CONFIGURATION_DIRECTORY or $XDG_CONFIG_HOME/tidegate.",
    )


def emulation_option(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the option that says where the stand-ins keep their keys; it arrives as `data_dir`."""
    context.argument(
        "data_dir",
        options_list=["--data-dir"],
        metavar="DIR",
        help="Folder of the keys, the same for all stand-ins. Default: `emulation` in the usual data directory.",
    )


def resource_options(
    context: Any,  # knack's ArgumentsContext, which is untyped
    *,
    needs_paths: bool = True,
    has_secrets: bool = True,
    has_rules: bool = True,
    paths_are_option: bool = False,
) -> None:
    """Declare PATH... and the options that decide what declared resources mean.

    They arrive as `paths`, `namespace`, with `has_secrets` `secrets_dir` and `configmaps_dir`, and with `has_rules`
    `allow_remote_only`, `filter_true`, `hops_max`, `datasets_dir` and `schemas_dir`. With `paths_are_option` the paths are given
    as `--path`, for a verb whose one argument is something else.
    """
    if paths_are_option:
        context.argument(
            "paths",
            options_list=["--path"],
            action="append",
            metavar="PATH",
            help="Manifest, or folder of manifests; may be given again.",
        )
    else:
        context.positional(
            "paths",
            nargs="+" if needs_paths else "*",
            metavar="PATH",
            help="Manifests, and folders of them (.yaml, .yml, .json, folders below too).",
        )
    context.argument("namespace", options_list=["--namespace"], help="The one namespace that all resources live in.")
    if has_secrets:
        _secret_options(context)
    if not has_rules:
        return
    context.argument(
        "allow_remote_only",
        options_list=["--allow-remote-only"],
        action="store_true",
        help="Allow data flows of which neither side is the local broker.",
    )
    context.argument(
        "filter_true",
        options_list=["--filter-true"],
        choices=["drop", "pass"],
        help="What a filter that is true does with a message, where the data flow has no annotation that says it.",
    )
    context.argument(
        "hops_max",
        options_list=["--hops-max"],
        type=_hops,
        help="How many data flows that count hops a message may go through; the next one drops it.",
    )
    context.argument(
        "datasets_dir",
        options_list=["--datasets-dir"],
        metavar="DIR",
        help="Read data sets from DIR/<key>.jsonl. Default: from the state store of the local broker.",
    )
    schemas_option(context)


def _secret_options(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    context.argument(
        "secrets_dir",
        options_list=["--secrets-dir"],
        metavar="DIR",
        help="Where secrets lie that are not declared: DIR/<name>/<key>.",
    )
    context.argument(
        "configmaps_dir",
        options_list=["--configmaps-dir"],
        metavar="DIR",
        help="Where config maps lie that are not declared: DIR/<name>/<key>.",
    )


def schemas_option(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the option that says where schemas lie; it arrives as `schemas_dir`."""
    context.argument(
        "schemas_dir",
        options_list=["--schemas-dir"],
        metavar="DIR",
        help="The schema registry: DIR/<namespace>/<name>/<version>.json.",
    )


def _hops(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= HOPS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {HOPS_MAX}")
    return int(text)
