"""The counters, and the equation that holds at every moment."""

import pytest

from tidegate.flow.accounting import LATENCY_BUCKETS_SECONDS, Counters


def test_the_equation_holds_at_the_start_and_with_every_outcome() -> None:
    counters = Counters()
    counters.check(pending=0)
    counters.received = 7
    counters.filtered = counters.expired = 1
    counters.deliver(10, 0.0)
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
def test_a_latency_is_counted_in_the_first_bucket_that_holds_it(seconds: float, bucket: int) -> None:
    counters = Counters()
    counters.deliver(5, seconds)
    assert counters.latency_buckets[bucket] == 1
    assert (sum(counters.latency_buckets), counters.latency_sum_seconds, counters.bytes_sent) == (1, seconds, 5)
