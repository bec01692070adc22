"""How people name resources."""

import pytest

from tidegate.cli.kind_words import KIND_WORDS, NotFound, keys_of, kind_of, kinds_and_names, one_key
from tidegate.cli.output import NotUnderstood
from tidegate.resources.kinds import KINDS
from tidegate.resources.resource_key import ResourceKey

FLOW, CLOUD = ResourceKey("Dataflow", "uplink"), ResourceKey("DataflowEndpoint", "cloud")


def test_every_kind_has_its_words_and_no_word_has_two_kinds() -> None:
    assert set(KIND_WORDS) == set(KINDS)
    words = [word for words in KIND_WORDS.values() for word in words]
    assert len(words) == len(set(words))
    assert all(kind.lower() in words for kind, words in KIND_WORDS.items())


def test_words_as_kubectl_takes_them() -> None:
    assert kind_of("DataflowEndpoints") == kind_of("endpoint") == "DataflowEndpoint"
    assert kind_of("dataflows.connectivity.iotoperations.azure.com") == "Dataflow"


@pytest.mark.parametrize(
    ("words", "kinds", "keys"),
    [
        ([], list(KIND_WORDS), []),
        (["all"], list(KIND_WORDS), []),
        (["dataflows,profiles"], ["Dataflow", "DataflowProfile"], []),
        (["dataflow", "uplink"], [], [FLOW]),
        (["dataflow/uplink", "endpoint/cloud"], [], [FLOW, CLOUD]),
        (["secret", "a", "b"], [], [ResourceKey("Secret", "a"), ResourceKey("Secret", "b")]),
    ],
)
def test_forms(words: list[str], kinds: list[str], keys: list[ResourceKey]) -> None:
    assert kinds_and_names(words) == (kinds, keys)


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (["datafolw"], "`datafolw` is no kind", "did you mean `dataflow`?"),
        (["zzz"], "`zzz` is no kind", "there are dataflowendpoint, dataflow"),
        (["dataflow/uplink", "cloud"], "`cloud` is no KIND/NAME", "write all of them so"),
        (["dataflow/"], "`dataflow/` is no KIND/NAME", ""),
    ],
)
def test_what_is_not_understood(words: list[str], said: str, hint: str) -> None:
    with pytest.raises(NotUnderstood, match=said) as caught:
        kinds_and_names(words)
    assert hint in str(caught.value.hint)


def test_names_where_they_are_needed() -> None:
    assert one_key(["flow", "uplink"]) == FLOW
    with pytest.raises(NotUnderstood, match="the name is missing"):
        keys_of(["dataflow"])
    with pytest.raises(NotUnderstood, match="2 resources are named"):
        one_key(["dataflow", "a", "b"])


def test_what_is_not_there_and_what_was_probably_meant() -> None:
    assert NotFound(FLOW, ["uplinks"]).hint == "did you mean `uplinks`?"
    assert NotFound(FLOW, []).hint == "see `tidegate get dataflow`"
