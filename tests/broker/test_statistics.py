"""What the broker counts."""

from tidegate.broker.statistics import Holdings, Statistics


def test_topics_have_the_names_that_other_brokers_use() -> None:
    statistics = Statistics()
    statistics.received = 3
    statistics.drop("queue")
    holdings = Holdings(
        clients_connected=2,
        sessions=5,
        durable_sessions=3,
        subscriptions=7,
        retained=1,
        retained_bytes=10,
        queued=4,
        queued_bytes=40,
        inflight=0,
        longest=(),
    )
    topics = statistics.topics(holdings, 61.4)
    assert topics["$SYS/broker/clients/connected"] == "2"
    assert topics["$SYS/broker/clients/disconnected"] == "3"
    assert topics["$SYS/broker/publish/messages/received"] == "3"
    assert topics["$SYS/broker/publish/messages/dropped"] == "1"
    assert topics["$SYS/broker/uptime"] == "61 seconds"
