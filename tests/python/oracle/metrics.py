"""The marts: rows per period and use case, from the rows and never from other figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .records import UNOWNED, Attempt, Outcome, OutcomeKey, Request, Ticket
from .reference import Reference

ZERO = Decimal("0.000000000000")
Figures = dict[str, Any]


@dataclass
class Work:
    """The rows that one period and use case speaks of."""

    last_day: date = date.min
    attempts: list[Attempt] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    rework_cost: Decimal = ZERO
    delay_cost: Decimal = ZERO


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def use_case_periods(
    attempts: list[Attempt],
    requests: list[Request],
    tickets: list[Ticket],
    outcomes: dict[OutcomeKey, Outcome],
    reference: Reference,
    period_of: Callable[[date], date],
) -> dict[tuple[date, str], Figures]:
    """Cohort figures by (first day of the period, use case)."""
    work: dict[tuple[date, str], Work] = defaultdict(Work)

    def at(day: date, use_case: str) -> Work:
        bucket = work[period_of(day), use_case]
        bucket.last_day = max(bucket.last_day, day)
        return bucket

    for attempt in attempts:
        at(attempt.cohort_day, attempt.use_case).attempts.append(attempt)
    for request in requests:
        at(request.cohort_day, request.use_case).requests.append(request)
    for outcome in outcomes.values():
        if outcome.known:
            at(outcome.day, outcome.use_case).outcomes.append(outcome)
        if outcome.known or outcome.clocks:
            at(outcome.day, outcome.use_case).delay_cost += outcome.delay_cost or ZERO
    for ticket in tickets:
        for part in ticket.parts:
            at(part.day, part.use_case).rework_cost += part.cost or ZERO
    return {
        (period, use_case): _figures(use_case, rows, reference) for (period, use_case), rows in sorted(work.items())
    }


def _figures(use_case: str, work: Work, reference: Reference) -> Figures:
    declared = reference.use_case_on(use_case, work.last_day) or {}
    states = [outcome.state for outcome in work.outcomes]
    accepted = states.count("accepted")
    corrected = states.count("corrected")
    rejected = states.count("rejected") + states.count("abandoned")
    complete = accepted + corrected + rejected
    provisional = sum(o.state == "accepted" and not o.final for o in work.outcomes)
    open_cost = sum((_cost(o) for o in work.outcomes if o.state == "open"), ZERO)
    retried = sum(request.retried for request in work.requests)
    inference_cost = sum_cost(work.attempts)
    total_cost = inference_cost + work.rework_cost + work.delay_cost
    reached = [attempt for attempt in work.attempts if attempt.reached_model]
    premium = [attempt for attempt in reached if attempt.tier == "premium"]
    with_clock = [outcome for outcome in work.outcomes if outcome.clocks]
    times = sorted(r.response_time_ms for r in work.requests if r.response_time_ms is not None)
    return {
        "owner": declared.get("owner") or UNOWNED,
        "criticality": declared.get("criticality") or None,
        "attempts": len(work.attempts),
        "requests": len(work.requests),
        "retried_requests": retried,
        "outcomes": complete,
        "open_outcomes": states.count("open"),
        "accepted_outcomes": accepted,
        "corrected_outcomes": corrected,
        "rejected_outcomes": rejected,
        "provisional_share": ratio(provisional, accepted),
        "inference_cost": inference_cost,
        "rework_cost": work.rework_cost,
        "delay_cost": work.delay_cost,
        "total_cost": total_cost,
        "open_cost": open_cost,
        "unpriced_attempts": sum(attempt.cost is None for attempt in work.attempts),
        "cost_per_request": ratio(inference_cost, len(work.requests)),
        "cost_per_accepted_outcome": ratio(total_cost, accepted),
        "acceptance_rate": ratio(accepted, complete),
        "retry_rate": ratio(retried, len(work.requests)),
        "avg_context_tokens": ratio(sum(a.context_tokens for a in reached), len(reached)),
        "premium_traffic_share": ratio(len(premium), len(reached)),
        "premium_cost_share": ratio(sum_cost(premium), sum_cost(reached)),
        "response_time_p50_ms": percentile(times, Fraction(50, 100)),
        "response_time_p95_ms": percentile(times, Fraction(95, 100)),
        "response_time_p99_ms": percentile(times, Fraction(99, 100)),
        "sla_attainment": ratio(sum(o.breaches == 0 for o in with_clock), len(with_clock)),
        "full_human_review_rate": ratio(sum(o.complete and o.fully_reviewed for o in work.outcomes), complete),
    }


def _cost(outcome: Outcome) -> Decimal:
    return outcome.inference_cost + outcome.rework_cost + (outcome.delay_cost or ZERO)


def sum_cost(attempts: Iterable[Attempt]) -> Decimal:
    return sum((attempt.cost for attempt in attempts if attempt.cost is not None), ZERO)


def ratio(numerator: Decimal | int, denominator: Decimal | int) -> float | None:
    """Exact division, made a float last; ``None`` for a zero denominator."""
    return float(Fraction(numerator) / Fraction(denominator)) if denominator else None


def percentile(ordered: list[float], share: Fraction) -> float | None:
    """The percentile of ordered values, on the straight line between its neighbours."""
    if not ordered:
        return None
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + float(position - below) * (ordered[above] - ordered[below])


def spend_daily(attempts: Iterable[Attempt]) -> dict[tuple[Any, ...], Figures]:
    """Incurred inference cost by day, owner, use case, provider, model, tier and service tier."""
    spend: dict[tuple[Any, ...], Figures] = {}
    for a in attempts:
        key = (a.day, a.owner, a.use_case, a.provider, a.model, a.tier, a.service_tier)
        row = spend.setdefault(key, {"attempts": 0, "unpriced_attempts": 0, "inference_cost": ZERO})
        row["attempts"] += 1
        row["unpriced_attempts"] += a.cost is None
        row["inference_cost"] += a.cost or ZERO
    return spend
