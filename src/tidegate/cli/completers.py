"""What a shell is offered for arguments of verbs: words for kinds, names of stored resources, files.

Knows where names are stored, and never fails: where they cannot be read there are none. Does not know verbs, or how a shell asks.
"""

import os
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path

from argcomplete.completers import BaseCompleter, DirectoriesCompleter, FilesCompleter

from tidegate.cli.kind_words import KIND_WORDS, kind_of
from tidegate.cli.output import NotUnderstood

__all__ = ["NameCompleter", "PathCompleter", "ResourceCompleter"]

_KINDS = tuple(word for words in KIND_WORDS.values() for word in words if word.endswith("s"))
"""The plurals: with the singulars beside them hardly a word would be complete at once."""


class NameCompleter(BaseCompleter):
    """Offers the names of stored resources of one kind."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __call__(self, *, prefix: str, action: Action, parser: ArgumentParser, parsed_args: Namespace) -> Iterable[str]:
        return _names(parsed_args, self._kind)


class ResourceCompleter(BaseCompleter):
    """Offers what `kinds_and_names` understands: a kind, then names of it, or KIND/NAME.

    Args:
        only_one: the verb is about one resource.
        with_deleted: it may be one that was deleted.
    """

    def __init__(self, *, only_one: bool = False, with_deleted: bool = False) -> None:
        self._only_one = only_one
        self._with_deleted = with_deleted

    def __call__(self, *, prefix: str, action: Action, parser: ArgumentParser, parsed_args: Namespace) -> Iterable[str]:
        words: list[str] = getattr(parsed_args, action.dest, None) or []
        has_slashes = "/" in prefix or any("/" in word for word in words)
        if self._only_one and len(words) > (0 if has_slashes else 1):
            return []
        try:
            if has_slashes:
                return [each for each in self._with_slash(prefix, parsed_args) if each not in words]
            if words:
                names = _names(parsed_args, kind_of(words[0]), with_deleted=self._with_deleted)
                return [name for name in names if name not in words[1:]]
        except NotUnderstood:
            return []
        begun, comma, _ = prefix.rpartition(",")
        return [f"{begun}{comma}{kind}" for kind in _KINDS]

    def _with_slash(self, prefix: str, given: Namespace) -> list[str]:
        word, slash, _ = prefix.partition("/")
        if not slash:
            return [f"{kind}/" for kind in _KINDS]
        return [f"{word}/{name}" for name in _names(given, kind_of(word), with_deleted=self._with_deleted)]


class PathCompleter(BaseCompleter):
    """Offers files or folders for arguments that are called so."""

    def __call__(self, *, prefix: str, action: Action, parser: ArgumentParser, parsed_args: Namespace) -> Iterable[str]:
        called = str(action.metavar)
        if called.endswith(("FILE", "PATH")):
            return FilesCompleter()(prefix)
        return DirectoriesCompleter()(prefix) if called.endswith("DIR") else ()


def _names(given: Namespace, kind: str, *, with_deleted: bool = False) -> list[str]:
    """Return the names of one kind in the store that a command line means as far as it was given."""
    from tidegate.engine.data_directory import default_data_directory
    from tidegate.engine.store_feed import resources_path
    from tidegate.exceptions import StoreFailed
    from tidegate.store.resource_store import stored_names

    typed = getattr(given, "data_dir", None)
    try:
        # The shell has not expanded anything yet.
        directory = Path(os.path.expandvars(typed)).expanduser() if typed else default_data_directory(os.environ)
        # Another user's store is no command's (`engine/workspace.py`), and SQLite could leave files there to read it.
        if directory.stat().st_uid != os.geteuid():
            return []
        return stored_names(resources_path(directory), kind, with_deleted=with_deleted)
    except (StoreFailed, OSError, RuntimeError):  # the last: there is no home that `~` could stand for
        return []
