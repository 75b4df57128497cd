"""The marts that a database holds."""

from __future__ import annotations

import duckdb

from orchestration.warehouse.database import quote_name

# The marts that grow fastest, with the column that holds their day. A run writes the days of control.rebuild_days anew
# and leaves the others as they were, so these are hashed and exported by day. The rest is cheaper whole.
DAILY_MARTS = {
    "attempt_units": "day",
    "attempts": "day",
    "focus_cost_and_usage": "x_Day",
    "outcomes": "day",
    "requests": "day",
    "spend_daily": "day",
}


def mart_names(con: duckdb.DuckDBPyConnection, schema: str = "marts") -> list[str]:
    """Tables and views of a schema of the connection's own database, sorted."""
    rows = con.execute(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_catalog = current_database() AND table_schema = ? ORDER BY 1",
        [schema],
    ).fetchall()
    return [name for (name,) in rows]


def rows_by_day(con: duckdb.DuckDBPyConnection, mart: str, schema: str = "marts") -> dict[str, int]:
    """Rows of a daily mart per day (ISO date), which is never null."""
    day, table = quote_name(DAILY_MARTS[mart]), f"{quote_name(schema)}.{quote_name(mart)}"
    rows = con.execute(f"SELECT {day}, count(*) FROM {table} GROUP BY ALL").fetchall()
    return {day.isoformat(): number for day, number in rows}
