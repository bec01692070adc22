"""From paths and a store to a plan: read, parse, validate, build. `run`, `validate`, a reload and a change come through here.

Knows the order. Does not know any rule, or what becomes of the plan.
"""

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tidegate.auth.file_modes import loose_file, loose_secrets
from tidegate.auth.secret_directory import DirectorySource
from tidegate.auth.secret_source import SecretSource
from tidegate.diagnostics import Diagnostic, has_errors
from tidegate.engine import files
from tidegate.engine.plan import Plan, build, validate
from tidegate.engine.schema_folder import SchemaFolder
from tidegate.engine.schema_rules import referenced_schemas
from tidegate.engine.stored import read_stored
from tidegate.exceptions import CredentialError
from tidegate.resources import manifest
from tidegate.resources.base import ResourceKey
from tidegate.resources.finding_list import in_order
from tidegate.resources.manifest import Manifest
from tidegate.resources.references import SecretNames
from tidegate.resources.resource_set import ResourceSet
from tidegate.resources.schema_reference import SchemaTexts
from tidegate.resources.source_map import SourceMap, SourceText
from tidegate.settings import Settings
from tidegate.store.stored import StoredResource

__all__ = ["Loaded", "check", "load", "load_texts", "read_files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What paths declare. `plan` is None when any finding is an error.

    `lines` are the texts to show findings with, by file, contents of secrets masked.
    """

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    lines: Mapping[str, str]
    resources: ResourceSet
    source_map: SourceMap


def load(paths: Iterable[str | os.PathLike[str]], settings: Settings, stored: Sequence[StoredResource] = ()) -> Loaded:
    """Read everything that `paths` and a store declare. Blocks on files; raises nothing about what they hold.

    A resource that a file gives hides the one of the same name in the store.
    """
    declared = read_files(paths, settings)
    if stored:
        in_files = declared.source_map.keys
        hidden = [_hidden(record.key, declared.source_map) for record in stored if record.key in in_files]
        declared = declared.over(read_stored(record for record in stored if record.key not in in_files))
        declared = replace(declared, diagnostics=(*declared.diagnostics, *hidden))
    return _loaded(declared, settings)


def load_texts(texts: Iterable[SourceText], unreadable: Iterable[Diagnostic], settings: Settings) -> Loaded:
    """Do as `load` with texts that were read, for somebody who makes no connection: no secret has to be there.

    `unreadable` is what was found while they were read.
    """
    return _loaded(_parsed(texts, unreadable, settings), settings, connects=False)


def read_files(paths: Iterable[str | os.PathLike[str]], settings: Settings) -> Manifest:
    """Read what files declare, with findings about what cannot be read."""
    return _parsed(*files.read(paths, registry=settings.schemas_dir), settings)


def _parsed(texts: Iterable[SourceText], unreadable: Iterable[Diagnostic], settings: Settings) -> Manifest:
    declared = manifest.parse(texts)
    given = (settings.secrets_dir, settings.configmaps_dir, settings.datasets_dir, settings.schemas_dir)
    folders = files.check_folders(given)
    return replace(declared, diagnostics=(*unreadable, *folders, *declared.diagnostics))


def _loaded(declared: Manifest, settings: Settings, *, connects: bool = True) -> Loaded:
    schemas = _schemas(declared.resources, settings)
    diagnostics = in_order((*_checked(declared, settings, schemas, connects=connects), *_loose_files(settings)))
    return Loaded(
        plan=None if has_errors(diagnostics) else build(declared.resources, settings, diagnostics, schemas),
        diagnostics=diagnostics,
        lines=declared.lines,
        resources=declared.resources,
        source_map=declared.source_map,
    )


def check(declared: Manifest, settings: Settings) -> tuple[Diagnostic, ...]:
    """Return all findings about what is declared: those of its texts, and those across resources."""
    return _checked(declared, settings, _schemas(declared.resources, settings))


def _schemas(resources: ResourceSet, settings: Settings) -> SchemaTexts | None:
    """Read the schemas that data flows refer to, once, so that what is checked is what runs."""
    if settings.schemas_dir is None:
        return None
    return SchemaFolder(settings.schemas_dir).read_all(referenced_schemas(resources.dataflows.values()))


def _checked(
    declared: Manifest, settings: Settings, schemas: SchemaTexts | None, *, connects: bool = True
) -> tuple[Diagnostic, ...]:
    if not connects:
        across = validate(declared.resources, declared.source_map, settings, None, schemas)
        return in_order((*declared.diagnostics, *across))
    directories = DirectorySource(settings.secrets_dir, settings.configmaps_dir)
    names, unusable = _names(declared.resources, directories)
    across = validate(declared.resources, declared.source_map, settings, names, schemas)
    return in_order((*declared.diagnostics, *across, *unusable))


def _hidden(key: ResourceKey, source_map: SourceMap) -> Diagnostic:
    message = "the store has a resource of this name too, which is hidden by this one and has no effect"
    span = source_map.key_span(key, ("metadata", "name"))
    return Diagnostic(
        "warning", "hidden", message, "metadata.name", str(key), span, f"delete one of them: `tidegate delete {key}`"
    )


def _loose_files(settings: Settings) -> list[Diagnostic]:
    """Warn of files with secrets that others on this machine may read or change."""
    found = [] if settings.secrets_dir is None else loose_secrets(settings.secrets_dir)
    found += [loose for path in settings.tokens.paths if (loose := loose_file(path)) is not None]
    return [
        Diagnostic(
            "warning",
            "loose-mode",
            f"the file {each.path} holds a secret and {each.may} (mode {each.mode:04o})",
            hint=f"chmod g-w,o-rwx {shlex.quote(str(each.path))}",
        )
        for each in found
    ]


def _names(resources: ResourceSet, directories: SecretSource) -> tuple[SecretNames, list[Diagnostic]]:
    """Look for what endpoints refer to and nobody declared."""
    secrets: dict[str, frozenset[str]] = {}
    config_maps: dict[str, frozenset[str]] = {}
    diagnostics: list[Diagnostic] = []
    wanted: list[tuple[ResourceKey, str | None, str | None]] = []
    for endpoint in resources.endpoints.values():
        mqtt = endpoint.spec.mqtt_settings
        if mqtt is not None:
            x509 = mqtt.authentication.x509_certificate_settings
            bundle = mqtt.tls.trusted_ca_certificate_config_map_ref
            wanted.append((endpoint.key, x509.secret_ref if x509 else None, bundle))
    for listener in resources.listeners.values():
        for port in listener.spec.ports:
            manual = port.tls.manual if port.tls is not None else None
            wanted.append((listener.key, manual.secret_ref if manual is not None else None, None))
    for authentication in resources.authentications.values():
        for method in authentication.spec.authentication_methods:
            ca = method.x509_settings.trusted_client_ca_cert if method.x509_settings is not None else None
            wanted.append((authentication.key, None, ca))
    for key, secret, config_map in wanted:
        for name, found, find in (
            (secret, secrets, directories.find_secret),
            (config_map, config_maps, directories.find_config_map),
        ):
            if name is None or name in found:
                continue
            try:
                values = find(name)
            except CredentialError as error:
                found[name] = frozenset()
                diagnostics.append(Diagnostic("error", "unreadable", str(error), resource=str(key), hint=error.hint))
            else:
                if values is not None:
                    found[name] = frozenset(values)
    return SecretNames(secrets, config_maps), diagnostics
