"""Writes rows and quarantined rows to the raw database inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import duckdb
import pyarrow as pa

from orchestration.ingest.batches import Quarantined
from orchestration.ingest.merge import row_hash_sql
from orchestration.ingest.reasons import FILE_REFUSED
from orchestration.ingest.tables import Table
from orchestration.warehouse.failpoint import fail_at

# Rows are handed to DuckDB in pieces of about half its own row group, which it writes in parallel.
INSERT_ROWS = 60_000
_QUARANTINE = "INSERT INTO ledger.quarantined_rows SELECT $sha256, $source, $name,"


class FileKey(NamedTuple):
    """What ties a row to its file."""

    sha256: str
    name: str
    load_id: int


class RowWriter:
    """Queues the rows of a source and inserts them in the background, while the next ones are read.

    Only one thing may use a connection at a time: every method that uses it waits for the insert first.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, tables: Sequence[Table], source: str) -> None:
        self._con = con
        self._source = source
        self._insert_sql = {table.full_name: _insert_sql(table) for table in tables}
        self._waiting: dict[str, list[pa.Table]] = {name: [] for name in self._insert_sql}
        self._inserter = ThreadPoolExecutor(1, "insert")
        self._inserting: Future[None] | None = None

    def add(
        self,
        table: Table,
        columns: dict[str, pa.Array],
        line_nos: Sequence[int],
        row_nos: Sequence[int],
        file: FileKey,
    ) -> None:
        """Queue rows of a file for one of the tables."""
        count = len(row_nos)
        lineage = {
            "_file_sha256": pa.repeat(file.sha256, count),
            "_load_id": pa.repeat(file.load_id, count),
            "_line_no": pa.array(line_nos, pa.int64()),
            "_row_no": pa.array(row_nos, pa.int64()),
        }
        waiting = self._waiting[table.full_name]
        waiting.append(pa.table({**lineage, **columns}))
        if sum(map(len, waiting)) >= INSERT_ROWS:
            self._start_insert()

    def _start_insert(self) -> None:
        self._finish_insert()
        arriving = [(name, pa.concat_tables(waiting)) for name, waiting in self._waiting.items() if waiting]
        self._forget_waiting()
        if arriving:
            self._inserting = self._inserter.submit(self._insert, arriving)

    def _forget_waiting(self) -> None:
        for waiting in self._waiting.values():
            waiting.clear()

    def _insert(self, arriving: list[tuple[str, pa.Table]]) -> None:
        for name, arriving_rows in arriving:
            # DuckDB finds the rows by the name of this variable. A registered table would stay in memory until commit.
            self._con.execute(self._insert_sql[name], {"source": self._source})
            del arriving_rows
        fail_at("insert_rows")

    def _finish_insert(self) -> None:
        if self._inserting is not None:
            inserting, self._inserting = self._inserting, None
            inserting.result()

    def flush(self) -> None:
        """Insert what is queued and wait for it."""
        self._start_insert()
        self._finish_insert()

    def quarantine(self, rows: list[Quarantined], file: FileKey) -> None:
        """Write quarantined rows of a file."""
        if not rows:
            return
        self._finish_insert()
        columns = dict(zip(Quarantined._fields, map(list, zip(*rows, strict=True)), strict=True))
        types = {"line_no": pa.int64(), "row_no": pa.int64(), "length": pa.int64()}
        bad_rows = pa.table({name: pa.array(v, types.get(name, pa.string())) for name, v in columns.items()})
        self._con.execute(
            f"{_QUARANTINE} line_no, row_no, reason, field, length, hmac, $load_id FROM bad_rows",
            {**file._asdict(), "source": self._source},
        )
        del bad_rows

    def take_back(self, file: FileKey, *, rows: int, reason: str | None) -> int:
        """Undo a file: its rows become quarantined rows.

        Args:
            rows: how many rows were counted in the file, 0 when they could not be counted.
            reason: reason of every row; None: bad rows keep their own, the others get ``file_refused``.

        Returns:
            Quarantined rows that were added.
        """
        self.flush()
        arguments = {**file._asdict(), "source": self._source}
        added = 0
        if reason is None:
            for table in self._insert_sql:
                (moved,) = self._con.execute(
                    f"{_QUARANTINE} _line_no, _row_no, '{FILE_REFUSED}', NULL, NULL, NULL, $load_id"
                    f" FROM {table} WHERE _load_id = $load_id",
                    arguments,
                ).fetchone() or (0,)
                added += moved
        else:
            self._con.execute("DELETE FROM ledger.quarantined_rows WHERE load_id = ?", [file.load_id])
            if rows:
                self._con.execute(
                    f"{_QUARANTINE} NULL, row_no, $reason, NULL, NULL, NULL, $load_id"
                    " FROM range(1, $rows + 1) AS counted(row_no)",
                    {**arguments, "reason": reason, "rows": rows},
                )
                added = rows
        for table in self._insert_sql:
            self._con.execute(f"DELETE FROM {table} WHERE _load_id = ?", [file.load_id])
        return added

    def discard(self) -> None:
        """Forget what is queued, and wait for the insert that runs, whatever becomes of it."""
        self._forget_waiting()
        if self._inserting is not None:
            self._inserting.exception()
            self._inserting = None

    def close(self) -> None:
        """Stop the inserting thread."""
        self._inserter.shutdown()


def _insert_sql(table: Table) -> str:
    current = "true AS _is_current," if table.has_current else ""
    own = ", ".join(f"{name}::{kind} AS {name}" for name, kind in table.columns.items())
    return f"""
        INSERT INTO {table.full_name} BY NAME
        SELECT *, {row_hash_sql(table)} AS _row_hash FROM (
            SELECT $source AS _source, _file_sha256, _load_id, _line_no, _row_no, _rescued, {current} {own}
            FROM arriving_rows
        )
    """
