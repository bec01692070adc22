"""The limits of one connection are those of the broker, under the same names."""

from dataclasses import fields

from tidegate.broker.limits import BrokerLimits
from tidegate.mqtt.server_settings import ServerSettings


def test_of_one_connection() -> None:
    names = [field.name for field in fields(ServerSettings)]
    limits = BrokerLimits(**dict(zip(names, range(1, 100), strict=False)))  # type: ignore[arg-type]  # all are numbers
    settings = limits.of_one_connection
    assert [getattr(settings, name) for name in names] == list(range(1, len(names) + 1))
