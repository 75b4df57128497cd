"""Where each value should be, and where it makes the command fail: what was measured, with a margin for other machines.

A change that makes a value better takes the limit down with it.
"""

from __future__ import annotations

from typing import NamedTuple


class Bound(NamedTuple):
    """Of one value, in its unit; both upper bounds."""

    goal: float
    limit: float


BOUNDS = {
    "B1": Bound(2.5, 6),
    "B1L": Bound(4, 18),
    "B2": Bound(4, 25),
    "B2a": Bound(10, 50),
    "B3": Bound(1.15, 2),
    "B3n": Bound(1.1, 2),
    "B4": Bound(1.15, 1.3),
    "B4 peak": Bound(2, 2),
    "B4n": Bound(1.15, 1.3),
    "B4n peak": Bound(2, 2),
    "B5": Bound(1, 1.45),
    "B5 same bytes": Bound(0.1, 0.15),
    "B6": Bound(5, 60),
    "B7": Bound(6, 30),
}
