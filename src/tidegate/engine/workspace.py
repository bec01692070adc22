"""A data directory from outside the engine: its store, what the engine that runs there was given, and the bell.

Knows how a change of the store reaches the engine. Does not know what the change is (`changes`) or who makes it.
"""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

import msgspec

from tidegate.auth.secrets_key import SecretsKey, secrets_key_path
from tidegate.engine.control import EngineNotRunning, ask
from tidegate.engine.given import Given
from tidegate.engine.store_feed import resources_path
from tidegate.exceptions import StoreFailed
from tidegate.settings import Settings
from tidegate.store.resource_store import ResourceStore

if TYPE_CHECKING:  # whoever only reads is spared the resource models
    from tidegate.engine.changes import Edit, Outcome
    from tidegate.resources.manifest import Manifest
    from tidegate.store.stored import Author

__all__ = ["Reached", "ReachedHow", "Workspace"]

ReachedHow = Literal["applied", "rejected", "no-engine", "not-looking"]


@dataclass(frozen=True, slots=True)
class Reached:
    """How a change reached the engine.

    `applied`: it runs. `rejected`: the engine found errors in everything it was given, and goes on as before. `no-engine`: none
    runs here. `not-looking`: the engine that runs here was given files alone.
    """

    how: ReachedHow
    errors: tuple[str, ...] = ()


class Workspace:
    """The store of a data directory. Not for use by several threads at a time.

    Args:
        settings: where everything lies, and what rules depend on where no engine runs that says it.

    Raises:
        StoreFailed, CredentialError: the store cannot be used or is another user's, or the key lies where it must not.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        environment: Mapping[str, str],
        now_wall: float,
    ) -> None:
        self._directory = Path(settings.data_dir)
        _check_owner(self._directory)
        given = _ask_given(self._directory)
        # An engine that was given files alone has nothing to do with what is stored.
        self._is_passed_by = given is not None and not given.uses_store
        self._given = None if self._is_passed_by else given
        self._settings = settings
        used_by_engine = self._given.secrets_key_file if self._given is not None else None
        key_file = settings.secrets_key_file or used_by_engine or secrets_key_path(environment)
        key = SecretsKey(Path(key_file), self._directory)
        self.store, self.set_aside = ResourceStore.open(resources_path(self._directory), key, now_wall=now_wall)

    @property
    def settings(self) -> Settings:
        """What rules depend on: what the engine was given, where one runs."""
        return self._settings if self._given is None else self._given.settings(self._directory)

    @property
    def given(self) -> Given | None:
        """What the engine was given that takes resources from here too; None where none does."""
        return self._given

    @property
    def namespace(self) -> str:
        """The one namespace that all resources live in."""
        return self.settings.namespace

    @property
    def has_files(self) -> bool:
        """Whether the engine that takes resources from here was given files too."""
        return self._given is not None and bool(self._given.paths)

    def __enter__(self) -> "Workspace":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.store.close()

    def apply(self, edit: "Edit", author: "Author", now_wall: float, *, dry_run: bool = False) -> "Outcome":
        """Make an edit as `changes.apply` does, beside what the engine was given. `ring` then brings it to the engine."""
        from tidegate.engine.changes import Surroundings, apply

        surroundings = Surroundings(settings=self.settings, files=self.files())
        return apply(self.store, edit, surroundings, author, now_wall, dry_run=dry_run)

    def files(self) -> "Manifest":
        """Read the files that the engine was given."""
        from tidegate.engine.load import read_files

        return read_files(self._given.paths if self._given is not None else (), self.settings)

    def ring(self) -> Reached:
        """Have the engine look at the store now, and say what came of it."""
        if self._is_passed_by:
            return Reached("not-looking")
        if self._given is None:
            return Reached("no-engine")
        try:
            answer = ask(self._directory, "reload")
        except EngineNotRunning:
            return Reached("no-engine")
        assert isinstance(answer, dict)
        return Reached("applied" if answer["applied"] else "rejected", tuple(answer["errors"]))


def _ask_given(directory: Path) -> Given | None:
    try:
        return msgspec.convert(ask(directory, "given"), Given)
    except EngineNotRunning:
        return None
    except (RuntimeError, msgspec.ValidationError) as error:
        detail = "the engine that runs here is of another version and does not say what it was given"
        raise StoreFailed(str(directory), detail, hint="start it anew, or use the command of its version") from error


def _check_owner(directory: Path) -> None:
    """Refuse to leave files that the engine's own user could not read, as root would."""
    try:
        owner = directory.stat().st_uid
    except OSError:
        return
    if owner != os.geteuid():
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = str(owner)
        detail = f"it belongs to the user {name}, who could not read what is written there now"
        raise StoreFailed(str(directory), detail, hint=f"run the command as that user: sudo -u {name} tidegate ...")
