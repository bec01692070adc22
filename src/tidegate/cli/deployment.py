"""`tidegate deployment group create|what-if|validate`: what a Bicep file or a template makes, brought to the resource store.

Knows the words of az and what is printed. Does not know the languages (`engine/template_files.py`) or how resources are kept.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tidegate.cli.azure import change_options, place_of
from tidegate.cli.output import Json, NotUnderstood, Outcome, diagnostic_data, render_diagnostics, summary
from tidegate.cli.store_options import author, opened, place_options
from tidegate.cli.store_output import shown

if TYPE_CHECKING:
    from tidegate.engine.changes import Edit
    from tidegate.engine.template_files import TemplateFile
    from tidegate.templates.given import Given
    from tidegate.templates.outputs import Output
    from tidegate.templates.template import Evaluation

__all__ = ["EXAMPLES", "arguments", "create", "validate", "what_if"]

EXAMPLES = (
    ("Deploy a Bicep file.", "tidegate deployment group create --template-file main.bicep"),
    (
        "Give its parameters, from a file and one by one.",
        "tidegate deployment group create -f main.bicep -p main.bicepparam -p host=mqtt.example:8883",
    ),
    ("Deploy the file that a parameter file names.", "tidegate deployment group create -p main.bicepparam"),
    ("See what would change.", "tidegate deployment group what-if -f main.json"),
)

GROUP = "tidegate"


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    place_options(context)
    context.extra("namespace", options_list=["--namespace"], default="azure-iot-operations", help="The one namespace.")
    change_options(context)
    context.argument(
        "template_file",
        options_list=["--template-file", "-f"],
        metavar="FILE",
        help="Bicep file, or template in JSON. Default: the one that a .bicepparam file names.",
    )
    context.argument(
        "parameters",
        options_list=["--parameters", "-p"],
        nargs="+",
        action="append",
        metavar="PARAMETER",
        help="NAME=VALUE, or a file of parameters (@FILE, .json, .bicepparam); may be given again.",
    )
    context.argument("name", options_list=["--name", "-n"], help="Name of the deployment.")
    context.argument(
        "resource_group",
        options_list=["--resource-group", "-g"],
        help="Resource group, as the template may ask for it.",
    )


def create(
    template_file: str | None = None,
    parameters: list[list[str]] | None = None,
    name: str | None = None,
    resource_group: str = GROUP,
    dry_run: bool = False,
    **kwargs: Any,  # what `place_options` and `rule_options` declared
) -> Outcome:
    """Deploy: create and replace what a template makes; nothing is removed. The exit code is 1 when anything is wrong."""
    from tidegate.engine.changes import Edit
    from tidegate.resources.arm import parse

    read = _read(template_file, parameters or [])
    title = name or read.path.rpartition("/")[2].partition(".")[0] or "main"
    made = _evaluated(read, title, resource_group)
    if made is None:
        return _refused(read)
    edit = Edit(put=parse(made.resources))
    edit = replace(edit, put=replace(edit.put, lines={**edit.put.lines, **read.lines}))
    print(render_diagnostics(read.diagnostics, read.lines, stream=sys.stderr), end="", file=sys.stderr)
    with opened(place_of(kwargs)) as workspace:
        outcome = workspace.apply(edit, author("deployment group create"), time.time(), dry_run=dry_run)
        answer = shown(outcome, workspace, dry_run=dry_run)
    if dry_run or outcome.is_refused:
        return answer
    data = _deployment(title, made, edit)
    return Outcome(data, f"{answer.text}{_outputs_text(made.outputs)}")


def what_if(
    template_file: str | None = None,
    parameters: list[list[str]] | None = None,
    name: str | None = None,
    resource_group: str = GROUP,
    dry_run: bool = False,
    **kwargs: Any,  # what `place_options` and `rule_options` declared
) -> Outcome:
    """Say what `create` would do."""
    del dry_run
    return create(template_file, parameters, name, resource_group, dry_run=True, **kwargs)


validate = what_if


def _read(file: str | None, parameters: Sequence[Sequence[str]]) -> "TemplateFile":
    from tidegate.diagnostics import has_errors
    from tidegate.engine.template_files import read_files

    read = read_files(file, [_given(each) for several in parameters for each in several])
    if not read.path and not has_errors(read.diagnostics):
        raise NotUnderstood("no template", "give --template-file, or --parameters with a .bicepparam file")
    return read


def _evaluated(read: "TemplateFile", title: str, group: str) -> "Evaluation | None":
    from tidegate.diagnostics import has_errors
    from tidegate.engine.template_files import evaluate_files
    from tidegate.templates.environment import Environment

    environment = Environment(resource_group=group, deployment_name=title, now_seconds=time.time())
    made = evaluate_files(read, environment)
    return None if has_errors(read.diagnostics) else made


def _given(typed: str) -> "str | dict[str, Given]":
    """Return a file of parameters, or the value of one."""
    from tidegate.templates.given import Given

    if typed.startswith("@"):
        return typed[1:]
    name, equals, value = typed.partition("=")
    if equals and name.isidentifier():
        return {name: Given(value, is_typed=True)}
    if typed.endswith((".json", ".bicepparam")):
        return typed
    raise NotUnderstood(
        f"--parameters is {typed!r}", "write NAME=VALUE, @FILE, or the name of a .json or .bicepparam file"
    )


def _refused(read: "TemplateFile") -> Outcome:
    print(render_diagnostics(read.diagnostics, read.lines, stream=sys.stderr), end="", file=sys.stderr)
    print(summary(read.diagnostics), file=sys.stderr)
    return Outcome([diagnostic_data(each) for each in read.diagnostics], "", 1)


def _deployment(title: str, made: "Evaluation", edit: "Edit") -> Json:
    outputs = {
        name: {"type": each.type, "value": None if each.is_secret else _json(each.value)}
        for name, each in made.outputs.items()
    }
    return {
        "name": title,
        "properties": {
            "provisioningState": "Succeeded",
            "outputs": outputs,
            "outputResources": [str(each.key) for each in edit.put.resources.declared],
        },
    }


def _outputs_text(outputs: "Mapping[str, Output]") -> str:
    shown_values = {name: "(not shown)" if each.is_secret else _json(each.value) for name, each in outputs.items()}
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in shown_values.items())


def _json(value: object) -> Json:
    made: Json = json.loads(json.dumps(value, default=str))
    return made
