"""`bicep/binder.py`; what it says is in the golden cases."""

from tidegate.bicep.binder import bind
from tidegate.bicep.parser import parse
from tidegate.bicep.symbols import BoundModule, BoundResource
from tidegate.bicep.syntax import Parameter

TEXT = """\
param p string
resource a 'Microsoft.IoTOperations/instances@2024-11-01' existing = {
  name: p
  resource b 'dataflowProfiles' = {
    name: 'b'
    resource c 'dataflows' = {
      name: 'c'
      dependsOn: [b]
    }
  }
}
module m './m.bicep' = [for x in [p]: if (x == p) {
}]
"""


def test_names_stand_for_declarations() -> None:
    symbols, errors = bind(parse(TEXT))
    assert errors == []
    assert {name: type(symbol) for name, symbol in symbols.names.items()} == {
        "p": Parameter,
        "a": BoundResource,
        "m": BoundModule,
    }
    assert [each.symbol for each in symbols.resources] == ["a", "a::b", "a::b::c"]
    assert symbols.resources[2].type.name == "Microsoft.IoTOperations/instances/dataflowProfiles/dataflows"
    assert symbols.resources[2].type.api_version == "2024-11-01"
    assert symbols.used == {"p"}


def test_names_of_loops_and_lambdas_end_with_them() -> None:
    _, errors = bind(parse("var a = [for x in [1]: x]\nvar b = map([1], y => y)\nvar c = x\nvar d = y\n"))
    assert [error.message for error in errors] == ["there is no `x`", "there is no `y`"]


def test_names_of_declarations_that_do_not_parse_are_no_second_error() -> None:
    _, errors = bind(parse("param a\noutput b string = a\n"))
    assert errors == []
