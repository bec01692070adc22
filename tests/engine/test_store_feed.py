"""What the engine takes from the store."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.store.resource_stores import ANNA, WALL, document, store_in

from tidegate.auth.secrets_key import SecretsKey
from tidegate.engine.store_feed import StoreFeed, open_feed, resources_path
from tidegate.exceptions import CredentialError, StoreFailed
from tidegate.moment import Moment
from tidegate.settings import Settings


def feed_of(folder: Path) -> StoreFeed:
    data = folder / "data"
    return StoreFeed(data, SecretsKey(folder / "config" / "secrets.key", data), lambda: Moment(0.0, WALL))


def test_news_is_what_was_changed_since_it_was_read(tmp_path: Path) -> None:
    feed = feed_of(tmp_path)
    assert feed.read() == [] and not feed.has_news() and feed.signature() == feed.signature()
    assert not (tmp_path / "data").exists()
    store = store_in(tmp_path)
    assert feed.read() == [] and not feed.has_news()
    before = feed.signature()
    with store.transaction(ANNA, WALL) as transaction:
        transaction.put(document("a"))
    assert feed.signature() != before and feed.has_news()
    assert feed.read() == store.resources() and not feed.has_news()
    assert feed.set_aside is None
    feed.close()


def test_a_file_that_is_not_ours_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    resources_path(tmp_path / "data").write_bytes(b"notes" * 100)
    feed = feed_of(tmp_path)
    assert feed.read() == []
    assert feed.set_aside is not None and "is damaged or no database" in str(feed.set_aside)
    feed.close()


def test_a_store_that_cannot_be_read_is_news_and_reading_says_why(tmp_path: Path) -> None:
    store_in(tmp_path).close()
    feed = feed_of(tmp_path)
    assert feed.read() == [] and feed.signature() > 0
    with closing(sqlite3.connect(resources_path(tmp_path / "data"))) as database:
        database.executescript("DROP TABLE change; DROP TABLE resource;")
    assert feed.has_news()
    with pytest.raises(StoreFailed):
        feed.read()
    feed.close()


def test_an_engine_takes_nothing_where_its_settings_say_so(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", secrets_key_file=tmp_path / "key")
    assert open_feed(settings, lambda: Moment(0.0, WALL)) is None
    feed = open_feed(replace(settings, uses_store=True), lambda: Moment(0.0, WALL))
    assert feed is not None and feed.read() == []
    with pytest.raises(CredentialError, match="inside the data directory"):
        open_feed(
            replace(settings, uses_store=True, secrets_key_file=tmp_path / "data" / "key"), lambda: Moment(0.0, WALL)
        )
