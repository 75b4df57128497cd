"""Which days a run has to build again, so that its cost grows with what is new and not with history.

A landed row touches its own days and, through what it is connected to (its outcome, request, trace, ticket or clock),
the days of other rows. The plan follows those connections until nothing new is reached. Taking a day too many costs
time; taking one too few would leave yesterday's figures, so every doubt is decided for more days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

import duckdb

from orchestration.ingest.family import Connected
from orchestration.publish.ledger import FinishedRun, last_finished
from orchestration.reference import PreparedReference, changed_ranges
from orchestration.settings import Settings, project_vars
from orchestration.sources.registry import SOURCES
from orchestration.warehouse.project_hash import code_hash

KEY = "VARCHAR"


CONNECTED = tuple(connected for family in SOURCES.values() for connected in family.connected)


@dataclass(frozen=True)
class Plan:
    """What a run builds.

    Attributes:
        mode: ``full`` builds every day, ``incremental`` replaces ``days``.
        days: the days to replace, in order; empty in a full build.
        reason: why, in words.
        after_unfinished: whether it takes over what a run left that never came to its end.
    """

    mode: Literal["full", "incremental"]
    days: tuple[date, ...]
    reason: str
    after_unfinished: bool = False


def plan(
    con: duckdb.DuckDBPyConnection,
    prepared: PreparedReference,
    settings: Settings,
    as_of: datetime,
    run_id: str,
) -> Plan:
    """Decide what to build and write it to ``control.run`` and ``control.rebuild_days`` in one transaction.

    Args:
        con: connection to the raw database.
        prepared: the reference data of this run.
        settings: where the build database is.
        as_of: instant that the run computes everything as of.
        run_id: name of the run.
    """
    decided = decide(con, prepared, settings, as_of)
    con.execute("BEGIN")
    try:
        con.execute("DELETE FROM control.run")
        con.execute("INSERT INTO control.run (run_id, as_of, mode) VALUES (?, ?, ?)", [run_id, as_of, decided.mode])
        con.execute("DELETE FROM control.kept_nodes")
        con.execute("DELETE FROM control.rebuild_days")
        if decided.days:
            con.executemany("INSERT INTO control.rebuild_days (day) VALUES (?)", [[day] for day in decided.days])
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return decided


def decide(con: duckdb.DuckDBPyConnection, prepared: PreparedReference, settings: Settings, as_of: datetime) -> Plan:
    """What ``plan`` would write, without writing it."""
    finished = last_finished(con)
    if finished is None:
        return Plan("full", (), "no run of this ledger has come to its end yet")
    if finished.max_load_id == 0:
        return Plan("full", (), "the ledger was started afresh")
    if finished.code_hash != code_hash():
        return Plan("full", (), "the models changed")
    if as_of < finished.as_of:
        return Plan("full", (), "the run is as of an earlier time than the last one")
    if not settings.build_database.exists():
        return Plan("full", (), "there is no build to add to")
    ranges = changed_ranges(con, prepared, finished.as_of)
    if ranges == "all":
        return Plan("full", (), "reference data without dates changed")

    unfinished = unfinished_run(con)
    if unfinished is not None and (unfinished[1] == "full" or unfinished[0] > as_of):
        return Plan("full", (), "an unfinished run left a build that cannot be added to")

    con.execute("CREATE OR REPLACE TEMP TABLE touched_days (day DATE)")
    con.execute(f"CREATE OR REPLACE TEMP TABLE new_keys (key {KEY})")
    if unfinished is not None:
        con.execute("INSERT INTO touched_days SELECT day FROM control.rebuild_days")
    if not _touch_by_clock(con, settings, finished.as_of, as_of, ranges or []):
        return Plan("full", (), "the build has no marts to add to")
    connected = _with_pools(CONNECTED, prepared)
    _touch_by_rows(con, connected, finished, as_of, ranges or [])
    _follow_connections(con, connected)
    days = con.execute("SELECT DISTINCT day FROM touched_days WHERE day IS NOT NULL ORDER BY day").fetchall()
    touched = tuple(day for (day,) in days)
    return Plan("incremental", touched, "days touched since the last run", after_unfinished=unfinished is not None)


def _with_pools(tables: tuple[Connected, ...], prepared: PreparedReference) -> tuple[Connected, ...]:
    """The tables; where a pool of free searches lasts a month, those of one month share a key: a search that comes late
    uses what a later one had. A pool of a day is settled within the day, which is built again as a whole."""
    if not any(row.seed == "search_allowances" and '"month"' in row.row_text for row in prepared.rows):
        return tables
    zone = project_vars().reporting_time_zone.replace("'", "''")
    month = f"strftime(started_at AT TIME ZONE '{zone}', '%Y-%m')"
    searched = f"CASE WHEN units LIKE '%\"web_search\"%' THEN 'w' || {month} END"
    return tuple(replace(table, keys=(*table.keys, searched)) if table.counts_searches else table for table in tables)


def unfinished_run(con: duckdb.DuckDBPyConnection) -> tuple[datetime, str] | None:
    """As-of and mode of the run before, when it never came to its end: its days may hold what no later plan touches."""
    return con.execute(
        "SELECT as_of, mode FROM control.run"
        " WHERE run_id <> 'none' AND run_id NOT IN (SELECT run_id FROM ledger.finished_runs)"
    ).fetchone()


def _day(instant: str) -> str:
    zone = project_vars().reporting_time_zone.replace("'", "''")
    return f"CAST({instant} AT TIME ZONE '{zone}' AS DATE)"


def _touch_by_clock(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    last_as_of: datetime,
    as_of: datetime,
    ranges: list[tuple[datetime, datetime | None]],
) -> bool:
    """Days that change because time passed: closed acceptance windows, and breached clocks that still run; and days of
    outcomes whose clocks are due in a changed range of reference data. Clocks are those of the previous build: any that
    are not in it, or not as they are now, are found by their new rows.

    Returns:
        False when the build database has no outcomes.
    """
    path = str(settings.build_database).replace("'", "''")
    con.execute(f"ATTACH '{path}' AS previous_build (READ_ONLY)")
    try:
        tables = con.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_catalog = 'previous_build'"
            " AND table_schema = 'marts' AND table_name IN ('outcomes', 'sla_events', 'use_case_daily')"
        ).fetchone()
        if tables != (3,):
            return False
        con.execute(
            "INSERT INTO touched_days SELECT DISTINCT day FROM previous_build.marts.outcomes"
            " WHERE acceptance_window_closes_at > ? AND acceptance_window_closes_at <= ?",
            [last_as_of, as_of],
        )
        conditions = ["((stopped_at IS NULL OR stopped_at > $last_as_of) AND breaches_at < $as_of)"]
        values: dict[str, object] = {"as_of": as_of, "last_as_of": last_as_of}
        for number, (start, end) in enumerate(ranges):
            values[f"start_{number}"] = start
            until = "" if end is None else f" AND due_at < $end_{number}"
            if end is not None:
                values[f"end_{number}"] = end
            conditions.append(f"(due_at >= $start_{number}{until})")
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE running_outcomes AS
            SELECT DISTINCT outcome_id FROM previous_build.marts.sla_events
            WHERE status <> 'cancelled' AND ({" OR ".join(conditions)})
            """,
            values,
        )
        con.execute(
            f"""
            INSERT INTO touched_days
            SELECT day FROM previous_build.marts.outcomes WHERE outcome_id IN (SELECT outcome_id FROM running_outcomes)
            UNION
            SELECT unnest([day, {_day("due_at")}])
            FROM previous_build.marts.sla_events WHERE outcome_id IN (SELECT outcome_id FROM running_outcomes)
            """
        )
        return True
    finally:
        con.execute("DETACH previous_build")


