"""Sentences about what pydantic found. Most are in tests/cases/manifests; here is what holds for all of them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.resources.manifests import CLOUD, UPLINK, read

from tidegate.resources.findings import closest, enumerate_words, show
from tidegate.resources.manifest import parse
from tidegate.resources.source_map import Json, SourceText
from tidegate.resources.yaml_text import read_documents

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\ndata: {a: aGVsbG8=}\n"
PROFILE = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowProfile
metadata: {name: line, labels: {a: b}}
spec: {instanceCount: 1, diagnostics: {logs: {level: info}, metrics: {prometheusPort: 9600}}}
"""
HEADERS = UPLINK.replace('"north/${inputTopic}"', "x, headers: [{actionType: Remove, key: a}]").replace(
    "    - operationType: Source",
    "    - operationType: BuiltInTransformation\n"
    "      builtInTransformationSettings: {filter: [{inputs: [a], expression: b}], datasets: [{key: a, inputs: [b]}]}\n"
    "    - operationType: Source",
)
WRONG = st.sampled_from([None, True, 0, -1, 10**12, 1.5, "", "x", "y" * 300, [], ["a"], ["a", "b"], {}, {"a": 1}])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value below `value`."""
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple) else ()
    for step, child in children:
        found += places(child, (*path, step))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return `value` with what stands at `path` replaced."""
    if not path:
        return new
    if isinstance(value, dict):
        return {key: replaced(child, path[1:], new) if key == path[0] else child for key, child in value.items()}
    return [replaced(child, path[1:], new) if index == path[0] else child for index, child in enumerate(value)]


DOCUMENTS = [read_documents(SourceText("x", text))[0][0].plain() for text in (CLOUD, UPLINK, HEADERS, PROFILE, SECRET)]


@given(st.data())
def test_every_wrong_value_gets_a_sentence_of_our_own_and_a_place(data: st.DataObject) -> None:
    import json

    document = data.draw(st.sampled_from(DOCUMENTS))
    path = data.draw(st.sampled_from(places(document)))
    broken = replaced(document, path, data.draw(WRONG))
    manifest = parse([SourceText("x.json", json.dumps(broken, indent=1))])
    for diagnostic in manifest.diagnostics:
        assert diagnostic.code != "invalid-value", diagnostic
        assert diagnostic.span is not None
        assert "Input should" not in diagnostic.message


def test_faulty_values_are_told_once() -> None:
    manifest = read(
        CLOUD.replace("Broker.example.com", "2024-01-31").replace("endpointType: Mqtt", "endpointType: 0x1")
    )
    assert [diagnostic.code for diagnostic in manifest.diagnostics] == ["yaml-type", "yaml-type"]


def test_closest() -> None:
    assert closest("mqtt", ["Mqtt", "WebSockets"]) == "Mqtt"
    assert closest("websokets", ["Mqtt", "WebSockets"]) == "WebSockets"
    assert closest("zzz", ["Mqtt", "WebSockets"]) is None


def test_enumerate_words() -> None:
    assert enumerate_words([]) == "none"
    assert enumerate_words(["a"]) == "a"
    assert enumerate_words(["a", "b", "c"]) == "a, b and c"


def test_show() -> None:
    values: tuple[Json, ...] = ("a", "", None, True, 2, {}, ())
    assert [show(each) for each in values] == [
        "`a`", "empty", "empty", "true", "2", "a mapping", "a list",
    ]  # fmt: skip
    assert show("x" * 50) == f"`{'x' * 40}…`"
