"""The floor: one hand-written script over the same rows and prices, and what it and the marts must agree on."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.harness import require_equal
from benchmarks.homes import published

_SQL = Path(__file__).with_name("floor.sql")
# What the floor reads of a landing file: table, columns.
_FILES = {
    "inference": (
        "attempts",
        "attempt_id VARCHAR, outcome_id VARCHAR, use_case VARCHAR, provider VARCHAR, model VARCHAR,"
        " service_tier VARCHAR, started_at TIMESTAMP, latency_ms BIGINT, status VARCHAR,"
        " input_tokens BIGINT, output_tokens BIGINT, cache_read_tokens BIGINT",
    ),
    "outcomes": ("decisions", "outcome_id VARCHAR, use_case VARCHAR, decision VARCHAR, decided_at TIMESTAMP"),
    "rework": ("tickets", "outcome_id VARCHAR, severity VARCHAR, opened_at TIMESTAMP"),
}
# Columns that a landed row has in another shape than its file.
_DERIVED = {
    ("inference", "latency_ms"): "epoch_ms(ended_at) - epoch_ms(started_at)",
    ("inference", "service_tier"): "coalesce(service_tier, 'standard')",
    ("rework", "outcome_id"): "outcome_ids ->> '$[0]'",
}
_ANSWER = """
    SELECT count(*), sum(cost)::DECIMAL(38, 12), (SELECT count(*) FROM {outcomes}),
        (SELECT count(*) FROM {outcomes} WHERE state = 'accepted'),
        (SELECT count(*) FROM {days} WHERE outcomes > 0)
    FROM {attempts}
"""


def from_files(home: str, as_of: str) -> list[str]:
    """The floor from landing files on; returns what ``answer_of`` the marts has to equal."""
    return _run(home, as_of, lambda con: _read_files(con, Path(home)))


def from_rows(home: str, as_of: str) -> list[str]:
    """The floor from the landed rows of ``raw.duckdb`` on."""
    return _run(home, as_of, lambda con: _read_rows(con, Path(home)))


def answer_of(database: Path) -> list[str]:
    """Attempts, cost, outcomes, accepted outcomes and days of use cases, as the marts of a build say them."""
    with duckdb.connect(str(database), read_only=True) as con:
        return _answer(con, "marts.")


def require_same(home: Path, as_of: str) -> None:
    """What is published in a state folder says what the floor finds in its landing files.

    Raises:
        BenchmarkFailed: it does not.
    """
    require_equal("marts and floor", answer_of(published(home)), from_files(str(home), as_of))


def _answer(con: duckdb.DuckDBPyConnection, schema: str = "") -> list[str]:
    query = _ANSWER.format(attempts=f"{schema}attempts", outcomes=f"{schema}outcomes", days=f"{schema}use_case_daily")
    return [str(value) for value in con.execute(query).fetchone()]


def _run(home: str, as_of: str, read) -> list[str]:
    with TemporaryDirectory(dir=home) as folder, duckdb.connect(f"{folder}/floor.duckdb") as con:
        con.execute("SET threads = 2; SET memory_limit = '2GB'; SET TimeZone = 'UTC'; CREATE SCHEMA landed")
        con.execute(f"SET VARIABLE as_of = '{as_of}'::TIMESTAMPTZ::TIMESTAMP")
        prices = Path(home) / "seeds" / "model_prices.csv"
        con.execute(
            f"CREATE TABLE prices AS FROM read_csv('{prices}', types = {{price_per_million: 'DECIMAL(18, 6)',"
            " valid_from: 'TIMESTAMP', valid_to: 'TIMESTAMP'})"
        )
        read(con)
        con.execute(_SQL.read_text(encoding="utf-8"))
        return _answer(con)


def _read_files(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    for kind, (table, columns) in _FILES.items():
        typed = ", ".join(f"{name}: '{of}'" for name, of in (column.split() for column in columns.split(", ")))
        files = home / "landing" / kind / "*.jsonl"
        con.execute(
            f"CREATE TABLE landed.{table} AS FROM read_json('{files}', format = 'newline_delimited',"
            f" columns = {{{typed}}})"
        )


def _read_rows(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    con.execute(f"ATTACH '{home / 'warehouse' / 'raw.duckdb'}' AS raw (READ_ONLY)")
    for kind, (table, columns) in _FILES.items():
        named = dict(column.split() for column in columns.split(", "))
        chosen = ", ".join(f"{_DERIVED.get((kind, name), f'{name}::{of}')} AS {name}" for name, of in named.items())
        current = " WHERE _is_current" if kind == "inference" else ""
        con.execute(f"CREATE VIEW landed.{table} AS SELECT {chosen} FROM raw.native.{kind}{current}")
