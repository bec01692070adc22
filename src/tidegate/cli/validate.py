"""`tidegate validate`: check declared resources and run nothing.

Knows what is printed. The rules are those of `run`, which comes through the same `engine/load.py`.
"""

import sys
import time
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.declared_options import DeclaredOptions, declared_options, declared_settings
from tidegate.cli.output import Outcome, diagnostic_data, render_diagnostics, summary

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
    declared_options(context, without=("data_dir", "secrets_key_file", "no_broker"))


def validate(
    **kwargs: Unpack[DeclaredOptions],
) -> Outcome:
    """Return all findings, and say on standard error what they are about; the exit code is 1 when any is an error."""
    from tidegate.engine.credential_check import check_credentials
    from tidegate.engine.load import load
    from tidegate.moment import Moment

    settings = declared_settings(kwargs)
    loaded = load(kwargs["paths"], settings)
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
