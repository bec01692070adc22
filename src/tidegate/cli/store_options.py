"""The options of verbs that work on the resource store, and the store that they mean.

Knows where the store lies and who is at the keyboard. Does not know what a verb does with it.
"""

import os
import pwd
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypedDict

from tidegate.cli.output import NotUnderstood, print_error

if TYPE_CHECKING:
    from tidegate.engine.remote import RemoteWorkspace
    from tidegate.engine.store_access import StoreAccess
    from tidegate.settings import Settings
    from tidegate.store.stored import Author

__all__ = ["Place", "author", "opened", "place_options", "rule_options"]


class Place(TypedDict, total=False):
    """Where the store lies, and what rules depend on where no engine says it. The names are those of the options."""

    data_dir: str | None
    server: str | None
    token_file: str | None
    ca_file: str | None
    secrets_key_file: str | None
    namespace: str
    secrets_dir: str | None
    configmaps_dir: str | None
    schemas_dir: str | None
    allow_remote_only: bool


def place_options(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options that say where the store lies; they arrive as the keywords of `Place`."""
    declare = context.extra
    declare(
        "data_dir",
        options_list=["--data-dir"],
        metavar="DIR",
        help="The engine's data directory. Default: $STATE_DIRECTORY, else $XDG_DATA_HOME/tidegate.",
    )
    declare(
        "server",
        options_list=["--server"],
        metavar="URL",
        help="Work on the store of a running engine through its HTTP API, https://HOST:PORT, in place of the data directory.",
    )
    declare(
        "token_file",
        options_list=["--token-file"],
        metavar="FILE",
        help="With --server: its bearer token. Default: api/write.token in the data directory.",
    )
    declare(
        "ca_file",
        options_list=["--ca-file"],
        metavar="FILE",
        help="With --server: the authority of its certificate. Default: ca.crt in the data directory.",
    )
    declare(
        "secrets_key_file",
        options_list=["--secrets-key-file"],
        metavar="FILE",
        help="Key that stored secrets are encrypted with. Default: as `tidegate run` has it.",
    )
    declare(
        "namespace",
        options_list=["--namespace", "-n"],
        default="azure-iot-operations",
        help="The one namespace that all resources live in.",
    )


def rule_options(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options that rules depend on; where an engine runs, what it was given counts in their place."""
    declare = context.extra
    for name, what in (("secrets_dir", "secrets"), ("configmaps_dir", "config maps")):
        declare(
            name,
            options_list=[f"--{name.replace('_', '-')}"],
            metavar="DIR",
            help=f"Where {what} lie that are not declared: DIR/<name>/<key>. Default: what the engine was given.",
        )
    declare(
        "schemas_dir",
        options_list=["--schemas-dir"],
        metavar="DIR",
        help="The schema registry: DIR/<namespace>/<name>/<version>.json. Default: what the engine was given.",
    )
    declare(
        "allow_remote_only",
        options_list=["--allow-remote-only"],
        action="store_true",
        help="Allow data flows of which neither side is the local broker. Default: what the engine was given.",
    )


def _settings(place: Place) -> "Settings":
    """Return the settings that the options mean."""
    from tidegate.engine.data_directory import default_data_directory
    from tidegate.settings import Settings

    def path(text: str | None) -> PurePath | None:
        return PurePath(text) if text is not None else None

    return Settings(
        data_dir=path(place.get("data_dir")) or default_data_directory(os.environ),
        namespace=place.get("namespace", "azure-iot-operations"),
        secrets_key_file=path(place.get("secrets_key_file")),
        secrets_dir=path(place.get("secrets_dir")),
        configmaps_dir=path(place.get("configmaps_dir")),
        schemas_dir=path(place.get("schemas_dir")),
        allow_remote_only=place.get("allow_remote_only", False),
    )


@contextmanager
def opened(place: Place) -> "Iterator[StoreAccess]":
    """Open the store, here or behind the server that is named; say on standard error when its file was set aside."""
    settings = _settings(place)
    url = place.get("server")
    if url is not None:
        with _remote(url, place, settings) as remote:
            _check_namespace(remote, settings, "there")
            yield remote
        return
    from tidegate.engine.workspace import Workspace

    for option in ("token_file", "ca_file"):
        if place.get(option) is not None:
            raise NotUnderstood(
                f"--{option.replace('_', '-')} is for a server, and none is named", "add `--server URL`"
            )
    with Workspace(settings, environment=os.environ, now_wall=time.time()) as workspace:
        if workspace.set_aside is not None:
            print_error(str(workspace.set_aside), "a new store was begun; what is in the old may be mended")
        _check_namespace(workspace, settings, "here")
        yield workspace


def _remote(url: str, place: Place, settings: "Settings") -> "RemoteWorkspace":
    from tidegate.engine.remote import RemoteWorkspace, Server

    for name in ("secrets_key_file", "secrets_dir", "configmaps_dir", "schemas_dir", "allow_remote_only"):
        if place.get(name):
            raise NotUnderstood(
                f"--{name.replace('_', '-')} is the engine's own matter behind --server", "leave it out"
            )
    directory = Path(settings.data_dir)
    token, authority = place.get("token_file"), place.get("ca_file")
    return RemoteWorkspace(
        Server(
            url=url,
            token_file=Path(token) if token else directory / "api" / "write.token",
            ca_file=Path(authority) if authority else directory / "ca.crt",
        )
    )


def _check_namespace(workspace: "StoreAccess", settings: "Settings", where: str) -> None:
    if workspace.namespace != settings.namespace:
        message = f"the engine that runs {where} has the namespace {workspace.namespace}"
        raise NotUnderstood(message, f"use `-n {workspace.namespace}`")


def author(means: str) -> "Author":
    """Return who is at the keyboard, with what is typed."""
    from tidegate.store.stored import Author

    user = os.getuid()
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = str(user)
    return Author(name, f"tidegate {means}")
