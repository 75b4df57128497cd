"""Who the sample company is: its use cases, how each calls models, and what goes wrong there.

Thirteen weeks of an insurance and services company. Numbers are volumes per working day at scale 1, shares of one,
medians in tokens or minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestration.sample_company.distributions import (
    AROUND_THE_CLOCK,
    CODE_CONTEXT,
    CODE_OUTPUT,
    CONVERSATION_CONTEXT,
    CONVERSATION_OUTPUT,
    NIGHT_BATCH,
    OFFICE_HOURS,
)
from orchestration.sample_company.records import ms_of

FIRST_DAY = "2026-06-29"
LAST_DAY = "2026-09-27"
START_MS = ms_of(FIRST_DAY)
END_MS = ms_of("2026-09-28")
AS_OF = "2026-09-28T06:00:00Z"
AS_OF_MS = ms_of("2026-09-28T06:00:00+00:00")

# Stands in every message body of the logs; a warehouse that keeps it has stored a prompt.
CANARY = "CANARY-kestrel-4419-do-not-store"

UNKNOWN_MODEL = "aurora-large-preview"
UNDECLARED_USE_CASE = "meeting_minutes_pilot"

Model = tuple[str, str]
OPUS: Model = ("anthropic", "claude-opus-4-8")
SONNET: Model = ("anthropic", "claude-sonnet-4-6")
HAIKU: Model = ("anthropic", "claude-haiku-4-5")
BEDROCK_SONNET: Model = ("aws", "global.anthropic.claude-sonnet-4-6-v1:0")
BEDROCK_OPUS: Model = ("aws", "global.anthropic.claude-opus-4-8-v1:0")
GPT_PREMIUM: Model = ("openai", "gpt-5.5")
GPT_TERRA: Model = ("openai", "gpt-5.6-terra")
GPT_LUNA: Model = ("openai", "gpt-5.6-luna")
GPT_NANO: Model = ("openai", "gpt-5.4-nano")
GPT_MINI: Model = ("openai", "gpt-5.4-mini")
GEMINI_PRO: Model = ("google", "gemini-3.1-pro-preview")
GEMINI_FLASH: Model = ("google", "gemini-3.5-flash")
GEMINI_LITE: Model = ("google", "gemini-3.1-flash-lite")


@dataclass(frozen=True)
class Regime:
    """How a use case behaves from one moment on, until the next regime."""

    routing: dict[str, Model]
    start_ms: int = START_MS
    release_id: str | None = None
    context_factor: float = 1.0
    output_factor: float = 1.0
    semantic_cache: bool = False
    fail_share: float = 0.03
    invalid_share: float = 0.0
    blocks_invalid: bool = False
    premium_share: float = 0.0
    """Share of class B and C requests that go to the class A model although they need not."""
    critical_share: float = 0.02
    major_share: float = 0.03
    minor_share: float = 0.02
    review_share: float = 0.02
    spot_share: float = 0.0
    reject_share: float = 0.0
    breach_share: float = 0.02


@dataclass(frozen=True)
class UseCase:
    """One use case: volume, shape of its calls, its human work and its clocks."""

    name: str
    log: str
    """Who writes the log: ``native_ids``, ``native_links``, ``native_window``, ``spend_log``, ``payload``, ``otel``."""
    code: str
    default_class: str
    outcomes_per_day: float
    requests_per_outcome: float
    regimes: tuple[Regime, ...]
    class_mix: dict[str, float]
    context: dict[str, int]
    context_sigma: float
    output: dict[str, int]
    output_sigma: float
    context_limit: dict[str, int]
    role: str
    minutes_median: float
    fallback: Model | None = None
    hours: tuple[float, ...] = OFFICE_HOURS
    weekend: float = 0.25
    prefix_share: float = 0.0
    repeat_share: dict[str, float] = field(default_factory=dict)
    cache_lifetime_hours: int = 24
    ms_per_token: float = 14.0
    reasoning_share: float = 0.0
    service_tier: str = "standard"
    can_wait: bool = False
    no_outcome_share: float = 0.0
    decided_share: float = 0.0
    response_minutes: int | None = None
    resolution_minutes: int | None = None
    late_minutes_median: float = 30.0
    late_tickets: float = 0.03
    clips_context: bool = False
    """What a request needs stays below the limit of its class, so only a regime's factor makes context excessive."""
    steady: bool = False
    """Even daily volume, no paused, cancelled or lost clocks, no slow or shared tickets: a comparison of two periods
    shows the release and not chance."""


def _all(model: Model) -> dict[str, Model]:
    return dict.fromkeys("ABC", model)


def _same(value: int) -> dict[str, int]:
    return dict.fromkeys("ABC", value)


