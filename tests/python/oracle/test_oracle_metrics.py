"""One worked day with all eight metrics, and the same rows by week and month."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from .metrics import percentile, ratio


@pytest.fixture
def worked(company):
    """Four outcomes of 1 July: accepted, corrected, rejected, open; a request without outcome; a cache hit."""
    company.price("input", 1, model="small")
    company.price("output", 1, model="small")
    company.attempt("a1", outcome_id="o1")  # 0.0045, premium
    company.attempt("a2", outcome_id="o2", cache_read_tokens=1000)  # 0.0045 + 1,000 x 3 = 0.0075, premium
    company.attempt("a3", outcome_id="o3", model="small")  # 1,100 x 1 = 0.0011
    company.attempt("a4", outcome_id="o4", status="error", model="small")  # 0.0011
    company.attempt("a5", model="unknown")  # not priced
    company.attempt("a6", cache_hit=True)  # 0, and no model was reached
    company.ticket("t1", outcome_id="o2", severity="critical", kind="full_review", cost=2)
    company.decision("rejected", "2026-07-01T13:00:00Z", "o3")
    company.clock("c1", "2026-07-01T12:10:00Z", "2026-07-01T12:12:00Z")  # 2 x 0.5 + 2 = 3
    company.clock("c2", "2026-07-01T12:10:00Z", "2026-07-01T12:09:00Z", outcome_id="o2")
    return company


def test_every_figure_of_a_worked_day(worked):
    row = worked.compute(datetime(2026, 7, 10, tzinfo=UTC)).use_case_daily[date(2026, 7, 1), "claims"]
    assert row == {
        "owner": "anna",
        "criticality": "critical",
        "attempts": 6,
        "requests": 6,
        "retried_requests": 0,
        "outcomes": 3,
        "open_outcomes": 1,
        "accepted_outcomes": 1,
        "corrected_outcomes": 1,
        "rejected_outcomes": 1,
        "provisional_share": 1.0,
        "inference_cost": Decimal("0.0142"),
        "rework_cost": Decimal(2),
        "delay_cost": Decimal(3),
        "total_cost": Decimal("5.0142"),
        "open_cost": Decimal("0.0011"),
        "unpriced_attempts": 1,
        "cost_per_request": 0.0142 / 6,
        "cost_per_accepted_outcome": 5.0142,
        "acceptance_rate": 1 / 3,
        "retry_rate": 0.0,
        "avg_context_tokens": 1200.0,  # 6,000 over the five that reached a model
        "premium_traffic_share": 0.4,
        "premium_cost_share": 120 / 142,
        "response_time_p50_ms": 2000.0,
        "response_time_p95_ms": 2000.0,
        "response_time_p99_ms": 2000.0,
        "sla_attainment": 0.5,
        "full_human_review_rate": 1 / 3,
    }


def test_weeks_begin_on_monday_and_months_on_the_first(worked):
    worked.attempt("b1", started_at="2026-06-29T00:00:00Z")
    worked.attempt("b2", started_at="2026-07-05T23:59:59Z")
    result = worked.compute()
    assert {key: row["attempts"] for key, row in result.use_case_weekly.items()} == {(date(2026, 6, 29), "claims"): 8}
    assert {key: row["attempts"] for key, row in result.use_case_monthly.items()} == {
        (date(2026, 6, 1), "claims"): 1,
        (date(2026, 7, 1), "claims"): 7,
    }


def test_days_follow_the_reporting_zone(company):
    """Catches UTC days: 23:30 UTC on 30 June is 1 July in Berlin."""
    company.attempt("a1", started_at="2026-06-30T23:30:00Z")
    assert set(company.compute(zone="Europe/Berlin").use_case_daily) == {(date(2026, 7, 1), "claims")}


def test_ratios_and_percentiles_of_nothing_are_absent():
    assert ratio(1, 0) is None
    assert percentile([], 0) is None
    assert percentile([5.0], 1) == 5.0
