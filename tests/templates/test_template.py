"""`templates/template.py`."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.resources.source_map import SourceText
from tidegate.templates.template import evaluate_template, evaluate_variables, read_template

PARTS = st.sampled_from(
    [
        '{"resources": [',
        "]}",
        '{"type": "Microsoft.A/b", "apiVersion": "1", "name": "x"',
        "}",
        ", ",
        '"copy": {"name": "c", "count": 3}',
        '"properties": {"a": "[copyIndex()]"}',
        '"parameters": {"a": {"type": "int", "defaultValue": ',
        "\"[parameters('a')]\"",
        "{",
        "[",
        "]",
        "7",
        '"outputs": {"o": {"type": "string", "value": ',
        "\"[reference('x')]\"",
        "\"[variables('v')]\"",
        '"variables": {"v": ',
        '"dependsOn": ["x"]',
        '"condition": false',
        "null",
        "\"[map(range(0, 9), lambda('x', lambdaVariables('x')))]\"",
        "\n",
        "//c\n",
        '"[',
        '"',
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(PARTS, max_size=40).map("".join), st.text(max_size=60)))
def test_anything_becomes_findings_or_resources(text: str) -> None:
    template, found = read_template(SourceText("t.json", text))
    if template is None:
        assert found
    else:
        evaluate_template(template, {})


def test_variables_alone() -> None:
    template, _ = read_template(
        SourceText("t.json", '{"resources": [], "variables": {"a": "[add(1, 2)]", "b": "[x()]"}}')
    )
    assert template is not None
    values, found = evaluate_variables(template)
    assert values == {"a": 3}
    assert len(found) == 1
