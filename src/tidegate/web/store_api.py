"""The store over HTTP as the command line needs it: all kinds, several resources in one edit, the history.

Knows what may be sent: no content of a secret ever is. Does not know HTTP, or how an edit is judged.
Everything here blocks, on the disk and on the engine.
"""

import time
from collections.abc import Callable, Mapping

import msgspec

from tidegate.engine.changes import Edit
from tidegate.engine.store_wire import (
    HISTORY_MAX,
    STORE_PATH,
    AskedEdit,
    Held,
    MadeEdit,
    SentChange,
    SentFile,
    SentResource,
    SentStep,
    sent_name,
)
from tidegate.engine.workspace import Workspace
from tidegate.exceptions import CredentialError, StoreConflict, StoreFailed
from tidegate.resources.document import document_of
from tidegate.resources.manifest import parse
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import SourceText
from tidegate.store.stored import Author
from tidegate.web.answer import Answer
from tidegate.web.arm_error import ArmError

__all__ = ["StoreApi"]

MEANS_CHARACTERS_MAX = 200


class StoreApi:
    """The store of one data directory.

    Args:
        open_workspace: opens the store, for one request.
    """

    def __init__(self, open_workspace: Callable[[], Workspace], wall: Callable[[], float] = time.time) -> None:
        self._open = open_workspace
        self._wall = wall

    def answer(self, method: str, part: str, query: Mapping[str, str], body: bytes) -> Answer:
        """Do what is asked of `part`: nothing, `history` or `edit`. Raises `ArmError`."""
        wanted = {"": "GET", "history": "GET", "edit": "POST"}.get(part)
        if wanted is None:
            raise ArmError(
                404,
                "NotFound",
                f"{STORE_PATH}/{part} is not served",
                hint=f"there are {STORE_PATH}, /history and /edit",
            )
        if method != wanted:
            raise ArmError(405, "MethodNotAllowed", f"{method} is not for this; use {wanted}")
        try:
            if part == "edit":
                return Answer(200, msgspec.to_builtins(self._edit(body)))
            return Answer(200, msgspec.to_builtins(self._history(query) if part else self._held()))
        except StoreConflict as error:
            raise ArmError(412, "PreconditionFailed", str(error), hint=error.hint) from None
        except (StoreFailed, CredentialError) as error:
            raise ArmError(503, "StoreFailed", str(error), hint=error.hint) from None

    def _held(self) -> Held:
        with self._open() as workspace:
            files = workspace.files()
            given = [
                SentFile(file=span.file if span is not None else "a file", document=dict(document_of(each)))
                for each in files.resources.declared
                for span in (files.source_map.span(each.key, ()),)
                if each.key.kind != "Secret"
            ]
            kept = [SentResource.of(each) for each in workspace.store.resources()]
            return Held(namespace=workspace.settings.namespace, resources=kept, files=given)

    def _history(self, query: Mapping[str, str]) -> list[SentChange]:
        kind, name = query.get("kind"), query.get("name")
        if (kind is None) != (name is None):
            raise ArmError(400, "InvalidRequest", "a resource is named by kind and name")
        limit = query.get("limit", str(HISTORY_MAX))
        if not (limit.isascii() and limit.isdigit() and int(limit[:9]) <= HISTORY_MAX):
            raise ArmError(400, "InvalidRequest", f"limit is {limit[:20]}; allowed are 0 to {HISTORY_MAX}")
        key = None if kind is None or name is None else ResourceKey(kind, name)
        with self._open() as workspace:
            return [SentChange.of(each) for each in workspace.store.history(key, limit=int(limit))]

    def _edit(self, body: bytes) -> MadeEdit:
        try:
            asked = msgspec.json.decode(body, type=AskedEdit)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ArmError(400, "InvalidRequestContent", f"the body is no edit: {error}") from None
        if len(asked.means) > MEANS_CHARACTERS_MAX or not asked.means.isprintable():
            raise ArmError(
                400, "InvalidRequestContent", f"means is one line of {MEANS_CHARACTERS_MAX} characters at most"
            )
        edit = Edit(
            put=parse(SourceText(sent_name(number), text) for number, text in enumerate(asked.put)),
            delete=tuple(asked.delete),
            expected=dict(asked.expected),
            store_version=asked.store_version,
        )
        with self._open() as workspace:
            author = Author("api", asked.means)
            outcome = workspace.apply(edit, author, self._wall(), dry_run=asked.is_dry_run)
            is_made = not (asked.is_dry_run or outcome.is_refused)
            reached = workspace.ring() if is_made else None
        sent = {sent_name(number) for number in range(len(asked.put))}
        named = {each.span.file for each in outcome.diagnostics if each.span is not None} - sent
        return MadeEdit(
            changes=[SentStep.of(each) for each in outcome.changes],
            diagnostics=list(outcome.diagnostics),
            lines={name: outcome.lines[name] for name in sorted(named) if name in outcome.lines},
            version=outcome.version,
            is_refused=outcome.is_refused,
            reached="no-engine" if reached is None else reached.how,
            errors=[] if reached is None else list(reached.errors),
        )
