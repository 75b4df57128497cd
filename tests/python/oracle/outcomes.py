"""Business results: their day, their state as of the run, and everything they cost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from .human_work import delay_cost, minutes_late
from .records import Attempt, Clock, Decision, Outcome, OutcomeKey, Request, Ticket, TicketPart
from .reference import Reference


@dataclass
class _Facts:
    """What is known about one outcome."""

    attempts: list[Attempt] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    parts: list[tuple[Ticket, TicketPart]] = field(default_factory=list)


def outcomes_of(
    attempts: list[Attempt],
    requests: list[Request],
    tickets: list[Ticket],
    clocks: list[Clock],
    decisions: list[Decision],
    reference: Reference,
    as_of: datetime,
) -> dict[OutcomeKey, Outcome]:
    """Every outcome by key, also those that only tickets and clocks name (``known`` false)."""
    facts: dict[OutcomeKey, _Facts] = defaultdict(_Facts)
    for attempt in attempts:
        if attempt.outcome_key:
            facts[attempt.outcome_key].attempts.append(attempt)
    for request in requests:
        if request.outcome_key:
            facts[request.outcome_key].requests.append(request)
    for decision in decisions:
        facts[decision.use_case, decision.outcome_id].decisions.append(decision)
    for clock in clocks:
        if clock.status != "cancelled":
            facts[clock.use_case, clock.outcome_id].clocks.append(clock)
    for ticket in tickets:
        for part in ticket.parts:
            if part.outcome_key:
                facts[part.outcome_key].parts.append((ticket, part))
    return {key: _outcome(key, known, reference, as_of) for key, known in facts.items()}


def _outcome(key: OutcomeKey, facts: _Facts, reference: Reference, as_of: datetime) -> Outcome:
    use_case, outcome_id = key
    known = bool(facts.attempts or facts.decisions)
    day = _day(facts, reference)
    window_closed = False
    if known:
        days_open = 1 + reference.acceptance_window_days(use_case, day)
        window_closed = as_of >= reference.midnight(day + timedelta(days=days_open))
    state = _state(facts, window_closed) if known else None
    late = minutes_late(facts.clocks, reference.delay_cap_minutes(use_case, day))
    return Outcome(
        use_case=use_case,
        outcome_id=outcome_id,
        known=known,
        day=day,
        state=state,
        final=window_closed,
        inference_cost=sum((a.cost for a in facts.attempts if a.cost is not None), Decimal(0)),
        rework_cost=sum((p.cost for _, p in facts.parts if p.cost is not None), Decimal(0)),
        delay_cost=delay_cost(use_case, facts.clocks, late, reference),
        minutes_late=float(late),
        attempts=len(facts.attempts),
        requests=len(facts.requests),
        clocks=len(facts.clocks),
        breaches=sum(clock.breach_from is not None for clock in facts.clocks),
        fully_reviewed=any(ticket.kind == "full_review" for ticket, _ in facts.parts),
    )


def _day(facts: _Facts, reference: Reference) -> date:
    if facts.attempts:
        latest = max(facts.attempts, key=lambda a: (a.end, a.started_at, a.attempt_id))
        return reference.day(latest.end)
    if facts.decisions:
        return reference.day(min(decision.decided_at for decision in facts.decisions))
    # Unknown: the day of its clocks, or of its tickets (each part keeps its own day in the marts).
    starts = [clock.started_at for clock in facts.clocks] or [ticket.opened_at for ticket, _ in facts.parts]
    return reference.day(min(starts))


def _state(facts: _Facts, window_closed: bool) -> str:
    latest = max(facts.decisions, key=lambda d: (d.decided_at, d.decision), default=None)
    if latest is not None and latest.decision != "accepted":
        return latest.decision
    if any(ticket.severity == "critical" for ticket, _ in facts.parts):
        return "corrected"
    if latest is not None:
        return "accepted"
    last = max(facts.requests, key=lambda r: (r.end, r.started_at, r.request_id), default=None)
    if last is not None and last.succeeded:
        return "accepted"
    return "abandoned" if window_closed else "open"
