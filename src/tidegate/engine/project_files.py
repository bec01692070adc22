"""The files of a project that a Bicep file may refer to: modules, texts and JSON, all below one folder.

Knows folders and links. Does not know Bicep.
"""

from pathlib import Path

from tidegate.diagnostics import Diagnostic
from tidegate.engine.files import read_stream
from tidegate.resources.source_map import SourceText

__all__ = ["ProjectFiles"]


class ProjectFiles:
    """What lies below the working folder; for a file outside of it, below the file's own folder."""

    def __init__(self, file: Path) -> None:
        here = Path.cwd().resolve()
        resolved = file.resolve()
        self._root = here if resolved.is_relative_to(here) else resolved.parent

    def read(self, path: str) -> SourceText | str:
        """Read a file, or say in words why not. A link counts as what it leads to."""
        file = Path(path)
        try:
            if not file.resolve().is_relative_to(self._root):
                return f"it lies outside of the project folder {self._root}"
            with file.open("rb") as stream:
                made = read_stream(stream, path)
        except FileNotFoundError:
            return "there is no such file"
        except (OSError, ValueError) as error:
            return f"the file cannot be read: {getattr(error, 'strerror', None) or error}".lower()
        return made.message if isinstance(made, Diagnostic) else made
