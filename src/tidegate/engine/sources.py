"""Everything that an engine takes resources from: files, mounted secrets, token files, schemas, the store.

Knows how to look at all of it at once. Does not know what becomes of what is found.
"""

from collections.abc import Hashable, Sequence

from tidegate.auth.secret_directory import DirectorySource
from tidegate.auth.token_file import TokenFile
from tidegate.engine.declared import Declared, Rejected, declared_by
from tidegate.engine.files import list_files
from tidegate.engine.load import Loaded, load
from tidegate.engine.schema_folder import SchemaFolder
from tidegate.engine.store_feed import StoreFeed
from tidegate.engine.watch import file_signature
from tidegate.exceptions import StoreFailed
from tidegate.settings import Settings

__all__ = ["Sources"]


class Sources:
    """The sources of one engine; `store` is None where it takes nothing from one."""

    def __init__(self, paths: Sequence[str], settings: Settings, store: StoreFeed | None) -> None:
        self._paths = paths
        self._settings = settings
        self._store = store
        self._mounted = DirectorySource(settings.secrets_dir, settings.configmaps_dir)
        self._schemas = SchemaFolder(settings.schemas_dir) if settings.schemas_dir is not None else None
        self._token_files = [TokenFile(path) for path in settings.tokens.paths]

    def signature(self) -> Hashable:
        """Return what changes when a file does. The store has a watch of its own."""
        tokens = (file.version() for file in self._token_files)
        schemas = self._schemas.files() if self._schemas is not None else ()
        return (file_signature([*list_files(self._paths), *schemas]), self._mounted.version(), *tokens)

    def load(self) -> Loaded:
        """Load everything. Raises `StoreFailed`."""
        return load(self._paths, self._settings, self._store.read() if self._store is not None else ())

    def reload(self) -> Declared | Rejected:
        """Load everything again, for an engine that runs."""
        try:
            return declared_by(self.load())
        except StoreFailed as error:
            return Rejected((f"the resource store cannot be read: {error}",))
