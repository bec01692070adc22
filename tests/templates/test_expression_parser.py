"""`templates/expression_parser.py`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.templates.expression_parser import is_expression, parse_expression, unescaped
from tidegate.templates.expression_syntax import Access, Call, Expression, Literal, write
from tidegate.templates.template_error import TemplateError

NAMES = st.from_regex(r"[A-Za-z_]\w{0,5}", fullmatch=True).filter(str.isascii)
LITERALS = st.builds(Literal, st.one_of(st.text(max_size=5), st.integers(-(2**63), 2**63 - 1)))
TREES: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(LITERALS, st.builds(Call, NAMES, st.just(()))),
    lambda inner: st.one_of(
        st.builds(Call, NAMES, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Access, st.builds(Call, NAMES, st.lists(inner, max_size=1).map(tuple)), inner),
    ),
    max_leaves=10,
)


def plain(tree: Expression) -> Expression:
    """Return a tree without its places."""
    if isinstance(tree, Literal):
        return Literal(tree.value)
    if isinstance(tree, Call):
        return Call(tree.name, tuple(map(plain, tree.arguments)))
    return Access(plain(tree.base), plain(tree.index))


@given(TREES)
def test_what_is_written_parses_to_the_same(tree: Expression) -> None:
    assert plain(parse_expression(f"[{write(tree)}]")) == tree


@given(st.text(alphabet="'()[],.? ab1-$é\n", max_size=30))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parse_expression(f"[{text}]")
    except TemplateError as error:
        assert error.offset is not None
        assert 0 <= error.offset <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "is_one", "plainly"),
    [("[a()]", True, "[a()]"), ("[[a]", False, "[a]"), ("[a", False, "[a"), ("[]", False, "[]"), ("a", False, "a")],
)
def test_which_strings_are_expressions(text: str, is_one: bool, plainly: str) -> None:
    assert is_expression(text) == is_one
    assert unescaped(text) == plainly


@pytest.mark.parametrize(
    "text",
    [
        "[" + "a(" * 70 + ")" * 70 + "]",
        "[a()" + ".b" * 70 + "]",
        "[" + "x" * 25_000 + "()]",
        "[99999999999999999999]",
        "[a().]",
        "[a()[1]",
        "[a(1,)]",
        "[1 2]",
    ],
)
def test_what_is_too_much_or_too_little_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse_expression(text)
