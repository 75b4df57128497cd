"""Reference data of the sample company: it exercises every dated rule, and its budgets meet what was spent."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal

from orchestration.sample_company.generate import ALL_CASES, EXPERIMENT, SEEDS
from orchestration.sample_company.story import BAD_RELEASE, STORY_RELEASE


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_dated_seeds_change_within_the_span():
    """Catches a sample in which no owner, rate, price or budget ever changes, so that as-of joins go untested."""
    for name, column, key in (
        ("use_cases", "valid_from", "use_case"),
        ("role_rates", "valid_from", "role"),
        ("delay_rates", "valid_from", "use_case"),
    ):
        versions = defaultdict(set)
        for row in seed(name):
            versions[row[key]].add(row[column])
        changes = {start for found in versions.values() if len(found) > 1 for start in found}
        assert any("2026-06-29" < start < "2026-09-28" for start in changes), name
    assert any("2026-06-29" < row["valid_from"] < "2026-09-28" for row in seed("price_overrides"))
    used = {model for case in ALL_CASES for regime in case.regimes for model in regime.routing.values()}
    changed = {
        (row["provider"], row["model"])
        for row in seed("model_prices")
        if "2026-06-29" < row["valid_from"] < "2026-09-28"
    }
    assert used & changed, "no model in use changes its price in the book"


def test_exchange_rates_miss_weekends_and_cover_the_span():
    """Catches rates for every day, which would never need the last published one."""
    days = [date.fromisoformat(row["day"]) for row in seed("fx_rates") if row["currency"] == "EUR"]
    assert min(days) < date(2026, 6, 29) and max(days) > date(2026, 9, 28)
    assert all(day.weekday() < 5 for day in days) and len(days) == len(set(days))


def test_budgets_meet_what_was_spent(company):
    """Catches budgets that no use case ever feels: one over its soft share, one exhausted, one missing, one revised."""
    spent = company.key["incurred_inference_cost_by_month"]
    latest, revisions = {}, defaultdict(list)
    for row in sorted(seed("budgets"), key=lambda r: int(r["revision"])):
        if row["kind"] == "production":
            latest[row["use_case"], row["month"], row["owner"]] = row
            revisions[row["use_case"], row["month"], row["owner"]].append(row["effective_at"])
    shares = {
        (case, month): Decimal(spent[case][month]) / Decimal(row["limit_amount"])
        for (case, month, _), row in latest.items()
        if month in spent[case]
    }
    assert Decimal("0.8") < shares["sales_email_drafts", "2026-07"] < Decimal("0.95")
    assert shares["code_review_assistant", "2026-08"] > 1
    assert not any(case == "knowledge_search" for case, _, _ in latest)
    assert any(len(found) > 1 and found[1][-2:] != "01" for found in revisions.values())
    assert any(row["kind"] == "experiment" for row in seed("budgets"))


def test_releases_and_experiments_are_declared():
    """Catches names in the logs that the reference data does not know."""
    releases = {row["release_id"]: row for row in seed("releases")}
    assert releases[STORY_RELEASE]["released_at"] == "2026-08-10T00:00:00Z"
    assert releases[BAD_RELEASE]["rollback_plan"] == ""
    assert EXPERIMENT in {row["experiment"] for row in seed("experiments")}
    assert len({row["owner"] for row in seed("owners")}) >= 4
    assert {row["criticality"] for row in seed("cost_slos")} == {"critical", "important", "mass"}
