"""The facts that the generator makes, before any log format is given to them.

Times are milliseconds since 1970 UTC; token buckets are exclusive of each other, as in the native contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ms_of(text: str) -> int:
    """Milliseconds since 1970 of an ISO date or of a time with an offset (a date is midnight UTC)."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def time_of(ms: int) -> datetime:
    """The aware UTC time of a number of milliseconds."""
    return _EPOCH + timedelta(milliseconds=ms)


def iso(ms: int | None) -> str | None:
    """ISO 8601 with milliseconds and ``Z``; None stays None."""
    return None if ms is None else time_of(ms).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def day_of(ms: int) -> str:
    """The UTC calendar day, ``YYYY-MM-DD``."""
    return time_of(ms).strftime("%Y-%m-%d")


def week_of(ms: int) -> str:
    """The ISO week, ``YYYY-Www``."""
    year, week, _ = time_of(ms).isocalendar()
    return f"{year}-W{week:02d}"


@dataclass(slots=True)
class Attempt:
    """One call to a model endpoint (or an answer from a cache), as it truly happened."""

    attempt_id: str
    request_key: str
    retry_of: str | None
    outcome_id: str | None
    use_case: str
    task_class: str
    provider: str
    model: str
    service_tier: str
    started_ms: int
    ended_ms: int
    status: str
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_hit: bool = False
    prompt_hash: str = ""
    repeated_prompt: bool = False
    input_valid: bool = True
    can_wait: bool = False
    experiment: str | None = None
    release_id: str | None = None
    swallowed_retries: int = 0
    """Earlier tries of the request that the gateway only counted."""
    cost: Decimal | None = None
    """Exact cost in US dollars; None while unpriced."""

    @property
    def context_tokens(self) -> int:
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens + self.cache_write_1h_tokens

    @property
    def reached_model(self) -> bool:
        return not self.cache_hit and self.status in ("success", "error", "timeout")


@dataclass(slots=True)
class Outcome:
    """A business result and the requests that served it."""

    outcome_id: str
    use_case: str
    task_class: str
    started_ms: int
    ended_ms: int
    answered: bool
    """The last request ended in success."""
    invalid_input: bool


@dataclass(slots=True)
class TicketState:
    """A ticket at one moment."""

    updated_ms: int
    status: str
    closed_ms: int | None
    minutes: Decimal | None


@dataclass(slots=True)
class Ticket:
    """Human work on one or more outcomes, with its states in order of time."""

    ticket_id: str
    outcome_ids: list[str]
    use_case: str
    severity: str
    kind: str
    cause: str
    role: str | None
    opened_ms: int
    cost: Decimal | None = None
    currency: str | None = None
    states: list[TicketState] = field(default_factory=list)


@dataclass(slots=True)
class ClockState:
    """An SLA clock at one moment."""

    updated_ms: int
    status: str
    stopped_ms: int | None


@dataclass(slots=True)
class Clock:
    """One SLA clock of an outcome."""

    event_id: str
    outcome_id: str
    use_case: str
    metric: str
    started_ms: int
    due_ms: int
    paused_minutes: int
    states: list[ClockState] = field(default_factory=list)


@dataclass(slots=True)
class Decision:
    """What somebody decided about an outcome."""

    outcome_id: str
    use_case: str
    decision: str
    decided_ms: int
    role: str


@dataclass(slots=True)
class Company:
    """Everything that happened, by kind of fact."""

    attempts: dict[str, list[Attempt]]
    outcomes: dict[str, list[Outcome]]
    tickets: list[Ticket]
    clocks: list[Clock]
    decisions: list[Decision]
