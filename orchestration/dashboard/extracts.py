"""What the dashboard reads: columns of published marts, as they are. No business rule stands here.

A mart that is not published yet is no error: its section of the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.warehouse.database import quote_name

# A quarter: what the reviews look at, twice the 28 days that are compared, and small enough to open in a moment.
DAYS = 91
# 91 days of 50 use cases make about 4 MB. Above that a page would outgrow an e-mail; the span of days is shortened
# instead, and the page says how far it goes.
MOST_DAILY_ROWS = 4_600
_REPEATED = frozenset({"day", "week", "month", "use_case", "owner", "escalate_to", "release_id"})


@dataclass(frozen=True)
class Extract:
    """Rows of one mart: some columns (none named: all), filtered and sorted.

    ``where`` may use ``$first_day`` and ``$last_day``. A column that the published mart does not have is null.
    """

    mart: str
    columns: tuple[str, ...] = ()
    where: str = "true"
    order_by: str = "all"
    limit: int | None = None


@dataclass(frozen=True)
class Summary:
    """Sums over marts whose rows are too many to ship; ``columns`` must exist in the first mart named."""

    marts: tuple[str, ...]
    sql: str


_DAILY = "day BETWEEN $first_day AND $last_day"
_COUNTS = (
    "attempts", "requests", "retried_requests", "outcomes", "open_outcomes", "accepted_outcomes",
    "provisional_outcomes", "full_review_outcomes", "sla_outcomes", "sla_met_outcomes",
    "reached_attempts", "reached_context_tokens", "premium_attempts", "unpriced_attempts", "uncosted_tickets",
    "uncosted_delays",
)  # fmt: skip
_COSTS = ("inference_cost", "rework_cost", "delay_cost", "total_cost", "open_cost", "reached_cost", "premium_cost")
_TIMES = ("response_time_p50_ms", "response_time_p95_ms", "response_time_p99_ms")
LEAKS = ("inefficient_fallback", "weak_cache", "poor_input", "no_segmentation", "excess_context")

# A name and its columns in one block each, which the formatter would write one below the other.
# fmt: off
EXTRACTS: Mapping[str, Extract | Summary] = {
    "days": Extract("use_case_daily", ("day", "use_case", "owner", *_COUNTS, *_COSTS), _DAILY),
    "weeks": Extract(
        "use_case_weekly",
        ("week", "use_case", "owner", "requests", "sla_attainment", *_TIMES),
        "week BETWEEN date_trunc('week', $first_day::DATE) AND $last_day",
    ),
    "intervals": Extract(
        "developed_cost_intervals",
        ("period_start", "use_case", "provisional_share", "cost_per_accepted_outcome",
         "developed_cost_per_accepted_outcome", "developed_cost_lower", "developed_cost_upper"),
        "grain = 'week' AND period_start BETWEEN date_trunc('week', $first_day::DATE) AND $last_day",
    ),
    "leaks": Extract(
        "leaks_daily",
        ("day", "use_case", "unvalued_attempts", "inference_cost", "productive_cost",
         *(f"{leak}_{kind}" for leak in LEAKS for kind in ("cost", "gross_cost", "rework_cost", "delay_cost"))),
        _DAILY,
    ),
    "drivers": Extract("cost_change_drivers", where="comparison <> 'month'"),
    "levers": Extract(
        "lever_scenarios",
        ("use_case", "lever", "window_start", "window_end", "basis", "has_basis", "monthly_saved",
         "cost_per_accepted_outcome_change", "assumption"),
    ),
    "slo": Extract(
        "cost_slo_status",
        ("day", "use_case", "owner", "target_cost_per_accepted_outcome", "quality_floor",
         "acceptance_rate_7_days", "error_budget_used_share", "burn_rate_7_days", "burn_rate_2_days", "alert"),
        "day = (SELECT max(day) FROM marts.cost_slo_status WHERE day <= $last_day)",
    ),
    "decisions": Extract("decision_tree_weekly", where="week BETWEEN $first_day AND $last_day"),
    "maturity": Extract("maturity"),
    "playbook": Extract("playbook_progress"),
    "burn": Extract(
        "owner_budget_burn",
        ("day", "owner", "use_case", "month", "limit_amount", "spent_amount", "share_of_limit", "expected_share",
         "forecast_amount", "weighted_forecast_amount", "forecast_low_amount", "forecast_high_amount",
         "limit_reached_day", "unpriced_attempts", "days_in_month", "status", "escalation_step", "escalate_to"),
        _DAILY,
    ),
    "policy": Extract("traffic_policy"),
    "alerts": Extract(
        "budget_alerts",
        ("crossed_day", "month", "owner", "use_case", "budget", "threshold", "budget_revision", "spent_amount",
         "limit_amount", "escalate_to", "is_standing", "is_restated", "delivery_state"),
        "crossed_day BETWEEN $first_day AND $last_day",
    ),
    "reallocation": Extract("budget_reallocation"),
    "forecast_errors": Extract("forecast_backtest"),
    "gates": Extract("gate_verdicts", order_by="candidate_from, release_id, position"),
    "watch": Extract(
        "gate_watch_hourly",
        ("release_id", "use_case", "hour_number", "hour_ends_at", "candidate_outcomes", "baseline_outcomes",
         "candidate_cost_per_accepted_outcome", "baseline_cost_per_accepted_outcome", "candidate_bad_outcomes_share",
         "baseline_bad_outcomes_share", "recommendation", "reason"),
        order_by="release_id, hour_number",
    ),
    "coverage": Extract(
        "price_coverage",
        ("provider", "model", "service_tier", "reason", "tier", "is_tier_declared", "first_day", "last_day", "attempts",
         "priced_attempts", "logged_attempts", "unpriced_attempts", "costed_share", "inference_cost"),
        order_by="unpriced_attempts DESC, inference_cost DESC NULLS LAST, provider, model, service_tier, reason",
        limit=300,
    ),
    "reconciliation": Summary(
        ("invoice_reconciliation",),
        """
        SELECT provider, month, billing_currency, invoice_status, sum(our_cost) AS our_cost,
            sum(billed_cost) AS billed_cost, sum(residual) AS residual, sum(unpriced) AS unpriced,
            sum(missing_logs) AS missing_logs, sum(other_price) AS other_price,
            sum(credits_and_tax) AS credits_and_tax, sum(currency) AS currency, sum(rounding) AS rounding,
            sum(unexplained) AS unexplained
        FROM marts.invoice_reconciliation
        GROUP BY ALL ORDER BY provider, month DESC, billing_currency, invoice_status
        """,
    ),
    "variance": Summary(
        ("logged_cost_variance",),
        """
        SELECT source, reason, sum(attempts) AS attempts, sum(our_cost) AS our_cost, sum(logged_cost) AS logged_cost,
            sum(difference) AS difference
        FROM marts.logged_cost_variance GROUP BY ALL ORDER BY source, abs(sum(difference)) DESC, reason
        """,
    ),
    "sources": Summary(
        ("load_files",),
        """
        SELECT source, count(*) FILTER (status = 'loaded') AS files, count(*) FILTER (status <> 'loaded') AS refused,
            sum(rows_in) AS rows_in, sum(loaded) AS loaded, sum(duplicate) AS duplicate, sum(superseded) AS superseded,
            sum(quarantined) AS quarantined, max(max_time) AS latest_event, max(loaded_at) AS loaded_at
        FROM marts.load_files GROUP BY ALL ORDER BY source
        """,
    ),
    "quarantine": Summary(
        ("quarantined_rows",),
        """
        SELECT source, reason_code, field, count(*) AS "rows", count(DISTINCT file_name) AS files
        FROM marts.quarantined_rows GROUP BY ALL ORDER BY "rows" DESC, source, reason_code, field LIMIT 200
        """,
    ),
    "refused_files": Extract(
        "load_files", ("source", "first_name", "reason", "rows_in", "loaded_at"), "status <> 'loaded'", limit=200
    ),
    "restatements": Summary(
        ("restatements",),
        """
        SELECT publish_id, published_at, use_case, measure, count(*) AS days, min(day) AS first_day,
            max(day) AS last_day, sum(delta) AS delta, bool_or(reference_changed) AS reference_changed,
            bool_or(code_changed) AS code_changed
        FROM marts.restatements
        WHERE measure IN ('inference_cost', 'rework_cost', 'delay_cost', 'accepted_outcomes', 'requests')
        GROUP BY ALL ORDER BY published_at DESC, use_case, measure LIMIT 200
        """,
    ),
    "publishes": Extract("publishes", order_by="published_at DESC", limit=60),
    "backtest": Summary(
        ("developed_backtest",),
        """
        SELECT use_case, age_days, count(*) AS weeks, median(abs(plain_error)) AS plain_error,
            median(abs(developed_error)) AS developed_error, avg(is_final_in_interval::INT) AS in_interval_share
        FROM marts.developed_backtest WHERE developed_error IS NOT NULL GROUP BY ALL ORDER BY use_case, age_days
        """,
    ),
}


# What each page of the dashboard reads; dbt's exposures say the same, and a test compares the two.
PAGES: Mapping[str, tuple[str, ...]] = {
    "overview": ("days", "weeks", "playbook"),
    "use_case": ("days", "weeks", "intervals", "slo", "leaks", "drivers", "levers", "decisions", "maturity"),
    "budgets": ("burn", "policy", "alerts", "reallocation", "forecast_errors"),
    "releases": ("gates", "watch"),
    "trust": ("coverage", "reconciliation", "variance", "sources", "quarantine", "refused_files", "backtest",
              "restatements", "publishes"),
}
# fmt: on


def marts_read() -> dict[str, tuple[str, ...]]:
    """Marts that each extract reads."""
    return {
        name: (extract.mart,) if isinstance(extract, Extract) else extract.marts for name, extract in EXTRACTS.items()
    }


def read_extracts(con: duckdb.DuckDBPyConnection, first_day: str, last_day: str) -> dict[str, dict[str, Any] | None]:
    """Every extract as columns, rows and the texts that rows name by number; None where a mart is not published."""
    span = {"first_day": first_day, "last_day": last_day}
    return {name: _read(con, extract, span) for name, extract in EXTRACTS.items()}


def columns_of(con: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    """Column names of a published mart in order; empty when it is not published."""
    rows = con.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'marts' AND table_name = ? ORDER BY ordinal_position",
        [mart],
    ).fetchall()
    return [name for (name,) in rows]


def _read(con: duckdb.DuckDBPyConnection, extract: Extract | Summary, span: Mapping[str, str]) -> dict[str, Any] | None:
    if isinstance(extract, Summary):
        if not all(columns_of(con, mart) for mart in extract.marts):
            return None
        return _rows(con, extract.sql, {})
    present = columns_of(con, extract.mart)
    if not present:
        return None
    wanted = extract.columns or tuple(present)
    chosen = ", ".join(quote_name(name) if name in present else f"NULL AS {quote_name(name)}" for name in wanted)
    limit = f" LIMIT {extract.limit}" if extract.limit else ""
    sql = f"SELECT {chosen} FROM marts.{quote_name(extract.mart)} WHERE {extract.where} ORDER BY {extract.order_by}"
    return _rows(con, sql + limit, {name: value for name, value in span.items() if f"${name}" in extract.where})


def _rows(con: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, str]) -> dict[str, Sequence[Any]]:
    cursor = con.execute(sql, dict(parameters)) if parameters else con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    rows = cursor.fetchall()
    # Names of days, owners and use cases stand in every row of a daily mart; written once each, a third is saved.
    texts = {name: _numbered(rows, position) for position, name in enumerate(names) if name in _REPEATED}
    coded = [position for position, name in enumerate(names) if name in _REPEATED]
    packed = []
    for row in rows:
        cells = list(row)
        for position in coded:
            cells[position] = texts[names[position]].get(row[position])
        packed.append(cells)
    return {"columns": names, "texts": {name: list(numbers) for name, numbers in texts.items()}, "rows": packed}


def _numbered(rows: Sequence[Sequence[Any]], position: int) -> dict[Any, int]:
    """Each value of a column with the number under which the rows name it; null keeps being null."""
    values = dict.fromkeys(row[position] for row in rows if row[position] is not None)
    return {value: number for number, value in enumerate(values)}
