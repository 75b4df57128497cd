"""Which rows of statements count: invoices and usage reports come again, restated, in parts and in copies.

Their rows have no identity, so what a row is follows from the delivery that it came in. Deliveries whose names differ
only in a version, a date of the run or a word such as ``restated`` are issues of one statement: the latest issue
counts for the span of time that it states, and the former issues are superseded there. Rows of other deliveries add
up, except that a row that several of them hold counts once: as often as the delivery that has it most often.

Which issue is the latest is read off the files' names, not off the order of arrival, so that a rebuild from landing
gives the same figures: names in natural order (``v10`` after ``v9``, ``2026-07-restated`` after ``2026-07``). Only the
same path with new content is decided by arrival: what was there before is no longer in landing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import duckdb

from orchestration.ingest.tables import Table

# What distinguishes the files of one delivery: a part number of one of the forms that exporters write.
_PART = re.compile(
    r"[-_.]?(?:part|page|chunk)[-_.]?\d+([-_]\d+)*|[-_.]?\d+[-_]of[-_]\d+|[-_]\d{5}(?=\.|$)", re.IGNORECASE
)
# What distinguishes the issues of one statement: a version, the day or moment of the export, the number of its run.
_ISSUE = re.compile(
    r"""[-_. ]*(?<![a-z0-9])(?:
        \(\d+\) | v\d+ | rev(?:ision)?[-_.]?\d*
        | restate(?:d|ment) | correct(?:ed|ion) | revised | amended | final | updated?
        | 20\d\d-?[01]\d-?[0-3]\d (?:[T_-]?[0-2]\d[:-]?[0-5]\d(?:[:-]?[0-5]\d)?(?:\.\d+)?Z?)?
        | [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}
    )(?![a-z0-9])""",
    re.IGNORECASE | re.VERBOSE,
)
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


def statement_of(delivery: str) -> str:
    """What a delivery is an issue of: its path without format, versions and dates of runs. Months are kept."""
    for suffix in _FORMATS:
        delivery = delivery.removesuffix(suffix)
    return "/".join(_ISSUE.sub("", name) for name in delivery.split("/"))


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
    con.execute(
        "CREATE OR REPLACE TEMP TABLE deliveries"
        " (load_id BIGINT, place VARCHAR, issue_of VARCHAR, delivery_rank BIGINT)"
    )
    con.executemany(
        "INSERT INTO deliveries VALUES (?, ?, ?, ?)",
        [
            [load_id, place_of(path), statement_of(delivery_of(path)), rank[delivery_of(path)]]
            for load_id, path in paths.items()
        ],
    )
    keys = [f"coalesce({column}::VARCHAR, '')" for column in table.key]
    statement, period = f"concat_ws(chr(31), {', '.join(keys)})", f"concat_ws(chr(31), {', '.join(keys[:-1])})"
    lines = [f"coalesce({column}::VARCHAR, '')" for column in table.line]
    line = f"concat_ws(chr(31), {', '.join(lines)})" if lines else "NULL"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE changed_rows AS
        WITH touched AS (
            SELECT DISTINCT {period} AS period FROM {table.full_name}
            WHERE _source = $source AND _load_id >= $first
        ),
        stated AS (
            SELECT
                _load_id, _row_no, _is_current, _row_hash, place, issue_of, delivery_rank,
                {table.event_time} AS happens_at, {line} AS line,
                {statement} AS statement, {period} AS period, {table.key[-1]} IS NULL AS is_provisional
            FROM {table.full_name} JOIN deliveries ON _load_id = load_id
            WHERE _source = $source AND {period} IN (FROM touched)
        ),
        in_landing AS (
            SELECT * FROM stated QUALIFY _load_id = max(_load_id) OVER (PARTITION BY statement, place)
        ),
        issues AS (
            SELECT
                statement, period, is_provisional, issue_of, delivery_rank,
                min(happens_at) AS starts_at, max(happens_at) AS ends_at
            FROM in_landing GROUP BY ALL
        ),
        in_force AS (
            SELECT * FROM in_landing AS r
            WHERE NOT EXISTS (
                FROM issues AS later
                WHERE later.statement = r.statement AND later.issue_of = r.issue_of
                    AND later.delivery_rank > r.delivery_rank
                    AND r.happens_at BETWEEN later.starts_at AND later.ends_at
            )
            -- What was not invoiced yet stands until another delivery brings an invoice of its period.
            AND NOT (r.is_provisional AND EXISTS (
                FROM issues AS invoice
                WHERE invoice.period = r.period AND NOT invoice.is_provisional
                    AND invoice.delivery_rank <> r.delivery_rank
            ))
            -- Where lines can be told apart, the latest delivery's version of a line is its only one.
            QUALIFY line IS NULL OR delivery_rank = max(delivery_rank) OVER (PARTITION BY statement, line)
        ),
        copies AS (
            SELECT *, row_number() OVER (
                PARTITION BY statement, _row_hash, delivery_rank ORDER BY _load_id, _row_no
            ) AS copy_no
            FROM in_force
        ),
        counting AS (
            SELECT _load_id, _row_no FROM copies
            QUALIFY row_number() OVER (PARTITION BY statement, _row_hash, copy_no ORDER BY _load_id, _row_no) = 1
        )
        SELECT _load_id, _row_no, counting._row_no IS NOT NULL AS counts
        FROM stated LEFT JOIN counting USING (_load_id, _row_no)
        WHERE _is_current <> (counting._row_no IS NOT NULL)
        """,
        {"source": source, "first": first_load_id},
    )
    con.execute(
        f"UPDATE {table.full_name} AS t SET _is_current = c.counts FROM changed_rows AS c"
        " WHERE t._load_id = c._load_id AND t._row_no = c._row_no"
    )
    con.execute(
        """
        UPDATE ledger.load_files SET loaded = loaded - moved.rows, superseded = superseded + moved.rows
        FROM (SELECT _load_id, sum(if(counts, -1, 1))::BIGINT AS rows FROM changed_rows GROUP BY ALL) AS moved
        WHERE load_files.load_id = moved._load_id
        """
    )
    beaten = con.execute("SELECT _load_id, count(*) FROM changed_rows WHERE NOT counts GROUP BY ALL").fetchall()
    new = Counter({load_id: rows for load_id, rows in beaten if load_id >= first_load_id})
    return new, sum(rows for load_id, rows in beaten if load_id < first_load_id)
