"""From landing files and seeds to the marts, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any, TypeVar

from oracle import litellm_rows, native_rows, otel_rows

from .human_work import cost_tickets, find_breach
from .landing_files import BadRow, landing_files, rows_of
from .metrics import Figures, first_of_month, monday, spend_daily, sum_cost, use_case_periods
from .modalities import tokens_of
from .outcomes import outcomes_of
from .pricing import Pricer
from .records import UNOWNED, Attempt, Clock, Decision, Outcome, OutcomeKey, Request, Ticket
from .reference import Reference
from .request_groups import requests_of, set_request_ids
from .use_cases import UseCases, apply_rules

Version = TypeVar("Version")


@dataclass
class OracleResult:
    """Everything recomputed. Money is exact with 12 decimals; ratios are floats; absent is ``None``."""

    attempts: list[Attempt]
    requests: list[Request]
    tickets: list[Ticket]
    clocks: list[Clock]
    decisions: list[Decision]
    outcomes: dict[OutcomeKey, Outcome]
    use_case_daily: dict[tuple[date, str], Figures]
    use_case_weekly: dict[tuple[date, str], Figures]
    use_case_monthly: dict[tuple[date, str], Figures]
    spend_daily: dict[tuple[Any, ...], Figures]
    incurred_cost: Decimal
    cohort_cost: Decimal
    bad_rows: dict[tuple[str, str], int]
    """Rows not counted by (source, reason)."""
    ties: list[str]
    """Versions of one row between which the definitions decide by hash; here the greater text won."""


@dataclass
class Landed:
    """Accepted rows of the landing folder, every version of them."""

    attempts: list[Attempt]
    spans: list[otel_rows.Span]
    tickets: list[Ticket]
    clocks: list[Clock]
    decisions: list[Decision]
    bad_rows: dict[tuple[str, str], int]


def compute(
    landing: Path,
    seeds: Path,
    as_of: datetime,
    *,
    zone: str = "UTC",
    currency: str = "USD",
    acceptance_window_days: int = 14,
) -> OracleResult:
    """Recompute the facts and the use-case marts from landing files and seed files as of an instant.

    ``as_of`` is aware; rows later than it are not used. ``seeds`` is a full set: a missing file is empty.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    with localcontext() as context:
        # Sums of money must not be cut: 60 digits hold any of them.
        context.prec = 60
        reference = Reference(Path(seeds), zone, currency, acceptance_window_days)
        return _compute(read(Path(landing)), reference, as_of)


def read(landing: Path) -> Landed:
    """Read every file of the landing folder; rows that break a rule are counted in ``bad_rows``."""
    landed = Landed([], [], [], [], [], {})
    readers: dict[str, tuple[Callable[[Any, str], Any], list[Any]]] = {
        "inference": (native_rows.attempt_of, landed.attempts),
        "rework": (native_rows.ticket_of, landed.tickets),
        "sla": (native_rows.clock_of, landed.clocks),
        "outcomes": (native_rows.decision_of, landed.decisions),
        "litellm": (litellm_rows.attempt_of, landed.attempts),
    }
    for source, family, path in landing_files(landing):
        for row in rows_of(path):
            try:
                if isinstance(row, BadRow):
                    raise row
                if family == "otel":
                    for span in otel_rows.spans_of(row, source):
                        if isinstance(span, BadRow):
                            _count(landed, source, span)
                        else:
                            landed.spans.append(span)
                else:
                    record_of, records = readers[family]
                    records.append(record_of(row, source))
            except BadRow as problem:
                _count(landed, source, problem)
    return landed


def _count(landed: Landed, source: str, problem: BadRow) -> None:
    key = (source, str(problem))
    landed.bad_rows[key] = landed.bad_rows.get(key, 0) + 1


def _winners(
    versions: Iterable[Version], key: Callable[[Version], Any], rank: Callable[[Version], Any], ties: list[str]
) -> list[Version]:
    """One version per key: the one of highest rank; a tie between different versions is noted."""
    best: dict[Any, Version] = {}
    for version in versions:
        identity = key(version)
        other = best.get(identity)
        if other is None:
            best[identity] = version
            continue
        if rank(version) == rank(other) and version != other:
            ties.append(f"{type(version).__name__} {identity}")
        if (rank(version), repr(version)) > (rank(other), repr(other)):
            best[identity] = version
    return list(best.values())


