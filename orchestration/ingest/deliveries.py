"""Which delivery of a statement counts: invoices and usage reports come again, restated as a whole.

Their rows have no identity, so rows of two deliveries cannot be told to be the same row. A delivery states everything
there is under a key (an invoice, a day's bucket), and of several deliveries of a key the latest counts and the others
are superseded.

Which one is the latest is read off the files' names, not off the order of arrival, so that a rebuild from landing
gives the same figures: names in natural order (``v10`` after ``v9``, ``2026-07-restated`` after ``2026-07``). Only the
same path with new content is decided by arrival: what was there before is no longer in landing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import duckdb

from .tables import Table

# What distinguishes the files of one delivery: a part number of one of the forms that exporters write.
_PART = re.compile(r"[-_.]?part[-_.]?\d+([-_]\d+)*|[-_.]?\d+[-_]of[-_]\d+|[-_]\d{5}(?=\.|$)", re.IGNORECASE)
_DIGITS = re.compile(r"([0-9]+)")
_FORMATS = (".jsonl", ".ndjson", ".json", ".csv", ".parquet")


def place_of(path: str) -> str:
    """A landing path without what a compression adds to it: compressing a file does not make it another one."""
    for suffix in (".gz", ".zst"):
        path = path.removesuffix(suffix)
    return path


def delivery_of(path: str) -> str:
    """The delivery that a file is a part of: its path without compression and part number."""
    folder, slash, name = place_of(path).rpartition("/")
    return f"{folder}{slash}{_PART.sub('', name)}"


def natural_order(delivery: str) -> tuple[list[list[tuple[int, int, str]]], str]:
    """Sort key: folder by folder, digits by their number, the format last."""
    stem = delivery
    for suffix in _FORMATS:
        stem = stem.removesuffix(suffix)
    return [_pieces(name) for name in stem.split("/")], delivery


def _pieces(name: str) -> list[tuple[int, int, str]]:
    return [
        (0, int(piece), "") if piece[0] in "0123456789" else (1, 0, piece) for piece in _DIGITS.split(name) if piece
    ]


def settle_statements(
    con: duckdb.DuckDBPyConnection, table: Table, source: str, names: Mapping[int, str], first_load_id: int
) -> tuple[Counter[int], int]:
    """Mark the rows that count in a table of statements. Runs in the caller's transaction.

    Args:
        names: load id -> landing path of the files that the ledger does not have yet.
        first_load_id: files from this number on are new; counts of earlier files are moved in the ledger.

    Returns:
        Superseded rows of each new file, and the number of earlier rows that have lost their place.
    """
    known = con.execute("SELECT load_id, first_name FROM ledger.load_files WHERE source = ?", [source]).fetchall()
    paths = {**dict(known), **names}
    order = sorted({delivery_of(path) for path in paths.values()}, key=natural_order)
    rank = {delivery: number for number, delivery in enumerate(order)}
    con.execute("CREATE OR REPLACE TEMP TABLE deliveries (load_id BIGINT, place VARCHAR, delivery_rank BIGINT)")
    con.executemany(
        "INSERT INTO deliveries VALUES (?, ?, ?)",
        [[load_id, place_of(path), rank[delivery_of(path)]] for load_id, path in paths.items()],
    )
    keys = [f"coalesce({column}::VARCHAR, '')" for column in table.key]
    statement, period = f"concat_ws(chr(31), {', '.join(keys)})", f"concat_ws(chr(31), {', '.join(keys[:-1])})"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE beaten_rows AS
        WITH stated AS (
            SELECT
                _load_id, _row_no, _is_current, place, delivery_rank,
                {statement} AS statement, {period} AS period, {table.key[-1]} IS NULL AS is_provisional
            FROM {table.full_name} JOIN deliveries ON _load_id = load_id
            WHERE _source = $source
        ),
        judged AS (
            SELECT
                _load_id, _row_no, _is_current,
                delivery_rank = CASE
                    -- Charges that were not invoiced yet stand until anything later is known of their period.
                    WHEN is_provisional THEN max(delivery_rank) OVER (PARTITION BY period)
                    ELSE max(delivery_rank) OVER (PARTITION BY statement)
                END
                AND _load_id = max(_load_id) OVER (PARTITION BY statement, place) AS counts
            FROM stated
        )
        SELECT _load_id, _row_no FROM judged WHERE _is_current AND NOT counts
        """,
        {"source": source},
    )
    con.execute(
        f"UPDATE {table.full_name} SET _is_current = false"
        " WHERE (_load_id, _row_no) IN (SELECT (_load_id, _row_no) FROM beaten_rows)"
    )
    con.execute(
        """
        UPDATE ledger.load_files SET loaded = loaded - moved.rows, superseded = superseded + moved.rows
        FROM (SELECT _load_id, count(*) AS rows FROM beaten_rows GROUP BY ALL) AS moved
        WHERE load_files.load_id = moved._load_id
        """
    )
    beaten = con.execute("SELECT _load_id, count(*) FROM beaten_rows GROUP BY ALL").fetchall()
    new = Counter({load_id: rows for load_id, rows in beaten if load_id >= first_load_id})
    return new, sum(rows for load_id, rows in beaten if load_id < first_load_id)
