"""Before a run the warehouse is mended: after a crash, a lost ledger, or a wish to start afresh."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.build.ready import make_ready
from orchestration.publish.ledger import read_publishes
from orchestration.publish.publish import publish_build
from orchestration.publish.recovery import write_pending
from orchestration.settings import Settings
from orchestration.warehouse.database import wal_of


def publishes(settings: Settings) -> list[tuple[str, int]]:
    with duckdb.connect(str(settings.raw_database)) as con:
        return [(row.run_id, row.max_load_id) for row in read_publishes(con)]


def land_a_file(settings: Settings) -> None:
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute("INSERT INTO ledger.load_files (source, load_id, status) VALUES ('inference', 7, 'loaded')")


def test_a_fresh_start_reads_all_of_landing_again_and_remembers_the_publishes(settings, make_build, reference) -> None:
    """Catches a rebuild that skips files it believes loaded, or that loses the history of publishes."""
    land_a_file(settings)
    make_build("r1", 1)
    publish_build(settings, run_id="r1", checks_passed=1, reference=reference)
    assert publishes(settings) == [("r1", 7)]
    make_ready(settings, fresh=True, label="r2")
    assert publishes(settings) == [("r1", 0)]
    with duckdb.connect(str(settings.raw_database)) as con:
        assert con.execute("SELECT count(*) FROM ledger.load_files").fetchone() == (0,)
    assert not settings.build_database.exists()
    assert settings.published_database.exists()


def test_a_warehouse_of_an_older_version_gets_the_new_columns(settings) -> None:
    """Catches an upgrade after which every run fails, or that costs the rows that are there."""
    land_a_file(settings)
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute("ALTER TABLE litellm.calls DROP COLUMN usage_not_understood; DROP TABLE ledger.restatements")
    make_ready(settings, fresh=False, label="r1")
    with duckdb.connect(str(settings.raw_database)) as con:
        assert con.execute("SELECT count(*), count(usage_not_understood) FROM litellm.calls").fetchone() == (0, 0)
        assert con.execute("SELECT count(*) FROM ledger.restatements").fetchone() == (0,)
        assert con.execute("SELECT load_id FROM ledger.load_files").fetchall() == [(7,)]


@pytest.mark.parametrize("lost", [True, False])
def test_load_numbers_of_a_former_ledger_are_not_taken_over(settings, make_build, reference, lost) -> None:
    """Catches a run that died before its record, then a new ledger that takes its own new files for published."""
    land_a_file(settings)
    make_build("r1", 1)
    row = publish_build(settings, run_id="r1", checks_passed=1, reference=reference)
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute("DELETE FROM ledger.publishes")
    write_pending(settings, row, reference)
    if lost:
        settings.raw_database.unlink()
    make_ready(settings, fresh=not lost, label="r2")
    assert publishes(settings) == [("r1", 0)]


def test_a_lost_ledger_learns_its_publishes_from_what_readers_see(settings, make_build, reference) -> None:
    """Catches a build of the lost ledger that is taken for current, and publish ids that are given twice."""
    make_build("r1", 1)
    publish_build(settings, run_id="r1", checks_passed=1, reference=reference)
    settings.raw_database.unlink()
    notes = make_ready(settings, fresh=False, label="r2")
    assert publishes(settings) == [("r1", 0)]
    assert not settings.build_database.exists()
    assert any("was added" in note for note in notes)


def test_an_unreadable_database_is_put_aside_with_its_log(settings, make_build) -> None:
    """Catches a log that is deleted, or left to be replayed into the new file of the same name."""
    make_build("r1", 1)
    settings.build_database.write_bytes(b"not a database" * 1000)
    wal_of(settings.build_database).write_bytes(b"log")
    notes = make_ready(settings, fresh=False, label="r2")
    aside = settings.build_database.with_name("build.unreadable-r2.duckdb")
    assert aside.read_bytes().startswith(b"not a database")
    assert wal_of(aside).read_bytes() == b"log"
    assert not settings.build_database.exists()
    assert not wal_of(settings.build_database).exists()
    assert any("put aside" in note for note in notes)
