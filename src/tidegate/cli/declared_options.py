"""The options of verbs that ask what declared resources would do: which resources, and what decides what they mean.

Knows options and how they become settings and loaded resources. Does not know what a verb asks.
"""

import os
import sys
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from tidegate.cli.options import data_directory_option, resource_options
from tidegate.cli.output import NotUnderstood, render_diagnostics, summary
from tidegate.cli.token_options import token_options, token_settings

if TYPE_CHECKING:
    from tidegate.engine.given import Given
    from tidegate.engine.load import Loaded
    from tidegate.settings import Settings
    from tidegate.store.stored import StoredResource

__all__ = [
    "DeclaredOptions",
    "declared_options",
    "declared_settings",
    "from_store_option",
    "load_declared",
    "show_findings",
]


class DeclaredOptions(TypedDict, total=False):
    """The options of `declared_options`, as a verb gets them that has not left them out."""

    paths: list[str]
    namespace: str
    secrets_dir: str | None
    configmaps_dir: str | None
    datasets_dir: str | None
    schemas_dir: str | None
    secrets_key_file: str | None
    allow_remote_only: bool
    filter_true: Literal["drop", "pass"]
    hops_max: int
    no_broker: bool
    data_dir: str | None
    token_file: list[tuple[str, str]] | None
    token_command: list[tuple[str, tuple[str, ...]]] | None


_DEFAULTS: DeclaredOptions = {
    "paths": [],
    "namespace": "azure-iot-operations",
    "secrets_dir": None,
    "configmaps_dir": None,
    "datasets_dir": None,
    "schemas_dir": None,
    "secrets_key_file": None,
    "allow_remote_only": False,
    "filter_true": "drop",
    "hops_max": 8,
    "no_broker": False,
    "data_dir": None,
    "token_file": None,
    "token_command": None,
}


def declared_options(
    context: Any, *, needs_paths: bool = True, without: Collection[str] = ()
) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options but those `without` which a verb does; they arrive in its `**kwargs` as `DeclaredOptions`."""
    for name, default in _DEFAULTS.items():
        # What is explained below and not declared here is no option of the verb.
        if name not in without:
            context.extra(name, options_list=[f"--{name.replace('_', '-')}"], default=default)
    resource_options(context, needs_paths=needs_paths)
    data_directory_option(context)
    token_options(context)
    context.argument(
        "secrets_key_file",
        options_list=["--secrets-key-file"],
        metavar="FILE",
        help="Key that stored secrets are encrypted with. Default: as `tidegate run` has it.",
    )
    context.argument(
        "no_broker",
        options_list=["--no-broker"],
        action="store_true",
        help="No broker runs inside, and the name aio-broker is left to DNS.",
    )


def declared_settings(options: DeclaredOptions) -> "Settings":
    """Return the settings of a process that is told the same, and nothing of what is left out."""
    from tidegate.engine.data_directory import default_data_directory
    from tidegate.settings import Settings

    options = {**_DEFAULTS, **options}
    return Settings(
        data_dir=Path(options["data_dir"]) if options["data_dir"] is not None else default_data_directory(os.environ),
        namespace=options["namespace"],
        secrets_dir=_path(options["secrets_dir"]),
        configmaps_dir=_path(options["configmaps_dir"]),
        datasets_dir=_path(options["datasets_dir"]),
        schemas_dir=_path(options["schemas_dir"]),
        secrets_key_file=_path(options["secrets_key_file"]),
        allow_remote_only=options["allow_remote_only"],
        filter_true=options["filter_true"],
        hops_max=options["hops_max"],
        no_broker=options["no_broker"],
        tokens=token_settings(options["token_file"], options["token_command"], os.environ),
    )


def load_declared(
    options: DeclaredOptions, paths: Sequence[str], *, from_store: bool = False, follows_engine: bool = False
) -> "tuple[Loaded, Settings]":
    """Load what `paths` declare, and what the store holds where `from_store` says so; return the settings that apply too.

    With `follows_engine`, where an engine runs, its settings apply, its store counts if it uses one, and its files are those of
    `paths` where none are named.

    Raises:
        NotUnderstood: there is nothing to load.
        StoreFailed, CredentialError: the store cannot be read.
    """
    from tidegate.engine.load import load

    settings = declared_settings(options)
    given = _given(Path(settings.data_dir)) if follows_engine else None
    if given is not None:
        settings = replace(given.settings(settings.data_dir), tokens=settings.tokens)
        from_store = from_store or given.uses_store
        paths = paths or given.paths
    elif follows_engine and not paths and not from_store:
        raise NotUnderstood("there is no PATH, and no engine runs", "name manifests, or give --from-store")
    return load(paths, settings, _stored(settings) if from_store else ()), settings


def from_store_option(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the option that asks for what the store holds; it arrives as `from_store`."""
    context.argument(
        "from_store",
        options_list=["--from-store"],
        action="store_true",
        help="Take the resources of the store too; files hide those of the same name.",
    )


def _path(text: str | None) -> PurePath | None:
    return PurePath(text) if text is not None else None


def _given(directory: Path) -> "Given | None":
    import msgspec

    from tidegate.engine.control import EngineNotRunning, ask
    from tidegate.engine.given import Given

    try:
        return msgspec.convert(ask(directory, "given"), Given)
    except EngineNotRunning:
        return None


def _stored(settings: "Settings") -> "list[StoredResource]":
    from tidegate.auth.secrets_key import SecretsKey, secrets_key_path
    from tidegate.engine.store_feed import StoreFeed
    from tidegate.moment import Moment

    directory = Path(settings.data_dir)
    key = SecretsKey(Path(settings.secrets_key_file or secrets_key_path(os.environ)), directory)
    return StoreFeed(directory, key, lambda: Moment(time.monotonic(), time.time())).read()


def show_findings(loaded: "Loaded", *, errors_only: bool) -> None:
    """Show on standard error what is wrong with what was loaded."""
    found = [each for each in loaded.diagnostics if each.level == "error" or not errors_only]
    if found:
        print(render_diagnostics(found, loaded.lines, stream=sys.stderr), end="", file=sys.stderr)
        print(summary(found), file=sys.stderr)
