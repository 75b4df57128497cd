"""Readers must see the former build or the new one, whole, whenever and however a publish ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.build.plan import unfinished_run
from orchestration.publish.files import builds_dir, current_build
from orchestration.publish.ledger import last_finished, read_publishes
from orchestration.publish.publish import NotEnoughSpace, publish_build
from orchestration.publish.recovery import reconcile_publishes
from orchestration.settings import Settings

READER = """
import sys, duckdb
from pathlib import Path
path, stop = Path(sys.argv[1]), Path(sys.argv[2])
reads, seen = 0, set()
while not stop.exists() or reads == 0:
    with duckdb.connect(str(path), read_only=True) as con:
        (cost,) = con.execute("SELECT DISTINCT cost::INT FROM marts.attempts").fetchone()
        (requests,) = con.execute("SELECT requests FROM marts.use_case_daily").fetchone()
        (publishes,) = con.execute("SELECT count(*) FROM marts.publishes").fetchone()
    assert cost == requests == publishes, (cost, requests, publishes)
    reads += 1
    seen.add(cost)
print(reads, len(seen))
"""
PUBLISH = """
import sys
from pathlib import Path
from orchestration.publish.publish import publish_build
from orchestration.reference import PreparedReference, ReferenceRow
from orchestration.settings import get_settings
row = ReferenceRow("use_cases", "{}", "h2", None, None)
publish_build(get_settings(), run_id=sys.argv[1], checks_passed=1, reference=PreparedReference(Path("."), "r2", (row,), ()))
"""  # noqa: E501


def published(settings: Settings) -> tuple[int, list[str]]:
    """The value that all marts say, and the run ids of the publishes that the build knows."""
    with duckdb.connect(str(settings.published_database.resolve()), read_only=True) as con:
        ((value,),) = con.execute("SELECT DISTINCT cost::INT FROM marts.attempts").fetchall()
        runs = con.execute("SELECT run_id FROM marts.publishes ORDER BY published_at").fetchall()
    return value, [run for (run,) in runs]


def ledger(settings: Settings) -> list[str]:
    with duckdb.connect(str(settings.raw_database)) as con:
        return [row.run_id for row in read_publishes(con)]


def publish(settings: Settings, run_id: str, reference) -> None:
    publish_build(settings, run_id=run_id, checks_passed=3, reference=reference)


def test_what_is_published_is_the_marts_and_nothing_else(settings, make_build, reference) -> None:
    """Catches staging, rates or leftovers in the hands of readers, views that point nowhere, and writable files."""
    make_build("r1", 1)
    publish(settings, "r1", reference)
    with duckdb.connect(str(settings.published_database), read_only=True) as con:
        tables = con.execute(
            "SELECT table_schema, table_name, table_type FROM information_schema.tables ORDER BY ALL"
        ).fetchall()
    names = ("attempts", "load_files", "publishes", "restatements", "use_case_daily")
    assert tables == [("marts", name, "BASE TABLE") for name in names]
    build = current_build(settings)
    assert build is not None
    files = [path for path in build.rglob("*") if path.is_file()]
    assert files and all(path.stat().st_mode & 0o222 == 0 for path in files)
    assert not [path for path in files if path.suffix == ".wal"]
    assert ledger(settings) == ["r1"]
    parquet = settings.published_dir / "parquet" / "attempts"
    rows = duckdb.execute(f"SELECT count(*), sum(cost)::INT FROM read_parquet('{parquet}/*/*.parquet')").fetchone()
    assert rows == (30, 30)


def test_unchanged_days_are_linked_and_rebuilt_ones_written(settings, make_build, reference) -> None:
    """Catches Parquet that costs as much as all history every night, and a rebuilt day that keeps its old file."""
    make_build("r1", 1)
    publish(settings, "r1", reference)
    make_build("r2", 1, days=("2026-09-02",), mode="incremental")
    with duckdb.connect(str(settings.build_database)) as con:
        con.execute("UPDATE marts.attempts SET cost = 5 WHERE day = '2026-09-02'")
    publish(settings, "r2", reference)
    days = settings.published_dir / "parquet" / "attempts"
    links = {path.parent.name: path.stat().st_nlink for path in days.rglob("*.parquet")}
    assert links == {"day=2026-09-01": 2, "day=2026-09-02": 1, "day=2026-09-03": 2}
    (total,) = duckdb.execute(f"SELECT sum(cost)::INT FROM read_parquet('{days}/*/*.parquet')").fetchone() or (0,)
    assert total == 70


def test_a_mart_that_says_the_same_is_linked_and_one_that_does_not_is_written(settings, make_build, reference) -> None:
    """Catches small marts that are written every night, and old Parquet beside a new database."""
    numbers = {}
    for run_id, value in (("r1", 1), ("r2", 1), ("r3", 2)):
        make_build(run_id, value, mode="incremental")
        publish(settings, run_id, reference)
        file = settings.published_dir / "parquet" / "use_case_daily" / "use_case_daily.parquet"
        numbers[run_id] = file.stat().st_ino
        assert duckdb.execute(f"SELECT requests FROM read_parquet('{file}')").fetchall() == [(value,)]
    assert numbers["r1"] == numbers["r2"] != numbers["r3"]


def test_old_builds_go_and_the_same_content_gets_a_name_of_its_own(settings, make_build, reference) -> None:
    """Catches a disk that fills, a current build that is deleted, and two publishes with one id."""
    for number, value in ((1, 1), (2, 2), (3, 1)):
        make_build(f"r{number}", value)
        publish(settings, f"r{number}", reference)
    names = {path.name for path in builds_dir(settings).iterdir()}
    assert len(names) == settings.keep_builds
    assert published(settings) == (1, ["r1", "r2", "r3"])
    with duckdb.connect(str(settings.raw_database)) as con:
        rows = read_publishes(con)
    assert len({row.publish_id for row in rows}) == 3
    assert rows[0].content_hash == rows[2].content_hash != rows[1].content_hash


def _land(settings: Settings, load_id: int, status: str, quarantined: int) -> None:
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute(
            "INSERT INTO ledger.load_files (load_id, source, file_sha256, status, quarantined)"
            " VALUES (?1, 'inference', 'sha' || ?1, ?2, ?3)",
            [load_id, status, quarantined],
        )


def test_an_equal_build_takes_no_place_and_the_next_run_starts_from_it(settings, make_build, reference) -> None:
    """Catches nights of duplicates that push real builds out of the kept ones, and a ledger that forgets such a night:
    its run would count as unfinished, its files as new."""
    make_build("r1", 1)
    publish(settings, "r1", reference)
    make_build("r2", 1)
    _land(settings, 7, "loaded", 0)
    row = publish_build(settings, run_id="r2", checks_passed=3, reference=reference)
    assert row.run_id == "r1"
    assert [path.name for path in builds_dir(settings).iterdir()] == [row.publish_id]
    assert ledger(settings) == ["r1"]
    with duckdb.connect(str(settings.raw_database)) as con:
        finished = last_finished(con)
        assert unfinished_run(con) is None
    assert finished is not None
    assert (finished.run_id, finished.publish_id, finished.max_load_id) == ("r2", row.publish_id, 7)


@pytest.mark.parametrize(("status", "quarantined"), [("refused", 0), ("loaded", 3)])
def test_equal_figures_with_other_refusals_are_published(settings, make_build, reference, status, quarantined) -> None:
    """Catches refused rows that readers are not told of, because none of them moved a figure."""
    make_build("r1", 1)
    publish(settings, "r1", reference)
    make_build("r2", 1)
    _land(settings, 7, status, quarantined)
    publish(settings, "r2", reference)
    assert ledger(settings) == ["r1", "r2"]


@pytest.mark.parametrize("stage", ["publish_copy", "publish_rename", "publish_switch", "publish_ledger"])
def test_a_publish_killed_anywhere_leaves_one_whole_build_and_is_mended(settings, make_build, reference, stage) -> None:
    """Catches a torn build, a publish that readers see and the ledger forgets, and a rerun that counts it twice."""
    make_build("r1", 1)
    publish(settings, "r1", reference)
    make_build("r2", 2)
    environment = {**os.environ, "FINOPS_HOME": str(settings.home), "FINOPS_FAIL_AT": f"{stage}:1"}
    done = subprocess.run([sys.executable, "-c", PUBLISH, "r2"], env=environment, check=False)
    assert done.returncode == -9
    switched = stage == "publish_ledger"
    assert published(settings) == ((2, ["r1", "r2"]) if switched else (1, ["r1"]))
    assert ledger(settings) == ["r1"]
    adopted = reconcile_publishes(settings)
    assert len(adopted) == switched
    if switched:
        with duckdb.connect(str(settings.raw_database)) as con:
            assert con.execute("SELECT row_hash FROM ledger.reference_rows").fetchall() == [("h2",)]
    publish(settings, "r2", reference)
    assert published(settings) == (2, ["r1", "r2"])
    assert ledger(settings) == ["r1", "r2"]
    assert not [path for path in builds_dir(settings).iterdir() if path.name.startswith(".")]


def test_a_reader_sees_whole_builds_only_while_builds_are_published(settings, make_build, reference, tmp_path) -> None:
    """Catches a switch in two steps: the marts of one build beside the publishes of another."""
    make_build("r1", 1)
    publish(settings, "r1", reference)
    stop = tmp_path / "stop"
    arguments = [sys.executable, "-c", READER, str(settings.published_database), str(stop)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
        for number in range(2, 9):
            make_build(f"r{number}", number)
            publish(settings, f"r{number}", reference)
        stop.touch()
        printed, errors = reader.communicate(timeout=30)
    assert reader.returncode == 0, errors
    reads, builds = (int(word) for word in printed.split())
    assert reads > 10
    assert builds > 1


def test_too_little_space_is_said_before_anything_is_written(settings, make_build, reference, monkeypatch) -> None:
    """Catches a publish that fills the disk and dies half-way."""
    make_build("r1", 1)
    usage = type("usage", (), {"free": 1_000})
    monkeypatch.setattr("orchestration.publish.publish.shutil.disk_usage", lambda _path: usage)
    with pytest.raises(NotEnoughSpace, match="MB free and a build needs"):
        publish(settings, "r1", reference)
    assert not builds_dir(settings).exists()
    assert not Path(settings.published_database).exists()