def _touch_by_rows(
    con: duckdb.DuckDBPyConnection,
    tables: tuple[Connected, ...],
    finished: FinishedRun,
    as_of: datetime,
    ranges: list[tuple[datetime, datetime | None]],
) -> None:
    """Keys and days of rows that are new, that became visible, or that look up changed reference data."""
    for connected in tables:
        conditions = ["_load_id > $watermark", f"({connected.visible_at} > $last AND {connected.visible_at} <= $as_of)"]
        values: dict[str, object] = {
            "watermark": finished.max_load_id,
            "last": finished.as_of,
            "as_of": as_of,
        }
        for number, (start, end) in enumerate(ranges):
            values[f"start_{number}"] = start
            if end is not None:
                values[f"end_{number}"] = end
            for instant in connected.looked_up_at:
                until = "" if end is None else f" AND {instant} < $end_{number}"
                conditions.append(f"({instant} >= $start_{number}{until})")
        _collect(con, connected, " OR ".join(conditions), values)
    for start, end in ranges:
        _touch_range(con, start, end)


def _touch_range(con: duckdb.DuckDBPyConnection, start: datetime, end: datetime | None) -> None:
    """Every day with data in a range: outcomes look up their reference data at the beginning of their day."""
    for connected in CONNECTED:
        for instant in connected.instants:
            until = "" if end is None else f" AND {_day(instant)} <= {_day('$end')}"
            values = {"start": start} if end is None else {"start": start, "end": end}
            con.execute(
                f"INSERT INTO touched_days SELECT DISTINCT {_day(instant)} FROM {connected.table.full_name}"
                f" WHERE {_day(instant)} >= {_day('$start')}{until}",
                values,
            )


