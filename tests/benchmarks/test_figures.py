"""Percentiles, ratios, bounds and the table."""

import pytest
from benchmarks.figures import Bound, Figure, format_table, percentile, replace_region, spread


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7], 50, 7),
        ([7], 99, 7),
        ([4, 1, 3, 2], 50, 2),
        (range(1, 101), 99, 99),
        (range(1, 1001), 99, 990),
        (range(1, 101), 100, 100),
        (range(1, 101), 0, 1),
    ],
)
def test_percentile_is_the_nearest_rank(values: list[int], percent: float, expected: int) -> None:
    assert percentile(values, percent) == expected


def test_spread_is_half_the_range_relative_to_the_median() -> None:
    assert spread([8.0, 10.0, 13.0]) == 0.25
    assert spread([0.0, 0.0, 1.0]) == 0.0


def test_a_ratio_is_the_median_of_the_ratios_of_the_runs() -> None:
    figure = Figure("rate", "/s", ours=(10.0, 30.0, 90.0), bridge=(10.0, 10.0, 100.0))
    assert figure.ratio == 1.0
    assert Figure("rate", "/s", ours=(10.0,)).ratio is None
    assert Figure("memory", "KB", ours=(7.0, 7.0), bridge=(0.0, 1.0)).ratio is None


@pytest.mark.parametrize(("value", "at_most", "expected"), [(6.0, True, True), (6.1, True, False), (6.0, False, True)])
def test_a_bound_includes_its_limit(value: float, at_most: bool, expected: bool) -> None:
    assert Bound(6, at_most=at_most).is_met(value) is expected


def test_a_relative_bound_judges_the_ratio_and_an_absolute_one_our_value() -> None:
    relative = Bound(0.6, at_most=True, is_relative=True)
    assert Figure("time", "µs", (5.0,), (10.0,), relative).is_met
    assert Figure("time", "µs", (5.0,), (), relative).is_met is None
    assert Figure("time", "µs", (5.0,), (10.0,), Bound(0.6, at_most=True)).is_met is False
    assert Figure("time", "µs", (5.0,), (10.0,)).is_met is None


def test_the_table_says_what_must_be_reached_and_whether_it_is() -> None:
    figures = [
        Figure("processor time", "µs", (4.0, 5.0, 6.0), (10.0, 10.0, 10.0), Bound(0.6, True, True, aim=0.4)),
        Figure("rate", "/s", (90_000.0,), bound=Bound(100_000, at_most=False)),
        Figure("memory", "MB", (41.25,)),
    ]
    assert format_table(figures) == (
        "| figure | tidegate | mosquitto's bridge | ratio | must reach | met |\n"
        "|---|---:|---:|---:|---:|---|\n"
        "| processor time | 5.00 µs ±20% | 10.0 µs ±0% | 0.50 | ≤ 0.6, aim 0.4 | yes |\n"
        "| rate | 90,000/s |  |  | ≥ 100,000/s | **no** |\n"
        "| memory | 41.2 MB |  |  |  |  |\n"
    )


def test_the_region_between_the_marks_is_replaced_and_nothing_else() -> None:
    text = "a\n<!-- benchmark:begin -->\nold\n<!-- benchmark:end -->\nb\n"
    replaced = replace_region(text, "new\n")
    assert replaced == "a\n<!-- benchmark:begin -->\nnew\n<!-- benchmark:end -->\nb\n"
    assert replace_region(replaced, "new\n") == replaced


@pytest.mark.parametrize("text", ["", "<!-- benchmark:begin -->", "<!-- benchmark:end --><!-- benchmark:begin -->"])
def test_a_file_without_both_marks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the file needs <!-- benchmark:begin --> and after it <!-- benchmark:end -->"):
        replace_region(text, "new")
