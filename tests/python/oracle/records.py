"""The facts that the oracle computes with.

Times are aware ``datetime``; money is ``Decimal`` in the reporting currency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

UNALLOCATED = "unallocated"
UNOWNED = "unowned"

OutcomeKey = tuple[str, str]  # (use case, outcome id)


@dataclass(slots=True)
class Attempt:
    """One call to a model. Token counts are exclusive of each other; ``None`` means not reported."""

    source: str
    family: str
    attempt_id: str
    started_at: datetime
    ended_at: datetime | None
    status: str
    provider: str | None
    model: str | None
    service_tier: str
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    # What is billed besides, by meter; a stated 0 of a kind of output says that the output is text.
    units: dict[str, Decimal] = field(default_factory=dict)
    # Attributes of the call that its price hangs on.
    modifiers: dict[str, str] = field(default_factory=dict)
    cache_hit: bool = False
    prompt_hash: str | None = None
    outcome_id: str | None = None
    named_use_case: str | None = None
    experiment: str | None = None
    logged_cost: Decimal | None = None
    logged_currency: str | None = None
    attributes: dict[str, object] = field(default_factory=dict)
    # Links between attempts, as far as the source has them.
    stated_request_id: str | None = None
    retry_of: str | None = None
    trace_id: str | None = None
    parent_span_id: str | None = None
    span_id: str | None = None
    response_id: str | None = None
    hidden_retries: bool = False
    # Counts of a span as it states them, which other spans of its call fill in.
    stated: dict[str, int | None] = field(default_factory=dict)
    scope: str = ""
    # Filled while computing.
    logged_use_case: str | None = None
    use_case: str = UNALLOCATED
    request_id: str = ""
    request_rule: str = ""
    day: date | None = None
    cohort_day: date | None = None
    tier: str = "balanced"
    owner: str = UNOWNED
    cost: Decimal | None = None
    cost_source: str = "unpriced"

    @property
    def end(self) -> datetime:
        """Its known end, else its start."""
        return self.ended_at or self.started_at

    @property
    def reached_model(self) -> bool:
        return not self.cache_hit and self.status in ("success", "error", "timeout")

    @property
    def context_tokens(self) -> int:
        buckets = (self.input_tokens, self.cache_read_tokens, self.cache_write_tokens, self.cache_write_1h_tokens)
        return sum(n or 0 for n in buckets)

    @property
    def states_output_parts(self) -> bool:
        return any(meter.endswith("_output") for meter in self.units)

    @property
    def outcome_key(self) -> OutcomeKey | None:
        return (self.use_case, self.outcome_id) if self.outcome_id else None


@dataclass(slots=True)
class Ticket:
    """A rework ticket as it stood at ``updated_at``."""

    source: str
    ticket_id: str
    outcome_ids: tuple[str, ...]
    named_use_case: str | None
    opened_at: datetime
    closed_at: datetime | None
    updated_at: datetime
    severity: str
    kind: str
    cause: str | None
    handling_minutes: Decimal | None
    role: str | None
    stated_cost: Decimal | None
    currency: str | None
    status: str
    # Filled while computing.
    cost: Decimal | None = None
    parts: list[TicketPart] = field(default_factory=list)


@dataclass(slots=True)
class TicketPart:
    """The share of a ticket that one outcome (or none) carries."""

    outcome_key: OutcomeKey | None
    use_case: str
    cost: Decimal | None
    day: date | None = None


@dataclass(slots=True)
class Clock:
    """An SLA clock as it stood at ``updated_at``."""

    source: str
    event_id: str
    outcome_id: str
    named_use_case: str | None
    metric: str
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    updated_at: datetime
    paused_minutes: Decimal
    status: str
    # Filled while computing.
    use_case: str = UNALLOCATED
    breach_from: datetime | None = None
    breach_to: datetime | None = None


@dataclass(slots=True)
class Decision:
    """What somebody decided about an outcome."""

    source: str
    outcome_id: str
    named_use_case: str | None
    decision: str
    decided_at: datetime
    use_case: str = UNALLOCATED


@dataclass(slots=True)
class Request:
    """What the application wanted once."""

    source: str
    request_id: str
    attempts: list[Attempt]
    use_case: str
    outcome_key: OutcomeKey | None
    started_at: datetime
    end: datetime
    response_time_ms: float | None
    retried: bool
    succeeded: bool
    day: date | None = None
    cohort_day: date | None = None


@dataclass(slots=True)
class Outcome:
    """A business result; also one that only tickets or clocks know (``known`` is then false and it has no state)."""

    use_case: str
    outcome_id: str
    known: bool
    day: date
    state: str | None
    final: bool
    inference_cost: Decimal = Decimal(0)
    rework_cost: Decimal = Decimal(0)
    delay_cost: Decimal | None = Decimal(0)
    minutes_late: float = 0.0
    attempts: int = 0
    requests: int = 0
    clocks: int = 0
    breaches: int = 0
    fully_reviewed: bool = False

    @property
    def complete(self) -> bool:
        return self.known and self.state != "open"
