"""`bicep/resource_names.py`."""

import pytest
from tests.bicep.bound import bound, emitter

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.resource_names import Reference, copy_index
from tidegate.bicep.symbols import BoundResource
from tidegate.templates.expression_syntax import Call, Literal, write

HEAD = "resource aio 'Microsoft.IoTOperations/instances@2024-11-01' existing = {\n  name: 'aio'\n}\n"
TYPE = "'Microsoft.IoTOperations/instances/dataflowProfiles@2024-11-01'"


def full_name(body: str) -> str:
    symbols, _ = bound(f"{HEAD}param p string = 'x'\nresource it {TYPE} = {body}\noutput o int = 1\n")
    target = symbols.names["it"]
    assert isinstance(target, BoundResource)
    names = emitter(symbols).names
    at = copy_index("it") if target.loop is not None else None
    return write(names.full_name(Reference(target, at))) + " " + write(names.identifier(Reference(target, at)))


@pytest.mark.parametrize(
    ("body", "name", "segments"),
    [
        ("{\n  parent: aio\n  name: 'a'\n}", "'aio/a'", "'aio', 'a'"),
        ("{\n  parent: aio\n  name: p\n}", "format('{0}/{1}', 'aio', parameters('p'))", "'aio', parameters('p')"),
        ("{\n  name: 'aio/a'\n}", "'aio/a'", "'aio', 'a'"),
        ("{\n  name: p\n}", "parameters('p')", "split(parameters('p'), '/')[0], split(parameters('p'), '/')[1]"),
        (
            "[for n in ['b']: {\n  parent: aio\n  name: n\n}]",
            "format('{0}/{1}', 'aio', createArray('b')[copyIndex('it')])",
            "'aio', createArray('b')[copyIndex('it')]",
        ),
    ],
)
def test_names_and_ids(body: str, name: str, segments: str) -> None:
    assert full_name(body) == f"{name} resourceId({TYPE.partition('@')[0]}', {segments})"


@pytest.mark.parametrize(
    "body",
    ["{\n  parent: 'aio'\n  name: 'a'\n}", "{\n  parent: it\n  name: 'a'\n}", "{\n  parent: aio\n  name: 'a/b'\n}"],
)
def test_what_is_no_parent_is_refused(body: str) -> None:
    with pytest.raises(BicepError):
        full_name(body)


def test_the_round_of_a_loop() -> None:
    assert copy_index("x") == Call("copyIndex", (Literal("x"),))
