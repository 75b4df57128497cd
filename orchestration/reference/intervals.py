"""Half-open intervals of one key: do they overlap, is there time between them?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Interval:
    """From ``start`` inclusive to ``end`` exclusive, and the line it stands on. ``end`` is FOREVER while open."""

    start: datetime
    end: datetime
    line: int


def find_overlaps(intervals: Iterable[Interval]) -> list[tuple[Interval, Interval]]:
    """Each interval that begins before an earlier one has ended, with that earlier one (the last to end).

    Empty exactly if no instant lies in two intervals. Intervals must not be empty.
    """
    found = []
    furthest: Interval | None = None
    for interval in sorted(intervals, key=lambda item: (item.start, item.line)):
        if furthest is not None and interval.start < furthest.end:
            found.append((furthest, interval))
        if furthest is None or interval.end > furthest.end:
            furthest = interval
    return found


def find_gaps(intervals: Iterable[Interval]) -> list[tuple[Interval, Interval]]:
    """Neighbours with time between them: the one that ended last before the gap, and the one that begins after it."""
    found = []
    furthest: Interval | None = None
    for interval in sorted(intervals, key=lambda item: (item.start, item.line)):
        if furthest is not None and interval.start > furthest.end:
            found.append((furthest, interval))
        if furthest is None or interval.end > furthest.end:
            furthest = interval
    return found


Range = tuple[datetime, datetime]


def union(ranges: Iterable[Range]) -> list[Range]:
    """The same instants as disjoint ranges in order, touching ones joined."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def symmetric_difference(left: Iterable[Range], right: Iterable[Range]) -> list[Range]:
    """Instants that lie in one of the two sets of ranges but not in both."""
    sides = union(left), union(right)
    cuts = sorted({point for side in sides for pair in side for point in pair})
    pieces = [
        (start, end)
        for start, end in pairwise(cuts)
        if sum(any(low <= start < high for low, high in side) for side in sides) == 1
    ]
    return union(pieces)
