"""B4, B4n, B7: landing files to published marts at full size, by how much memory DuckDB may take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from benchmarks import floor
from benchmarks.company import write_company
from benchmarks.harness import Measured, Result, cpu, in_turns, peak, require_equal, run_function
from benchmarks.homes import (
    TODAY,
    TOMORROW,
    as_of,
    content_hash,
    copy_of,
    home_of,
    land_new_day,
    nightly,
)
from benchmarks.models import short_history, tiny

FIRST_BUILD, DAY, DAYS = 5_000_000, 1_000_000, 90
SMALL, USUAL = "512MB", "2GB"


def first_build(work: Path, repetitions: int, scale: float) -> list[Result]:
    """A first build of five million attempts of ninety days."""
    company = write_company(work / "companies" / "five-million", round(FIRST_BUILD * scale), DAYS)

    def build(limit: str) -> Measured:
        return nightly(home_of(company, work / "homes" / f"first-{limit}"), TODAY, FINOPS_MEMORY_LIMIT=limit)

    return _small_against_usual("B4", "a first build of 5 M", work / "homes", "first", build, repetitions, TODAY)


def large_night(work: Path, repetitions: int, scale: float) -> list[Result]:
    """A night of a million new attempts on ninety days of history."""
    grown = short_history(work, scale)
    company = write_company(work / "companies" / "large-night", round(180_000 * scale), DAYS, new=round(DAY * scale))

    def night(limit: str) -> Measured:
        home = copy_of(grown, work / "homes" / f"large-{limit}")
        land_new_day(company, home)
        return nightly(home, TOMORROW, FINOPS_MEMORY_LIMIT=limit)

    return _small_against_usual(
        "B4n", "a night of 1 M on 90 days", work / "homes", "large", night, repetitions, TOMORROW
    )


def _small_against_usual(
    name: str,
    measure: str,
    homes: Path,
    prefix: str,
    run: Callable[[str], Measured],
    repetitions: int,
    day: date,
) -> list[Result]:
    runs = in_turns(repetitions, small=lambda: run(SMALL), usual=lambda: run(USUAL))
    require_equal("content hashes", *(content_hash(homes / f"{prefix}-{limit}") for limit in (SMALL, USUAL)))
    floor.require_same(homes / f"{prefix}-{SMALL}", as_of(day))
    parts = {SMALL: cpu(runs["small"]), USUAL: cpu(runs["usual"])}
    highest = peak(runs["small"])
    return [
        Result(name, f"{measure}, {SMALL} / {USUAL}", parts[SMALL] / parts[USUAL], "x", parts, highest),
        Result(f"{name} peak", f"{measure} at {SMALL}: most memory of the tree", highest / 1e9, "GB"),
    ]


def one_day(work: Path, repetitions: int, scale: float) -> list[Result]:
    """A company's first million, all of one day, beyond what a night costs anyway."""
    company = write_company(work / "companies" / "day", round(DAY * scale), 1)
    small = work / "companies" / tiny(work).name
    home, fixed = work / "homes" / "one-day", work / "homes" / "one-tiny-day"
    runs = in_turns(
        repetitions,
        engine=lambda: nightly(home_of(company, home), TODAY),
        fixed=lambda: nightly(home_of(small, fixed), TODAY),
        floor=lambda: run_function(floor.from_files, str(home), as_of(TODAY)),
    )
    floor.require_same(home, as_of(TODAY))
    parts = {name: cpu(side) for name, side in runs.items()}
    ratio = (parts["engine"] - parts["fixed"]) / parts["floor"]
    return [Result("B7", "1 M of one day, files to published marts beyond the fixed part / floor from files", ratio,
                   "x", parts, peak(runs["engine"]))]  # fmt: skip
