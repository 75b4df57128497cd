"""Great Expectations on the marts that are about to be published."""

from __future__ import annotations

from orchestration.quality.suites import Suite, load_suites
from orchestration.quality.validate import keep_result, validate_table
from orchestration.settings import Settings
from orchestration.warehouse.database import attach, open_database, quote_name
from orchestration.warehouse.failpoint import fail_at
from orchestration.warehouse.marts import DAILY_MARTS

# Days that this run has not rebuilt were validated by the run that did.
_REBUILT = "((SELECT mode FROM raw.control.run) = 'full' OR {day} IN (SELECT day FROM raw.control.rebuild_days))"


def mart_suites() -> list[Suite]:
    """Suites of marts, by name."""
    return [suite for suite in load_suites() if suite.database == "build"]


def check_mart(settings: Settings, suite: Suite, run_id: str) -> tuple[list[str], int]:
    """Validate one mart of the build; returns failures and the number of rows looked at."""
    with open_database(settings.build_database, settings) as con:
        attach(con, settings.raw_database, "raw")
        fail_at("gx")
        day = DAILY_MARTS.get(suite.mart or "")
        where = _REBUILT.format(day=quote_name(day)) if day else "true"
        result = validate_table(con, suite, where=where)
    keep_result(settings, run_id, result)
    return result.failures(), result.rows
