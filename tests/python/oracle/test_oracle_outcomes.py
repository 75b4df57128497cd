"""Worked outcomes: states, windows, rework shares and minutes late."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

DAY = date(2026, 7, 1)


def o1(result):
    return result.outcomes["claims", "o1"]


def test_ticket_split_leaves_the_rest_to_the_last(company):
    """Catches parts that do not add up to the ticket."""
    for number in (1, 2, 3):
        company.attempt(f"a{number}", outcome_id=f"o{number}")
    company.ticket("t1", outcome_ids=["o1", "o2", "o3"], cost=0.1, currency="USD")
    result = company.compute()
    # 0.1 / 3 = 0.033333333333|3
    parts = [result.outcomes["claims", f"o{n}"].rework_cost for n in (1, 2, 3)]
    assert parts == [Decimal("0.033333333333"), Decimal("0.033333333333"), Decimal("0.033333333334")]
    assert result.use_case_daily[DAY, "claims"]["rework_cost"] == Decimal("0.1")


def test_rework_by_handling_time_at_the_rate_of_the_work(company):
    """Catches the rate of today, and time taken for hours."""
    company.seed(
        "role_rates",
        {"role": "clerk", "hourly_rate": 30, "currency": "USD", "valid_to": "2026-07-03"},
        {"role": "clerk", "hourly_rate": 60, "currency": "USD", "valid_from": "2026-07-03"},
    )
    company.attempt("a1", outcome_id="o1")
    work = {"outcome_id": "o1", "handling_minutes": 10, "role": "clerk"}
    company.ticket("t1", **work)  # updated on 2 July: 10 / 60 x 30 = 5
    company.ticket("t2", **work, closed_at="2026-07-03T00:00:00Z")  # 10 / 60 x 60 = 10
    company.ticket("t3", **work, status="void")
    company.ticket("t4", outcome_id="o1")  # neither cost nor time: not known, not 0
    result = company.compute()
    assert {t.ticket_id: t.cost for t in result.tickets} == {
        "t1": Decimal(5),
        "t2": Decimal(10),
        "t3": None,
        "t4": None,
    }
    assert o1(result).rework_cost == Decimal(15)


def test_minutes_late_are_the_union_of_breaches(company):
    """Catches overlapping breaches added up, pauses ignored, cancelled clocks counted."""
    company.attempt("a1", outcome_id="o1")
    company.clock("c1", "2026-07-01T12:10:00Z", "2026-07-01T12:40:00Z")  # late 12:10 to 12:40
    company.clock("c2", "2026-07-01T12:20:00Z", "2026-07-01T13:00:00Z", paused_minutes=10)  # late 12:30 to 13:00
    company.clock("c3", "2026-07-01T13:10:00Z", "2026-07-01T13:10:00Z")  # in time to the second
    company.clock("c4", "2026-07-01T12:01:00Z", "2026-07-01T15:00:00Z", status="cancelled")
    outcome = o1(company.compute())
    # 12:10 to 13:00 is 50 minutes; 50 x 0.5 + 2 breaches x 2 = 29.
    assert (outcome.minutes_late, outcome.breaches, outcome.clocks) == (50.0, 2, 3)
    assert outcome.delay_cost == Decimal(29)


def test_running_clock_is_late_until_as_of_and_capped(company):
    company.seed("use_cases", {"use_case": "claims", "owner": "anna", "delay_cap_minutes": 20})
    company.attempt("a1", outcome_id="o1")
    company.clock("c1", "2026-07-01T12:10:00Z", None)
    before = o1(company.compute(datetime(2026, 7, 1, 12, 10, tzinfo=UTC)))
    assert (before.breaches, before.delay_cost) == (0, Decimal(0))
    soon = o1(company.compute(datetime(2026, 7, 1, 12, 15, tzinfo=UTC)))
    assert soon.delay_cost == Decimal("4.5")  # 5 x 0.5 + 2
    assert o1(company.compute()).delay_cost == Decimal(12)  # 20 x 0.5 + 2


def test_rate_of_the_first_due_time(company):
    """Catches the rate of the pause's end or of the last breach."""
    company.seed(
        "delay_rates",
        {"use_case": "claims", "per_minute": 1, "currency": "USD", "valid_to": "2026-07-01T12:30:00+00:00"},
        {"use_case": "claims", "per_minute": 9, "currency": "USD", "valid_from": "2026-07-01T12:30:00+00:00"},
    )
    company.attempt("a1", outcome_id="o1")
    company.clock("c1", "2026-07-01T12:20:00Z", "2026-07-01T12:41:00Z", paused_minutes=20)
    assert o1(company.compute()).delay_cost == Decimal(1)  # one minute, at the rate of 12:20


