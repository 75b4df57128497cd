"""What people did with the outcomes: tickets, SLA clocks and decisions, each as the states that a desk exports."""

from __future__ import annotations

import math
from decimal import Decimal
from random import Random

from orchestration.sample_company.company import END_MS, Regime, UseCase
from orchestration.sample_company.distributions import Stratified
from orchestration.sample_company.records import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Clock,
    ClockState,
    Decision,
    Outcome,
    Ticket,
    TicketState,
)

_CAUSES = ("quality", "quality", "quality", "policy", "other", "timeout")
_EUR_DESKS = ("contract_review", "claims_triage")


class HumanWork:
    """Tickets, clocks and decisions of one use case. Only states known by the end of the thirteen weeks are written."""

    def __init__(self, case: UseCase, seed: int) -> None:
        self.case = case
        self.rng = Random(f"people:{seed}:{case.name}")
        self.tickets: list[Ticket] = []
        self.clocks: list[Clock] = []
        self.decisions: list[Decision] = []
        self._count = 0

    def run(self, outcomes: list[Outcome]) -> None:
        """Fill tickets, clocks and decisions for outcomes in order of their start."""
        for index, regime in enumerate(self.case.regimes):
            following = self.case.regimes[index + 1].start_ms if index + 1 < len(self.case.regimes) else END_MS
            part = [outcome for outcome in outcomes if regime.start_ms <= outcome.started_ms < following]
            self._regime(regime, part)
        if not self.case.steady:
            self._share_tickets(outcomes)

    def _regime(self, regime: Regime, outcomes: list[Outcome]) -> None:
        rng = self.rng
        draws = {
            "critical": Stratified(rng, regime.critical_share, 200),
            "major": Stratified(rng, regime.major_share, 200),
            "minor": Stratified(rng, regime.minor_share, 200),
            "full_review": Stratified(rng, regime.review_share, 200),
        }
        rejected, breached = Stratified(rng, regime.reject_share, 200), Stratified(rng, regime.breach_share, 200)
        for outcome in outcomes:
            for name, draw in draws.items():
                if draw():
                    self._ticket(outcome, name)
            if outcome.invalid_input and rng.random() < 0.3:
                self._ticket(outcome, "major", cause="input")
            if rejected():
                self._decide(outcome, "rejected")
            elif self.case.decided_share and outcome.answered and rng.random() < self.case.decided_share:
                self._decide(outcome, "accepted")
            if self.case.resolution_minutes or self.case.response_minutes:
                self._clocks(outcome, breached())

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{self.case.code.upper()}-{kind}{self._count:05d}"

    def _decide(self, outcome: Outcome, decision: str) -> None:
        at_ms = outcome.ended_ms + round(self.rng.lognormvariate(math.log(20), 0.9)) * MINUTE_MS
        if at_ms < END_MS:
            self.decisions.append(
                Decision(outcome.outcome_id, self.case.name, decision, at_ms, self.case.role + "_lead")
            )

    def _age_ms(self) -> int:
        """How long after the outcome a ticket is opened: most within days, a few weeks later."""
        if self.rng.random() < self.case.late_tickets:
            return self.rng.randrange(20 * DAY_MS, 45 * DAY_MS)
        days = self.rng.lognormvariate(math.log(0.8), 0.9)
        return round(min(days, 4.5 if self.case.steady else 16.0) * DAY_MS)

    def _ticket(self, outcome: Outcome, name: str, cause: str | None = None) -> None:
        rng, case = self.rng, self.case
        kind = name if name == "full_review" else ("spot_check" if rng.random() < 0.08 else "correction")
        severity = rng.choice(("major", "minor")) if name == "full_review" else name
        minutes = case.minutes_median * {"critical": 1.6, "major": 1.0, "minor": 0.5, "full_review": 2.0}[name]
        opened = outcome.ended_ms + self._age_ms()
        ticket = Ticket(
            self._id("T"),
            [outcome.outcome_id],
            case.name,
            severity,
            kind,
            cause or rng.choice(_CAUSES),
            case.role,
            opened,
        )
        self._states(ticket, rng.lognormvariate(math.log(minutes), 0.5))
        if ticket.states:
            self.tickets.append(ticket)

    def _states(self, ticket: Ticket, minutes: float) -> None:
        rng = self.rng
        done = Decimal(str(round(max(0.5, minutes), 1)))
        states = [TicketState(ticket.opened_ms, "open", None, None)]
        closed = ticket.opened_ms + rng.randrange(20 * MINUTE_MS, 2 * DAY_MS)
        final = "void" if rng.random() < 0.04 and ticket.severity != "critical" else "closed"
        states.append(TicketState(closed, final, closed, done))
        if final == "closed" and not self.case.steady and rng.random() < 0.06:
            again = closed + rng.randrange(HOUR_MS, 3 * DAY_MS)
            states.append(TicketState(again, "open", None, done))
            more = done + Decimal(str(round(rng.uniform(1, 15), 1)))
            last = again + rng.randrange(HOUR_MS, DAY_MS)
            states.append(TicketState(last, "closed", last, more))
        if self.case.name in _EUR_DESKS and rng.random() < 0.2:
            # Done by an outside office that sends a bill instead of minutes.
            ticket.cost = Decimal(str(round(rng.lognormvariate(math.log(24), 0.5), 2)))
            ticket.currency, ticket.role = "EUR", None
            states = [TicketState(s.updated_ms, s.status, s.closed_ms, None) for s in states]
        ticket.states = [state for state in states if state.updated_ms < END_MS]

    def _share_tickets(self, outcomes: list[Outcome]) -> None:
        """Some tickets cover several outcomes: one wrong template, one customer with many cases."""
        for ticket in self.tickets:
            if self.rng.random() < 0.05 and len(outcomes) > 10:
                place = self.rng.randrange(len(outcomes) - 6)
                more = [o for o in outcomes[place : place + self.rng.randrange(1, 4)] if o.ended_ms <= ticket.opened_ms]
                ticket.outcome_ids += [o.outcome_id for o in more if o.outcome_id not in ticket.outcome_ids]

    def _clocks(self, outcome: Outcome, breach: bool) -> None:
        if self.case.response_minutes:
            self._clock(
                outcome, "response", self.case.response_minutes, breach and self.case.resolution_minutes is None
            )
        if self.case.resolution_minutes:
            self._clock(outcome, "resolution", self.case.resolution_minutes, breach)

    def _clock(self, outcome: Outcome, metric: str, target: int, breach: bool) -> None:
        rng, case = self.rng, self.case
        started = outcome.started_ms // SECOND_MS * SECOND_MS
        due = started + target * MINUTE_MS
        late = max(1, round(rng.lognormvariate(math.log(case.late_minutes_median), 0.6)))
        used = max(outcome.ended_ms - started, round(target * MINUTE_MS * min(0.97, rng.betavariate(2, 4))))
        stopped = due + late * MINUTE_MS if breach else min(due, started + used // SECOND_MS * SECOND_MS)
        paused = 0
        if not case.steady and rng.random() < 0.07:
            paused = rng.randrange(5, 90)
            stopped += paused * MINUTE_MS if breach else 0
        clock = Clock(self._id("S"), outcome.outcome_id, case.name, metric, started, due, paused)
        final = "cancelled" if not case.steady and rng.random() < 0.02 else "stopped"
        if rng.random() < 0.1 and stopped > started + MINUTE_MS:
            clock.states.append(ClockState(started + MINUTE_MS, "running", None))
        lost = not case.steady and rng.random() < 0.001
        if stopped < END_MS and not lost:
            clock.states.append(ClockState(stopped, final, stopped if final == "stopped" else None))
        elif not clock.states:
            clock.states.append(ClockState(started, "running", None))
        clock.states = [state for state in clock.states if state.updated_ms < END_MS]
        if clock.states:
            self.clocks.append(clock)
