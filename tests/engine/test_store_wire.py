"""`engine/store_wire.py`: what is sent arrives, and no content of a secret is."""

from typing import Any

import msgspec

from tidegate.engine.store_wire import AskedEdit, SentChange, SentResource, sent_name
from tidegate.resources.document import resource_of
from tidegate.resources.resource_key import ResourceKey
from tidegate.store.stored import Author, Document, StoredChange, StoredResource

TIMES: dict[str, Any] = {"created_wall": 1.5, "created_by": "a", "changed_wall": 2.5, "changed_by": "b"}


def test_a_resource_and_a_change_arrive_as_they_are() -> None:
    key = ResourceKey("ConfigMap", "words")
    document: Document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "words"}, "data": {"a": "ä"}}
    stored = StoredResource(key=key, document=document, version=7, generation=2, **TIMES)
    sent = msgspec.json.encode(SentResource.of(stored))
    assert msgspec.json.decode(sent, type=SentResource).stored() == stored
    for said in (document, None):
        change = StoredChange(
            version=7, key=key, action="updated", generation=2, at_wall=3.5, author=Author("a", "b"), document=said
        )
        sent = msgspec.json.encode(SentChange.of(change))
        assert msgspec.json.decode(sent, type=SentChange).stored() == change


def test_a_secret_goes_without_its_content_and_is_one_still() -> None:
    key = ResourceKey("Secret", "login")
    document: Document = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login"},
        "data": {"password": "dGlkZQ=="},
    }
    sent = SentResource.of(StoredResource(key=key, document=document, version=1, generation=1, **TIMES))
    assert b"dGlkZQ" not in msgspec.json.encode(sent) and not sent.is_locked
    assert resource_of(sent.stored().document).key == key
    change = StoredChange(
        version=1, key=key, action="created", generation=1, at_wall=0.0, author=Author("a", "b"), document=document
    )
    told = SentChange.of(change)
    assert b"dGlkZQ" not in msgspec.json.encode(told)
    assert told.is_locked, "nobody may go back to an empty one"


def test_texts_have_names_that_findings_call_them_by() -> None:
    asked = AskedEdit(put=["a", "b"], means="test")
    assert [sent_name(number) for number in range(len(asked.put))] == ["sent:0", "sent:1"]