CASES: tuple[UseCase, ...] = (
    UseCase(
        "claims_triage", "spend_log", "clm", "A", 38, 1.15,
        (Regime(_all(BEDROCK_SONNET), fail_share=0.04, critical_share=0.03, major_share=0.05, review_share=0.06,
                reject_share=0.02, breach_share=0.04),),
        {"A": 0.8, "B": 0.2, "C": 0}, _same(17_000), 0.7, _same(2 * CONVERSATION_OUTPUT[0]), CONVERSATION_OUTPUT[1],
        _same(40_000), "claims_handler", 14, fallback=BEDROCK_OPUS, prefix_share=0.3, hours=AROUND_THE_CLOCK,
        weekend=0.6, response_minutes=30, resolution_minutes=480, late_minutes_median=45, decided_share=0.25,
    ),
    UseCase(
        "fraud_case_summaries", "otel", "frd", "A", 30, 1.2,
        (Regime(_all(GPT_TERRA), fail_share=0.03, critical_share=0.015, major_share=0.03, review_share=0.10,
                breach_share=0.03),),
        {"A": 1, "B": 0, "C": 0}, _same(3 * CONVERSATION_CONTEXT[0]), 0.9, _same(1800), 0.5, _same(70_000),
        "fraud_analyst", 22, fallback=GPT_PREMIUM, hours=AROUND_THE_CLOCK, weekend=0.7, reasoning_share=0.4,
        resolution_minutes=240, late_minutes_median=60,
    ),
    UseCase(
        "contract_review", "otel", "ctr", "A", 10, 1.3,
        (Regime(_all(OPUS), fail_share=0.02, critical_share=0.05, major_share=0.08, review_share=0.25,
                reject_share=0.04, breach_share=0.05),),
        {"A": 1, "B": 0, "C": 0}, _same(60_000), 0.5, _same(3200), 0.5, _same(110_000), "legal_reviewer", 38,
        weekend=0.05, prefix_share=0.35, resolution_minutes=1440, late_minutes_median=240, decided_share=0.6,
    ),
    UseCase(
        "document_classification", "native_ids", "doc", "C", 115, 1.0,
        (Regime(_all(GPT_LUNA), fail_share=0.0, critical_share=0.004, major_share=0.004, minor_share=0.004,
                review_share=0.005, breach_share=0.0),),
        {"A": 0, "B": 0, "C": 1}, _same(14_000), 0.45, _same(CODE_OUTPUT[0]), 0.5, _same(60_000), "operations_clerk", 3,
        hours=NIGHT_BATCH, weekend=0.5, service_tier="batch", can_wait=True, clips_context=True,
    ),
    UseCase(
        "invoice_extraction", "native_links", "inv", "C", 62, 1.05,
        (Regime(_all(GEMINI_FLASH), fail_share=0.04, invalid_share=0.09, critical_share=0.01, major_share=0.05,
                minor_share=0.03, breach_share=0.01),),
        {"A": 0, "B": 0.2, "C": 0.8}, _same(11_000), 0.6, _same(420), 0.5, _same(30_000), "operations_clerk", 5,
        fallback=GEMINI_PRO, hours=NIGHT_BATCH, weekend=0.2, can_wait=True, resolution_minutes=1440,
        late_minutes_median=120,
    ),
    UseCase(
        "product_tagging", "payload", "tag", "C", 60, 1.05,
        (Regime({"A": GPT_PREMIUM, "B": GPT_MINI, "C": GPT_NANO}, semantic_cache=True, fail_share=0.03,
                premium_share=0.22, critical_share=0.004, major_share=0.01, minor_share=0.02, review_share=0.0),),
        {"A": 0, "B": 0.15, "C": 0.85}, _same(5_200), 0.5, _same(90), 0.5, _same(14_000), "catalogue_editor", 2.5,
        fallback=GEMINI_LITE, weekend=0.4, repeat_share={"C": 0.06}, no_outcome_share=0.05, can_wait=True,
    ),
    UseCase(
        "knowledge_search", "otel", "kno", "B", 48, 1.2,
        (Regime({"A": GEMINI_PRO, "B": GEMINI_FLASH, "C": GEMINI_LITE}, semantic_cache=True, fail_share=0.025,
                critical_share=0.008, major_share=0.01, review_share=0.0),),
        {"A": 0.1, "B": 0.6, "C": 0.3}, _same(15_000), 0.8, _same(CONVERSATION_OUTPUT[0]), 0.6, _same(38_000),
        "it_support", 6, weekend=0.15,
        repeat_share={"A": 0.05, "B": 0.25, "C": 0.35}, cache_lifetime_hours=48, no_outcome_share=0.08,
        response_minutes=5, late_minutes_median=8,
    ),
    UseCase(
        "code_review_assistant", "native_window", "cod", "B", 42, 1.6,
        (Regime({"A": SONNET, "B": SONNET, "C": HAIKU}, fail_share=0.13, critical_share=0.006, major_share=0.012,
                review_share=0.01),),
        {"A": 0.2, "B": 0.5, "C": 0.3}, _same(4 * CODE_CONTEXT[0]), CODE_CONTEXT[1], _same(20 * CODE_OUTPUT[0]),
        CODE_OUTPUT[1], _same(48_000), "engineer", 9, fallback=GPT_MINI, weekend=0.12, prefix_share=0.2,
        repeat_share={"B": 0.05, "C": 0.1},
    ),
    UseCase(
        UNDECLARED_USE_CASE, "native_ids", "mtg", "B", 4, 1.0,
        (Regime({"A": ("nimbus", UNKNOWN_MODEL), "B": ("nimbus", UNKNOWN_MODEL), "C": HAIKU}, critical_share=0.0,
                major_share=0.0, minor_share=0.0, review_share=0.0),),
        {"A": 0, "B": 0.5, "C": 0.5}, _same(5200), 0.5, _same(420), 0.5, _same(16_000), "operations_clerk", 4,
        weekend=0.0, no_outcome_share=0.5,
    ),
)  # fmt: skip
