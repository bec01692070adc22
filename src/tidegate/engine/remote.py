"""A store behind the HTTP API of an engine elsewhere, used as one that lies here is.

Knows what is sent, and where in the caller's own texts the findings belong that come back. Does not know what a change is.
"""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from tidegate.auth.ca_file import trusting
from tidegate.auth.private_files import read_private
from tidegate.diagnostics import Diagnostic, has_errors
from tidegate.engine.changes import Edit, Outcome
from tidegate.engine.store_wire import HISTORY_MAX, STORE_PATH, AskedEdit, Held, MadeEdit, SentChange, sent_name
from tidegate.engine.workspace import Reached
from tidegate.exceptions import CredentialError, ServerFailed
from tidegate.resources.document import document_of
from tidegate.resources.finding_list import in_order
from tidegate.resources.manifest import Manifest, parse
from tidegate.resources.resource_key import ResourceKey
from tidegate.resources.source_map import Place, SourceText, path_text
from tidegate.resources.yaml_text import read_documents
from tidegate.resources.yaml_writer import write_yaml
from tidegate.store.stored import Author, StoredChange, StoredResource

__all__ = ["ANSWER_BYTES_MAX", "RemoteStore", "RemoteWorkspace", "Server"]

PORT = 8443
ANSWER_BYTES_MAX = 64 * 1024 * 1024
REQUEST_SECONDS_MAX = 30.0
TOKEN_BYTES_MAX = 1024

