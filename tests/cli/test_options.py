"""Options that verbs share arrive under the names that verbs expect."""

from inspect import signature

from tidegate.cli.options import resource_options
from tidegate.cli.run import run
from tidegate.cli.test import test as flow_tests
from tidegate.cli.trace import trace
from tidegate.cli.validate import validate


class Recorder:
    """Takes the place of knack's context."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def positional(self, name: str, **_: object) -> None:
        self.names.append(name)

    argument = positional


def test_every_option_is_a_parameter_of_each_verb() -> None:
    recorder = Recorder()
    resource_options(recorder)
    places = ["paths", "namespace", "secrets_dir", "configmaps_dir"]
    assert recorder.names == [*places, "allow_remote_only", "filter_true", "hops_max", "datasets_dir", "schemas_dir"]
    for verb in (validate, run):
        assert set(recorder.names) <= set(signature(verb).parameters)
    assert all("schemas_dir" in signature(verb).parameters for verb in (trace, flow_tests))