def _collect(con: duckdb.DuckDBPyConnection, connected: Connected, condition: str, values: dict[str, object]) -> None:
    """Add the days and keys of the rows of one table that meet a condition."""
    days = f"[{', '.join(_day(instant) for instant in connected.instants)}]"
    if connected.inner_instants:
        inner = f"list_transform({connected.inner_instants}, lambda instant: {_day('instant')})"
        days = f"list_concat({days}, coalesce({inner}, []))"
    keys = "".join(f", {key} AS key_{number}" for number, key in enumerate(connected.keys))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE met AS SELECT {days} AS days{keys} FROM {connected.table.full_name}"
        f" WHERE {condition}",
        values,
    )
    con.execute("INSERT INTO touched_days SELECT DISTINCT unnest(days) FROM met")
    for number, key in enumerate(connected.keys):
        column = f"unnest(key_{number})" if _is_list(key) else f"key_{number}"
        con.execute(f"INSERT INTO new_keys SELECT DISTINCT {column} FROM met")
    con.execute("DROP TABLE met")


def _is_list(key: str) -> bool:
    return key.startswith("list_transform")


def _is_followed(connected: Connected, key: str) -> str:
    """SQL condition that one of a row's keys is in the frontier."""
    if not _is_list(key):
        return f"{key} IN (SELECT key FROM frontier)"
    return (
        "(_load_id, _row_no) IN (SELECT (_load_id, _row_no) FROM"
        f" (SELECT _load_id, _row_no, unnest({key}) AS key FROM {connected.table.full_name})"
        " WHERE key IN (SELECT key FROM frontier))"
    )


def _follow_connections(con: duckdb.DuckDBPyConnection, tables: tuple[Connected, ...]) -> None:
    """Add the days of every row that shares a key with a touched row, until no new key is found."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE followed_keys (key {KEY})")
    while True:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE frontier AS SELECT DISTINCT key FROM new_keys"
            " WHERE key IS NOT NULL AND key NOT IN (SELECT key FROM followed_keys)"
        )
        if con.execute("SELECT count(*) FROM frontier").fetchone() == (0,):
            return
        con.execute("INSERT INTO followed_keys SELECT key FROM frontier")
        con.execute("DELETE FROM new_keys")
        for connected in tables:
            conditions = [_is_followed(connected, key) for key in connected.keys]
            _collect(con, connected, " OR ".join(conditions), {})
