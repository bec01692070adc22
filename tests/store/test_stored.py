"""The values of a store."""

from tidegate.resources.resource_key import ResourceKey
from tidegate.store.stored import Author, Document, StoredChange, StoredResource

SECRET: Document = {"kind": "Secret", "metadata": {"name": "client"}, "data": {"key": "aHVzaA=="}}


def test_nothing_that_is_logged_shows_a_document() -> None:
    key = ResourceKey("Secret", "client")
    stored = StoredResource(
        key=key, document=SECRET, version=1, generation=1, created_wall=0, created_by="", changed_wall=0, changed_by=""
    )
    change = StoredChange(
        version=1, key=key, action="created", generation=1, at_wall=0, author=Author("", ""), document=SECRET
    )
    assert "aHVzaA" not in f"{stored} {change}"
