"""JSON values as YAML text."""

from hypothesis import example, given, settings
from hypothesis import strategies as some

from tidegate.resources.source_map import Json, SourceText
from tidegate.resources.yaml_text import read_documents
from tidegate.resources.yaml_writer import write_documents, write_yaml

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=30) | some.sampled_from(
    [
        "yes",
        "NO",
        "~",
        "1e5",
        "0x1f",
        "2001-01-01",
        "a: b",
        "a #b",
        "- x",
        "x\ny",
        "x\n\n",
        " x\ny",
        "#",
        "",
        "\ufeffx",
        "\x85a\nb",
    ]
)
VALUES: some.SearchStrategy[Json] = some.recursive(
    some.none() | some.booleans() | some.integers(-(10**15), 10**15) | TEXTS,
    lambda below: some.lists(below, max_size=4) | some.dictionaries(TEXTS, below, max_size=4),
    max_leaves=20,
)


def read(text: str) -> list[Json]:
    documents, findings, is_whole = read_documents(SourceText("written", text))
    assert is_whole and not findings, f"{findings}\n{text}"
    return [as_lists(document.plain()) for document in documents]


def as_lists(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: as_lists(child) for key, child in value.items()}
    return [as_lists(child) for child in value] if isinstance(value, tuple) else value


@settings(max_examples=400, deadline=None)
@given(VALUES)
@example({"a": "x: y"})
@example({"a": ["x\n y\n", "x\n\n\n", {"b": "x\ny"}, [["deep"]], {}, []]})
@example({"a": "x\n\ty \n"})
def test_what_is_written_reads_back_the_same(value: Json) -> None:
    assert read(write_yaml({"value": value})) == [{"value": value}]


def test_it_looks_as_people_write_it() -> None:
    written = write_documents(
        [
            {
                "kind": "Dataflow",
                "spec": {
                    "host": "broker.example.com:8883",
                    "operations": [{"dataSources": ["plant/+/#", "$share/g/x"], "qos": 1}, {"name": "a b"}],
                    "topic": "north/${inputTopic}",
                    "expression": '$1 > 20 && $2 == "x"',
                    "pem": "-----BEGIN-----\nabc\n-----END-----\n",
                    "empty": {},
                    "none": None,
                },
            },
            {"kind": "Secret"},
        ]
    )
    assert (
        written
        == """\
kind: Dataflow
spec:
  host: broker.example.com:8883
  operations:
  - dataSources:
    - "plant/+/#"
    - $share/g/x
    qos: 1
  - name: a b
  topic: north/${inputTopic}
  expression: "$1 > 20 && $2 == \\"x\\""
  pem: |
    -----BEGIN-----
    abc
    -----END-----
  empty: {}
  none: null
---
kind: Secret
"""
    )
