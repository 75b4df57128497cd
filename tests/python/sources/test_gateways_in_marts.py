"""Rows of Langfuse, Helicone, Bedrock, API Management and OpenTelemetry from landing to the published marts. Catches a
source that lands but never reaches the figures, buckets priced twice, and human work that does not find its outcome."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ingest.samples import batch, jsonl, span
from pipeline.engine import Engine

from orchestration.instants import parse_instant

from .gateway_samples import apim, bedrock, correction, gateway_log, generation, helicone, queue_item, trace

AS_OF = "2026-07-01T12:00:00Z"
TRACE = "5b8efff798038103d269b633813fc60c"
OPAQUE = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123"
UNKNOWN = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/zzz999"
SYSTEM = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.vendor.big-v1:0"
# Prices per million tokens, made up so that every bucket can be told by its digits.
PRICES = {
    ("openai", "small"): {"input": 2, "cache_read": "0.5", "output": 10, "reasoning": 20},
    ("aws", "vendor.big-v1:0"): {"input": 3, "cache_read": "0.3", "cache_write": "3.75", "cache_write_1h": 6,
                                 "output": 15},
    ("azure", "small"): {"input": 2, "cache_read": "0.5", "output": 10},
    ("aws", "guardrail-content"): {"guardrail": 150},
}  # fmt: skip
SEEDS = {
    "model_prices": [
        "provider,model,region,service_tier,token_kind,above_tokens,price_per_million,currency,valid_from,valid_to,source",
        *(f"{provider},{model},,standard,{kind},0,{price},USD,2020-01-01,,test"
          for (provider, model), kinds in PRICES.items() for kind, price in kinds.items()),
    ],
    "models": ["provider,model,tier,is_reference"],
    "model_aliases": [
        "provider,alias,model",
        "openai,small-2024-08-06,small",
        "azure,small-2024-08-06,small",
        "aws,eu.vendor.big-v1:0,vendor.big-v1:0",
        f"aws,{OPAQUE},vendor.big-v1:0",
    ],
    "provider_aliases": ["alias,provider"],
    "owners": ["owner,contact,escalation_1,escalation_2", "ann,ann@example.com,,"],
    "use_cases": [
        "use_case,owner,function,criticality,task_class,acceptance_window_days,quality_floor,context_limit_a,"
        "context_limit_b,context_limit_c,cache_lifetime_hours,delay_cap_minutes,valid_from,valid_to",
        "triage,ann,claims,mass,B,14,,,,,,,2020-01-01,",
    ],
    "role_rates": ["role,hourly_rate,currency,valid_from,valid_to", "clerk,30,USD,2020-01-01,"],
}  # fmt: skip
COUNTS = {"output": "gen_ai.usage.output_tokens", "total": "gen_ai.usage.total_tokens",
          "cache_read": "gen_ai.usage.cache_read.input_tokens",
          "reasoning": "gen_ai.usage.reasoning.output_tokens"}  # fmt: skip


def spanned(number: str, response: str | None, **counts: int) -> dict[str, Any]:
    """A span of a call of 100 input tokens, in the one trace."""
    told = {COUNTS[name]: count for name, count in counts.items()}
    model = {"gen_ai.request.model": "small", "gen_ai.response.id": response, "finops.use_case": "triage"}
    return span(spanId=number.zfill(16), attributes=model | told)


ANSWER = {"model": "small", "usage": {"prompt_tokens": 140, "prompt_tokens_details": {"cached_tokens": 40},
                                      "completion_tokens": 60, "total_tokens": 200}}  # fmt: skip


def guarded(row: dict[str, Any], **units: int) -> dict[str, Any]:
    """A row of Bedrock whose answer a guardrail checked."""
    checked = {"gr-1": {"invocationMetrics": {"usage": units}}}
    row["output"]["outputBodyJson"]["trace"] = {"guardrail": {"inputAssessment": checked}}
    return row


LANDING: dict[str, list[Any]] = {
    "langfuse/day.jsonl": [
        trace(metadata={"outcome_id": "o-l"}),
        generation(model="small", metadata={"ls_provider": "openai"}, costDetails={"total": 0}),
        generation(id="gen-2", model="small", metadata={"ls_provider": "openai"}, is_deleted=1),
        generation(id="gen-3", model="small", metadata={}, parentObservationId="span-2"),
        # A failed attempt and its retry under one parent.
        generation(id="gen-4", model="small", metadata={"ls_provider": "openai"}, parentObservationId="span-3",
                   level="ERROR", statusMessage="timed out", usageDetails={}, costDetails={}),
        generation(id="gen-5", model="small", metadata={"ls_provider": "openai"}, parentObservationId="span-3",
                   startTime="2026-06-30T10:00:03Z", endTime="2026-06-30T10:00:04Z",
                   usageDetails={"input": 100, "input_cached_tokens": 40, "output": 50, "total": 150}),
        correction(),
        queue_item(objectType="OBSERVATION", objectId="gen-1", status="COMPLETED", completedAt="2026-06-30T11:00:00Z"),
        correction(id="score-2", traceId="elsewhere", is_deleted=1),
    ],
    "helicone/day.jsonl": [
        helicone(model="small-2024-08-06"),
        helicone(request_id="hit", model="small", cache_reference_id="99999999-2222-4333-8444-555555555555", costUSD=0),
        helicone(request_id="late", model="small", response_status=429, prompt_tokens=None, completion_tokens=None,
                 reasoning_tokens=None, total_tokens=None, prompt_cache_read_tokens=None, costUSD=None),
    ],
    "bedrock/eu/day.json.gz": [
        bedrock(requestId="plain", modelId="eu.vendor.big-v1:0"),
        bedrock(requestId="opaque", modelId=OPAQUE, usage={"cacheDetails": [{"ttl": "1h", "inputTokens": 150}]}),
        bedrock(requestId="system", modelId=SYSTEM, usage={"totalTokens": 9}),
        bedrock(requestId="unknown", modelId=UNKNOWN),
        guarded(bedrock(requestId="guarded", modelId="eu.vendor.big-v1:0"), contentPolicyUnits=20),
        guarded(bedrock(requestId="guarded by what has no price", modelId="eu.vendor.big-v1:0"), newPolicyUnits=1),
    ],
    "azure_apim/day.jsonl": [
        apim(ModelName="small-2024-08-06"),
        apim(ModelName="", DeploymentName="", SequenceNumber=1, PromptTokens=0, CompletionTokens=0, TotalTokens=0),
        gateway_log(json.dumps(ANSWER), correlationId="c-2"),
    ],
    # Two spans of one response, whose totals differ: each agrees with itself, and the richer one counts.
    "otel/day.jsonl": [
        batch(
            spanned("1", "r-1", output=50, total=150),
            spanned("2", "r-1", output=60, total=160, cache_read=40),
            spanned("3", "r-2", output=50, total=151),
            # Thinking beside an output that is declared to hold it.
            spanned("4", None, output=50, total=160, reasoning=10),
        )
    ],
}  # fmt: skip


def cost(provider: str, model: str, **tokens: int) -> Decimal:
    """Money for tokens in exclusive buckets."""
    prices = PRICES[provider, model]
    return sum((Decimal(prices[kind]) * count for kind, count in tokens.items()), Decimal(0)) / 1_000_000


@pytest.fixture(scope="module")
def published(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published build of one day of all these sources."""
    folder = tmp_path_factory.mktemp("gateways")
    seeds = folder / "seeds"
    seeds.mkdir()
    for name, lines in SEEDS.items():
        (seeds / f"{name}.csv").write_text("\n".join(lines) + "\n")
    warehouse = engine.warehouse(folder / "home", seeds)
    for path, rows in LANDING.items():
        target = warehouse.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(jsonl(*rows))
    warehouse.night(parse_instant(AS_OF), publish=True)
    return warehouse.settings.published_dir / "current.duckdb"


