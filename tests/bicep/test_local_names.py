"""`bicep/local_names.py`."""

from tidegate.bicep.local_names import NO_LOCALS
from tidegate.templates.expression_syntax import Literal


def test_inner_names_hide_outer_ones() -> None:
    made = NO_LOCALS.with_names({"a": Literal(1), "b": Literal(2)}).with_names({"a": Literal(3)})
    assert made.names == {"a": Literal(3), "b": Literal(2)}
    assert NO_LOCALS.names == {}
