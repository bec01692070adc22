"""What an engine was given when it started, told to whoever changes resources: files, and settings that rules depend on.

Knows the form in which it travels over the control socket. Does not know who asks.
"""

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Literal

import msgspec

from tidegate.settings import Settings

__all__ = ["Given", "given_by"]


class Given(msgspec.Struct, kw_only=True):
    """Files and settings. `paths` are absolute; `uses_store` says whether the engine takes resources from the store too."""

    paths: list[str]
    uses_store: bool
    namespace: str
    secrets_dir: str | None
    configmaps_dir: str | None
    datasets_dir: str | None
    schemas_dir: str | None
    allow_remote_only: bool
    no_broker: bool
    filter_true: Literal["drop", "pass"]

    def settings(self, data_dir: PurePath) -> Settings:
        """Return the settings as far as rules depend on them."""
        return Settings(
            data_dir=data_dir,
            uses_store=self.uses_store,
            namespace=self.namespace,
            secrets_dir=PurePath(self.secrets_dir) if self.secrets_dir is not None else None,
            configmaps_dir=PurePath(self.configmaps_dir) if self.configmaps_dir is not None else None,
            datasets_dir=PurePath(self.datasets_dir) if self.datasets_dir is not None else None,
            schemas_dir=PurePath(self.schemas_dir) if self.schemas_dir is not None else None,
            allow_remote_only=self.allow_remote_only,
            no_broker=self.no_broker,
            filter_true=self.filter_true,
        )


def given_by(paths: Sequence[str], settings: Settings) -> Given:
    """Return what an engine is given."""
    return Given(
        paths=[str(Path(path).absolute()) for path in paths],
        uses_store=settings.uses_store,
        namespace=settings.namespace,
        secrets_dir=_absolute(settings.secrets_dir),
        configmaps_dir=_absolute(settings.configmaps_dir),
        datasets_dir=_absolute(settings.datasets_dir),
        schemas_dir=_absolute(settings.schemas_dir),
        allow_remote_only=settings.allow_remote_only,
        no_broker=settings.no_broker,
        filter_true=settings.filter_true,
    )


def _absolute(path: PurePath | None) -> str | None:
    return str(Path(path).absolute()) if path is not None else None
