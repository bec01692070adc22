"""What the broker counts."""

from tidegate.broker.statistics import Statistics


def test_topics_have_the_names_that_other_brokers_use() -> None:
    statistics = Statistics()
    statistics.received = 3
    statistics.drop("queue")
    topics = statistics.topics(
        clients_connected=2, sessions=5, subscriptions=7, retained=1, queued=4, uptime_seconds=61.4
    )
    assert topics["$SYS/broker/clients/connected"] == "2"
    assert topics["$SYS/broker/clients/disconnected"] == "3"
    assert topics["$SYS/broker/publish/messages/received"] == "3"
    assert topics["$SYS/broker/publish/messages/dropped"] == "1"
    assert topics["$SYS/broker/uptime"] == "61 seconds"
