"""B3, B3n, B6: a night of one new day, and one of nothing new, by how long the history is."""

from __future__ import annotations

from pathlib import Path

from benchmarks import floor
from benchmarks.harness import Measured, Result, cpu, in_turns, peak
from benchmarks.homes import TOMORROW, as_of, copy_of, land_new_day, nightly
from benchmarks.models import long_history, short_history


def nights(work: Path, repetitions: int, scale: float) -> list[Result]:
    """A new day at 900 days and at 90, each followed by a night of nothing new."""
    grown = {"long": long_history(work, scale), "short": short_history(work, scale)}

    def new_day(side: str) -> Measured:
        home = copy_of(grown[side], work / "homes" / f"night-{side}")
        land_new_day(work / "companies" / grown[side].name, home)
        return nightly(home, TOMORROW)

    def quiet(side: str) -> Measured:
        return nightly(work / "homes" / f"night-{side}", TOMORROW)

    runs = in_turns(
        repetitions,
        long=lambda: new_day("long"),
        long_quiet=lambda: quiet("long"),
        short=lambda: new_day("short"),
        short_quiet=lambda: quiet("short"),
    )
    for side in grown:
        floor.require_same(work / "homes" / f"night-{side}", as_of(TOMORROW))
    parts = {name: cpu(side) for name, side in runs.items()}
    new = {"900 days": parts["long"], "90 days": parts["short"]}
    still = {"900 days": parts["long_quiet"], "90 days": parts["short_quiet"]}
    return [
        Result("B3", "a new day at 900 days / at 90", new["900 days"] / new["90 days"], "x", new,
               peak(runs["long"])),
        Result("B3n", "a quiet night at 900 days / at 90", still["900 days"] / still["90 days"], "x",
               still, peak(runs["long_quiet"])),
        Result("B6", "a quiet night at 90 days", still["90 days"], "CPU-s"),
    ]  # fmt: skip
