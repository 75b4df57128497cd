"""The ledger and control tables of ``raw.duckdb``, and making all of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb

MONEY = "DECIMAL(38,12)"
TIME = "TIMESTAMPTZ"
LEDGER_TABLES: dict[str, dict[str, str]] = {
    "ledger.load_files": {
        "file_sha256": "VARCHAR",
        "source": "VARCHAR",
        "first_name": "VARCHAR",
        "bytes": "BIGINT",
        "format": "VARCHAR",
        "compression": "VARCHAR",
        "rows_in": "BIGINT",
        "loaded": "BIGINT",
        "duplicate": "BIGINT",
        "superseded": "BIGINT",
        "quarantined": "BIGINT",
        "status": "VARCHAR",
        "reason": "VARCHAR",
        "load_id": "BIGINT",
        "run_id": "VARCHAR",
        "parser_version": "VARCHAR",
        "min_time": TIME,
        "max_time": TIME,
        "loaded_at": TIME,
        "unusable_labels": "VARCHAR",
    },
    "ledger.quarantined_rows": {
        "file_sha256": "VARCHAR",
        "source": "VARCHAR",
        "file_name": "VARCHAR",
        "line_no": "BIGINT",
        "row_no": "BIGINT",
        "reason_code": "VARCHAR",
        "field": "VARCHAR",
        "value_length": "BIGINT",
        "value_hmac": "VARCHAR",
        "load_id": "BIGINT",
    },
    # What a landing path held when it was last read, so that an unchanged file is not read again every night.
    "ledger.seen_files": {
        "source": "VARCHAR",
        "path": "VARCHAR",
        "fingerprint": "VARCHAR",
        "file_sha256": "VARCHAR",
    },
    "ledger.publishes": {
        "publish_id": "VARCHAR",
        "run_id": "VARCHAR",
        "as_of": TIME,
        "published_at": TIME,
        "content_hash": "VARCHAR",
        "checks_passed": "BIGINT",
        "max_load_id": "BIGINT",
        "reference_hash": "VARCHAR",
        "code_hash": "VARCHAR",
    },
    # A run that came to its end: it published, or found what is published to be what it would have published.
    "ledger.finished_runs": {
        "run_id": "VARCHAR",
        "publish_id": "VARCHAR",
        "as_of": TIME,
        "finished_at": TIME,
        "max_load_id": "BIGINT",
        "audit_mark": "VARCHAR",
    },
    # Figures of days that were over when they were published, and that a later publish changed.
    "ledger.restatements": {
        "publish_id": "VARCHAR",
        "former_publish_id": "VARCHAR",
        "published_at": TIME,
        "day": "DATE",
        "use_case": "VARCHAR",
        "measure": "VARCHAR",
        "former_value": MONEY,
        "value": MONEY,
        "delta": MONEY,
        "reference_changed": "BOOLEAN",
        "code_changed": "BOOLEAN",
    },
    "ledger.reference_rows": {
        "seed": "VARCHAR",
        "row_hash": "VARCHAR",
        "valid_from": TIME,
        "valid_to": TIME,
        "row_text": "VARCHAR",
    },
    # One row is one crossing of a budget's threshold that was found in a published build. It is written before anything
    # is sent and never changes what it says, so that a repetition is the same message.
    "ledger.alert_outbox": {
        "alert_key": "VARCHAR",
        "owner": "VARCHAR",
        "use_case": "VARCHAR",
        "budget": "VARCHAR",
        "month": "DATE",
        "budget_revision": "INTEGER",
        "threshold": "VARCHAR",
        "crossed_day": "DATE",
        "spent_amount": "DECIMAL(38, 12)",
        "limit_amount": "DECIMAL(38, 12)",
        "escalate_to": "VARCHAR",
        "is_restated": "BOOLEAN",
        "publish_id": "VARCHAR",
        "state": "VARCHAR",
        "attempts": "BIGINT",
        "queued_at": TIME,
        "next_attempt_at": TIME,
        "sent_at": TIME,
        "last_error": "VARCHAR",
    },
    "control.run": {"run_id": "VARCHAR", "as_of": TIME, "mode": "VARCHAR"},
    "control.rebuild_days": {"day": "DATE"},
    # dbt nodes that the run leaves as they are.
    "control.kept_nodes": {"node": "VARCHAR"},
}
# Without a run, everything that landed is visible.
END_OF_TIME = datetime(2100, 1, 1, tzinfo=UTC)


def ensure_tables(
    con: duckdb.DuckDBPyConnection, landed: Mapping[str, Mapping[str, str]], *, as_of: datetime = END_OF_TIME
) -> None:
    """Create every schema and table of the raw database that is not there yet, and set the session to UTC.

    ``control.run`` gets its one row (run_id ``none``, mode ``full``) when it is empty.

    Args:
        landed: columns and types of the landed tables, by full name.
    """
    con.execute("SET TimeZone = 'UTC'")
    con.begin()
    try:
        tables = {**landed, **LEDGER_TABLES}
        for schema in sorted({name.partition(".")[0] for name in tables}):
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for name, columns in tables.items():
            con.execute(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
        _add_missing_columns(con, tables)
        con.execute(
            "INSERT INTO control.run SELECT 'none', ?, 'full' WHERE NOT EXISTS (SELECT 1 FROM control.run)", [as_of]
        )
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _add_missing_columns(con: duckdb.DuckDBPyConnection, tables: Mapping[str, Mapping[str, str]]) -> None:
    """Give tables of an older version the columns that it did not know: unknown for the rows that are there."""
    present: dict[str, set[str]] = {}
    for name, column in con.execute(
        "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns()"
        " WHERE database_name = current_database()"
    ).fetchall():
        present.setdefault(name, set()).add(column)
    for name, columns in tables.items():
        for column, kind in columns.items():
            if column not in present[name]:
                con.execute(f"ALTER TABLE {name} ADD COLUMN {column} {kind}")
