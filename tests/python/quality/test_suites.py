"""A suite that cannot fail guards nothing; one that quotes the data leaks it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from pydantic import ValidationError

from orchestration.quality.landed import check_counts, check_new_rows
from orchestration.quality.suites import SUITES_DIR, Suite, load_suites
from orchestration.quality.validate import keep_result, validate_table
from orchestration.sources.registry import SOURCES

GOOD = {"day": "DATE '2026-09-01'", "status": "'ok'", "cost": "2::DECIMAL(38, 12)", "parts": "2::DECIMAL(38, 12)",
        "share": "0.5::DOUBLE"}  # fmt: skip
SUITE = Suite(
    name="mart_t",
    promise="a small mart is sound",
    database="build",
    table="marts.t",
    minimum_rows=1,
    derived={"gap": "cost - parts"},
    expectations=(
        {"expect": "column_values_to_not_be_null", "column": "day"},
        {"expect": "column_values_to_be_in_set", "column": "status", "value_set": ["ok"]},
        {"expect": "column_values_to_be_between", "column": "gap", "min_value": 0, "max_value": 0},
        {"expect": "column_values_to_be_between", "column": "share", "min_value": 0, "max_value": 1},
    ),
)


def validate(rows: int = 3, **bad: str):
    values = ", ".join(f"{sql} AS {name}" for name, sql in {**GOOD, **bad}.items())
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA marts")
        con.execute(f"CREATE TABLE marts.t AS SELECT {values} FROM range({rows})")
        return validate_table(con, SUITE)


def test_a_sound_frame_is_green() -> None:
    """Catches a suite that fails on everything, which no test of bad frames would show."""
    result = validate()
    assert result.success
    assert result.rows == 3
    assert all(part.rows == 3 for part in result.expectations)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ({"day": "NULL::DATE"}, "day: expect_column_values_to_not_be_null"),
        ({"status": "'=secret()'"}, "status: expect_column_values_to_be_in_set"),
        ({"parts": "1.999999999999::DECIMAL(38, 12)"}, "gap: expect_column_values_to_be_between"),
        ({"share": "1.01"}, "share: expect_column_values_to_be_between"),
        ({"share": "'NaN'::DOUBLE"}, "every_ratio_is_finite"),
        ({"share": "'Infinity'::DOUBLE"}, "every_ratio_is_finite"),
    ],
)
def test_each_kind_of_bad_row_turns_it_red(bad: dict[str, str], expected: str) -> None:
    """Catches NaN taken for NULL, money compared as floats, and expectations that were never evaluated."""
    result = validate(**bad)
    assert not result.success
    assert any(f"marts.t: {expected}" in failure and "3 of 3 rows" in failure for failure in result.failures())


def test_a_missing_column_and_an_empty_mart_are_red() -> None:
    """Catches a renamed column whose expectations silently vanish, and a mart that lost all its rows."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA marts; CREATE TABLE marts.t AS SELECT 1 AS day")
        failures = validate_table(con, SUITE).failures()
    assert any("status: exists: no such column in marts.t" in failure for failure in failures)
    assert any("at least 1 rows" in failure for failure in validate(rows=0).failures())


def test_kept_results_hold_names_and_counts_but_no_values(settings) -> None:
    """Catches examples of bad values in the files that people send around."""
    path = keep_result(settings, "run-1", validate(status="'=secret()'"))
    text = Path(path).read_text(encoding="utf-8")
    assert "secret" not in text
    kept = json.loads(text)
    assert kept["success"] is False
    assert {part["unexpected"] for part in kept["expectations"]} == {0, 3}


def test_a_misspelt_key_or_expectation_is_refused() -> None:
    """Catches the silent kind of mistake: a suite that looks as if it checked something."""
    base = {"promise": "p", "database": "raw", "table": "a.b"}
    for content in (
        {**base, "expectation": []},
        {**base, "expectations": [{"expect": "column_values_to_be_betwen", "column": "x"}]},
        {**base, "expectations": [{"expect": "column_values_to_not_be_null", "column": "x"}], "derived": {"y": "1"}},
    ):
        with pytest.raises(ValidationError):
            Suite.model_validate(content)


def test_every_source_has_a_suite_of_its_table_and_all_files_load() -> None:
    """Catches a new source without a guard, and a suite that names a column its table does not have."""
    suites = {suite.name: suite for suite in load_suites()}
    assert len(suites) == len(list(SUITES_DIR.glob("*.yml")))
    for family, source in SOURCES.items():
        suite = suites[f"raw_{family}"]
        assert suite.table == source.table.full_name
        assert set(suite.columns) <= set(source.table.all_columns)


def land(settings, *, load_id: int = 1, rows_in: int = 2, **changes: str) -> None:
    values = {"_source": "'outcomes'", "_file_sha256": "'f'", "_line_no": "1", "_row_no": "1", "_row_hash": "'h'",
              "_load_id": str(load_id), "outcome_id": "'o1'", "use_case": "'a'", "decision": "'accepted'",
              "decided_at": "TIMESTAMPTZ '2026-09-01 00:00:00+00'"} | changes  # fmt: skip
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute(f"INSERT INTO native.outcomes ({', '.join(values)}) SELECT {', '.join(values.values())}")
        con.execute(
            "INSERT INTO ledger.load_files (source, first_name, rows_in, loaded, duplicate, superseded, quarantined,"
            " load_id, status) VALUES ('outcomes', 'outcomes/f.jsonl', ?, 1, 1, 0, 0, ?, 'loaded')",
            [rows_in, load_id],
        )


def test_new_rows_are_validated_until_they_are_published(settings) -> None:
    """Catches rows of a run that died before its checks: the next run does not load them, and must look at them."""
    land(settings, decision="'perhaps'")
    failures, rows = check_new_rows(settings, "outcomes", "a later run")
    assert rows == 1
    assert "native.outcomes: decision: expect_column_values_to_be_in_set" in failures[0]
    assert "finops rebuild" in failures[-1]
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute("INSERT INTO ledger.publishes (publish_id, max_load_id) VALUES ('p', 1)")
    assert check_new_rows(settings, "outcomes", "after the publish") == ([], 0)


def test_rows_that_are_not_accounted_for_are_found(settings) -> None:
    """Catches a loader that drops a row: in the ledger's sum, or between the ledger and the table."""
    land(settings)
    assert check_counts(settings, "outcomes") == []
    land(settings, load_id=2, rows_in=3)
    (failure,) = check_counts(settings, "outcomes")
    assert failure == "ledger: outcomes/f.jsonl: 3 rows came in, 2 are accounted for"
    with duckdb.connect(str(settings.raw_database)) as con:
        con.execute("DELETE FROM native.outcomes WHERE _load_id = 1")
    assert "outcomes: outcomes/f.jsonl: the ledger has 1 rows, the table 0" in check_counts(settings, "outcomes")
