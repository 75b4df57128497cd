"""A warehouse small enough to publish in a moment: real files, made-up marts, no dbt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.reference import PreparedReference, ReferenceRow
from orchestration.settings import Settings
from orchestration.sources.registry import landed_columns
from orchestration.warehouse.tables import ensure_tables

AS_OF = datetime(2026, 9, 28, 6, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home", keep_builds=2)
    made.make_folders()
    with duckdb.connect(str(made.raw_database)) as con:
        ensure_tables(con, landed_columns())
    return made


@pytest.fixture
def reference(tmp_path: Path) -> PreparedReference:
    row = ReferenceRow("use_cases", '{"use_case": "a"}', "h1", datetime(2026, 1, 1, tzinfo=UTC), None)
    return PreparedReference(tmp_path, "reference-hash", (row,), ())


@pytest.fixture
def make_build(settings: Settings) -> Callable[..., None]:
    """Write control rows and a build whose every mart says ``value``, as a run of that id would."""

    def make(run_id: str, value: int, *, days: tuple[str, ...] = (), mode: str = "full") -> None:
        with duckdb.connect(str(settings.raw_database)) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.execute("UPDATE control.run SET run_id = ?, as_of = ?, mode = ?", [run_id, AS_OF, mode])
            con.execute("DELETE FROM control.rebuild_days")
            for day in days:
                con.execute("INSERT INTO control.rebuild_days VALUES (?)", [day])
        settings.build_database.unlink(missing_ok=True)
        with duckdb.connect(str(settings.build_database)) as con:
            con.execute(f"ATTACH '{settings.raw_database}' AS raw (READ_ONLY)")
            con.execute("CREATE SCHEMA marts; CREATE SCHEMA staging; CREATE SCHEMA reference")
            con.execute(
                "CREATE TABLE marts.attempts AS SELECT DATE '2026-09-01' + (i % 3)::INT AS day, i AS attempt_id,"
                f" {value}::DECIMAL(38, 12) AS cost, '{run_id}' AS run_id FROM range(30) AS t(i)"
            )
            con.execute(f"CREATE TABLE marts.use_case_daily AS SELECT 'a' AS use_case, {value} AS requests")
            con.execute("CREATE VIEW staging.files AS SELECT * FROM raw.ledger.load_files")
            con.execute("CREATE VIEW marts.load_files AS SELECT * FROM build.staging.files")
            con.execute("CREATE TABLE reference.role_rates AS SELECT 'secret rate' AS role")
            con.execute("CREATE TABLE main.leftover AS SELECT 1 AS x")

    return make
