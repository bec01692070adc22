"""`tidegate validate`: check declared resources and run nothing.

Knows what is printed. The rules are those of `run`, which comes through the same `engine/load.py`.
"""

import os
import sys
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from tidegate.cli.options import resource_options
from tidegate.cli.output import Outcome, diagnostic_data, render_diagnostics, summary
from tidegate.cli.token_options import token_options, token_settings

if TYPE_CHECKING:
    from tidegate.engine.load import Loaded
    from tidegate.settings import Settings

__all__ = ["EXAMPLES", "arguments", "validate"]

EXAMPLES = (
    ("Check a folder of manifests.", "tidegate validate manifests/"),
    ("Check for a pipeline, as JSON.", "tidegate validate -o json manifests/"),
    ("Check with secrets that lie in a folder.", "tidegate validate manifests/ --secrets-dir secrets/"),
)

_FILTER_TRUE = {"drop": "drops the message", "pass": "lets the message pass"}


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    resource_options(context)
    token_options(context)


def validate(
    paths: list[str],
    namespace: str = "azure-iot-operations",
    secrets_dir: str | None = None,
    configmaps_dir: str | None = None,
    allow_remote_only: bool = False,
    filter_true: Literal["drop", "pass"] = "drop",
    hops_max: int = 8,
    datasets_dir: str | None = None,
    schemas_dir: str | None = None,
    token_file: list[tuple[str, str]] | None = None,
    token_command: list[tuple[str, tuple[str, ...]]] | None = None,
) -> Outcome:
    """Return all findings, and say on standard error what they are about; the exit code is 1 when any is an error."""
    from tidegate.engine.credential_check import check_credentials
    from tidegate.engine.load import load
    from tidegate.moment import Moment
    from tidegate.settings import Settings

    settings = Settings(
        data_dir=PurePath(),
        namespace=namespace,
        secrets_dir=PurePath(secrets_dir) if secrets_dir is not None else None,
        configmaps_dir=PurePath(configmaps_dir) if configmaps_dir is not None else None,
        datasets_dir=PurePath(datasets_dir) if datasets_dir is not None else None,
        schemas_dir=PurePath(schemas_dir) if schemas_dir is not None else None,
        allow_remote_only=allow_remote_only,
        filter_true=filter_true,
        hops_max=hops_max,
        tokens=token_settings(token_file, token_command, os.environ),
    )
    loaded = load(paths, settings)
    unusable = check_credentials(loaded, settings, lambda: Moment(time.monotonic(), time.time()))
    diagnostics = (*loaded.diagnostics, *unusable)
    for line in _about(loaded, summary(diagnostics), settings):
        print(line, file=sys.stderr)
    text = render_diagnostics(diagnostics, loaded.lines, stream=sys.stdout)
    return Outcome([diagnostic_data(each) for each in diagnostics], text, 0 if loaded.plan else 1)


def _about(loaded: "Loaded", found: str, settings: "Settings") -> list[str]:
    """Return what was found, and which choices apply where the resource model leaves room."""
    enabled = sum(1 for each in loaded.resources.dataflows.values() if each.spec.mode == "Enabled")
    disabled = len(loaded.resources.dataflows) - enabled
    flows = f"{enabled} data flow{'' if enabled == 1 else 's'}" + (f" and {disabled} disabled" if disabled else "")
    rule = "may be remote on both sides" if settings.allow_remote_only else "need the local broker on one side"
    return [
        f"{found} in {flows}",
        f"applies: namespace {settings.namespace}; data flows {rule}; sessionExpirySeconds is 600 where absent; "
        f"$shared/ is sent as $share/; a filter that is true {_FILTER_TRUE[settings.filter_true]}",
    ]
