"""What the warehouse must find, computed from the generator's own facts with exact decimals and without SQL."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.sample_company.company import AS_OF_MS
from orchestration.sample_company.price_list import PriceList, rounded
from orchestration.sample_company.records import DAY_MS, MINUTE_MS, Attempt, Clock, Company, Outcome, Ticket, ms_of


class Rates:
    """Hourly rates of roles and prices of delay, from the seeds. Amounts in dollars; only dollar rows are read."""

    def __init__(self, seeds: Path) -> None:
        self._roles = self._read(seeds / "role_rates.csv", "role")
        self._delays = self._read(seeds / "delay_rates.csv", "use_case")

    @staticmethod
    def _read(path: Path, key: str) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = defaultdict(list)
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found[row[key]].append(row)
        return found

    @staticmethod
    def _at(rows: list[dict[str, str]], at_ms: int) -> dict[str, str] | None:
        for row in rows:
            after = not row["valid_from"] or ms_of(row["valid_from"]) <= at_ms
            if after and (not row["valid_to"] or at_ms < ms_of(row["valid_to"])):
                return row
        return None

    def work(self, ticket: Ticket) -> Decimal | None:
        """Cost of a ticket in its latest state: 0 when void, None when nothing says what it cost."""
        state = ticket.states[-1]
        if state.status == "void":
            return Decimal(0)
        if ticket.cost is not None or state.minutes is None or ticket.role is None:
            return None
        row = self._at(self._roles.get(ticket.role, []), state.closed_ms or state.updated_ms)
        return None if row is None else rounded(state.minutes / 60 * Decimal(row["hourly_rate"]))

    def delay(self, clocks: list[Clock], cap_minutes: int | None) -> Decimal:
        """Delay cost of one outcome: minutes in the union of its breaches, and a penalty for each breached clock."""
        breaches = []
        for clock in clocks:
            state = clock.states[-1]
            due = clock.due_ms + clock.paused_minutes * MINUTE_MS
            end = state.stopped_ms if state.stopped_ms is not None else AS_OF_MS
            if state.status != "cancelled" and end > due:
                breaches.append((due, end, clock))
        if not breaches:
            return Decimal(0)
        breaches.sort(key=lambda breach: breach[:2])
        late_ms, reached = 0, 0
        for start, end, _ in breaches:
            late_ms += max(0, end - max(start, reached))
            reached = max(reached, end)
        row = self._at(self._delays.get(breaches[0][2].use_case, []), breaches[0][2].due_ms)
        if row is None:
            return Decimal(0)
        minutes = Decimal(late_ms) / MINUTE_MS
        minutes = minutes if cap_minutes is None else min(minutes, Decimal(cap_minutes))
        return rounded(minutes * Decimal(row["per_minute"]) + len(breaches) * Decimal(row["per_breach"]))


class Figures:
    """Figures of one use case between two days, by cohort: the day on which an outcome's last attempt ended."""

    def __init__(
        self, company: Company, rates: Rates, use_case: str, acceptance_days: int, delay_cap: int | None
    ) -> None:
        self.attempts = company.attempts[use_case]
        self.acceptance_ms = acceptance_days * DAY_MS
        self.tickets: dict[str, list[tuple[Ticket, Decimal | None]]] = defaultdict(list)
        for ticket in company.tickets:
            if ticket.use_case == use_case:
                cost = rates.work(ticket)
                share = None if cost is None else rounded(cost / len(ticket.outcome_ids))
                for place, outcome_id in enumerate(ticket.outcome_ids):
                    last = place == len(ticket.outcome_ids) - 1
                    rest = None if cost is None or share is None else cost - share * place
                    self.tickets[outcome_id].append((ticket, rest if last else share))
        clocks: dict[str, list[Clock]] = defaultdict(list)
        for clock in company.clocks:
            if clock.use_case == use_case:
                clocks[clock.outcome_id].append(clock)
        self.delays = {outcome_id: rates.delay(found, delay_cap) for outcome_id, found in clocks.items()}
        self.decisions = {d.outcome_id: d.decision for d in company.decisions if d.use_case == use_case}
        self.outcomes = {outcome.outcome_id: outcome for outcome in company.outcomes[use_case]}
        last_end: dict[str, int] = {}
        for attempt in self.attempts:
            if attempt.outcome_id is not None:
                last_end[attempt.outcome_id] = max(last_end.get(attempt.outcome_id, 0), attempt.ended_ms)
        self.cohort_ms = {outcome_id: end // DAY_MS * DAY_MS for outcome_id, end in last_end.items()}

    def state(self, outcome: Outcome) -> str:
        """State of an outcome as of the demo's instant."""
        decision = self.decisions.get(outcome.outcome_id)
        if decision in ("rejected", "abandoned"):
            return decision
        for ticket, _ in self.tickets.get(outcome.outcome_id, ()):
            if ticket.severity == "critical" and ticket.states[-1].status != "void":
                return "corrected"
        if decision == "accepted" or outcome.answered:
            return "accepted"
        closes = self.cohort_ms[outcome.outcome_id] + DAY_MS + self.acceptance_ms
        return "abandoned" if closes <= AS_OF_MS else "open"

    def between(self, first_day: str, day_after: str) -> dict[str, Any]:
        """All figures of the cohorts from the first day until before the second; amounts are exact decimals."""
        start, end = ms_of(first_day), ms_of(day_after)
        chosen = [o for o in self.outcomes.values() if start <= self.cohort_ms[o.outcome_id] < end]
        ids = {outcome.outcome_id for outcome in chosen}
        attempts = [a for a in self.attempts if (a.outcome_id in ids if a.outcome_id else start <= a.started_ms < end)]
        tries: Counter[str] = Counter()
        for attempt in attempts:
            tries[attempt.request_key] += 1 + attempt.swallowed_retries
        retried = sum(1 for count in tries.values() if count > 1)
        states = Counter(self.state(outcome) for outcome in chosen)
        inference = sum((a.cost for a in attempts if a.cost is not None), Decimal(0))
        work = [cost for outcome_id in ids for _, cost in self.tickets.get(outcome_id, ()) if cost is not None]
        rework = sum(work, Decimal(0))
        delay = sum((self.delays.get(outcome_id, Decimal(0)) for outcome_id in ids), Decimal(0))
        total = inference + rework + delay
        complete = sum(states.values()) - states["open"]
        reached = [a for a in attempts if a.reached_model]
        return {
            "first_day": first_day, "day_after": day_after, "attempts": len(attempts), "requests": len(tries),
            "retried_requests": retried, "outcomes": complete,
            "accepted": states["accepted"], "corrected": states["corrected"],
            "rejected": states["rejected"] + states["abandoned"], "open": states["open"], "inference_cost": inference,
            "rework_cost": rework, "delay_cost": delay, "total_cost": total,
            "cache_hits": sum(1 for a in attempts if a.cache_hit),
            "cost_per_request": inference / len(tries) if tries else None,
            "cost_per_accepted_outcome": total / states["accepted"] if states["accepted"] else None,
            "acceptance_rate": states["accepted"] / complete if complete else None,
            "retry_rate": retried / len(tries) if tries else None,
            "average_context_tokens": sum(a.context_tokens for a in reached) / len(reached) if reached else None,
        }  # fmt: skip


def change(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    """Relative change; None where one side is missing."""
    return after / before - 1 if before and after is not None else None


def leaks(attempts: list[Attempt], tickets: list[Ticket], prices: PriceList, limits: dict[str, int]) -> dict[str, Any]:
    """Gross amount of each leak of one use case over the whole span: each counted alone, so the amounts may overlap.

    Exact where stated; the others follow the generator's intent, which a rule that sees only the logs may miss
    by a little.
    """
    answered = {}
    for attempt in attempts:
        if attempt.status == "success":
            answered[attempt.request_key] = attempt.attempt_id
    bad_input = {o for ticket in tickets if ticket.cause == "input" for o in ticket.outcome_ids}
    total: dict[str, Decimal] = dict.fromkeys(
        ("inefficient_fallback", "weak_cache", "poor_input", "no_segmentation", "excess_context"), Decimal(0)
    )
    for attempt in attempts:
        cost = attempt.cost
        if not cost:
            continue
        if answered.get(attempt.request_key) != attempt.attempt_id:
            total["inefficient_fallback"] += cost
        if attempt.repeated_prompt:
            total["weak_cache"] += cost
        if not attempt.input_valid or attempt.outcome_id in bad_input:
            total["poor_input"] += cost
        if attempt.task_class in "BC" and prices.tiers.get((attempt.provider, attempt.model)) == "premium":
            tier = "balanced" if attempt.task_class == "B" else "economy"
            reference = prices.references.get(tier)
            instead = prices.cost(attempt, reference) if reference else None
            if instead is not None:
                total["no_segmentation"] += max(Decimal(0), cost - instead)
        over = attempt.context_tokens - limits[attempt.task_class]
        if over > 0:
            total["excess_context"] += rounded(_context_cost(attempt, prices) * over / attempt.context_tokens)
    return {"amounts": total, "exact": ["inefficient_fallback", "poor_input"], "approximate": [
        "weak_cache", "no_segmentation", "excess_context"]}  # fmt: skip


def _context_cost(attempt: Attempt, prices: PriceList) -> Decimal:
    found = Decimal(0)
    for kind in ("input", "cache_read", "cache_write", "cache_write_1h"):
        tokens = getattr(attempt, f"{kind}_tokens")
        price = prices.price(attempt.provider, attempt.model, attempt.service_tier, kind, attempt.started_ms)
        found += tokens * (price or Decimal(0)) / 1_000_000
    return found
