"""`web/operations.py`."""

from itertools import count

from tidegate.web.operations import OPERATIONS_MAX, Operations


def test_operations_are_remembered_up_to_a_limit() -> None:
    numbers = count(1)
    operations = Operations(lambda: str(next(numbers)))
    first = operations.add("Succeeded", 0.0)
    assert operations.find(first) == {
        "id": "1",
        "name": "1",
        "status": "Succeeded",
        "startTime": "1970-01-01T00:00:00Z",
        "endTime": "1970-01-01T00:00:00Z",
    }
    failed = operations.find(operations.add("Failed", 0.0, {"code": "x"}, properties={}))
    assert failed is not None
    assert (failed["error"], failed["properties"]) == ({"code": "x"}, {})
    for _ in range(OPERATIONS_MAX):
        operations.add("Succeeded", 0.0)
    assert operations.find(first) is None
    assert operations.find("none") is None