def test_minutes_that_have_no_finite_decimal(company):
    """Catches minutes rounded before they are paid."""
    company.seed("delay_rates", {"use_case": "claims", "per_minute": 1, "currency": "USD"})
    company.attempt("a1", outcome_id="o1")
    company.clock("c1", "2026-07-01T12:10:00Z", "2026-07-01T12:10:00.000001Z")
    # A millionth of a second is 1 / 60,000,000 of a minute: 0.000000016666|67
    assert o1(company.compute()).delay_cost == Decimal("0.000000016667")


@pytest.mark.parametrize(
    ("last_status", "decision", "severity", "as_of_day", "state"),
    [
        ("success", None, None, 2, "accepted"),
        ("success", "rejected", "critical", 2, "rejected"),
        ("success", "abandoned", None, 2, "abandoned"),
        ("error", "accepted", "critical", 2, "corrected"),
        ("error", "accepted", "major", 2, "accepted"),
        ("error", None, None, 15, "open"),
        ("error", None, None, 16, "abandoned"),
    ],
)
def test_state_is_the_first_rule_that_fits(company, last_status, decision, severity, as_of_day, state):
    """Catches rules in another order, and a window that closes a day early (day 1 + 1 + 14 = midnight of the 16th)."""
    company.attempt("a1", outcome_id="o1", started_at="2026-07-01T11:00:00Z", request_id="r1")
    company.attempt("a2", outcome_id="o1", status=last_status, request_id="r2")
    if decision:
        company.decision(decision, "2026-07-01T13:00:00Z")
    if severity:
        company.ticket("t1", outcome_id="o1", severity=severity, updated_at="2026-07-01T14:00:00Z",
                       opened_at="2026-07-01T13:00:00Z")  # fmt: skip
    result = company.compute(datetime(2026, 7, as_of_day, tzinfo=UTC))
    assert o1(result).state == state


def test_accepted_is_provisional_until_the_window_closes(company):
    company.attempt("a1", outcome_id="o1")
    before = company.compute(datetime(2026, 7, 15, 23, 59, 59, tzinfo=UTC))
    after = company.compute(datetime(2026, 7, 16, tzinfo=UTC))
    assert before.use_case_daily[DAY, "claims"]["provisional_share"] == 1.0
    assert after.use_case_daily[DAY, "claims"]["provisional_share"] == 0.0


def test_rows_later_than_as_of_are_not_used_yet(company):
    """Catches a restated past: the state of a ticket is the latest as of then, not the latest of all."""
    company.attempt("a1", outcome_id="o1")
    company.ticket("t1", outcome_id="o1", severity="critical", status="open", updated_at="2026-07-02T10:00:00Z")
    company.ticket("t1", outcome_id="o1", severity="critical", status="void", updated_at="2026-07-09T10:00:00Z")
    company.decision("rejected", "2026-07-20T10:00:00Z")
    states = [o1(company.compute(datetime(2026, 7, day, 10, tzinfo=UTC))).state for day in (2, 8, 9, 19, 20)]
    assert states == ["corrected", "corrected", "accepted", "accepted", "rejected"]
    assert company.compute(datetime(2026, 7, 1, 11, 59, tzinfo=UTC)).attempts == []


def test_everything_of_an_outcome_stands_on_the_day_of_its_end(company):
    """Catches costs on the day they arose in a cohort mart; the totals of both bases must agree."""
    company.attempt("a1", outcome_id="o1", started_at="2026-06-30T23:00:00Z", request_id="r1")
    company.attempt("a2", outcome_id="o1", started_at="2026-06-30T23:59:59Z", request_id="r2")  # ends 2 s later
    company.attempt("a3")
    result = company.compute()
    assert set(result.use_case_daily) == {(DAY, "claims")}
    assert result.use_case_daily[DAY, "claims"]["inference_cost"] == Decimal("0.0135")
    assert result.cohort_cost == result.incurred_cost == Decimal("0.0135")
    assert {key[0]: row["inference_cost"] for key, row in result.spend_daily.items()} == {
        date(2026, 6, 30): Decimal("0.009"),
        DAY: Decimal("0.0045"),
    }


def test_ticket_of_an_unknown_outcome_keeps_its_cost(company):
    """Catches orphans that vanish: 1 + 1 on the day of opening, until the outcome is known."""
    company.ticket("t1", outcome_id="o1", cost=1)
    company.ticket("t2", cost=1, use_case="nobody declared this")
    result = company.compute()
    assert result.use_case_daily[date(2026, 7, 2), "claims"]["rework_cost"] == Decimal(1)
    assert result.use_case_daily[date(2026, 7, 2), "unallocated"]["rework_cost"] == Decimal(1)
    company.attempt("a1", outcome_id="o1")
    assert company.compute().use_case_daily[DAY, "claims"]["rework_cost"] == Decimal(1)
