"""Whether a night has nothing to do: decided from names, hashes and small queries, before anything heavy is imported.

In doubt the answer is that there is something: a run that finds nothing costs time, a run that is left out leaves
yesterday's figures.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from orchestration.build.plan import decide, unfinished_run
from orchestration.ingest.known_files import all_files_are_known
from orchestration.ingest.landing import Landing
from orchestration.publish.files import current_build
from orchestration.publish.ledger import FinishedRun, audit_mark, last_finished
from orchestration.publish.recovery import has_pending
from orchestration.reference import PreparedReference, prepare
from orchestration.settings import Settings, project_vars
from orchestration.sources.registry import family_of
from orchestration.warehouse.database import attach, open_database, quote_name, wal_of
from orchestration.warehouse.project_hash import code_hash

# A release is watched by the hour for 72 hours, and each hour that begins is a row.
_WATCHED = timedelta(hours=73)


def nothing_new_since(settings: Settings, as_of: datetime) -> str | None:
    """The publish that a run would find again, figure by figure; None when there is, or may be, something to do.

    The caller holds the writer lock. Files that were still settling when they were loaded are remembered.

    Args:
        settings: where the warehouse is.
        as_of: instant of the run.
    """
    files = (settings.raw_database, settings.build_database)
    build = current_build(settings)
    if build is None or has_pending(settings) or any(not file.exists() or wal_of(file).exists() for file in files):
        return None
    try:
        with open_database(settings.raw_database, settings) as con:
            finished = last_finished(con)
            if finished is None or build.name != finished.publish_id or unfinished_run(con) is not None:
                return None
            # Files of a run that died before it had planned anything.
            if con.execute("SELECT 1 FROM ledger.load_files WHERE load_id > ?", [finished.max_load_id]).fetchone():
                return None
            if finished.code_hash != code_hash() or finished.audit_mark != audit_mark(settings):
                return None
            prepared = prepare(settings)
            if finished.reference_hash != prepared.hash or not _landing_is_known(con, settings):
                return None
            return finished.publish_id if _time_moves_nothing(con, settings, prepared, finished, as_of) else None
    except Exception:
        # Whatever stands in the way (a file, a seed, an object store), the run itself mends or explains it.
        return None


def _landing_is_known(con: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    landing = Landing(settings.landing_url)
    return all(all_files_are_known(con, landing, source) for source in landing.sources() if family_of(source))


def _time_moves_nothing(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    prepared: PreparedReference,
    finished: FinishedRun,
    as_of: datetime,
) -> bool:
    """Whether a build as of now says what it said: on the same day, and without an instant in between at which a window
    closes, a clock is breached or runs on, a row becomes visible, a rate or budget begins or an hour is watched."""
    if as_of == finished.as_of:
        return True
    if as_of < finished.as_of or _day(as_of) != _day(finished.as_of):
        return False
    planned = decide(con, prepared, settings, as_of)
    if planned.mode == "full" or planned.days:
        return False
    attach(con, settings.build_database, "build")
    watched = con.execute(
        "SELECT 1 FROM build.intermediate.int_gate_windows WHERE released_at > ? LIMIT 1", [finished.as_of - _WATCHED]
    ).fetchone()
    return watched is None and not _an_instant_passes(con, finished.as_of, as_of)


def _an_instant_passes(con: duckdb.DuckDBPyConnection, last: datetime, as_of: datetime) -> bool:
    """Whether an instant of a landed row, of reference data or of the build lies between: what is compared with the
    time of a run is one of these."""
    columns = con.execute(
        "SELECT database_name, schema_name, table_name, column_name FROM duckdb_columns() SEMI JOIN duckdb_tables()"
        " USING (database_oid, schema_oid, table_oid)"
        " WHERE data_type LIKE 'TIMESTAMP%' AND NOT internal AND schema_name NOT IN ('ledger', 'control')"
        " AND (database_name = 'build' OR database_name = current_database())"
    ).fetchall()
    return any(
        con.execute(
            f"SELECT 1 FROM {'.'.join(map(quote_name, table))} WHERE {quote_name(column)} > $last"
            f" AND {quote_name(column)} <= $as_of LIMIT 1",
            {"last": last, "as_of": as_of},
        ).fetchone()
        for *table, column in columns
    )


def _day(instant: datetime) -> object:
    return instant.astimezone(ZoneInfo(project_vars().reporting_time_zone)).date()
