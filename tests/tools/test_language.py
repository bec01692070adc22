"""Every example of the reference page on expressions is what the language makes of it."""

import pytest
from tests.transform.transforms import transformed
from tools.language import LITERALS, MAPS, PATHS, PAYLOAD, SUFFIXES, operator_rows
from tools.reference import PAGES

from tidegate.message import Message
from tidegate.transform.functions import ROWS
from tidegate.transform.operators import OPERATORS
from tidegate.transform.rule import compile_expression
from tidegate.transform.spec import MapSpec, TransformSpec
from tidegate.transform.values import type_name


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, value, _ in PATHS + SUFFIXES])
def test_an_input_leads_to_its_value(path: str, value: str) -> None:
    message = Message("line/7/oven", PAYLOAD.encode(), user_properties=(("unit", "C"),))
    made = transformed(TransformSpec(topic_template="t", maps=(MapSpec(inputs=(path,), output="x"),)), message)
    assert isinstance(made, Message)
    assert made.payload.decode() == ("{}" if value == "missing" else f'{{"x":{value}}}')


@pytest.mark.parametrize(("rules", "output"), [(rules, output) for rules, output, _ in MAPS])
def test_rules_make_their_output(rules: tuple[tuple[str, str, str | None], ...], output: str) -> None:
    maps = tuple(MapSpec(inputs=(path,) if path else (), output=to, expression=each) for path, to, each in rules)
    made = transformed(TransformSpec(topic_template="t", maps=maps), Message("s", b'{"a":{"b":1,"c":2},"d":3}'))
    assert isinstance(made, Message)
    assert made.payload.decode() == output


@pytest.mark.parametrize(("name", "written"), [(name, each) for name, several, _ in LITERALS for each in several])
def test_a_literal_is_of_its_type(name: str, written: str) -> None:
    assert type_name(compile_expression(written, 0)(())) == name


def test_the_page_is_complete() -> None:
    page = PAGES["expressions.md"]()
    # The examples of functions are computed in `tests/transform/test_functions.py`.
    for row in ROWS:
        assert f"`{row.signature}`".replace("|", "\\|") in page and f"`{row.example}` is `{row.result}`" in page
    symbols = " ".join(symbols for symbols, _ in operator_rows())
    assert all(f"`{symbol}`" in symbols for symbol in (*OPERATORS, "!", "-x"))
