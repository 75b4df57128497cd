"""The record of publishes, and its repair when a run died between the switch and the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from orchestration.reference import PreparedReference, save_reference_rows
from orchestration.settings import Settings
from orchestration.warehouse.database import quote_name
from orchestration.warehouse.project_hash import checks_hash

_TIME_FIELDS = ("as_of", "published_at")


@dataclass(frozen=True)
class PublishRow:
    """One row of ``ledger.publishes``.

    ``max_load_id`` is the last landed file in the build; 0 says that no file of the present ledger is in it.
    """

    publish_id: str
    run_id: str
    as_of: datetime
    published_at: datetime
    content_hash: str
    checks_passed: int
    max_load_id: int
    reference_hash: str
    code_hash: str

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        return {name: value.isoformat() if name in _TIME_FIELDS else value for name, value in values.items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> PublishRow:
        times = {name: datetime.fromisoformat(values[name]) for name in _TIME_FIELDS}
        return cls(**{**values, **times})


@dataclass(frozen=True)
class FinishedRun:
    """A run that came to its end, and the publish that holds what it found.

    ``max_load_id`` is the last landed file that it took into account; ``audit_mark`` (see there) is empty where it is
    not known.
    """

    run_id: str
    publish_id: str
    as_of: datetime
    finished_at: datetime
    max_load_id: int
    audit_mark: str
    code_hash: str
    reference_hash: str


PUBLISH_COLUMNS = tuple(PublishRow.__dataclass_fields__)


def read_publishes(con: duckdb.DuckDBPyConnection, table: str = "ledger.publishes") -> list[PublishRow]:
    """Every recorded publish, oldest first."""
    rows = con.execute(f"SELECT {', '.join(PUBLISH_COLUMNS)} FROM {table} ORDER BY published_at, publish_id").fetchall()
    return [_publish_row(row) for row in rows]


def last_finished(con: duckdb.DuckDBPyConnection) -> FinishedRun | None:
    """The run that the next one starts from; None when none has come to its end in this ledger."""
    row = con.execute(
        "SELECT f.run_id, publish_id, f.as_of, finished_at, f.max_load_id, audit_mark, code_hash, reference_hash"
        " FROM ledger.finished_runs AS f JOIN ledger.publishes USING (publish_id)"
        " ORDER BY finished_at DESC, publish_id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else FinishedRun(*row)


def audit_mark(settings: Settings) -> str:
    """What was audited and by which checks: differs once anybody has written to the build, or changed a check."""
    status = settings.build_database.stat()
    return f"{status.st_size}|{status.st_mtime_ns}|{checks_hash()}"


def record_finished(con: duckdb.DuckDBPyConnection, found: PublishRow, publish_id: str, *, mark: str) -> None:
    """Write down that a run came to its end, so that the next one starts from its as-of and its files.

    Args:
        con: connection to the raw database.
        found: the run, as it would be published.
        publish_id: the publish that holds what it found: its own, or the one before when that says the same.
        mark: ``audit_mark`` of the build that passed its checks.
    """
    con.execute(
        "INSERT INTO ledger.finished_runs (run_id, publish_id, as_of, finished_at, max_load_id, audit_mark)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [found.run_id, publish_id, found.as_of, found.published_at, found.max_load_id, mark],
    )


def record_publish(
    con: duckdb.DuckDBPyConnection, row: PublishRow, reference: PreparedReference | None, *, mark: str = ""
) -> None:
    """Write the publish, the end of its run and the reference data it used, in one transaction.

    Reference data of None (not known) leave none behind, so that the next run takes all of it for changed; without
    ``audit_mark`` it builds and checks every model.
    """
    con.execute("BEGIN")
    try:
        insert_publishes(con, "ledger.publishes", [row])
        record_finished(con, row, row.publish_id, mark=mark)
        if reference is None:
            con.execute("DELETE FROM ledger.reference_rows")
        else:
            save_reference_rows(con, reference)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def insert_publishes(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[PublishRow]) -> None:
    """Add publishes to a table that has at least some of their columns."""
    present = {name for (name, *_) in con.execute(f"DESCRIBE {table}").fetchall()}
    columns = [name for name in PUBLISH_COLUMNS if name in present]
    marks = ", ".join("?" for _ in columns)
    names = ", ".join(quote_name(name) for name in columns)
    for row in rows:
        values = [getattr(row, name) for name in columns]
        con.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


def _publish_row(values: Sequence[Any]) -> PublishRow:
    row = PublishRow(*values)
    times = {name: getattr(row, name).astimezone(UTC) for name in _TIME_FIELDS}
    return PublishRow(**{**asdict(row), **times})
