"""`bicep/emitter.py`; most of what it makes is in the golden cases."""

from tidegate.bicep.compiler import compile_bicep
from tidegate.resources.source_map import Json, SourceText

TEXT = """\
param aio string
resource instance 'Microsoft.IoTOperations/instances@2024-11-01' existing = {
  name: aio
}
resource a 'Microsoft.IoTOperations/instances/dataflowProfiles@2024-11-01' = if (true) {
  parent: instance
  name: 'a'
  properties: {}
}
resource b 'Microsoft.IoTOperations/instances/dataflowProfiles@2024-11-01' = [for i in range(0, 2): {
  parent: instance
  name: 'b${i}'
  properties: { instanceCount: a.properties.instanceCount }
}]
module m './m.bicep' = {
  params: { x: b[0].name }
}
output o array = [for i in range(0, 2): b[i].id]
"""


def template() -> dict[str, Json]:
    def read(path: str) -> SourceText:
        return SourceText(path, "param x string\noutput x string = x\n")

    made = compile_bicep(SourceText("main.bicep", TEXT), read).template
    assert made is not None
    plain = made.plain()
    assert isinstance(plain, dict)
    return plain


def test_the_form_is_that_of_symbolic_names() -> None:
    made = template()
    assert list(made) == [
        "$schema",
        "languageVersion",
        "contentVersion",
        "metadata",
        "parameters",
        "resources",
        "outputs",
    ]
    assert made["languageVersion"] == "2.0"
    resources = made["resources"]
    assert isinstance(resources, dict)
    assert list(resources) == ["instance", "a", "b", "m"]
    assert list(resources["instance"]) == ["existing", "type", "apiVersion", "name"]
    assert list(resources["a"]) == ["condition", "type", "apiVersion", "name", "properties"]
    assert list(resources["b"]) == ["copy", "type", "apiVersion", "name", "properties", "dependsOn"]
    assert resources["b"]["copy"] == {"name": "b", "count": "[length(range(0, 2))]"}
    assert resources["b"]["dependsOn"] == ("a",)


def test_a_module_is_a_deployment() -> None:
    resources = template()["resources"]
    assert isinstance(resources, dict)
    module = resources["m"]
    assert module["type"] == "Microsoft.Resources/deployments"
    assert module["dependsOn"] == ("b",)
    properties = module["properties"]
    assert properties["expressionEvaluationOptions"] == {"scope": "inner"}
    assert properties["parameters"] == {"x": {"value": "[format('b{0}', range(0, 2)[0])]"}}
    assert properties["template"]["outputs"] == {"x": {"type": "string", "value": "[parameters('x')]"}}


def test_loops_of_outputs_are_copies() -> None:
    outputs = template()["outputs"]
    assert isinstance(outputs, dict)
    assert outputs["o"]["copy"]["count"] == "[length(range(0, 2))]"
