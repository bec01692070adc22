"""`tidegate version`: what is installed.

Knows what helps when a fault is reported. Does not know anything that runs.
"""

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any

import tidegate
from tidegate.cli.output import Outcome

__all__ = ["EXAMPLES", "arguments", "version"]

EXAMPLES = (
    ("Show the version.", "tidegate version"),
    ("Show it for a script.", "tidegate version --query tidegate -o tsv"),
)

_LIBRARIES = ("mqtt5", "uvloop", "pydantic", "cryptography")


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare no options."""


def version() -> Outcome:
    """Return the versions of Tidegate, Python and the libraries that matter."""
    versions = {"tidegate": tidegate.__version__, "python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = installed_version(library)
        except PackageNotFoundError:
            continue
    width = max(map(len, versions))
    return Outcome(versions, "".join(f"{name:<{width}}  {number}\n" for name, number in versions.items()))
