from typing import Any

from tidegate.resources.base import Model, without_effect
from tidegate.resources.ignored_fields import ignored_fields


class Inner(Model):
    used: int = 1
    not_used: Any = without_effect("nobody reads it")


class Outer(Model):
    inner: Inner = Inner()
    several: tuple[Inner, ...] = ()
    mode_of_it: str = without_effect("there is one", "Usual")


def found(**fields: object) -> list[tuple[tuple[str | int, ...], str]]:
    return list(ignored_fields(Outer.model_validate(fields)))


def test_marked_fields_that_are_set_are_found_wherever_they_are() -> None:
    assert found(inner={"notUsed": 1}, several=({"used": 2}, {"notUsed": [1]}), modeOfIt="Other") == [
        (("inner", "notUsed"), "nobody reads it"),
        (("several", 1, "notUsed"), "nobody reads it"),
        (("modeOfIt",), "there is one"),
    ]


def test_what_is_not_set_or_is_the_default_is_not() -> None:
    assert found() == []
    assert found(inner={"used": 3, "notUsed": None}, modeOfIt="Usual") == []
