"""A published build made up from the contracts of the marts: every mart that the dashboard
reads has the columns and types that it promises.

The figures are arbitrary, differ from row to row, and are written by SQL; what counts is that the page says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import yaml

from orchestration.dashboard.extracts import marts_read
from orchestration.settings import PROJECT_DIR
from orchestration.warehouse.database import quote_name, quote_text

LAST_DAY = "2026-09-27"
AS_OF = "2026-09-28T06:00:00Z"
SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd()|' /C calc'!A0"
IMAGE = '"><img src=x onerror=alert(2)>'
ENDING = "</script><!--\u2028 & ' \" \\ {{7*7}} ${1}"
HOSTILE = (SCRIPT, FORMULA, IMAGE, ENDING)

# What a column holds where its type alone would not do; `i` counts the rows of a mart.
_SPECIAL = {
    "day": "day",
    "use_case": "use_case",
    "owner": "owner",
    "month": "date_trunc('month', day)",
    "week": "date_trunc('week', day)",
    "period_start": "date_trunc('week', day)",
    "grain": "'week'",
    "limit_amount": "CASE WHEN i % 5 = 4 THEN NULL ELSE 100 + i % 9 END",
    "spent_amount": "extract(day FROM day) * (2 + i % 3) + 0.25",
    "share_of_limit": "CASE WHEN i % 5 = 4 THEN NULL ELSE extract(day FROM day) * (2 + i % 3) / (100 + i % 9) END",
    "expected_share": "extract(day FROM day) / 31.0",
    "elapsed_days": "extract(day FROM day)",
    "days_in_month": "extract(day FROM last_day(day))",
    "status": "['ok', 'soft', 'exhausted', 'no_budget'][1 + (i % 4)::INT]",
    "comparison": "'trailing_28_days'",
    "metric": "['cost_per_request', 'cost_per_accepted_outcome'][1 + (i % 2)::INT]",
    "criticality": "'important'",
    "alert": "'none'",
    "recommendation": "'keep'",
    "release_id": "'release-' || (i % 3)",
    "check_name": "['cost_fell', 'acceptance_held', 'rollback_plan_with_owner'][1 + (i // 3 % 3)::INT]",
    "position": "1 + (i // 3 % 3)",
    "check_verdict": "'pass'",
    "release_verdict": "['pass', 'fail', 'not_enough_evidence'][1 + (i % 3)::INT]",
    "hour_number": "1 + i // 3",
    "effect": "0.9 + i * 0.001",
    "effect_lower": "0.8 + i * 0.001",
    "effect_upper": "1.1 + i * 0.001",
    "uncosted_tickets": "i % 7 // 6",
    "uncosted_delays": "0",
    "unpriced_attempts": "i % 11 // 10",
}
_OVERRIDES: Mapping[str, Mapping[str, str]] = {
    "load_files": {"status": "'loaded'", "source": "use_case"},
    # Divisors of their own, so that a sum over days is no multiple of one day.
    "use_case_daily": {
        "accepted_outcomes": "10 + i % 13", "outcomes": "14 + i % 13", "requests": "40 + i % 17",
        "retried_requests": "i % 5", "reached_attempts": "45 + i % 19", "reached_context_tokens": "90000 + i * 7",
        "premium_attempts": "9 + i % 7", "sla_outcomes": "8 + i % 3", "sla_met_outcomes": "7 + i % 2",
        "full_review_outcomes": "1 + i % 3",
        "provisional_outcomes": "CASE WHEN day > DATE '2026-09-13' THEN 3 ELSE 0 END",
        "inference_cost": "1.5 + (i % 23) * 0.010000000001", "rework_cost": "(i % 9) * 1.25",
        "delay_cost": "(i % 4) * 0.5",
        "total_cost": "1.5 + (i % 23) * 0.010000000001 + (i % 9) * 1.25 + (i % 4) * 0.5",
    },
}  # fmt: skip
_DAILY = {"use_case_daily", "leaks_daily", "owner_budget_burn"}
_WEEKLY = {"use_case_weekly", "developed_cost_intervals", "decision_tree_weekly"}
_PER_USE_CASE = {
    "cost_slo_status", "traffic_policy", "maturity", "playbook_progress", "budget_reallocation", "lever_scenarios",
    "cost_change_drivers",
}  # fmt: skip
_OTHER_ROWS = 72


def contracts() -> dict[str, list[tuple[str, str]]]:
    """Columns and types of each mart that the project's contracts name."""
    found = {}
    for path in sorted((PROJECT_DIR / "models" / "marts").rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models") or []:
            # Steps have no contract.
            if "steps" not in path.parts:
                found[model["name"]] = [(column["name"], column["data_type"]) for column in model["columns"]]
    return found


def make_published(
    home: Path, *, days: int = 70, use_cases: int = 8, without: tuple[str, ...] = (), publish_id: str = "build-1"
) -> Path:
    """Write ``published/current.duckdb`` below a state folder; the first use cases have hostile names.

    Args:
        without: marts that are not published.
    """
    build = home / "published" / "builds" / publish_id
    build.mkdir(parents=True, exist_ok=True)
    database = build / "finops.duckdb"
    names = [*HOSTILE, *(f"use_case_{number:02}" for number in range(use_cases))][:use_cases]
    read = {mart for marts in marts_read().values() for mart in marts}
    with duckdb.connect(str(database)) as con:
        con.execute("SET TimeZone = 'UTC'; CREATE SCHEMA marts")
        con.execute("CREATE TEMP TABLE names (k BIGINT, use_case VARCHAR, owner VARCHAR)")
        con.executemany(
            "INSERT INTO names VALUES (?, ?, ?)",
            [(position, name, f"owner_{position % 3}") for position, name in enumerate(names)],
        )
        for mart, columns in contracts().items():
            if mart in read and mart not in without and mart != "publishes":
                con.execute(_create(mart, columns, days))
        _publishes(con, publish_id)
    link = home / "published" / "current.duckdb"
    link.unlink(missing_ok=True)
    link.symlink_to(database.relative_to(link.parent))
    return database


def _create(mart: str, columns: list[tuple[str, str]], days: int) -> str:
    overrides = _OVERRIDES.get(mart, {})
    chosen = ", ".join(
        f"({overrides.get(name) or _SPECIAL.get(name) or _usual(name, kind)})::{kind} AS {quote_name(name)}"
        for name, kind in columns
    )
    return f"CREATE TABLE marts.{quote_name(mart)} AS SELECT {chosen} FROM ({_source(mart, days)})"


def _source(mart: str, days: int) -> str:
    """Rows with i, day, use_case and owner in the grain of a mart."""
    if mart in _DAILY | _WEEKLY | _PER_USE_CASE:
        step = 1 if mart in _DAILY else 7
        length = 1 if mart in _PER_USE_CASE else days // step
        day = f"DATE {quote_text(LAST_DAY)} - (n * {step})::INT AS day"
        grid = f"SELECT {day}, names.* FROM range({length}) AS r(n), names"
        return f"SELECT *, row_number() OVER (ORDER BY day, k) AS i FROM ({grid})"
    return f"SELECT n AS i, DATE '2026-09-24' AS day, names.* FROM range({_OTHER_ROWS}) AS r(n) JOIN names ON k = n % 3"


def _usual(name: str, kind: str) -> str:
    kind = kind.lower()
    if kind.startswith(("decimal", "double")):
        return "0.5 + (i % 40) * 0.0125"
    if kind in ("bigint", "integer", "hugeint"):
        return "1 + i % 50"
    if kind == "boolean":
        return "i % 2 = 0"
    if kind == "date":
        return "day"
    if kind.startswith("timestamp"):
        return f"TIMESTAMPTZ {quote_text(AS_OF)} - INTERVAL 3 DAY"
    return f"{quote_text(name)} || '_' || (i % 4)"


def _publishes(con: duckdb.DuckDBPyConnection, publish_id: str) -> None:
    columns = ", ".join(f"{quote_name(name)} {kind}" for name, kind in contracts()["publishes"])
    con.execute(f"CREATE TABLE marts.publishes ({columns})")
    con.execute(
        "INSERT INTO marts.publishes BY NAME SELECT $publish_id AS publish_id, 'run' AS run_id,"
        " $as_of::TIMESTAMPTZ AS as_of, $as_of::TIMESTAMPTZ AS published_at, 'abcdef0123456789' AS content_hash,"
        " 400 AS checks_passed, 1 AS max_load_id, 'r' AS reference_hash, 'c' AS code_hash",
        {"publish_id": publish_id, "as_of": AS_OF},
    )
