"""The options of verbs that ask what declared resources would do: which resources, and what decides what they mean.

Knows options and how they become settings and loaded resources. Does not know what a verb asks.
"""

import os
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from tidegate.cli.options import data_directory_option, resource_options
from tidegate.cli.output import render_diagnostics, summary
from tidegate.cli.token_options import token_options, token_settings

if TYPE_CHECKING:
    from tidegate.engine.load import Loaded
    from tidegate.settings import Settings

__all__ = ["DeclaredOptions", "declared_options", "declared_settings", "show_findings"]


class DeclaredOptions(TypedDict):
    """The options of `declared_options`, as a verb gets them."""

    paths: list[str]
    namespace: str
    secrets_dir: str | None
    configmaps_dir: str | None
    allow_remote_only: bool
    filter_true: Literal["drop", "pass"]
    hops_max: int
    datasets_dir: str | None
    schemas_dir: str | None
    no_broker: bool
    data_dir: str | None
    token_file: list[tuple[str, str]] | None
    token_command: list[tuple[str, tuple[str, ...]]] | None


_DEFAULTS: dict[str, object] = {
    **dict.fromkeys(DeclaredOptions.__annotations__),
    "paths": [],
    "namespace": "azure-iot-operations",
    "allow_remote_only": False,
    "filter_true": "drop",
    "hops_max": 8,
    "no_broker": False,
}


def declared_options(
    context: Any, *, needs_paths: bool = True
) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options; they arrive in a verb's `**kwargs` as `DeclaredOptions`."""
    for name, default in _DEFAULTS.items():
        context.extra(name, options_list=[f"--{name.replace('_', '-')}"], default=default)
    resource_options(context, needs_paths=needs_paths)
    data_directory_option(context)
    token_options(context)
    context.argument(
        "no_broker",
        options_list=["--no-broker"],
        action="store_true",
        help="No broker runs inside, and the name aio-broker is left to DNS.",
    )


def declared_settings(options: DeclaredOptions) -> "Settings":
    """Return the settings of a process that is told the same."""
    from tidegate.engine.data_directory import default_data_directory
    from tidegate.settings import Settings

    secrets, config_maps = options["secrets_dir"], options["configmaps_dir"]
    datasets, schemas = options["datasets_dir"], options["schemas_dir"]
    return Settings(
        data_dir=Path(options["data_dir"]) if options["data_dir"] is not None else default_data_directory(os.environ),
        namespace=options["namespace"],
        secrets_dir=PurePath(secrets) if secrets is not None else None,
        configmaps_dir=PurePath(config_maps) if config_maps is not None else None,
        datasets_dir=PurePath(datasets) if datasets is not None else None,
        schemas_dir=PurePath(schemas) if schemas is not None else None,
        allow_remote_only=options["allow_remote_only"],
        filter_true=options["filter_true"],
        hops_max=options["hops_max"],
        no_broker=options["no_broker"],
        tokens=token_settings(options["token_file"], options["token_command"], os.environ),
    )


def show_findings(loaded: "Loaded", *, errors_only: bool) -> None:
    """Show on standard error what is wrong with what was loaded."""
    found = [each for each in loaded.diagnostics if each.level == "error" or not errors_only]
    if found:
        print(render_diagnostics(found, loaded.lines, stream=sys.stderr), end="", file=sys.stderr)
        print(summary(found), file=sys.stderr)
