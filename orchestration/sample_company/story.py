"""Two planted releases, one good and one bad, and the calibration of the good one.

The reference story, ``customer_support_answers``: stable volume, everything on a premium model, context 40 % above
need, repeated questions computed again. On 2026-08-10 one release brings three-class routing, context compression and a
semantic cache. Both comparison windows are six full weeks with the same weekdays: 2026-06-29 to 2026-08-09 and
2026-08-10 to 2026-09-20. The acceptance window of this use case is 7 days, so every outcome of both windows is final at
the demo's as-of.

The bad release, ``sales_email_drafts`` on 2026-08-24: an economy model answers what a balanced one did. Each request is
cheaper, but people correct so many drafts that an accepted outcome costs more.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from orchestration.sample_company.company import GPT_MINI, HAIKU, OPUS, SONNET, Regime, UseCase
from orchestration.sample_company.records import Attempt, Ticket, ms_of

STORY_CASE = "customer_support_answers"
STORY_RELEASE = "support-routing-cache-2026-08"
STORY_RELEASE_MS = ms_of("2026-08-10")
BEFORE = ("2026-06-29", "2026-08-10")
AFTER = ("2026-08-10", "2026-09-21")
TARGET_COST_PER_REQUEST = Decimal("-0.29")
TARGET_COST_PER_ACCEPTED = Decimal("-0.35")

BAD_CASE = "sales_email_drafts"
BAD_RELEASE = "sales-economy-model-2026-08"
BAD_RELEASE_MS = ms_of("2026-08-24")
BAD_BEFORE = ("2026-07-27", "2026-08-24")
BAD_AFTER = ("2026-08-24", "2026-09-21")

SUPPORT = UseCase(
    name=STORY_CASE,
    log="native_ids",
    code="sup",
    default_class="B",
    outcomes_per_day=112,
    requests_per_outcome=1.45,
    regimes=(
        Regime(
            dict.fromkeys("ABC", OPUS), context_factor=1.4, fail_share=0.046, invalid_share=0.03, critical_share=0.035,
            major_share=0.050, minor_share=0.030, review_share=0.018, reject_share=0.018, breach_share=0.034,
        ),
        Regime(
            {"A": OPUS, "B": SONNET, "C": HAIKU}, start_ms=STORY_RELEASE_MS, release_id=STORY_RELEASE,
            semantic_cache=True, fail_share=0.039, invalid_share=0.008, blocks_invalid=True,
            critical_share=0.034, major_share=0.022,
            minor_share=0.018, review_share=0.010, reject_share=0.018, breach_share=0.021,
        ),
    ),
    class_mix={"A": 0.66, "B": 0.21, "C": 0.13},
    context={"A": 19_000, "B": 15_500, "C": 8_000},
    context_sigma=0.32,
    output={"A": 1_900, "B": 1_550, "C": 825},
    output_sigma=0.45,
    context_limit={"A": 27_500, "B": 22_500, "C": 11_500},
    role="support_agent",
    minutes_median=4.2,
    fallback=SONNET,
    weekend=0.4,
    prefix_share=0.42,
    repeat_share={"A": 0.0, "B": 0.04, "C": 0.5},
    cache_lifetime_hours=72,
    reasoning_share=0.25,
    response_minutes=15,
    resolution_minutes=480,
    late_minutes_median=18,
    late_tickets=0.0,
    clips_context=True,
    steady=True,
)  # fmt: skip

SALES = UseCase(
    name=BAD_CASE,
    log="spend_log",
    code="sal",
    default_class="B",
    outcomes_per_day=62,
    requests_per_outcome=1.25,
    regimes=(
        Regime(
            dict.fromkeys("ABC", SONNET),
            fail_share=0.03,
            critical_share=0.02,
            major_share=0.04,
            minor_share=0.03,
            review_share=0.02,
            reject_share=0.02,
        ),
        Regime(
            dict.fromkeys("ABC", HAIKU),
            start_ms=BAD_RELEASE_MS,
            release_id=BAD_RELEASE,
            fail_share=0.03,
            critical_share=0.05,
            major_share=0.075,
            minor_share=0.05,
            review_share=0.03,
            reject_share=0.03,
        ),
    ),
    class_mix={"A": 0.1, "B": 0.7, "C": 0.2},
    context={"A": 9_000, "B": 9_000, "C": 7_000},
    context_sigma=0.6,
    output={"A": 800, "B": 730, "C": 600},
    output_sigma=0.6,
    context_limit={"A": 32_000, "B": 25_000, "C": 18_000},
    role="sales_assistant",
    minutes_median=7.0,
    fallback=GPT_MINI,
    weekend=0.1,
    repeat_share={"B": 0.06, "C": 0.12},
    decided_share=0.3,
)


def scale_output(attempts: list[Attempt], factor: Decimal) -> None:
    """Multiply the output of the story's answers after its release; reasoning stays a part of output."""
    for attempt in attempts:
        if attempt.started_ms >= STORY_RELEASE_MS and attempt.output_tokens:
            attempt.output_tokens = max(1, round(attempt.output_tokens * factor))
            attempt.reasoning_tokens = min(attempt.output_tokens, round(attempt.reasoning_tokens * factor))


def scale_minutes(tickets: list[Ticket], outcome_ids: set[str], factor: Decimal) -> None:
    """Multiply the handling minutes of tickets that belong to these outcomes; minutes keep one decimal."""
    for ticket in tickets:
        if ticket.outcome_ids and ticket.outcome_ids[0] in outcome_ids:
            for state in ticket.states:
                if state.minutes is not None:
                    state.minutes = max(
                        Decimal("0.1"), (state.minutes * factor).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
                    )
