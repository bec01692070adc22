"""Sentences of the error tree, made from the facts on each error."""

import pytest

from tidegate.diagnostics import Diagnostic
from tidegate.exceptions import (
    ConnectFailed,
    CredentialError,
    DataDirectoryInUse,
    DeclarationError,
    ListenFailed,
    LocalViolation,
    MalformedPacket,
    MqttError,
    ProtocolViolation,
    StoreConflict,
    TidegateError,
)

ERROR = Diagnostic("error", "unknown-field", "there is no such field")
WARNING = Diagnostic("warning", "no-effect", "this has no effect")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DeclarationError((ERROR, WARNING)), "1 error in what was declared"),
        (DeclarationError((ERROR, ERROR)), "2 errors in what was declared"),
        (ConnectFailed("broker", 8883, "connect", "connection refused"), "broker:8883: connection refused"),
        (CredentialError("secret oven", "no key client_key.pem"), "secret oven: no key client_key.pem"),
        (DataDirectoryInUse("/data", 42), "the data directory /data is in use by process 42"),
        (DataDirectoryInUse("/data", None), "the data directory /data is in use by another process"),
        (
            StoreConflict("Dataflow/up", 3, 5),
            "Dataflow/up was changed by somebody else: it has version 5 now, the change is for version 3",
        ),
        (ListenFailed("127.0.0.1:9600", "address in use"), "cannot listen on 127.0.0.1:9600: address in use"),
    ],
)
def test_the_sentence_is_made_from_the_facts(error: TidegateError, sentence: str) -> None:
    assert str(error) == sentence


@pytest.mark.parametrize(
    ("kind", "reason_code"), [(MalformedPacket, 0x81), (ProtocolViolation, 0x82), (LocalViolation, 0x80)]
)
def test_each_broken_rule_of_mqtt_has_its_reason_code(kind: type[MqttError], reason_code: int) -> None:
    assert kind("why").reason_code == reason_code
    assert kind("why", 0x95).reason_code == 0x95
