"""Checks of what has landed: the rows that no published build has yet."""

from __future__ import annotations

import duckdb

from orchestration.quality.suites import Suite, load_suites
from orchestration.quality.validate import keep_result, validate_table
from orchestration.settings import Settings
from orchestration.sources.registry import SOURCES, family_of
from orchestration.warehouse.database import open_database, quote_text
from orchestration.warehouse.failpoint import fail_at

HOW_TO_MEND = "repair or remove the file in landing, then run `finops rebuild`"


def suites_of(family: str) -> list[Suite]:
    """The suites of one kind of source: one for each of its tables."""
    tables = {table.full_name for table in SOURCES[family].tables}
    return [suite for suite in load_suites() if suite.table in tables and suite.name.startswith("raw_")]


def check_new_rows(settings: Settings, family: str, run_id: str) -> tuple[list[str], int]:
    """Validate the unpublished rows of one kind of source; returns failures and the number of rows looked at.

    Not only the rows of this run: those of a run that died before its checks have not been looked at yet.
    """
    with open_database(settings.raw_database, settings) as con:
        fail_at("gx")
        since = _published_up_to(con)
        results = [validate_table(con, suite, where=f"_load_id > {since}") for suite in suites_of(family)]
    for result in results:
        keep_result(settings, run_id, result)
    failures = [failure for result in results for failure in result.failures()]
    return [*failures, HOW_TO_MEND] if failures else [], sum(result.rows for result in results)


def check_counts(settings: Settings, family: str) -> list[str]:
    """Whether the ledger adds up for every file of one kind of source, and for new files against the tables."""
    with open_database(settings.raw_database, settings) as con:
        sources = [
            source
            for (source,) in con.execute("SELECT DISTINCT source FROM ledger.load_files").fetchall()
            if (found := family_of(source)) and found.name == family
        ]
        if not sources:
            return []
        names = ", ".join(quote_text(source) for source in sorted(sources))
        broken = con.execute(
            f"""
            SELECT source, first_name, rows_in, loaded + duplicate + superseded + quarantined
            FROM ledger.load_files
            WHERE source IN ({names}) AND rows_in <> loaded + duplicate + superseded + quarantined
            ORDER BY 1, 2
            """
        ).fetchall()
        failures = [f"ledger: {name}: {rows} rows came in, {kept} are accounted for" for _, name, rows, kept in broken]
        return failures + _count_tables(con, family, names)


def _count_tables(con: duckdb.DuckDBPyConnection, family: str, names: str) -> list[str]:
    since = _published_up_to(con)
    stored = " UNION ALL ".join(
        f"SELECT _load_id AS load_id FROM {table.full_name} WHERE _source IN ({names}) AND _load_id > {since}"
        for table in SOURCES[family].tables
    )
    broken = con.execute(
        f"""
        WITH stored AS (SELECT load_id, count(*) AS stored_rows FROM ({stored}) GROUP BY load_id)
        SELECT coalesce(files.first_name, 'no file'), coalesce(files.loaded + files.superseded, 0),
            coalesce(stored.stored_rows, 0)
        FROM (SELECT * FROM ledger.load_files WHERE source IN ({names}) AND load_id > {since}) AS files
        FULL JOIN stored ON files.load_id = stored.load_id
        WHERE coalesce(files.loaded + files.superseded, 0) <> coalesce(stored.stored_rows, 0)
        ORDER BY 1
        """
    ).fetchall()
    return [f"{family}: {name}: the ledger has {ledger} rows, the table {table}" for name, ledger, table in broken]


def _published_up_to(con: duckdb.DuckDBPyConnection) -> int:
    (load_id,) = con.execute(
        "SELECT coalesce(max(max_load_id), 0)"
        " FROM (SELECT max_load_id FROM ledger.publishes UNION ALL SELECT max_load_id FROM ledger.finished_runs)"
    ).fetchone() or (0,)
    return int(load_id)
