"""B3, B3n, B6: a night of one new day, and one of nothing new, by how long the history is."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import Measured, Result, cpu, in_turns, peak, require_equal
from benchmarks.homes import TODAY, TOMORROW, copy_of, land_new_day, nightly, totals_of_day
from benchmarks.models import long_history, short_history


def nights(work: Path, repetitions: int, scale: float) -> list[Result]:
    """A new day at 900 days and at 90, each followed by a night of nothing new."""
    grown = {"long": long_history(work, scale), "short": short_history(work, scale)}
    totals: list[str] = []

    def new_day(side: str) -> Measured:
        home = copy_of(grown[side], work / "homes" / f"night-{side}")
        land_new_day(work / "companies" / grown[side].name, home)
        done = nightly(home, TOMORROW)
        totals.append(totals_of_day(home, TODAY))
        return done

    def quiet(side: str) -> Measured:
        return nightly(work / "homes" / f"night-{side}", TOMORROW)

    runs = in_turns(
        repetitions,
        long=lambda: new_day("long"),
        long_quiet=lambda: quiet("long"),
        short=lambda: new_day("short"),
        short_quiet=lambda: quiet("short"),
    )
    # The new day's own work is the same in both companies; that of their late rows is not.
    require_equal("new attempts", *(total.split()[0] for total in totals[::2]))
    require_equal("new attempts", *(total.split()[0] for total in totals[1::2]))
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
