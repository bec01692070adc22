"""Whether a payload is what a schema says. What is said of schemas that are none is in tests/cases/manifests/schema_*.case."""

import json
import socket
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.transform.schema import DETAIL_CHARACTERS_MAX, SCHEMA_BYTES_MAX, SchemaError, compile_schema

OVEN = """{
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["temperature"],
    "properties": {
        "temperature": {"type": "number", "maximum": 300},
        "at": {"type": "string", "format": "date-time"},
        "parts": {"type": "array", "items": {"$ref": "#/definitions/part"}}
    },
    "definitions": {"part": {"type": "string", "pattern": "^[a-z]+$"}}
}"""


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b'{"temperature": 21.5, "at": "2026-01-01T00:00:00Z", "parts": ["a"], "other": null}', None),
        (b'{"temperature": 301}', "`temperature`: the value is greater than the maximum of 300"),
        (b'{"temperature": "301"}', '`temperature`: the value is not of type "number"'),
        (b'{"temperature": 1, "at": "noon"}', '`at`: the value is not a "date-time"'),
        (b'{"temperature": 1, "parts": ["a", "B"]}', '`parts.1`: the value does not match "^[a-z]+$"'),
        (b"{}", '"temperature" is a required property'),
        (b"[]", 'the value is not of type "object"'),
        (b"", "the payload is no JSON: Input data was truncated"),
        (b'"\xff"', "the payload is no UTF-8"),
        (b"[" * 5000, "the payload nests too deeply"),
    ],
)
def test_what_is_said_of_a_payload(payload: bytes, said: str | None) -> None:
    assert compile_schema(OVEN)(payload) == said


def test_promise_06_no_value_of_a_payload_is_said() -> None:
    schema = '{"properties": {"a": {"enum": [1]}, "b": {"const": 1}, "c": {"pattern": "x"}, "d": {"maxLength": 1}}}'
    check = compile_schema(schema)
    for name in "abcd":
        said = check(f'{{"{name}": "secret"}}'.encode())
        assert said is not None
        assert "secret" not in said


def test_what_is_said_is_short_and_printable() -> None:
    values = ",".join(map(str, range(9999)))
    check = compile_schema(f'{{"additionalProperties": {{"enum": [{values}]}}}}')
    said = check(b'{"\\u001b[2J%s": "x"}' % (b"n" * 5000))
    assert said is not None
    assert said.isprintable()
    assert len(said) < 2 * DETAIL_CHARACTERS_MAX + 10


def test_promise_17_a_pattern_of_a_schema_takes_linear_time_and_what_cannot_is_refused() -> None:
    assert compile_schema('{"pattern": "^(a+)+$"}')(b'"' + b"a" * 200_000 + b'b"') is not None
    for pattern in ("(a)\\\\1", "(?=a)", "((a{99}){99}){99}"):
        with pytest.raises(SchemaError, match="a pattern cannot be used"):
            compile_schema(f'{{"pattern": "{pattern}"}}')


def test_promise_15_no_schema_makes_anything_be_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        for target in (f"http://127.0.0.1:{port}/a.json", "file:///etc/hostname", "other.json"):
            with pytest.raises(SchemaError, match="nothing is fetched"):
                compile_schema(f'{{"$ref": "{target}"}}')
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "schema",
    [
        '{"$ref": "#"}',
        '{"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}, "$ref": "#/definitions/a"}',
        '{"anyOf": [{"required": ["x"], "properties": {"x": {"$ref": "#"}}}, '
        '{"required": ["x"], "properties": {"x": {"$ref": "#"}}, "minProperties": 1}]}',
        '{"enum": [[]]}',
        '{"uniqueItems": true, "items": {"$ref": "#"}}',
    ],
)
def test_promise_17_a_schema_that_goes_round_ends(schema: str) -> None:
    check = compile_schema(schema)
    for payload in (b'{"x":' * 300 + b"{}" + b"}" * 300, b"[" * 300 + b"]" * 300, b"[" + b"1," * 20_000 + b"1]"):
        check(payload)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, " " * (SCHEMA_BYTES_MAX + 1), "é" * SCHEMA_BYTES_MAX, "\ud800", '{"a": NaN}']
)
def test_promise_16_a_text_that_is_no_schema_is_refused_at_once(text: str) -> None:
    with pytest.raises(SchemaError):
        compile_schema(text)


@given(st.binary(max_size=60))
def test_any_payload_is_judged(payload: bytes) -> None:
    said = compile_schema(OVEN)(payload)
    assert said is None or said


def test_the_validator_is_loaded_only_where_a_schema_is_compiled() -> None:
    code = (
        "import sys, tidegate.engine.load\nassert 'jsonschema_rs' not in sys.modules\n"
        "from tidegate.transform.schema import compile_schema\ncompile_schema('{}')\n"
        "assert 'jsonschema_rs' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_promise_17_of_a_schema_that_refers_to_itself_it_is_only_told_that_a_payload_has_another_form() -> None:
    """To tell more, the validator would go every way: 2 to the depth of the payload, with a report for each."""
    branch = {"required": ["x"], "properties": {"x": {"$ref": "#"}}}
    check = compile_schema(json.dumps({"anyOf": [branch, branch | {"minProperties": 1}]}))
    assert check(b'{"x":' * 60 + b"{}" + b"}" * 60) == "it has another form"