def rows_of(published: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(published), read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.mark.slow
def test_every_attempt_arrives_with_its_cost(published: Path):
    """Catches an attempt that is lost, deleted ones that stay, and buckets that are priced twice or not at all."""
    openai = cost("openai", "small", input=100, cache_read=40, output=50, reasoning=10)
    inclusive = cost("openai", "small", input=60, cache_read=40, output=50)
    aws = {"input": 100, "cache_read": 1000, "output": 50}
    big = cost("aws", "vendor.big-v1:0", **aws, cache_write=200)
    long_lived = cost("aws", "vendor.big-v1:0", **aws, cache_write=50, cache_write_1h=150)
    log_only = cost("azure", "small", input=140, output=60)
    with_cached = cost("azure", "small", input=100, cache_read=40, output=60)
    guardrail = cost("aws", "guardrail-content", guardrail=20)
    spans = {
        "2": (cost("openai", "small", input=60, cache_read=40, output=60), False),
        "3": (cost("openai", "small", input=100, output=50), True),
        "4": (cost("openai", "small", input=100, output=50, reasoning=10), True),
    }
    zero = Decimal(0)
    assert rows_of(
        published,
        "SELECT source, attempt_id, model, status, cost, cost_source, unpriced_reason, usage_disagrees"
        " FROM marts.attempts ORDER BY source, attempt_id",
    ) == [
        ("azure_apim", "c-1", "small", "success", log_only, "price_book", None, False),
        ("azure_apim", "c-2", "small", "success", with_cached, "price_book", None, False),
        ("bedrock", "guarded", "vendor.big-v1:0", "success", big + guardrail, "price_book", None, False),
        ("bedrock", "guarded by what has no price", "vendor.big-v1:0", "success", None, "unpriced",
         "no_price_for_guardrail", False),
        ("bedrock", "opaque", "vendor.big-v1:0", "success", long_lived, "price_book", None, False),
        ("bedrock", "plain", "vendor.big-v1:0", "success", big, "price_book", None, False),
        ("bedrock", "system", "vendor.big-v1:0", "success", big, "price_book", None, True),
        ("bedrock", "unknown", UNKNOWN, "success", None, "unpriced", "unknown_model", False),
        ("helicone", "11111111-2222-4333-8444-555555555555", "small", "success", openai, "price_book", None, False),
        ("helicone", "hit", "small", "success", zero, "free", None, False),
        ("helicone", "late", "small", "rate_limited", zero, "price_book", None, False),
        ("langfuse", "gen-1", "small", "success", openai, "price_book", None, False),
        ("langfuse", "gen-3", "small", "success", Decimal("0.00085"), "logged", "unknown_model", False),
        ("langfuse", "gen-4", "small", "timeout", zero, "price_book", None, False),
        ("langfuse", "gen-5", "small", "success", inclusive, "price_book", None, True),
        *(("otel", f"{TRACE}:{number.zfill(16)}", "small", "success", money, "price_book", None, disagrees)
          for number, (money, disagrees) in spans.items()),
    ]  # fmt: skip


@pytest.mark.slow
def test_contradictory_usage_is_counted_where_prices_are_judged(published: Path):
    """Catches attempts whose cost may be wrong and that no figure shows."""
    assert rows_of(
        published,
        "SELECT provider, sum(disagreeing_attempts), sum(attempts) FROM marts.price_coverage GROUP BY 1 ORDER BY 1",
    ) == [("aws", 1, 6), ("azure", 0, 2), ("openai", 3, 9), ("unknown", 0, 1)]


@pytest.mark.slow
def test_attempts_find_outcomes_requests_and_regions(published: Path):
    """Catches attribution that stands on the trace only, a retry counted as a request, and a region that is lost."""
    assert rows_of(
        published,
        "SELECT source, request_id, count(*), min(outcome_id), min(use_case), min(region) FROM marts.attempts"
        " WHERE source IN ('langfuse', 'bedrock') GROUP BY 1, 2 ORDER BY 1, 2",
    ) == [
        ("bedrock", "guarded", 1, "o-1", "triage", "eu-central-1"),
        ("bedrock", "guarded by what has no price", 1, "o-1", "triage", "eu-central-1"),
        ("bedrock", "opaque", 1, "o-1", "triage", "eu-central-1"),
        ("bedrock", "plain", 1, "o-1", "triage", "eu-central-1"),
        ("bedrock", "system", 1, "o-1", "triage", "eu-central-1"),
        ("bedrock", "unknown", 1, "o-1", "triage", "eu-central-1"),
        ("langfuse", "gen-1", 1, "o-l", "triage", ""),
        ("langfuse", "gen-3", 1, "o-l", "triage", ""),
        ("langfuse", "gen-4", 2, "o-l", "triage", ""),
    ]


@pytest.mark.slow
def test_corrections_and_reviews_are_rework_of_their_outcome(published: Path):
    """Catches a correction that corrects nothing, a deleted one that costs, and a review without its outcome."""
    assert rows_of(
        published,
        "SELECT ticket_id, severity, kind, status, rework_cost FROM marts.rework_tickets ORDER BY ticket_id",
    ) == [
        ("queue_item:item-1", "minor", "spot_check", "closed", None),
        ("score:score-1", "critical", "correction", "closed", Decimal(2)),
        ("score:score-2", "critical", "correction", "void", Decimal(0)),
    ]
    # A critical ticket makes it a corrected outcome.
    query = "SELECT state, tickets, critical_tickets, uncosted_tickets, rework_cost FROM marts.outcomes"
    assert rows_of(published, f"{query} WHERE outcome_id = 'o-l'") == [("corrected", 2, 1, 1, Decimal(2))]