def _compute(landed: Landed, reference: Reference, as_of: datetime) -> OracleResult:
    ties: list[str] = []
    attempts = _current_attempts(landed, as_of, ties)
    tickets = _winners(
        (t for t in landed.tickets if t.updated_at <= as_of),
        lambda t: (t.source, t.ticket_id),
        lambda t: t.updated_at,
        ties,
    )
    clocks = _winners(
        (c for c in landed.clocks if c.updated_at <= as_of),
        lambda c: (c.source, c.event_id),
        lambda c: c.updated_at,
        ties,
    )
    decisions = _winners(
        (d for d in landed.decisions if d.decided_at <= as_of),
        lambda d: (d.source, d.outcome_id, d.decided_at),
        lambda d: 0,
        ties,
    )

    apply_rules(attempts, reference)
    use_cases = UseCases(reference, attempts, tickets, clocks, decisions)
    for row in (*clocks, *decisions):
        row.use_case = use_cases.final(row.named_use_case, row.outcome_id)
    for attempt in attempts:
        attempt.use_case = use_cases.final(attempt.logged_use_case, attempt.outcome_id)
        attempt.logged_use_case = use_cases.logged(attempt.logged_use_case, attempt.outcome_id)
    _describe(attempts, reference)
    set_request_ids(attempts)
    requests = requests_of(attempts)
    cost_tickets(tickets, use_cases, reference)
    for clock in clocks:
        find_breach(clock, as_of)
    outcomes = outcomes_of(attempts, requests, tickets, clocks, decisions, reference, as_of)
    _set_cohort_days(attempts, requests, tickets, outcomes, reference)

    daily, weekly, monthly = (
        use_case_periods(attempts, requests, tickets, outcomes, reference, period_of)
        for period_of in (lambda day: day, monday, first_of_month)
    )
    return OracleResult(
        attempts=attempts,
        requests=requests,
        tickets=tickets,
        clocks=clocks,
        decisions=decisions,
        outcomes=outcomes,
        use_case_daily=daily,
        use_case_weekly=weekly,
        use_case_monthly=monthly,
        spend_daily=spend_daily(attempts),
        incurred_cost=sum_cost(attempts),
        cohort_cost=sum((row["inference_cost"] for row in daily.values()), Decimal("0.000000000000")),
        bad_rows=landed.bad_rows,
        ties=ties,
    )


def _current_attempts(landed: Landed, as_of: datetime, ties: list[str]) -> list[Attempt]:
    # The best version is chosen before the as-of filter, as at ingest.
    logged = _winners(
        landed.attempts,
        lambda a: (a.source, a.attempt_id),
        lambda a: (_or_less(a.output_tokens), _or_less(_total_input(a))),
        ties,
    )
    spans = _winners(
        landed.spans,
        lambda s: (s.source, s.trace_id, s.span_id),
        lambda s: (_or_less(s.output_tokens), _or_less(s.input_tokens)),
        ties,
    )
    spans = [span for span in spans if span.started_at <= as_of]
    otel_rows.fill_from_trace(spans)
    calls = otel_rows.calls_of(spans)
    return [attempt for attempt in logged if attempt.started_at <= as_of] + calls


def _or_less(tokens: int | None) -> int:
    return -1 if tokens is None else tokens


def _total_input(attempt: Attempt) -> int | None:
    """Input as its source reports it: native rows without the cache, gateway rows with everything."""
    if attempt.family == "inference" or attempt.input_tokens is None:
        return attempt.input_tokens
    return attempt.context_tokens + tokens_of(attempt.units, "input") + tokens_of(attempt.units, "cache_read")


def _describe(attempts: Iterable[Attempt], reference: Reference) -> None:
    """Final names, tier, day, owner and cost of every attempt."""
    pricer = Pricer(reference)
    for attempt in attempts:
        attempt.provider = reference.provider(attempt.provider)
        attempt.model = reference.model(attempt.provider, attempt.model)
        attempt.tier = reference.tier(attempt.provider, attempt.model)
        attempt.day = reference.day(attempt.started_at)
        declared = reference.use_case_on(attempt.use_case, attempt.day) or {}
        payer = reference.experiment_owner(attempt.experiment, attempt.started_at)
        attempt.owner = payer or declared.get("owner") or UNOWNED
        pricer.price(attempt)


def _set_cohort_days(
    attempts: list[Attempt],
    requests: list[Request],
    tickets: list[Ticket],
    outcomes: dict[OutcomeKey, Outcome],
    reference: Reference,
) -> None:
    """Everything stands on the day of its outcome; without one, on the day it began."""
    for attempt in attempts:
        attempt.cohort_day = outcomes[attempt.outcome_key].day if attempt.outcome_key else attempt.day
    for request in requests:
        request.day = reference.day(request.started_at)
        request.cohort_day = outcomes[request.outcome_key].day if request.outcome_key else request.day
    for ticket in tickets:
        for part in ticket.parts:
            outcome = outcomes[part.outcome_key] if part.outcome_key else None
            part.day = outcome.day if outcome is not None and outcome.known else reference.day(ticket.opened_at)
