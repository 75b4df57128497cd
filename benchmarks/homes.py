"""State folders that the benchmarks run in, and the commands that run there."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from benchmarks.company import NEW_DAY
from benchmarks.harness import Measured, run_command

TODAY, TOMORROW = NEW_DAY, NEW_DAY + timedelta(days=1)


def as_of(day: date) -> str:
    """The instant of the run in the morning of a day."""
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC).isoformat()


def home_of(company: Path, home: Path, *, new: bool = False) -> Path:
    """A state folder with a company's reference data and landing files; its new day's too if ``new``. The files are
    linked, since none of them ever changes."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(company / "landing", home / "landing", copy_function=os.link)
    if (company / "seeds").exists():
        shutil.copytree(company / "seeds", home / "seeds")
    if new:
        land_new_day(company, home)
    return home


def copy_of(home: Path, target: Path) -> Path:
    """A copy of a state folder, as if its runs had happened there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(home, target, symlinks=True)
    return target


def land_new_day(company: Path, home: Path) -> None:
    """What has come since the night before."""
    shutil.copytree(company / "new", home / "landing", copy_function=os.link, dirs_exist_ok=True)


def nightly(home: Path, day: date, **settings: str) -> Measured:
    """The whole command, from landing files to published marts."""
    return run_command(
        "orchestration.cli", "nightly", "--as-of", as_of(day),
        FINOPS_HOME=str(home), FINOPS_SEEDS=str(home / "seeds"), **settings,
    )  # fmt: skip


def published(home: Path) -> Path:
    """The database that readers open."""
    return (home / "published" / "current.duckdb").resolve()


def content_hash(home: Path) -> str:
    """Content hash of what is published."""
    with duckdb.connect(str(published(home)), read_only=True) as con:
        query = "SELECT content_hash FROM marts.publishes ORDER BY published_at DESC LIMIT 1"
        return str(con.execute(query).fetchone()[0])
