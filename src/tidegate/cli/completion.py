"""`tidegate completion`: what a shell has to read to complete commands.

Knows for which shells there is one. Does not know what is offered: that is `completers`, asked for by `application`.
"""

from typing import Any

from tidegate.cli.output import Outcome

__all__ = ["EXAMPLES", "arguments", "completion"]

EXAMPLES = (
    (
        "Complete in bash, from its next start on.",
        "tidegate completion bash > ~/.local/share/bash-completion/completions/tidegate",
    ),
    ("Complete in zsh, from its next start on.", 'tidegate completion zsh > "${fpath[1]}/_tidegate"'),
    ("Complete in fish.", "tidegate completion fish > ~/.config/fish/completions/tidegate.fish"),
)

_SHELLS = ("bash", "zsh", "fish")


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional("shell", metavar="SHELL", choices=_SHELLS, help="The shell.")


def completion(shell: str) -> Outcome:
    """Print the script; `source <(tidegate completion bash)` has the running shell complete."""
    from argcomplete.shell_integration import shellcode

    script = shellcode(["tidegate"], shell=shell)
    return Outcome({"shell": shell, "script": script}, script)
