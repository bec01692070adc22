"""What data sets say."""

from tidegate.telemetry.dataset_events import DatasetLoaded, DatasetRefused, DatasetsLost, DatasetsWatched
from tidegate.telemetry.events import line_of


def test_what_a_data_set_says() -> None:
    assert line_of(DatasetLoaded("limits", 1)).text == "the data set limits has 1 record"
    assert line_of(DatasetLoaded("limits", 2)).text == "the data set limits has 2 records"
    waiting = line_of(DatasetRefused("limits", "there is no such key", "write it", None))
    assert (waiting.level, waiting.hint) == ("warning", "write it")
    assert waiting.text == "the data set limits cannot be used: there is no such key; the flow waits for it"
    old = line_of(DatasetRefused("limits", "line 3 is no JSON", "mend it", 12))
    assert old.text.endswith("line 3 is no JSON; the 12 records before go on being used")


def test_what_the_store_says() -> None:
    waiting = line_of(DatasetsLost("h:1: refused", None, has_all=False, next_seconds=1.55))
    assert waiting.text.endswith("h:1: refused; the flow waits for its data sets")
    assert waiting.fields == {"next_retry_seconds": 1.6}
    assert line_of(DatasetsLost("h:1: refused", None, has_all=True, next_seconds=1.0)).text.endswith("go on being used")
    assert line_of(DatasetsWatched()).level == "info"
