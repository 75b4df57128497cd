"""The planted story, recomputed from the landing files with a few lines of their own."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from orchestration.sample_company import AS_OF
from orchestration.sample_company.generate import ACCEPTANCE_DAYS, ALL_CASES, DELAY_CAPS, SEEDS

CASE = "customer_support_answers"
RATES = {"premium": (5, 25), "balanced": (3, 15), "economy": (1, 5)}
TIER = {"claude-opus-4-8": "premium", "claude-sonnet-4-6": "balanced", "claude-haiku-4-5": "economy"}


def _cost(row: dict) -> Decimal:
    if row["cache_hit"]:
        return Decimal(0)
    into, out = RATES[TIER[row["model"]]]
    context = row["input_tokens"] + row.get("cache_read_tokens", 0) * Decimal("0.1")
    context += row.get("cache_write_tokens", 0) * Decimal("1.25")
    return (context * into + row["output_tokens"] * out) / 1_000_000


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture(scope="module")
def periods(company):
    """Sums of both windows: by request, outcome, ticket and clock of the story's use case."""
    attempts = {
        r["attempt_id"]: r for r in company.rows("inference") if r.get("use_case") == CASE and r.get("attempt_id")
    }
    attempts = [row for name, row in attempts.items() if "broken" not in name]
    outcomes = defaultdict(list)
    for row in attempts:
        outcomes[row["outcome_id"]].append(row)
    tickets, clocks = {}, {}
    for row in sorted(company.rows("rework"), key=lambda r: r["updated_at"]):
        if row["use_case"] == CASE and "broken" not in row["ticket_id"]:
            tickets[row["ticket_id"]] = row
    for row in sorted(company.rows("sla"), key=lambda r: r["updated_at"]):
        clocks[row["event_id"]] = row
    rejected = {row["outcome_id"] for row in company.rows("outcomes") if row["decision"] == "rejected"}
    critical = {t["outcome_id"] for t in tickets.values() if t["severity"] == "critical" and t["status"] != "void"}
    rework, delay = Counter(), Counter()
    for ticket in tickets.values():
        if ticket["status"] != "void" and "handling_minutes" in ticket:
            cost = Decimal(str(ticket["handling_minutes"])) / 60 * 28
            rework[ticket["outcome_id"]] += cost.quantize(Decimal("1e-12"), rounding=ROUND_HALF_UP)
    for clock in clocks.values():
        end = clock.get("stopped_at", AS_OF)
        if clock["outcome_id"] in outcomes and end > clock["due_at"]:
            late = Decimal((_time(end) - _time(clock["due_at"])) // timedelta(seconds=1)) / 60
            delay[clock["outcome_id"]] += min(late, Decimal(240)) * Decimal("0.04") + Decimal("0.4")
    sums = {"before": Counter(), "after": Counter()}
    for outcome_id, rows in outcomes.items():
        rows.sort(key=lambda r: (r["started_at"], r["ended_at"], r["attempt_id"]))
        day = max(row["ended_at"] for row in rows)[:10]
        name = (
            "before" if "2026-06-29" <= day < "2026-08-10" else "after" if "2026-08-10" <= day < "2026-09-21" else None
        )
        if name is None:
            continue
        accepted = outcome_id not in rejected | critical and rows[-1]["status"] == "success"
        tries = Counter(row["request_id"] for row in rows)
        sums[name] += Counter(
            outcomes=1, accepted=int(accepted), requests=len(tries), retried=sum(count > 1 for count in tries.values()),
            hits=sum(row["cache_hit"] for row in rows), inference=sum(map(_cost, rows)), rework=rework[outcome_id],
            delay=delay[outcome_id], premium=sum(TIER[r["model"]] == "premium" for r in rows if not r["cache_hit"]),
        )  # fmt: skip
    return sums


def test_the_key_agrees_with_the_files(company, periods):
    """Catches an answer key computed from facts that the files do not hold."""
    for name, sums in periods.items():
        key = company.key["story"][name]
        assert (sums["outcomes"], sums["accepted"]) == (key["outcomes"], key["accepted"])
        assert (sums["requests"], sums["retried"]) == (key["requests"], key["retried_requests"])
        for amount in ("inference", "rework", "delay"):
            assert sums[amount] == Decimal(key[f"{amount}_cost"]), (name, amount)


def test_the_story_meets_its_targets(periods):
    """Catches a story that drifted: the two percentages, stable acceptance and volume, fewer retries."""
    before, after = periods["before"], periods["after"]

    def ratio(top: str, bottom: str) -> list[float]:
        return [float(period[top]) / period[bottom] for period in (before, after)]

    first, second = ratio("inference", "requests")
    assert second / first - 1 == pytest.approx(-0.29, abs=0.003)
    totals = [p["inference"] + p["rework"] + p["delay"] for p in (before, after)]
    change = (totals[1] / after["accepted"]) / (totals[0] / before["accepted"]) - 1
    assert float(change) == pytest.approx(-0.35, abs=0.003)
    first, second = ratio("accepted", "outcomes")
    assert second == pytest.approx(first, abs=0.01)
    first, second = ratio("retried", "requests")
    assert first - 0.02 < second < first
    assert after["requests"] == pytest.approx(before["requests"], rel=0.03)
    assert before["hits"] == 0 < after["hits"]
    assert after["premium"] < 0.8 * before["premium"]


def test_the_bad_release_is_cheap_and_expensive(company):
    """Catches a bad release that a gate on cost per request alone would rightly refuse."""
    bad = company.key["bad_release"]
    assert Decimal(bad["cost_per_request_change"]) < Decimal("-0.3")
    assert Decimal(bad["cost_per_accepted_outcome_change"]) > Decimal("0.2")


def test_every_leak_is_planted_somewhere_and_one_use_case_has_none(company):
    """Catches a leak that no use case has, and a clean use case that leaks."""
    leaks = {name: found["amounts"] for name, found in company.key["leaks_gross"].items()}
    for leak in ("inefficient_fallback", "weak_cache", "poor_input", "no_segmentation", "excess_context"):
        assert any(Decimal(amounts[leak]) > 5 for amounts in leaks.values()), leak
    assert all(Decimal(amount) == 0 for amount in leaks[company.key["use_case_without_leak"]].values())


def test_the_generator_and_the_seeds_agree():
    """Catches windows, caps and context limits that were changed in one of the two places only."""
    with (SEEDS / "use_cases.csv").open(encoding="utf-8", newline="") as lines:
        declared = {row["use_case"]: row for row in csv.DictReader(lines)}
    for case in ALL_CASES:
        row = declared.get(case.name)
        if row is None:
            assert case.name == "meeting_minutes_pilot"
            continue
        assert {c: int(row[f"context_limit_{c.lower()}"]) for c in "ABC"} == case.context_limit
        assert float(row["cache_lifetime_hours"]) == case.cache_lifetime_hours
        assert row["task_class"] == case.default_class
    assert int(declared[CASE]["acceptance_window_days"]) == ACCEPTANCE_DAYS[CASE]
    assert int(declared[CASE]["delay_cap_minutes"]) == DELAY_CAPS[CASE]
