"""How much of history the dbt tests of a night look at."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import duckdb

from orchestration.settings import project_vars

# Read by macros/pipeline/audit.sql; without it, as when a person runs dbt, every row is looked at.
VARIABLE = "FINOPS_AUDIT"
Scope = Literal["full", "rebuilt_days"]


def audit_scope(con: duckdb.DuckDBPyConnection, *, asked: bool = False) -> Scope:
    """Every row in a full build, in the first night of a week (Monday, reporting zone) and when asked; else only the
    rows of the days that this run builds again.

    A first night that fails publishes nothing, so that the next one is the first of the week again.

    Args:
        con: connection to the raw database, with the run's plan.
        asked: whether the full audit was asked for.
    """
    run = con.execute("SELECT mode, as_of FROM control.run").fetchone()
    published = con.execute("SELECT max(as_of) FROM ledger.publishes").fetchone()
    if asked or run is None or run[0] == "full" or published is None or published[0] is None:
        return "full"
    return "rebuilt_days" if _week(run[1]) == _week(published[0]) else "full"


def _week(instant: datetime) -> tuple[int, int]:
    calendar = instant.astimezone(ZoneInfo(project_vars().reporting_time_zone)).isocalendar()
    return calendar.year, calendar.week
