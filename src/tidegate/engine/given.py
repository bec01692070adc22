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
    """Files and settings. `paths` are absolute; `uses_store` says whether the engine takes resources from the store too, and
    `secrets_key_file` where it looks for the key of secrets.
    """

    paths: list[str]
    uses_store: bool
    secrets_key_file: str | None
    namespace: str
    secrets_dir: str | None
    configmaps_dir: str | None
    datasets_dir: str | None
    schemas_dir: str | None
    allow_remote_only: bool
    no_broker: bool
    filter_true: Literal["drop", "pass"]
    hops_max: int

    def settings(self, data_dir: PurePath) -> Settings:
        """Return the settings as far as rules depend on them."""
        return Settings(
            data_dir=data_dir,
            uses_store=self.uses_store,
            secrets_key_file=_path(self.secrets_key_file),
            namespace=self.namespace,
            secrets_dir=_path(self.secrets_dir),
            configmaps_dir=_path(self.configmaps_dir),
            datasets_dir=_path(self.datasets_dir),
            schemas_dir=_path(self.schemas_dir),
            allow_remote_only=self.allow_remote_only,
            no_broker=self.no_broker,
            filter_true=self.filter_true,
            hops_max=self.hops_max,
        )


def given_by(paths: Sequence[str], settings: Settings) -> Given:
    """Return what an engine is given."""
    return Given(
        paths=[str(Path(path).absolute()) for path in paths],
        uses_store=settings.uses_store,
        secrets_key_file=_absolute(settings.secrets_key_file),
        namespace=settings.namespace,
        secrets_dir=_absolute(settings.secrets_dir),
        configmaps_dir=_absolute(settings.configmaps_dir),
        datasets_dir=_absolute(settings.datasets_dir),
        schemas_dir=_absolute(settings.schemas_dir),
        allow_remote_only=settings.allow_remote_only,
        no_broker=settings.no_broker,
        filter_true=settings.filter_true,
        hops_max=settings.hops_max,
    )


def _path(text: str | None) -> PurePath | None:
    return PurePath(text) if text is not None else None


def _absolute(path: PurePath | None) -> str | None:
    return str(Path(path).absolute()) if path is not None else None
