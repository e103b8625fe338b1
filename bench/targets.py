"""What was promised, and whether it was reached.

Where python-o365 was measured as shipped and without its delay, a target is held against each of the two. What the
floor reaches stands beside it: a target that the floor misses too asks for fewer round trips, not for quicker code.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from bench.runs import Measurement, Results
from bench.scenarios import (
    BARE_PYTHON,
    FLOOR,
    FLOOR_OF_4,
    IMPORT_POSTROOM,
    O365,
    O365_EAGER,
    POSTROOM,
    Contender,
)

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Verdict:
    """One target of one scenario, what was measured, and whether that is enough."""

    scenario: str
    target: str
    measured: str
    reached: bool


@dataclass(frozen=True)
class Target:
    """A promise about one scenario."""

    scenario: str
    text: str
    judge: Callable[[Results], tuple[str, bool]]


def median_of(results: Results, contender: Contender, read: Callable[[Measurement], float]) -> float:
    """Return the median of one measure of one contender."""
    return median(read(measurement) for measurement in results[contender])


def median_seconds(results: Results, contender: Contender) -> float:
    """Return the median time of one contender."""
    return median_of(results, contender, lambda measurement: measurement.seconds)


def judge_all(results: Mapping[str, Results]) -> list[Verdict]:
    """Return the verdict on every target whose scenario was measured."""
    verdicts = []
    for target in TARGETS:
        if target.scenario in results:
            measured, reached = target.judge(results[target.scenario])
            verdicts.append(Verdict(target.scenario, target.text, measured, reached))
    return verdicts


def _times_as_fast_as(rival: Contender, times: float) -> Callable[[Results], tuple[str, bool]]:
    def judge(results: Results) -> tuple[str, bool]:
        ratio = median_seconds(results, rival) / median_seconds(results, POSTROOM)
        floor = min(median_seconds(results, one) for one in (FLOOR, FLOOR_OF_4) if one in results)
        best = median_seconds(results, rival) / floor
        return f"{ratio:.2f} times as fast (the floor: {best:.2f})", ratio >= times

    return judge


def _within_floor(times: float) -> Callable[[Results], tuple[str, bool]]:
    def judge(results: Results) -> tuple[str, bool]:
        ratio = median_seconds(results, POSTROOM) / median_seconds(results, FLOOR)
        return f"{ratio:.2f} times the floor", ratio <= times

    return judge


def _peak_under(megabytes: float) -> Callable[[Results], tuple[str, bool]]:
    def judge(results: Results) -> tuple[str, bool]:
        peak = max(measurement.peak_bytes for measurement in results[POSTROOM]) / MEGABYTE
        return f"{peak:.1f} MB in the worst run", peak < megabytes

    return judge


def _import_under(milliseconds: float) -> Callable[[Results], tuple[str, bool]]:
    def judge(results: Results) -> tuple[str, bool]:
        extra = (median_seconds(results, IMPORT_POSTROOM) - median_seconds(results, BARE_PYTHON)) * 1000
        return f"{extra:.1f} ms over bare Python", extra < milliseconds

    return judge


def _list_targets(scenario: str) -> Iterator[Target]:
    for rival in (O365, O365_EAGER):
        text = f"at least 10 times as fast as {rival.name}"
        yield Target(scenario, text, _times_as_fast_as(rival, 10))
    yield Target(scenario, "within 2 times the floor", _within_floor(2))


def _attachment_targets(scenario: str) -> Iterator[Target]:
    for rival in (O365, O365_EAGER):
        text = f"at least 3 times as fast as {rival.name}"
        yield Target(scenario, text, _times_as_fast_as(rival, 3))
    yield Target(scenario, "peak memory under 60 MB", _peak_under(60))


TARGETS = (
    Target("import", "`import postroom` under 50 ms over bare Python", _import_under(50)),
    Target("cold-start", "no slower than python-o365", _times_as_fast_as(O365, 1)),
    *_list_targets("list-0ms"),
    *_list_targets("list-50ms"),
    *_attachment_targets("attachments-0ms"),
    *_attachment_targets("attachments-50ms"),
)
