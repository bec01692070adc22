"""Numbers into figures: percentiles, medians, and the table with what must be reached."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Bound", "Figure", "format_table", "percentile", "replace_region", "spread"]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must reach: at most, or at least, a limit, which is a ratio to the bridge's where `is_relative`.

    `aim` is said beside it and judges nothing.
    """

    limit: float
    at_most: bool
    is_relative: bool = False
    aim: float | None = None

    def is_met(self, value: float) -> bool:
        """Tell whether `value` reaches the limit."""
        return value <= self.limit if self.at_most else value >= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what each side measured, a value for each run, in `unit`: `µs`, `ms`, `s`, `KB`, `MB`, `times` or `/s`."""

    name: str
    unit: str
    ours: tuple[float, ...]
    bridge: tuple[float, ...] = ()
    bound: Bound | None = None

    @property
    def ratio(self) -> float | None:
        """The median of the ratios of the runs, where both sides ran in turn; None where the other's value was 0."""
        if not self.bridge or not self.ours or 0 in self.bridge:
            return None
        return median(ours / bridge for ours, bridge in zip(self.ours, self.bridge, strict=True))

    @property
    def is_met(self) -> bool | None:
        """Tell whether the bound is met; None without a bound or without a measurement."""
        if self.bound is None or not self.ours:
            return None
        value = self.ratio if self.bound.is_relative else median(self.ours)
        return None if value is None else self.bound.is_met(value)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that is not below `percent` of all values (nearest rank); `values` must not be empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(values: Sequence[float]) -> float:
    """Return half the distance between the extremes, relative to the median; 0 where that is 0."""
    middle = median(values)
    return (max(values) - min(values)) / 2 / middle if middle else 0.0


def format_table(figures: Sequence[Figure], peer: str = "mosquitto's bridge") -> str:
    """Return the figures as a Markdown table, a line for each; `peer` is whom they are compared with."""
    lines = [
        f"| figure | tidegate | {peer} | ratio | must reach | met |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for figure in figures:
        ratio = figure.ratio
        met = figure.is_met
        cells = [
            figure.name,
            _format_values(figure.ours, figure.unit),
            _format_values(figure.bridge, figure.unit),
            "" if ratio is None else f"{ratio:.2f}",
            _format_bound(figure),
            "" if met is None else "yes" if met else "**no**",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def replace_region(text: str, region: str, name: str = "benchmark") -> str:
    """Return `text` with `region` between the two marks `<!-- NAME:begin -->` and `<!-- NAME:end -->`.

    Raises:
        ValueError: a mark is missing, or they are the wrong way round.
    """
    marks = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    head, begin, rest = text.partition(marks[0])
    _, end, tail = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"the file needs {marks[0]} and after it {marks[1]}")
    return f"{head}{begin}\n{region.strip()}\n{end}{tail}"


def _format_values(values: Sequence[float], unit: str) -> str:
    if not values:
        return ""
    noise = f" ±{spread(values):.0%}" if len(values) > 1 else ""
    return f"{_format(median(values), unit)}{noise}"


def _format(value: float, unit: str) -> str:
    if unit == "/s":
        return f"{value:,.0f}/s"
    return f"{value:.2f} {unit}" if value < 10 else f"{value:.1f} {unit}"


def _format_bound(figure: Figure) -> str:
    bound = figure.bound
    if bound is None:
        return ""
    sign = "≤" if bound.at_most else "≥"
    limit = f"{bound.limit:g}" if bound.is_relative else _format(bound.limit, figure.unit)
    return f"{sign} {limit}" + (f", aim {bound.aim:g}" if bound.aim is not None else "")
