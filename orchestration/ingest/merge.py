"""Settles rows that arrived against the rows that were there: duplicates, superseded versions, ledger counts.

Nothing here depends on the order of arrival: of all rows with one key, each distinct content is kept once, and the
greatest rank wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.ingest.deliveries import settle_statements
from orchestration.ingest.tables import AS_TEXTS, Table
from orchestration.warehouse.tables import TIME


@dataclass(frozen=True)
class Settled:
    """What became of rows that arrived: ``load_id`` -> count; and how many earlier winners lost their place."""

    duplicate: dict[int, int]
    superseded: dict[int, int]
    superseded_before: int


def row_hash_sql(table: Table) -> str:
    """SQL expression of a row's identity: md5 of the source and the typed values of all columns that count.

    Values are separated by U+001F and NULL is U+001E; neither can occur in a text that was loaded.
    """
    parts = ["_source"]
    for name, kind in table.columns.items():
        if name == AS_TEXTS:
            # Formats differ on which of these are texts.
            value = f"""regexp_replace({name}, '":(-?[0-9.eE+-]+|true|false)([,}}])', '":"\\1"\\2', 'g')"""
            parts.append(f"coalesce({value}, chr(30))")
            continue
        value = name if kind == "VARCHAR" else f"epoch_us({name})::VARCHAR" if kind == TIME else f"{name}::VARCHAR"
        parts.append(f"coalesce({value}, chr(30))")
    return f"md5(concat_ws(chr(31), {', '.join(parts)}))"


def settle_tables(
    con: duckdb.DuckDBPyConnection, tables: Sequence[Table], source: str, names: Mapping[int, str]
) -> Settled:
    """Settle the rows of new files of a source in all its tables; see ``settle`` and ``settle_statements``.

    Args:
        names: load id -> landing path of the new files, which the ledger does not have yet.
    """
    first_load_id = min(names)
    settled = [settle(con, table, source, first_load_id) for table in tables if not table.is_statement]
    for table in tables:
        if table.is_statement:
            settled.append(Settled({}, *settle_statements(con, table, source, names, first_load_id)))
    return Settled(
        sum((Counter(one.duplicate) for one in settled), Counter()),
        sum((Counter(one.superseded) for one in settled), Counter()),
        sum(one.superseded_before for one in settled),
    )


def settle(con: duckdb.DuckDBPyConnection, table: Table, source: str, first_load_id: int) -> Settled:
    """Settle the rows of a source whose ``_load_id`` is ``first_load_id`` or later. Runs in the caller's transaction.

    Identical rows are deleted, all but one. Of different rows with one key the winner stays current. Counts of files
    that were loaded earlier are moved in the ledger; those of the new files are returned.
    """
    name, keys = table.full_name, ", ".join(table.key)
    arguments = {"source": source, "first": first_load_id}
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE contested_keys AS
        WITH arrived AS (
            SELECT {keys}, count(*) AS copies FROM {name}
            WHERE _source = $source AND _load_id >= $first GROUP BY ALL
        )
        SELECT {keys} FROM arrived WHERE copies > 1
        UNION
        SELECT {keys} FROM {name} SEMI JOIN arrived USING ({keys}) WHERE _source = $source AND _load_id < $first
        """,
        arguments,
    )
    if not con.execute("SELECT count(*) FROM contested_keys").fetchone()[0]:  # type: ignore[index]
        return Settled({}, {}, 0)
    # Of rows that differ only in what mapping rules may look at, the one that says more.
    fuller = [f"coalesce(length({AS_TEXTS}), 0)"] if AS_TEXTS in table.columns else []
    descending = ", ".join(f"{expression} DESC" for expression in (*table.rank[:-1], *fuller, table.rank[-1]))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE contested_rows AS
        WITH copies AS (
            SELECT *, row_number() OVER (PARTITION BY _row_hash ORDER BY _load_id, _row_no) > 1 AS is_duplicate
            FROM {name} SEMI JOIN contested_keys USING ({keys})
            WHERE _source = $source
        )
        SELECT
            _load_id,
            _row_no,
            _load_id >= $first AS has_arrived,
            is_duplicate,
            row_number() OVER (PARTITION BY {keys}, is_duplicate ORDER BY {descending}) = 1 AS wins,
            row_number() OVER (PARTITION BY {keys}, has_arrived ORDER BY {descending}) = 1 AS wins_among_its_own
        FROM copies
        """,
        arguments,
    )
    con.execute(
        f"""
        DELETE FROM {name} WHERE _load_id >= $first AND (_load_id, _row_no) IN (
            SELECT (_load_id, _row_no) FROM contested_rows WHERE is_duplicate
        )
        """,
        {"first": first_load_id},
    )
    if table.has_current:
        con.execute(
            f"""
            UPDATE {name} SET _is_current = false WHERE (_load_id, _row_no) IN (
                SELECT (_load_id, _row_no) FROM contested_rows
                WHERE NOT is_duplicate AND NOT wins AND (has_arrived OR wins_among_its_own)
            )
            """
        )
    beaten = "NOT has_arrived AND wins_among_its_own AND NOT wins"
    con.execute(
        f"""
        UPDATE ledger.load_files SET loaded = loaded - moved.rows, superseded = superseded + moved.rows
        FROM (SELECT _load_id, count(*) AS rows FROM contested_rows WHERE {beaten} GROUP BY ALL) AS moved
        WHERE load_files.load_id = moved._load_id
        """
    )
    return Settled(
        _count(con, "is_duplicate"),
        _count(con, "has_arrived AND NOT is_duplicate AND NOT wins"),
        sum(_count(con, beaten).values()),
    )


def _count(con: duckdb.DuckDBPyConnection, condition: str) -> dict[int, int]:
    rows = con.execute(f"SELECT _load_id, count(*) FROM contested_rows WHERE {condition} GROUP BY ALL").fetchall()
    return dict(rows)
