"""A folder as schema registry: `<folder>/<namespace>/<name>/<version>.json`.

Knows where a schema lies, and that a version that was given out never changes. Does not know what schemas say
(`transform/schema.py`).
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tidegate.exceptions import StoreFailed
from tidegate.resources.schema_reference import SchemaReference, SchemaTexts, UnreadableSchema, parse_reference
from tidegate.transform.schema import SCHEMA_BYTES_MAX

__all__ = ["SchemaExists", "SchemaFolder"]


class SchemaExists(Exception):
    """The registry holds another document under this reference."""


class SchemaFolder:
    """The schemas of one folder, which need not be there before the first one is added."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)

    def references(self) -> list[SchemaReference]:
        """Return what there is, by namespace, name and version. Other files are left alone. Raises `StoreFailed`."""
        try:
            return sorted(self._found())
        except OSError as error:
            raise _failed(self._folder, error) from None

    def files(self) -> list[Path]:
        """Return the files of all schemas, none where the folder cannot be read."""
        try:
            return [self.path(each) for each in self.references()]
        except StoreFailed:
            return []

    def path(self, reference: SchemaReference) -> Path:
        """Return where a schema lies, or would lie."""
        return self._folder / reference.namespace / reference.name / f"{reference.version}.json"

    def newest(self, reference: SchemaReference) -> SchemaReference | None:
        """Return the newest version of a schema, None where there is none. Raises `StoreFailed`."""
        versions = [each for each in self.references() if each[:2] == reference[:2]]
        return versions[-1] if versions else None

    def read(self, reference: SchemaReference) -> str | UnreadableSchema | None:
        """Return a schema's text, None where there is none."""
        path = self.path(reference)
        try:
            if not path.is_file():
                return None
            with path.open("rb") as file:
                content = file.read(SCHEMA_BYTES_MAX + 1)
            if len(content) > SCHEMA_BYTES_MAX:
                return UnreadableSchema(f"it is larger than {SCHEMA_BYTES_MAX // 1024} KiB")
            return content.decode()
        except OSError as error:
            return UnreadableSchema(_reason(error))
        except UnicodeDecodeError:
            return UnreadableSchema("it is not UTF-8")

    def read_all(self, references: Iterable[str]) -> SchemaTexts:
        """Return what there is of schemas, by reference as it was written."""
        found: dict[str, str | UnreadableSchema] = {}
        for text in references:
            reference = parse_reference(text)
            schema = self.read(reference) if reference is not None else None
            if schema is not None:
                found[text] = schema
        return found

    def add(self, reference: SchemaReference, text: str) -> SchemaReference:
        """Keep a schema, as the next version where the reference has none; return its reference.

        The same text under the same reference is no second schema.

        Raises:
            SchemaExists: there is another one under this reference.
            StoreFailed: it cannot be written.
        """
        newest = self.newest(reference)
        if reference.version is None:
            if newest is not None and self.read(newest) == text:
                return newest
            reference = reference._replace(version=1 if newest is None else (newest.version or 0) + 1)
        path = self.path(reference)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                # A link, unlike a rename, never takes the place of what somebody else has written meanwhile.
                os.link(file.name, path)
        except FileExistsError:
            if self.read(reference) != text:
                raise SchemaExists(str(reference)) from None
        except OSError as error:
            raise _failed(path, error) from None
        return reference

    def _found(self) -> Iterator[SchemaReference]:
        if not self._folder.exists():
            return
        for path in self._folder.glob("*/*/*.json"):
            namespace, name, file = path.relative_to(self._folder).parts
            reference = parse_reference(f"aio-sr://{namespace}/{name}:{file.removesuffix('.json')}")
            if reference is not None:
                yield reference


def _failed(path: Path, error: OSError) -> StoreFailed:
    return StoreFailed(str(path), _reason(error))


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
