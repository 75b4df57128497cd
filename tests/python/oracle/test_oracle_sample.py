"""The sample company through the oracle: two programs that share no code must agree on every cent of inference cost."""

from collections import Counter, defaultdict
from datetime import datetime
from decimal import Decimal

import pytest

from orchestration import sample_company
from orchestration.settings import PROJECT_DIR

from .compute import compute

MONEY_AND_COUNTS = (
    *("attempts", "requests", "retried_requests", "outcomes", "accepted_outcomes", "open_outcomes"),
    *("inference_cost", "rework_cost", "delay_cost", "total_cost", "open_cost", "unpriced_attempts"),
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    landing = tmp_path_factory.mktemp("sample") / "landing"
    summary = sample_company.write(landing, scale=0.1)
    as_of = datetime.fromisoformat(str(summary.answer_key["as_of"]))
    return summary.answer_key, compute(landing, PROJECT_DIR / "seeds", as_of)


def test_attempts_and_inference_cost_are_those_of_the_generator(sample):
    """Catches tokens lost or paid twice on the way through any of the log formats."""
    answers, result = sample
    attempts, cost = Counter(), defaultdict(Decimal)
    for attempt in result.attempts:
        attempts[attempt.logged_use_case] += 1
        cost[attempt.logged_use_case] += (attempt.cost or 0) if attempt.cost_source != "logged" else 0
    assert dict(attempts) == answers["attempts_by_use_case"]
    stated = {name: Decimal(amount) for name, amount in answers["inference_cost_by_use_case"].items()}
    assert {name: amount for name, amount in cost.items() if amount} == stated


def test_bad_rows_are_those_that_were_planted(sample):
    answers, result = sample
    planted = Counter(row["source"] for row in answers["quarantined_rows"])
    found = Counter()
    for (source, _), rows in result.bad_rows.items():
        found[source] += rows
    assert found == planted


def test_all_bases_and_periods_have_the_same_totals(sample):
    """Catches rows that fall out of a grouping, or into two."""
    _, result = sample
    for name in MONEY_AND_COUNTS:
        totals = {
            sum(row[name] for row in mart.values())
            for mart in (result.use_case_daily, result.use_case_weekly, result.use_case_monthly)
        }
        assert len(totals) == 1, name
    spent = sum(row["inference_cost"] for row in result.spend_daily.values())
    assert result.incurred_cost == result.cohort_cost == spent > 0
