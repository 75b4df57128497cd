"""Catches interval rules that miss an overlap or a gap: compared with looking at every single hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orchestration.reference.intervals import FOREVER, Interval, find_gaps, find_overlaps, symmetric_difference, union

ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 30


def hour(number: int) -> datetime:
    return ORIGIN + timedelta(hours=number)


bounds = st.tuples(st.integers(0, HOURS - 2), st.integers(1, 8), st.booleans())
interval_lists = st.lists(bounds, max_size=6).map(
    lambda given: [
        Interval(hour(start), FOREVER if is_open else hour(start + length), line)
        for line, (start, length, is_open) in enumerate(given, 2)
    ]
)
range_lists = st.lists(st.tuples(st.integers(0, HOURS), st.integers(0, HOURS)), max_size=6).map(
    lambda given: [(hour(a), hour(b)) for a, b in given]
)


def covered(intervals: list[Interval], at: datetime) -> list[int]:
    return [interval.line for interval in intervals if interval.start <= at < interval.end]


@given(interval_lists)
def test_overlaps_are_found_exactly(intervals: list[Interval]) -> None:
    """Catches an overlap with an interval that is not the direct neighbour, and one that is none because ends touch."""
    by_hour = [covered(intervals, hour(number)) for number in range(HOURS + 10)]
    found = find_overlaps(intervals)
    assert bool(found) == any(len(lines) > 1 for lines in by_hour)
    for earlier, later in found:
        assert any({earlier.line, later.line} <= set(lines) for lines in by_hour)
    # Without the intervals that are reported, nothing overlaps.
    reported = {later.line for _, later in found}
    assert not find_overlaps([interval for interval in intervals if interval.line not in reported])


@given(interval_lists)
def test_gaps_are_found_exactly(intervals: list[Interval]) -> None:
    """Catches a gap that an earlier, longer interval covers, and one that is missed."""
    found = find_gaps(intervals)
    if not intervals:
        assert not found
        return
    first = min(interval.start for interval in intervals)
    last = max(interval.start for interval in intervals)
    empty = {n for n in range(HOURS + 10) if first <= hour(n) < last and not covered(intervals, hour(n))}
    reported = {n for n in range(HOURS + 10) for a, b in found if a.end <= hour(n) < b.start}
    assert reported == empty


@given(range_lists, range_lists)
def test_symmetric_difference_is_exact(left: list, right: list) -> None:
    """Catches days that are built again for nothing, and days that are forgotten."""

    def holds(ranges: list, at: datetime) -> bool:
        return any(start <= at < end for start, end in ranges)

    difference = symmetric_difference(left, right)
    for number in range(HOURS + 2):
        at = hour(number)
        assert holds(difference, at) == (holds(left, at) != holds(right, at))
    assert difference == union(difference)
    assert all(a[1] < b[0] for a, b in pairwise(difference))
