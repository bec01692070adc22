"""Where secrets and config maps are read: from declared resources, from directories, or from both.

Knows the rules that keep a name inside its store, and how Kubernetes mounts and swaps volumes. Does not know what the
values mean, and never puts one into an error.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping

from tidegate.auth.digests import digest, digest_of_values
from tidegate.exceptions import CredentialError

__all__ = ["DeclaredSource", "OverlaySource", "SecretSource", "check_name"]

NAME_CHARACTERS_MAX = 253

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def check_name(kind: str, name: str) -> None:
    """Raise `CredentialError` unless `name` is a Kubernetes object name (RFC 1123 subdomain), and so no path either."""
    if len(name) > NAME_CHARACTERS_MAX or _NAME.fullmatch(name) is None:
        raise CredentialError(
            f"{kind} {name!r}",
            "this is not a name of a Kubernetes object",
            f"use lower case letters, digits, '-' and '.', at most {NAME_CHARACTERS_MAX} characters",
        )


class SecretSource(ABC):
    """A store of secrets and config maps, each a mapping of keys to values, read whole and as of one moment."""

    def secret(self, name: str) -> Mapping[str, bytes]:
        """Read a secret. Raises `CredentialError` when it is missing or cannot be read."""
        check_name("secret", name)
        return self._found("secret", name, self.find_secret(name))

    def config_map(self, name: str) -> Mapping[str, str]:
        """Read a config map. Raises `CredentialError` when it is missing or cannot be read."""
        check_name("config map", name)
        values = self._found("config map", name, self.find_config_map(name))
        # What is not text is Kubernetes' `binaryData`; it is shown as text that is no PEM.
        return {key: value.decode("utf-8", "replace") for key, value in values.items()}

    @abstractmethod
    def find_secret(self, name: str) -> Mapping[str, bytes] | None:
        """Read a secret by its checked name, None when it is not here. Raises `CredentialError` if unreadable."""

    @abstractmethod
    def find_config_map(self, name: str) -> Mapping[str, bytes] | None:
        """Read a config map by its checked name, None when it is not here. Raises `CredentialError` if unreadable."""

    @abstractmethod
    def version(self) -> Hashable:
        """Give a value that differs from the last one when anything here has changed since; cheap enough to poll."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where this looks, to be read after "not found": `in the declared resources`."""

    def _found(self, kind: str, name: str, values: Mapping[str, bytes] | None) -> Mapping[str, bytes]:
        if values is None:
            raise CredentialError(
                f"{kind} {name}", f"not found {self.place}", f"declare it, or correct the name {name}"
            )
        return values


class DeclaredSource(SecretSource):
    """Secrets and config maps out of declared resources; an edit makes a new one of these."""

    def __init__(
        self, secrets: Mapping[str, Mapping[str, bytes]], config_maps: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._secrets = secrets
        self._config_maps = {
            name: {key: value.encode() for key, value in values.items()} for name, values in config_maps.items()
        }
        self._version = digest([_digest_of_objects(self._secrets), _digest_of_objects(self._config_maps)])

    @property
    def place(self) -> str:
        return "in the declared resources"

    def find_secret(self, name: str) -> Mapping[str, bytes] | None:
        return self._secrets.get(name)

    def find_config_map(self, name: str) -> Mapping[str, bytes] | None:
        return self._config_maps.get(name)

    def version(self) -> Hashable:
        return self._version


class OverlaySource(SecretSource):
    """Several sources as one; what an earlier one has hides what a later one has of the same name."""

    def __init__(self, *sources: SecretSource) -> None:
        self._sources = sources

    @property
    def place(self) -> str:
        return " or ".join(source.place for source in self._sources)

    def find_secret(self, name: str) -> Mapping[str, bytes] | None:
        return next((found for source in self._sources if (found := source.find_secret(name)) is not None), None)

    def find_config_map(self, name: str) -> Mapping[str, bytes] | None:
        return next((found for source in self._sources if (found := source.find_config_map(name)) is not None), None)

    def version(self) -> Hashable:
        return tuple(source.version() for source in self._sources)


def _digest_of_objects(objects: Mapping[str, Mapping[str, bytes]]) -> bytes:
    return digest(part for name in sorted(objects) for part in (name.encode(), digest_of_values(objects[name])))
