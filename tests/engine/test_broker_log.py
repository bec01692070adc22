"""What the broker says in the log, and how often."""

import logging

import pytest

from tidegate.broker.events import ClientConnected, ClientDisconnected, ClientRefused, SubscriptionRevoked
from tidegate.broker.plan import ListenerPlan, TlsAutomatic
from tidegate.engine.broker_log import REFUSALS_EVERY_SECONDS, BrokerLog
from tidegate.exceptions import StoreFailed
from tidegate.moment import Moment


class Clock:
    def __init__(self) -> None:
        self.monotonic = 0.0

    def __call__(self) -> Moment:
        return Moment(self.monotonic, 0.0)


def test_refusals_are_seldom_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tidegate")
    clock = Clock()
    log = BrokerLog(clock)
    for _ in range(5):
        log.event(ClientRefused("c\nforged line", "1.2.3.4:5", 0x87, "no"))
    clock.monotonic = REFUSALS_EVERY_SECONDS
    log.event(ClientRefused("c", "1.2.3.4:5", 0x87, "no"))
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2
    assert "\n" not in texts[0] and "0x87" in texts[0]
    assert "4 more" in texts[1]


def test_a_store_that_fails_is_said_once_and_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tidegate")
    log = BrokerLog(Clock())
    error = StoreFailed("broker.db", "database or disk is full", is_full=True)
    log.store(error)
    log.store(error)
    assert log.problems and len(caplog.records) == 1
    log.store(None)
    log.store(None)
    assert not log.problems and len(caplog.records) == 2


def test_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tidegate")
    log = BrokerLog(Clock())
    log.event(ClientConnected("c", "p", 5, True))
    log.event(ClientDisconnected("c", "p", 0x8E, "taken over"))
    log.event(SubscriptionRevoked("c" * 500, "a"))
    log.listening(ListenerPlan(name="default", addresses=("127.0.0.1",), port=18883, tls=TlsAutomatic()))
    log.failed("a", "b", "c")
    assert len(caplog.records) == 5
    assert "port 18883" in caplog.text and "TLS" in caplog.text
