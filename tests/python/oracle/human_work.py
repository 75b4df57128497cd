"""What people and delays cost: tickets in money, clocks in minutes late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from .fields import MICRO
from .money import rounded, split
from .native_rows import minutes
from .records import Clock, Ticket, TicketPart
from .reference import Reference
from .use_cases import UseCases


def cost_tickets(tickets: Iterable[Ticket], use_cases: UseCases, reference: Reference) -> None:
    """Set cost and parts of each ticket; a void ticket has no parts."""
    for ticket in tickets:
        if ticket.status == "void":
            continue
        ticket.cost = ticket_cost(ticket, reference)
        outcome_ids: tuple[str | None, ...] = ticket.outcome_ids or (None,)
        shares: list[Decimal | None] = [None] * len(outcome_ids)
        if ticket.cost is not None:
            shares = list(split(ticket.cost, len(outcome_ids)))
        for outcome_id, share in zip(outcome_ids, shares, strict=True):
            use_case = use_cases.final(ticket.named_use_case, outcome_id)
            key = (use_case, outcome_id) if outcome_id else None
            ticket.parts.append(TicketPart(key, use_case, share))


def ticket_cost(ticket: Ticket, reference: Reference) -> Decimal | None:
    """Stated cost, else handling time at the role's rate when the work was done; ``None`` where neither is known."""
    done_at = ticket.closed_at or ticket.updated_at
    day = reference.day(done_at)
    if ticket.stated_cost is not None:
        rate = reference.fx(ticket.currency, day)
        return None if rate is None else rounded(Fraction(ticket.stated_cost) * rate)
    hourly = reference.role_rate(ticket.role, done_at)
    if ticket.handling_minutes is None or hourly is None:
        return None
    rate = reference.fx(hourly["currency"], day)
    if rate is None:
        return None
    return rounded(Fraction(ticket.handling_minutes) / 60 * Fraction(hourly["hourly_rate"]) * rate)


def find_breach(clock: Clock, as_of: datetime) -> None:
    """Set the breach interval of a clock that stopped too late, or runs past its due time as of the run."""
    if clock.status == "cancelled":
        return
    allowed_until = clock.due_at + minutes(clock.paused_minutes)
    stop = clock.stopped_at or as_of
    if stop > allowed_until:
        clock.breach_from, clock.breach_to = allowed_until, stop


def union_length(intervals: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """Length of the time that at least one interval covers."""
    total, covered_to = timedelta(0), None
    for start, end in sorted(intervals):
        if covered_to is not None:
            start = max(start, covered_to)
        if end > start:
            total += end - start
        covered_to = end if covered_to is None else max(covered_to, end)
    return total


def minutes_late(clocks: Iterable[Clock], cap: Fraction | None) -> Fraction:
    """Minutes for which any clock of an outcome was in breach, up to the cap."""
    length = union_length((c.breach_from, c.breach_to) for c in clocks if c.breach_from is not None)
    late = Fraction(length // MICRO, 60_000_000)
    return late if cap is None else min(late, cap)


def delay_cost(use_case: str, clocks: list[Clock], late: Fraction, reference: Reference) -> Decimal | None:
    """Minutes late at the rate in force at the first breach's due time, and the penalty per breached clock.

    ``None`` where something was late and no rate (or no exchange rate) is known.
    """
    breached = [clock for clock in clocks if clock.breach_from is not None]
    if not breached:
        return Decimal("0.000000000000")
    first_due = min(clock.due_at for clock in breached)
    rate = reference.delay_rate(use_case, first_due)
    if rate is None:
        return None
    fx = reference.fx(rate["currency"], reference.day(first_due))
    if fx is None:
        return None
    amount = late * Fraction(rate["per_minute"] or 0) + len(breached) * Fraction(rate["per_breach"] or 0)
    return rounded(amount * fx)
