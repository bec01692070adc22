"""Options that verbs share arrive under the names that verbs expect."""

from inspect import signature

from tidegate.cli.declared_options import DeclaredOptions
from tidegate.cli.options import resource_options
from tidegate.cli.run import run


class Recorder:
    """Takes the place of knack's context."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def positional(self, name: str, **_: object) -> None:
        self.names.append(name)

    argument = positional


def test_every_option_is_a_parameter_of_the_verbs() -> None:
    recorder = Recorder()
    resource_options(recorder)
    places = ["paths", "namespace", "secrets_dir", "configmaps_dir"]
    assert recorder.names == [*places, "allow_remote_only", "filter_true", "hops_max", "datasets_dir", "schemas_dir"]
    for parameters in (signature(run).parameters, DeclaredOptions.__annotations__):
        assert set(recorder.names) <= set(parameters)
