"""`bicep/expression_emitter.py`: what values become in templates."""

import pytest
from tests.bicep.bound import bound, emitter

from tidegate.bicep.bicep_error import BicepError
from tidegate.bicep.local_names import NO_LOCALS
from tidegate.templates.expression_syntax import write

HEAD = """\
param p object = {}
var v = p.a
resource aio 'Microsoft.IoTOperations/instances@2024-11-01' existing = {
  name: 'aio'
}
resource all 'Microsoft.IoTOperations/instances/dataflowProfiles@2024-11-01' = [for (n, i) in ['x']: {
  parent: aio
  name: '${n}${i}'
}]
resource one 'Microsoft.IoTOperations/instances/dataflowProfiles@2024-11-01' = {
  parent: aio
  name: 'one'
  resource flow 'dataflows' = {
    name: 'f'
  }
}
module m './m.bicep' = {
}
"""


def emitted(text: str) -> str:
    symbols, value = bound(f"{HEAD}output it object = {text}\n")
    return write(emitter(symbols).tree(value, NO_LOCALS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p.a['b-c']", "parameters('p').a['b-c']"),
        ("v", "variables('v')"),
        ("'a${v}{b}'", "format('a{0}{{b}}', variables('v'))"),
        ("1 != 2", "not(equals(1, 2))"),
        ("v =~ 'X'", "equals(toLower(variables('v')), toLower('X'))"),
        ("v !~ 'X'", "not(equals(toLower(variables('v')), toLower('X')))"),
        ("-v", "sub(0, variables('v'))"),
        ("-7", "-7"),
        ("v ?? null", "coalesce(variables('v'), null())"),
        ("v ? true : false", "if(variables('v'), true(), false())"),
        ("[1, ...v, 2]", "flatten(createArray(createArray(1), variables('v'), createArray(2)))"),
        ("{ a: 1, ...v }", "shallowMerge(createArray(createObject('a', 1), variables('v')))"),
        ("map(v, x => x.a)", "map(variables('v'), lambda('x', lambdaVariables('x').a))"),
        ("p.?a.b[0]", "tryGet(parameters('p'), 'a', 'b', 0)"),
        ("p.a!", "parameters('p').a"),
        ("any(v)", "variables('v')"),
        ("nameof(v)", "'v'"),
        ("loadTextContent('a')", "'content of loadTextContent'"),
        ("aio.id", "resourceId('Microsoft.IoTOperations/instances', 'aio')"),
        ("one.name", "'one'"),
        ("one.type", "'Microsoft.IoTOperations/instances/dataflowProfiles'"),
        ("one.properties.a", "reference('one').a"),
        ("one.tags", "reference('one', '2024-11-01', 'full').tags"),
        ("one", "reference('one', '2024-11-01', 'full')"),
        ("one.?tags", "tryGet(reference('one', '2024-11-01', 'full'), 'tags')"),
        (
            "one::flow.id",
            "resourceId('Microsoft.IoTOperations/instances/dataflowProfiles/dataflows', 'aio', 'one', 'f')",
        ),
        ("all[2].name", "format('{0}{1}', createArray('x')[2], 2)"),
        ("all[2].properties", "reference(format('all[{0}]', 2))"),
        ("m.outputs.x", "reference('m').outputs.x.value"),
        ("m.name", "format('{0}-{1}', 'm', uniqueString('m', deployment().name))"),
    ],
)
def test_what_values_become(text: str, expected: str) -> None:
    assert emitted(text) == expected


@pytest.mark.parametrize(
    "text", ["v + 'x'", "all", "all.id", "one::nope", "resourceGroup('x')", "nameof(1)", "[[for x in v: x]]"]
)
def test_what_has_no_form_is_refused(text: str) -> None:
    with pytest.raises(BicepError):
        emitted(text)


@pytest.mark.parametrize(
    ("text", "is_runtime"), [("one.properties", True), ("one.id", False), ("v", False), ("m.outputs.a", True)]
)
def test_what_needs_deployed_resources(text: str, is_runtime: bool) -> None:
    symbols, value = bound(f"{HEAD}output it object = {text}\n")
    assert emitter(symbols).is_runtime(value) == is_runtime
