"""`web/arm_error.py`: the form of errors."""

from tidegate.diagnostics import Diagnostic
from tidegate.web.arm_error import ArmError, declaration_error


def test_the_form() -> None:
    assert ArmError(404, "ResourceNotFound", "there is no x", hint="see `list`").body() == {
        "error": {"code": "ResourceNotFound", "message": "there is no x; see `list`"}
    }


def test_findings_become_details() -> None:
    found = (
        Diagnostic("warning", "w", "only a warning"),
        Diagnostic(
            "error", "out-of-range", "qos is 7", "properties.mqttSettings.qos", "DataflowEndpoint/x", hint="0 or 1"
        ),
        Diagnostic("error", "unknown-field", "`x` is no field"),
    )
    error = declaration_error(found)
    assert error.status == 400
    assert error.body()["error"] == {
        "code": "InvalidResource",
        "message": "qos is 7 (and 1 more); 0 or 1",
        "target": "properties.mqttSettings.qos",
        "details": [
            {
                "code": "out-of-range",
                "message": "qos is 7",
                "target": "properties.mqttSettings.qos",
                "additionalInfo": [{"type": "Tidegate", "info": {"hint": "0 or 1", "resource": "DataflowEndpoint/x"}}],
            },
            {"code": "unknown-field", "message": "`x` is no field"},
        ],
    }
