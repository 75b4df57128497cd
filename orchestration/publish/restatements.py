"""What a publish changed in figures that readers had seen: every day that was over when it was published before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from orchestration.settings import project_vars
from orchestration.warehouse.database import attach
from orchestration.warehouse.tables import LEDGER_TABLES

if TYPE_CHECKING:
    from orchestration.publish.ledger import PublishRow

# Sums and counts only: a ratio follows from them, and its difference adds up to nothing.
MEASURES = (
    "attempts", "requests", "outcomes", "accepted_outcomes", "corrected_outcomes", "rejected_outcomes",
    "inference_cost", "rework_cost", "delay_cost", "total_cost", "shared_cost",
)  # fmt: skip
COLUMNS = LEDGER_TABLES["ledger.restatements"]
_NAMES = ", ".join(COLUMNS)


def add_restatements(
    con: duckdb.DuckDBPyConnection, marts: str, former_database: Path | None, former: PublishRow | None, row: PublishRow
) -> None:
    """Add to ``<marts>.restatements`` what the present ``<marts>.use_case_daily`` says otherwise than the former one.

    A day counts that was over both as of the former publish and as of this one; of the others nobody had seen a final
    figure. A day or use case that is gone has no value now, one that is new had none before; the delta takes either
    for nothing, so that deltas add up to the difference of the totals.

    Args:
        con: connection in which the schema ``marts`` (a name with its catalog) can be written.
        former_database: the database that readers see; None or ``former`` None: nothing was published before.
    """
    create_table(con, f"{marts}.restatements")
    if former_database is None or former is None or not former_database.exists():
        return
    attach(con, former_database, "former")
    try:
        present = _columns(con, f"{marts}.use_case_daily") & _columns(con, "former.marts.use_case_daily")
        shared = [measure for measure in MEASURES if measure in present]
        if not shared or not {"day", "use_case"} <= present:
            return
        values = ", ".join(f"'{m}': {m}::DECIMAL(38, 12)" for m in shared)
        now = f"SELECT day, use_case, {', '.join(shared)} FROM {marts}.use_case_daily"
        then = f"SELECT day, use_case, {', '.join(shared)} FROM former.marts.use_case_daily"
        zone = project_vars().reporting_time_zone
        con.execute(
            f"""
            INSERT INTO {marts}.restatements ({_NAMES})
            WITH bounds AS (
                SELECT least(
                    ($former_as_of::TIMESTAMPTZ AT TIME ZONE $zone)::DATE,
                    ($as_of::TIMESTAMPTZ AT TIME ZONE $zone)::DATE
                ) AS first_open_day
            ),
            -- Few rows differ, and only those are worth taking apart into measures.
            now_says AS (
                SELECT day, use_case, unnest(map_entries(MAP {{{values}}})) AS entry FROM ({now} EXCEPT {then})
            ),
            then_said AS (
                SELECT day, use_case, unnest(map_entries(MAP {{{values}}})) AS entry FROM ({then} EXCEPT {now})
            ),
            compared AS (
                SELECT
                    coalesce(n.day, t.day) AS day, coalesce(n.use_case, t.use_case) AS use_case,
                    coalesce(n.entry.key, t.entry.key) AS measure, t.entry.value AS former_value, n.entry.value AS value
                FROM now_says AS n
                FULL JOIN then_said AS t
                    ON n.day = t.day AND n.use_case = t.use_case AND n.entry.key = t.entry.key
            )
            SELECT
                $publish_id, $former_publish_id, $published_at, day, use_case, measure, former_value, value,
                coalesce(value, 0) - coalesce(former_value, 0), $reference_changed, $code_changed
            FROM compared, bounds
            WHERE day < first_open_day AND coalesce(value, 0) <> coalesce(former_value, 0)
            ORDER BY day, use_case, measure
            """,
            {
                "zone": zone,
                "former_as_of": former.as_of,
                "as_of": row.as_of,
                "publish_id": row.publish_id,
                "former_publish_id": former.publish_id,
                "published_at": row.published_at,
                "reference_changed": former.reference_hash != row.reference_hash,
                "code_changed": former.code_hash != row.code_hash,
            },
        )
    finally:
        con.execute("DETACH former")


def create_table(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make a table of restatements where there is none."""
    con.execute(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(f'{c} {t}' for c, t in COLUMNS.items())})")


def copy_restatements(
    con: duckdb.DuckDBPyConnection, database: Path, schema: str, publish_ids: Sequence[str] | None = None
) -> None:
    """Copy rows of ``<schema>.restatements`` of another database into the ledger, of these publishes or of all.

    A database without that table has none. Must be called outside a transaction.
    """
    attach(con, database, "copied")
    try:
        if not _columns(con, f"copied.{schema}.restatements"):
            return
        condition = "" if publish_ids is None else "WHERE publish_id IN (SELECT unnest($ids::VARCHAR[]))"
        con.execute(
            f"INSERT INTO ledger.restatements ({_NAMES})"
            f" SELECT {_NAMES} FROM (FROM copied.{schema}.restatements {condition}) ANTI JOIN ledger.restatements"
            " USING (publish_id, day, use_case, measure)",
            {} if publish_ids is None else {"ids": list(publish_ids)},
        )
    finally:
        con.execute("DETACH copied")


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    try:
        return {name for (name, *_) in con.execute(f"DESCRIBE {table}").fetchall()}
    except duckdb.CatalogException:
        return set()
