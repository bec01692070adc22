"""What goes to disk of a session."""

from tidegate.broker.identity import Identity
from tidegate.broker.limits import BrokerLimits
from tidegate.broker.session import Session
from tidegate.mqtt.wire import Wire


def test_its_record() -> None:
    session = Session(3, "one", Identity("one", "alice"), Wire.V3, BrokerLimits())
    session.expiry_seconds = 9
    record = session.record()
    assert (record.number, record.client_id, record.protocol_version, record.expiry_seconds) == (3, "one", 4, 9)
    assert (record.identity.subject, record.disconnected_wall, record.will) == ("alice", None, None)
