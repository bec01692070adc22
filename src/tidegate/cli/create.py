"""`tidegate create secret generic` and `create configmap`: files and texts into the store, in kubectl's words.

Knows how keys and contents are given. Does not know what refers to them.
"""

import base64
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tidegate.cli.output import NotUnderstood, Outcome, print_error
from tidegate.cli.store_options import Place, author, opened, place_options, rule_options
from tidegate.cli.store_output import shown
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Json

if TYPE_CHECKING:
    from tidegate.diagnostics import Diagnostic

__all__ = ["CONTENT_BYTES_MAX", "EXAMPLES", "arguments", "configmap", "generic"]

EXAMPLES = (
    (
        "Store a client certificate and its key.",
        "tidegate create secret generic client --from-file client_cert.pem --from-file client_key.pem",
    ),
    ("Store a file under another key.", "tidegate create configmap ca --from-file ca.crt=my-authority.pem"),
    ("Put another certificate in its place.", "tidegate create secret generic client --from-file new/ --replace"),
)

_TYPED = "what was typed"
"""Stands for the file in findings about what is made."""

CONTENT_BYTES_MAX = 1024 * 1024
"""The largest sum of contents of one secret or config map, as in Kubernetes."""


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional("name", metavar="NAME", help="Name of what is made.")
    context.argument(
        "from_file",
        options_list=["--from-file"],
        action="append",
        metavar="[KEY=]PATH",
        help="File whose name is the key, unless one is given, or folder of such files; may be given again.",
    )
    context.argument(
        "from_literal",
        options_list=["--from-literal"],
        action="append",
        metavar="KEY=TEXT",
        help="Text; others on this machine can read it while the command runs. May be given again.",
    )
    context.argument("replace", options_list=["--replace"], action="store_true", help="Replace it when it is there.")
    context.argument("dry_run", options_list=["--dry-run"], action="store_true", help="Say what would be done only.")
    place_options(context)
    rule_options(context)


def generic(
    name: str,
    from_file: list[str] | None = None,
    from_literal: list[str] | None = None,
    replace: bool = False,
    dry_run: bool = False,
    **kwargs: Unpack[Place],
) -> Outcome:
    """Create a secret; its content is encrypted in the store, and never shown again."""
    content = _content(from_file or (), from_literal or ())
    data: Json = {key: base64.b64encode(value).decode() for key, value in content.items()}
    document: dict[str, Json] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
    return _create(ResourceKey("Secret", name), document, kwargs, replace=replace, dry_run=dry_run)


def configmap(
    name: str,
    from_file: list[str] | None = None,
    from_literal: list[str] | None = None,
    replace: bool = False,
    dry_run: bool = False,
    **kwargs: Unpack[Place],
) -> Outcome:
    """Create a config map."""
    texts: dict[str, Json] = {}
    binary: dict[str, Json] = {}
    for key, value in _content(from_file or (), from_literal or ()).items():
        try:
            texts[key] = value.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(value).decode()
    document: dict[str, Json] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    document |= {field: values for field, values in (("data", texts), ("binaryData", binary)) if values}
    return _create(ResourceKey("ConfigMap", name), document, kwargs, replace=replace, dry_run=dry_run)


def _create(key: ResourceKey, document: Mapping[str, Json], place: Place, *, replace: bool, dry_run: bool) -> Outcome:
    from tidegate.engine.changes import Edit
    from tidegate.resources.manifest import parse
    from tidegate.resources.source_map import SourceText
    from tidegate.resources.yaml_writer import write_yaml

    with opened(place) as workspace:
        if not replace and workspace.store.get(key) is not None:
            print_error(f"there is a {key} already", "add `--replace` to put this in its place")
            return Outcome(None, "", 1)
        edit = Edit(put=parse([SourceText(_TYPED, write_yaml(document))]))
        outcome = workspace.apply(edit, author("create"), time.time(), dry_run=dry_run)
        told = dataclasses.replace(outcome, diagnostics=tuple(map(_without_place, outcome.diagnostics)))
        return shown(told, workspace, dry_run=dry_run)


def _without_place(found: "Diagnostic") -> "Diagnostic":
    """Leave out a place in a text that nobody wrote."""
    typed = found.span is not None and found.span.file == _TYPED
    return dataclasses.replace(found, span=None) if typed else found


def _content(files: Sequence[str], literals: Sequence[str]) -> dict[str, bytes]:
    """Read what is given. Raises `NotUnderstood`, which never holds a content."""
    content: dict[str, bytes] = {}
    left = CONTENT_BYTES_MAX
    for key, value in (*_literals(literals), *(each for given in files for each in _read(given))):
        if key in content:
            raise NotUnderstood(f"the key `{key}` is given twice", "give one of them another key: KEY=PATH or KEY=TEXT")
        left -= len(value)
        if left < 0:
            raise NotUnderstood(f"the contents together are larger than {CONTENT_BYTES_MAX // 1024} KiB")
        content[key] = value
    if not content:
        raise NotUnderstood("there is nothing to store", "add `--from-file` or `--from-literal`")
    return content


def _literals(literals: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for number, literal in enumerate(literals, 1):
        key, sign, text = literal.partition("=")
        if not (key and sign):
            # The text itself may be secret.
            raise NotUnderstood(f"--from-literal number {number} is no KEY=TEXT", "as in `--from-literal user=oven-1`")
        yield key, text.encode()


def _read(given: str) -> Iterator[tuple[str, bytes]]:
    key, sign, name = given.partition("=")
    path = Path(name if sign else given)
    try:
        if path.is_dir() and not sign:
            for each in sorted(path.iterdir()):
                if each.is_file():
                    yield each.name, _bytes(each)
        else:
            yield key if sign else path.name, _bytes(path)
    except OSError as error:
        raise NotUnderstood(f"{path} cannot be read: {(error.strerror or '').lower()}", "check the path") from error


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(CONTENT_BYTES_MAX + 1)
