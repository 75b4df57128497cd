"""What a publish changes of days that readers had seen. Catches a change that nobody is told of, growth of an open day
told as a change, deltas that do not add up, and restatements lost by a killed run or a rebuild of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pytest

from orchestration.build.ready import make_ready
from orchestration.publish.publish import publish_build
from orchestration.reference import PreparedReference
from orchestration.settings import Settings

Days = dict[tuple[str, str], str]
FIRST: Days = {("2026-09-26", "a"): "10", ("2026-09-26", "b"): "5", ("2026-09-28", "a"): "1"}
SECOND: Days = {("2026-09-26", "a"): "12.5", ("2026-09-27", "a"): "4", ("2026-09-28", "a"): "7"}
THIRD: Days = {("2026-09-26", "a"): "11", ("2026-09-27", "a"): "4", ("2026-09-28", "a"): "7"}


def build(settings: Settings, run_id: str, as_of: datetime, costs: Days) -> None:
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("UPDATE control.run SET run_id = ?, as_of = ?, mode = 'full'", [run_id, as_of])
    settings.build_database.unlink(missing_ok=True)
    with duckdb.connect(str(settings.build_database)) as con:
        con.execute(f"ATTACH '{settings.raw_database}' AS raw (READ_ONLY)")
        con.execute("CREATE SCHEMA marts")
        con.execute("CREATE TABLE marts.use_case_daily (day DATE, use_case VARCHAR, total_cost DECIMAL(38, 12))")
        con.executemany(
            "INSERT INTO marts.use_case_daily VALUES (?, ?, ?)", [[*key, Decimal(cost)] for key, cost in costs.items()]
        )
        con.execute("CREATE TABLE marts.restatements AS FROM raw.ledger.restatements")


def publish(settings: Settings, reference: PreparedReference, day: int, costs: Days) -> None:
    build(settings, f"run-{day}", datetime(2026, 9, day, 6, tzinfo=UTC), costs)
    publish_build(settings, run_id=f"run-{day}", checks_passed=1, reference=reference)


def restated(settings: Settings) -> list[tuple[str, str, str | None, str | None, str]]:
    with duckdb.connect(str(settings.published_database), read_only=True) as con:
        rows = con.execute(
            "SELECT day::VARCHAR, use_case, former_value::DOUBLE, value::DOUBLE, delta::DOUBLE FROM marts.restatements"
            " ORDER BY published_at, day, use_case"
        ).fetchall()
    with duckdb.connect(str(settings.raw_database), read_only=True) as con:
        (in_ledger,) = con.execute("SELECT count(*) FROM ledger.restatements").fetchone()
    assert in_ledger == len(rows)
    return rows


# The 28th was open when it was published first, the 27th was not.
CHANGES = [
    ("2026-09-26", "a", 10.0, 12.5, 2.5),
    ("2026-09-26", "b", 5.0, None, -5.0),
    ("2026-09-27", "a", None, 4.0, 4.0),
]
LATER = [("2026-09-26", "a", 12.5, 11.0, -1.5)]


def test_days_that_were_over_are_restated_and_deltas_add_up(settings: Settings, reference: PreparedReference) -> None:
    publish(settings, reference, 28, FIRST)
    assert restated(settings) == []
    publish(settings, reference, 29, SECOND)
    assert restated(settings) == CHANGES
    publish(settings, reference, 30, THIRD)
    assert restated(settings) == CHANGES + LATER
    deltas = sum(row[4] for row in restated(settings) if row[:2] == ("2026-09-26", "a"))
    assert deltas == float(THIRD["2026-09-26", "a"]) - float(FIRST["2026-09-26", "a"])


def test_a_run_killed_before_the_ledger_knows_loses_no_restatement(
    settings: Settings, reference: PreparedReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(settings, reference, 28, FIRST)

    def killed(stage: str) -> None:
        if stage == "publish_ledger":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("orchestration.publish.publish.fail_at", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(settings, reference, 29, SECOND)
    make_ready(settings, fresh=False, label="x")
    assert restated(settings) == CHANGES
    publish(settings, reference, 30, THIRD)
    assert restated(settings) == CHANGES + LATER


def test_a_rebuild_of_the_ledger_keeps_what_was_restated(settings: Settings, reference: PreparedReference) -> None:
    publish(settings, reference, 28, FIRST)
    publish(settings, reference, 29, SECOND)
    make_ready(settings, fresh=True, label="x")
    assert restated(settings) == CHANGES