Type = TypeVar("Type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An engine's HTTP API. `url` is `https://HOST:PORT`; the files hold the bearer token and the certificates to trust."""

    url: str
    token_file: Path
    ca_file: Path


class RemoteStore:
    """What is stored behind a server, as of the first look."""

    def __init__(self, client: "_Client") -> None:
        self._client = client
        self._held: Held | None = None

    def held(self) -> Held:
        """Return all that there is, asked for once."""
        if self._held is None:
            self._held = self._client.ask("GET", "", Held)
        return self._held

    def forget(self) -> None:
        """Ask again next time: something was changed."""
        self._held = None

    def get(self, key: ResourceKey) -> StoredResource | None:
        """Return one resource, None when there is none."""
        return next((each for each in self.resources(key.kind) if each.key == key), None)

    def resources(self, kind: str | None = None) -> list[StoredResource]:
        """Return the resources of one kind, or all; contents of secrets are left out."""
        return [each.stored() for each in self.held().resources if kind in (None, each.key.kind)]

    def history(self, key: ResourceKey | None = None, *, limit: int | None = None) -> list[StoredChange]:
        """Return changes, the latest first; contents of secrets are left out, and the newest `HISTORY_MAX` are all there are."""
        named = {} if key is None else {"kind": key.kind, "name": key.name}
        query = urlencode({**named, "limit": min(HISTORY_MAX, HISTORY_MAX if limit is None else limit)})
        return [each.stored() for each in self._client.ask("GET", f"/history?{query}", list[SentChange])]


class RemoteWorkspace:
    """A store behind a server; see `Workspace`.

    Raises:
        CredentialError: the token or the certificates cannot be read.
        ServerFailed, here and by every call: the server does not answer, or refuses.
    """

    def __init__(self, server: Server) -> None:
        self._client = _Client(server)
        self.store = RemoteStore(self._client)
        self._reached = Reached("no-engine")

    @property
    def namespace(self) -> str:
        """The namespace of the engine there."""
        return self.store.held().namespace

    @property
    def has_files(self) -> bool:
        """Whether files give resources to the engine there."""
        return bool(self.store.held().files)

    def files(self) -> Manifest:
        """Return the resources that files there give."""
        return parse(SourceText(each.file, write_yaml(each.document)) for each in self.store.held().files)

    def apply(self, edit: Edit, author: Author, now_wall: float, *, dry_run: bool = False) -> Outcome:
        """Make an edit there. One with errors of its own is not sent; the server writes the time and who it knows us as."""
        del now_wall
        if has_errors(edit.put.diagnostics):
            own = edit.put.diagnostics
            return Outcome(changes=(), diagnostics=own, lines=edit.put.lines, version=0, is_refused=True)
        texts = [write_yaml(document_of(each)) for each in edit.put.resources.declared]
        asked = AskedEdit(
            put=texts,
            delete=list(edit.delete),
            expected=list(edit.expected.items()),
            store_version=edit.store_version,
            means=author.means,
            is_dry_run=dry_run,
        )
        made = self._client.ask("POST", "/edit", MadeEdit, msgspec.json.encode(asked))
        self.store.forget()
        self._reached = Reached(made.reached, tuple(made.errors))
        sent = {
            sent_name(number): _Sent(edit.put, resource.key, SourceText(sent_name(number), text))
            for number, (resource, text) in enumerate(zip(edit.put.resources.declared, texts, strict=True))
        }
        found = [_placed(each, sent) for each in made.diagnostics]
        # What only the notation of the declaration shows is not found there.
        told = {(each.code, each.resource, each.message) for each in found}
        found += [each for each in edit.put.diagnostics if (each.code, each.resource, each.message) not in told]
        return replace(made.outcome(in_order(found)), lines={**made.lines, **edit.put.lines})

    def ring(self) -> Reached:
        """Return how the last edit reached the engine there: the server told it."""
        return self._reached

    def __enter__(self) -> "RemoteWorkspace":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Do nothing: every request has a connection of its own."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A text that was sent, and the resource of `declared` that it was made from."""

    declared: Manifest
    key: ResourceKey
    text: SourceText


def _placed(found: Diagnostic, sent: Mapping[str, _Sent]) -> Diagnostic:
    """Return a finding with its place and its field as the caller's own text has them."""
    if found.span is None or found.span.file not in sent:
        return found
    text = sent[found.span.file]
    places, key = text.declared.source_map, text.key
    (root,), _, _ = read_documents(text.text)
    field_of = Place(text.text, root).field_at(found.span)
    if field_of is None:
        return replace(found, span=places.key_span(key, ()))
    path, part = field_of
    there = path_text(path)
    name = found.path
    if name.startswith(there):
        name = places.path_text(key, path) + name.removeprefix(there)
    if part == "name":
        span = places.key_span(key, path)
    elif part == "value":
        span = places.span(key, path)
    else:
        span = places.span_within(key, path, part, found.span.length)
    return replace(found, path=name, span=span)


class _Client:
    """Asks a server, each time over a connection of its own."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme != "https" or not parts.hostname or port == 0 or parts.path.strip("/") or parts.query:
            raise ServerFailed(server.url, "it is no address of a server", "write https://HOST:PORT")
        self._url = server.url
        self._host, self._port = parts.hostname, port or PORT
        token = read_private(server.token_file, TOKEN_BYTES_MAX)
        if token is None:
            raise CredentialError(
                f"token file {server.token_file}",
                "there is none",
                "copy api/write.token (or api/read.token) of the engine's data directory, and name it with --token-file",
            )
        self._token = token.decode("ascii", errors="replace").strip()
        self._context = trusting(
            server.ca_file, "copy ca.crt of the engine's data directory, and name it with --ca-file"
        )

    def ask(self, method: str, part: str, kind: type[Type], body: bytes | None = None) -> Type:
        """Send one request and read its answer. Raises `ServerFailed`."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        connection = http.client.HTTPSConnection(
            self._host, self._port, timeout=REQUEST_SECONDS_MAX, context=self._context
        )
        try:
            connection.request(method, f"{STORE_PATH}{part}", body, headers)
            answer = connection.getresponse()
            content = answer.read(ANSWER_BYTES_MAX + 1)
        except ssl.SSLCertVerificationError as error:
            hint = "name the authority of that server with --ca-file: it is ca.crt in the engine's data directory"
            raise ServerFailed(self._url, f"its certificate is not trusted: {error.verify_message}", hint) from None
        except (OSError, http.client.HTTPException) as error:
            reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
            raise ServerFailed(
                self._url, f"it does not answer: {reason}", "see that `tidegate run` is up there"
            ) from None
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise self._refused(answer.status, content)
        try:
            return msgspec.json.decode(content, type=kind)
        except (msgspec.DecodeError, RecursionError):
            detail = "its answer is not understood"
            raise ServerFailed(self._url, detail, "is it Tidegate, and of the same version?") from None

    def _refused(self, status: int, content: bytes) -> ServerFailed:
        try:
            error = msgspec.json.decode(content, type=_Error).error
        except (msgspec.DecodeError, RecursionError):
            return ServerFailed(self._url, f"it answers HTTP {status}", "is it Tidegate, and of the same version?")
        return ServerFailed(self._url, error.message, f"it answers {status} {error.code}")


class _ErrorBody(msgspec.Struct):
    code: str
    message: str


class _Error(msgspec.Struct):
    error: _ErrorBody
