"""B2, B2a: dbt's models over the landed rows of 900 days against the floor over the same rows.

What dbt costs at any size is taken off: the same command over a company of a few rows.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import floor
from benchmarks.company import write_company
from benchmarks.harness import Measured, Result, cpu, in_turns, peak, require_equal, run_command, run_function
from benchmarks.homes import TODAY, as_of, copy_of, home_of, nightly

ATTEMPTS, DAYS, NEW = 1_800_000, 900, 20_000
SELECTIONS = {"B2": ("--select", "+path:models/facts", "--exclude", "path:models/facts/days"), "B2a": ()}


def core(work: Path, repetitions: int, scale: float) -> list[Result]:
    return [_measure("B2", "core models and theirs / floor", work, repetitions, scale)]


def every(work: Path, repetitions: int, scale: float) -> list[Result]:
    return [_measure("B2a", "all models / floor", work, repetitions, scale)]


def long_history(work: Path, scale: float) -> Path:
    """A company of 900 days after its first night."""
    return _after_first_night(work, "history-900", round(ATTEMPTS * scale), DAYS, round(NEW * scale))


def short_history(work: Path, scale: float) -> Path:
    """A company of 90 days with as many attempts a day, after its first night."""
    return _after_first_night(work, "history-90", round(ATTEMPTS * scale / 10), DAYS // 10, round(NEW * scale))


def tiny(work: Path) -> Path:
    """A company of a few attempts, after its first night."""
    return _after_first_night(work, "tiny", 50, 3, 10)


def _after_first_night(work: Path, name: str, attempts: int, days: int, new: int) -> Path:
    home = work / "homes" / name
    if not home.exists():
        company = write_company(work / "companies" / name, attempts, days, new=new)
        nightly(home_of(company, home), TODAY)
    return home


def _measure(name: str, measure: str, work: Path, repetitions: int, scale: float) -> Result:
    homes = {
        "engine": copy_of(long_history(work, scale), work / "homes" / "models"),
        "fixed": copy_of(tiny(work), work / "homes" / "models-tiny"),
    }

    def build(home: Path) -> Measured:
        return run_command(
            "orchestration.build.dbt_child", "--quiet", "run", "--full-refresh", *SELECTIONS[name],
            FINOPS_HOME=str(home), DBT_TARGET_PATH=str(home / "by-hand"), DBT_LOG_PATH=str(home / "by-hand"),
            DBT_LOG_LEVEL_FILE="none", DBT_PROJECT_DIR=".", DBT_PROFILES_DIR=".",
        )  # fmt: skip

    for home in homes.values():
        # The first time, dbt parses the project.
        build(home)
    runs = in_turns(
        repetitions,
        engine=lambda: build(homes["engine"]),
        fixed=lambda: build(homes["fixed"]),
        floor=lambda: run_function(floor.from_rows, str(homes["engine"]), as_of(TODAY)),
    )
    built = floor.answer_of(homes["engine"] / "warehouse" / "build.duckdb")
    require_equal("marts and floor", built, *(run.answer for run in runs["floor"]))
    parts = {side: cpu(measured) for side, measured in runs.items()}
    ratio = (parts["engine"] - parts["fixed"]) / parts["floor"]
    return Result(name, measure, ratio, "x", parts, peak(runs["engine"]))
