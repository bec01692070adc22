"""Changes of the user properties in the order of the list (facts 1.6)."""

from tidegate.transform.headers import apply_headers
from tidegate.transform.spec import HeaderSpec

GIVEN = (("a", "1"), ("b", "2"), ("a", "3"))


def test_actions() -> None:
    def after(*headers: HeaderSpec) -> tuple[tuple[str, str], ...]:
        return apply_headers(headers, GIVEN)

    assert after(HeaderSpec(action="AddIfNotPresent", key="a", value="x")) == GIVEN
    assert after(HeaderSpec(action="AddIfNotPresent", key="c", value="x")) == (*GIVEN, ("c", "x"))
    assert after(HeaderSpec(action="AddOrReplace", key="a", value="x")) == (("a", "x"), ("b", "2"))
    assert after(HeaderSpec(action="AddOrReplace", key="c", value="x")) == (*GIVEN, ("c", "x"))
    assert after(HeaderSpec(action="Remove", key="a")) == (("b", "2"),)
    assert after(HeaderSpec(action="Remove", key="c")) == GIVEN


def test_the_order_of_the_list_counts() -> None:
    remove, add = HeaderSpec(action="Remove", key="a"), HeaderSpec(action="AddIfNotPresent", key="a", value="x")
    assert apply_headers((remove, add), GIVEN) == (("b", "2"), ("a", "x"))
    assert apply_headers((add, remove), GIVEN) == (("b", "2"),)
