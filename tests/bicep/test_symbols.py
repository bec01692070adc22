"""`bicep/symbols.py`."""

from tidegate.bicep.symbols import BoundModule
from tidegate.bicep.syntax import Module, Object, Text


def test_a_module_has_its_own_name() -> None:
    body = Object(())
    assert BoundModule(Module(name="m", path=Text("a"), body=body), body, None, ()).symbol == "m"
