"""`tidegate user add`, `list` and `delete`: users of listeners with the method UsernamePassword.

Knows how a password is asked for, which is never an option: those can be read by everybody on the machine. Works on the
data directory; an engine that runs lets those go who are users no more, or have another password.
"""

import getpass
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tidegate.cli.options import data_directory_option
from tidegate.cli.output import Outcome, print_error

__all__ = ["EXAMPLES", "add", "arguments", "delete", "show"]

EXAMPLES = (
    ("Add a user; the password is asked for.", "tidegate user add oven-1"),
    ("Add a user from a script.", "tidegate user add oven-1 < password.txt"),
    ("Show all users.", "tidegate user list"),
)


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    data_directory_option(context)
    if context.command_scope != "user list":
        context.positional("name", metavar="NAME", help="User name.")


def add(name: str, data_dir: str | None = None) -> Outcome:
    """Add a user, or give one another password."""
    from tidegate.auth.passwords import PASSWORD_BYTES_MAX, Users

    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("Once more: ") != password:
            print_error("the two passwords differ", "try again")
            return Outcome(None, "", 1)
    else:
        password = sys.stdin.readline(PASSWORD_BYTES_MAX + 2).removesuffix("\n").removesuffix("\r")
    directory = _directory(data_dir)
    is_new = Users(directory).set(name, password.encode())
    _ring(directory)
    return Outcome({"name": name, "new": is_new}, f"{name}: {'added' if is_new else 'has another password now'}\n")


def show(data_dir: str | None = None) -> Outcome:
    """List the users."""
    from tidegate.auth.passwords import Users

    names = Users(_directory(data_dir)).names()
    return Outcome(names, "".join(f"{name}\n" for name in names))


def delete(name: str, data_dir: str | None = None) -> Outcome:
    """Remove a user, and end the connections of that name."""
    from tidegate.auth.passwords import Users

    directory = _directory(data_dir)
    if not Users(directory).delete(name):
        print_error(f"there is no user {name}", "see `tidegate user list`")
        return Outcome(None, "", 1)
    _ring(directory)
    return Outcome({"name": name}, f"{name}: deleted\n")


def _ring(directory: Path) -> None:
    """Have an engine look at once; it would also see the file by itself, within seconds."""
    from tidegate.engine.control import EngineNotRunning, ask

    with suppress(EngineNotRunning):
        ask(directory, "reload")


def _directory(data_dir: str | None) -> Path:
    from tidegate.auth.private_files import make_private_folder
    from tidegate.engine.data_directory import default_data_directory

    directory = Path(data_dir) if data_dir is not None else default_data_directory(os.environ)
    make_private_folder(directory)
    return directory
