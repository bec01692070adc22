"""The counters, and the equation that holds at every moment."""

import pytest

from tidegate.flow.accounting import LATENCY_BUCKETS_SECONDS, Counters


def test_the_equation_holds_at_the_start_and_with_every_outcome() -> None:
    counters = Counters()
    counters.check(pending=0)
    counters.received = 7
    counters.filtered = counters.expired = 1
    counters.deliver(1, 10)
    counters.drop("busy")
    counters.drop("busy")
    counters.drop("topic")
    counters.check(pending=1)
    assert counters.dropped == {"busy": 2, "topic": 1}


def test_the_sentence_of_a_broken_equation_has_all_figures() -> None:
    counters = Counters(received=3, delivered=1, dropped={"busy": 1})
    with pytest.raises(AssertionError) as caught:
        counters.check(pending=2)
    assert str(caught.value) == (
        "received 3 is not delivered 1 + filtered 0 + expired 0 + dropped {'busy': 1} + pending 2"
    )


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        (0.0, 0),
        (0.001, 0),
        (0.0011, 1),
        (300.0, len(LATENCY_BUCKETS_SECONDS) - 1),
        (301.0, len(LATENCY_BUCKETS_SECONDS)),
    ],
)
def test_latencies_are_counted_in_the_first_bucket_that_holds_them(seconds: float, bucket: int) -> None:
    counters = Counters()
    counters.observe_latency(seconds, 3)
    assert counters.latency_buckets[bucket] == sum(counters.latency_buckets) == 3
    assert counters.latency_sum_seconds == seconds * 3


def test_deliveries_are_counted_with_their_bytes() -> None:
    counters = Counters()
    counters.deliver(2, 50)
    assert (counters.delivered, counters.bytes_sent) == (2, 50)
