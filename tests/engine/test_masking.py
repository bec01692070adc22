"""Documents as they may be shown."""

from tests.engine.stores import SECRET

from tidegate.engine.masking import masked


def test_promise_06_of_a_secret_names_alone_are_shown() -> None:
    assert masked(SECRET)["metadata"] == {"name": "client"}
    assert masked(SECRET)["data"] == {"a": "***", "b": "***"}
    changed = masked(SECRET, {**SECRET, "data": {"a": "aHVzaA==", "b": "b3RoZXI="}})
    assert (changed["data"], changed["stringData"]) == ({"a": "***", "b": "*** (changed)"}, {"c": "***"})
    assert masked(SECRET, {**SECRET, "stringData": None})["stringData"] == {"c": "*** (changed)"}
    assert masked({**SECRET, "kind": "ConfigMap"})["stringData"] == {"c": "hush"}
