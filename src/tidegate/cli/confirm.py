"""The question before something is lost.

Knows how it is asked and answered. Does not know what is lost: verbs word the question.
"""

import sys

from tidegate.cli.output import NotUnderstood

__all__ = ["confirm"]


def confirm(question: str, *, yes: bool) -> None:
    """Ask whether to go on. Raises `NotUnderstood` where nobody can answer, and `SystemExit` on a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotUnderstood(f"{question} Nobody can be asked here", "say --yes")
    print(f"{question} (y/N): ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise SystemExit("nothing was changed")
