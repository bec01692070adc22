"""Profiles: defaults of facts 1.5, and log levels."""

import pytest
from tests.resources.manifests import read, read_clean

from tidegate.resources.dataflow_profile import DataflowProfileSpec

PROFILE = """
apiVersion: connectivity.iotoperations.azure.com/v1
kind: DataflowProfile
metadata: {name: line}
spec: {diagnostics: {logs: {level: LEVEL}}}
"""


def test_defaults() -> None:
    spec = DataflowProfileSpec()
    assert spec.instance_count == 1
    assert spec.diagnostics.logs.level == "info"
    assert spec.diagnostics.metrics.prometheus_port == 9600


@pytest.mark.parametrize("level", ["debug", '"off"', '"warn,mqtt=trace"', "mqtt::session=debug", '"info, mqtt=debug"'])
def test_levels_are_kept_as_declared(level: str) -> None:
    profile = read_clean(PROFILE.replace("LEVEL", level)).resources.profiles["line"]
    assert profile.spec.diagnostics.logs.level == level.strip('"')


@pytest.mark.parametrize("level", ["INFO", '""', "verbose", '"info,"', "=debug", '"a b=debug"'])
def test_unknown_levels_are_refused(level: str) -> None:
    manifest = read(PROFILE.replace("LEVEL", level))
    assert [diagnostic.code for diagnostic in manifest.diagnostics] == ["log-level"]
