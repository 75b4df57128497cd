"""Marts against the oracle: every column that both have, every row, and what differs."""

from __future__ import annotations

from typing import Any

import duckdb
from oracle.compute import OracleResult


def _words(text: str) -> list[str]:
    return text.split()


RELATIVE_TOLERANCE = 1e-12
PERIODS = {"day": "use_case_daily", "week": "use_case_weekly", "month": "use_case_monthly"}
# The expected value of maturing cohorts is an estimate; the oracle has none.
ESTIMATED = "developed_cost_per_accepted_outcome"
CONTRACT = _words(
    "owner criticality attempts requests retried_requests outcomes open_outcomes accepted_outcomes corrected_outcomes"
    " rejected_outcomes provisional_share inference_cost rework_cost delay_cost total_cost open_cost unpriced_attempts"
    " cost_per_request cost_per_accepted_outcome acceptance_rate retry_rate avg_context_tokens premium_traffic_share"
    " premium_cost_share response_time_p50_ms response_time_p95_ms response_time_p99_ms sla_attainment"
    " full_human_review_rate"
)
ADDITIVE = ("attempts", "requests", "outcomes", "open_outcomes", "total_cost", "unpriced_attempts")


def is_equal(found: Any, wanted: Any) -> bool:
    """Exactly equal; ratios (floats) to 1e-12."""
    if found is None or wanted is None:
        return found is wanted
    if isinstance(wanted, float):
        return abs(found - wanted) <= RELATIVE_TOLERANCE * max(1.0, abs(wanted))
    return found == wanted


def rows_by_key(con: duckdb.DuckDBPyConnection, query: str, keys: int) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows of a query, by their first columns, which must be a key."""
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    found = {row[:keys]: dict(zip(names, row, strict=True)) for row in rows}
    assert len(found) == len(rows), "the key is not unique"
    return found


def differences(
    found: dict[tuple[Any, ...], dict[str, Any]], wanted: dict[tuple[Any, ...], dict[str, Any]], columns: list[str]
) -> list[str]:
    """One line for each row or value that differs."""
    lines = [f"missing {key}" for key in sorted(set(wanted) - set(found), key=str)]
    lines += [f"too many {key}" for key in sorted(set(found) - set(wanted), key=str)]
    for key in sorted(set(found) & set(wanted), key=str):
        for column in columns:
            if not is_equal(found[key][column], wanted[key][column]):
                lines.append(f"{key} {column}: {found[key][column]}, the oracle says {wanted[key][column]}")
    return lines


def compare_periods(con: duckdb.DuckDBPyConnection, oracle: OracleResult, columns: list[str] = CONTRACT) -> list[str]:
    """What differs in the three use-case marts."""
    lines = []
    for grain, mart in PERIODS.items():
        found = rows_by_key(con, f"SELECT {grain}, use_case, * EXCLUDE ({grain}, use_case) FROM {mart}", 2)
        wanted = getattr(oracle, mart)
        # A day with nothing but a void ticket has a row of zeros in the mart and none in the oracle.
        found = {key: row for key, row in found.items() if key in wanted or any(row[name] for name in ADDITIVE)}
        lines += [f"{mart}: {line}" for line in differences(found, wanted, columns)]
    return lines


def compare_attempts(con: duckdb.DuckDBPyConnection, oracle: OracleResult) -> list[str]:
    """What differs in the attempts."""
    columns = _words("cost cost_source request_id use_case tier owner day outcome_id provider model status")
    wanted = {(a.source, a.attempt_id): {name: getattr(a, name) for name in columns} for a in oracle.attempts}
    found = rows_by_key(con, f"SELECT source, attempt_id, {', '.join(columns)} FROM attempts", 2)
    return differences(found, wanted, columns)


def compare_outcomes(con: duckdb.DuckDBPyConnection, oracle: OracleResult) -> list[str]:
    """What differs in the outcomes."""
    columns = {
        "state": "state", "is_final": "final", "day": "day", "inference_cost": "inference_cost",
        "rework_cost": "rework_cost", "delay_cost": "delay_cost", "attempts": "attempts", "requests": "requests",
        "sla_clocks": "clocks", "breached_sla_clocks": "breaches",
    }  # fmt: skip
    wanted = {
        key: {ours: getattr(outcome, theirs) or 0 if ours == "delay_cost" else getattr(outcome, theirs)
              for ours, theirs in columns.items()}
        for key, outcome in oracle.outcomes.items()
        if outcome.known
    }  # fmt: skip
    found = rows_by_key(con, f"SELECT use_case, outcome_id, {', '.join(columns)} FROM outcomes", 2)
    for key, row in wanted.items():
        row["is_final"] = row["is_final"] and row["state"] == "accepted"
        assert key[1] is not None
    return differences(found, wanted, list(columns))


def compare_spend(con: duckdb.DuckDBPyConnection, oracle: OracleResult) -> list[str]:
    """What differs in the daily spend on models (human work stands in rows of its own there)."""
    keys = "day, owner, use_case, provider, model, tier, service_tier"
    measures = ["attempts", "unpriced_attempts", "inference_cost"]
    sums = ", ".join(f"sum({measure}) AS {measure}" for measure in measures)
    found = rows_by_key(con, f"SELECT {keys}, {sums} FROM spend_daily WHERE attempts > 0 GROUP BY ALL", 7)
    return differences(found, oracle.spend_daily, measures)
