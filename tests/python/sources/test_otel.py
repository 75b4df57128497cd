"""OpenTelemetry and OpenInference spans. Catches calls that are missed, counted twice, or read under old names only."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import batch, jsonl, span, typed

from orchestration.settings import PROJECT_DIR
from orchestration.sources.otel_usage import TOKENS as TOKEN_NAMES
from orchestration.sources.registry import landed_columns
from orchestration.warehouse.tables import ensure_tables

REAL_FILES = PROJECT_DIR.parent / "shared" / "data" / "otlp"
TOKENS = "input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens"


def load(warehouse: Warehouse, *lines: Any, columns: str) -> list[tuple[Any, ...]]:
    warehouse.take("otel/a.jsonl", jsonl(*lines))
    assert warehouse.reasons() == []
    return warehouse.all(f"SELECT {columns} FROM otel.spans ORDER BY span_id")


def bare(attributes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A span with these attributes only."""
    return {**span(), "attributes": [{"key": k, "value": typed(v)} for k, v in attributes.items()], **changes}


NAMES: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "new names": (
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": "claude",
            "gen_ai.response.model": "claude-1",
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.cache_read.input_tokens": 30,
            "gen_ai.usage.cache_creation.input_tokens": 20,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.reasoning.output_tokens": 10,
            "openai.response.service_tier": "default",
        },
        ("gen_ai", "chat", "anthropic", "claude", "claude-1", "standard", 100, 30, 20, 50, 10, True),
    ),
    "old names": (
        {
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4",
            "gen_ai.usage.prompt_tokens": 100,
            "gen_ai.usage.completion_tokens": 50,
            "gen_ai.openai.response.service_tier": "flex",
            "gen_ai.openai.request.service_tier": "priority",
        },
        ("gen_ai", "chat", "openai", "gpt-4", None, "flex", 100, None, None, 50, None, True),
    ),
    "OpenInference": (
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "gpt-4",
            "llm.provider": "openai",
            "llm.token_count.prompt": 100,
            "llm.token_count.completion": 50,
            "llm.token_count.prompt_details.cache_read": 30,
            "llm.token_count.prompt_details.cache_write": 20,
            "llm.token_count.completion_details.reasoning": 10,
        },
        ("openinference", None, "openai", None, "gpt-4", None, 100, 30, 20, 50, 10, True),
    ),
    "Vercel, inner span": (
        {
            "ai.operationId": "ai.streamText.doStream",
            "gen_ai.system": "openai.responses",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.output_tokens": 50,
            "ai.usage.cachedInputTokens": 30,
            "ai.usage.reasoningTokens": 10,
            "ai.response.providerMetadata": '{"openai":{"serviceTier":"priority"}}',
        },
        ("gen_ai", "chat", "openai", "gpt-4o", None, "priority", 100, 30, None, 50, 10, True),
    ),
    "a failed call": (
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4"},
        ("gen_ai", "chat", "openai", "gpt-4", None, None, None, None, None, None, None, True),
    ),
    "Vercel, outer span": (
        {"ai.operationId": "ai.streamText", "ai.model.id": "gpt-4o", "ai.usage.promptTokens": 100},
        (None,) * 12,
    ),
    "an agent": (
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "gpt-4", "gen_ai.usage.input_tokens": 900},
        (None,) * 12,
    ),
    "a tool": ({"openinference.span.kind": "TOOL", "llm.token_count.prompt": 5}, (None,) * 12),
    "a web server": ({"http.request.method": "GET"}, (None,) * 12),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_of_all_conventions(warehouse: Warehouse, case: str):
    """Catches a convention that is not read, and the sum in an outer span counted beside its parts."""
    attributes, expected = NAMES[case]
    columns = (
        f"convention, operation, provider, request_model, response_model, service_tier, {TOKENS}, input_includes_cache"
    )
    assert load(warehouse, batch(bare(attributes)), columns=columns) == [expected]


def test_a_scope_can_be_declared_exclusive(make_warehouse: Callable[..., Warehouse]):
    """Catches a quarantine of every span of an emitter that reports cached tokens apart from the input."""
    warehouse = make_warehouse()
    (warehouse.settings.home / "sources.yml").write_text("otel: {input_excludes_cache: [lib]}")
    told = span(attributes={"gen_ai.usage.cache_read.input_tokens": 5_000})
    assert load(warehouse, batch(told), columns="input_tokens, cache_read_tokens, input_includes_cache") == [
        (100, 5_000, False)
    ]


TOTAL = "gen_ai.usage.total_tokens"
INPUTS = TOKEN_NAMES["input_tokens"]
CALL = {"openinference.span.kind": "LLM", "llm.model_name": "m"}
USAGES: dict[str, tuple[dict[str, Any], bool | None]] = {
    "no total": ({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50}, False),
    "its total": ({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50, TOTAL: 150}, False),
    "its total as text": ({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50, TOTAL: "150"}, False),
    "a total that is no number": ({"gen_ai.usage.input_tokens": 100, TOTAL: "many"}, False),
    "another total": ({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50, TOTAL: 151}, True),
    "another total, OpenLLMetry's older name": (
        {"gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 50, "llm.usage.total_tokens": 149},
        True,
    ),
    "another total, OpenInference": (
        {**CALL, "llm.token_count.prompt": 100, "llm.token_count.completion": 50, "llm.token_count.total": 140},
        True,
    ),
    "another total, Vercel": (
        {"ai.operationId": "ai.generateText.doGenerate", "gen_ai.request.model": "m", "ai.usage.inputTokens": 100,
         "ai.usage.outputTokens": 50, "ai.usage.totalTokens": 90},
        True,
    ),
    "thinking beside an output that is declared to hold it": (
        {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50,
         "gen_ai.usage.reasoning.output_tokens": 40, TOTAL: 190},
        True,
    ),
    "cached tokens beside an input that is declared to hold them": (
        {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50,
         "gen_ai.usage.cache_read.input_tokens": 40, TOTAL: 190},
        True,
    ),
    "two totals": ({"gen_ai.usage.input_tokens": 100, TOTAL: 100, "llm.usage.total_tokens": 101}, True),
    "an embedding's total": ({"gen_ai.usage.input_tokens": 100, TOTAL: 100}, False),
    "a total of tokens that nothing else names": ({TOTAL: 100}, True),
    "old and new name alike": ({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.prompt_tokens": 100}, False),
    "old and new name apart": ({"gen_ai.usage.input_tokens": 100, "gen_ai.usage.prompt_tokens": 90}, True),
    "two names of reasoning apart": (
        {"gen_ai.usage.output_tokens": 50, "gen_ai.usage.reasoning.output_tokens": 5,
         "gen_ai.usage.reasoning_tokens": 6},
        True,
    ),
    "cached tokens without an input": ({"gen_ai.usage.cache_read.input_tokens": 40}, True),
    "audio without an output": ({"gen_ai.usage.input_tokens": 9, "gen_ai.usage.audio.output_tokens": 4}, True),
    "no call": ({"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 9, TOTAL: 1}, None),
}  # fmt: skip


@pytest.mark.parametrize("case", USAGES)
def test_counts_that_contradict_each_other_are_flagged(warehouse: Warehouse, case: str):
    """Catches counts that do not add up and are taken in silence, refused although they can be priced, or bent until
    they fit."""
    attributes, flagged = USAGES[case]
    told = bare({"gen_ai.request.model": "m", **attributes})
    first = next((v for k, v in attributes.items() if k in INPUTS), None)
    expected = [(flagged, None if flagged is None else first)]
    assert load(warehouse, batch(told), columns="usage_disagrees, input_tokens") == expected


@pytest.mark.parametrize(("total", "flagged"), [(150, False), (190, False), (160, True)])
def test_a_scope_that_excludes_cache_may_leave_it_out_of_its_total(
    make_warehouse: Callable[..., Warehouse], total: int, flagged: bool
):
    """Catches every span of such an emitter flagged by the rule of the others, and none flagged at all."""
    warehouse = make_warehouse()
    (warehouse.settings.home / "sources.yml").write_text("otel: {input_excludes_cache: [lib]}")
    told = span(attributes={"gen_ai.usage.cache_read.input_tokens": 40, TOTAL: total})
    assert load(warehouse, batch(told), columns="usage_disagrees, input_tokens, cache_read_tokens") == [
        (flagged, 100, 40)
    ]


def test_spans_of_real_clients_do_not_contradict_themselves(warehouse: Warehouse):
    """Catches a rule under which instrumentations that are right look wrong."""
    content = (PROJECT_DIR / "tests" / "fixtures" / "clients" / "otel.jsonl").read_bytes()
    assert content.count(TOTAL.encode()) == 5
    warehouse.land("otel/client.jsonl", content)
    warehouse.ingest("otel", now=datetime(2030, 1, 1, tzinfo=UTC))
    assert warehouse.reasons() == []
    query = "SELECT usage_disagrees, count(*) FROM otel.spans WHERE convention IS NOT NULL GROUP BY 1"
    assert warehouse.all(query) == [(False, 6)]


@pytest.mark.parametrize(("reasoning", "output", "total", "expected"), [
    (40, 50, 190, (90, 40, True)), (120, 50, 270, (170, 120, True)), (40, 50, 150, (50, 40, False)),
    (40, 50, 191, (50, 40, True)), (0, 50, 150, (50, 0, False)),
])  # fmt: skip
def test_a_total_that_proves_reasoning_outside_the_output_is_believed(
    warehouse: Warehouse, reasoning: int, output: int, total: int, expected: tuple[Any, ...]
):
    """Catches Gemini's thoughts paid by nobody, or refused because they are more than what was answered."""
    told = bare({
        "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": output,
        "gen_ai.usage.reasoning.output_tokens": reasoning, TOTAL: total,
    })  # fmt: skip
    assert load(warehouse, batch(told), columns="output_tokens, reasoning_tokens, usage_disagrees") == [expected]


def test_a_table_of_an_older_version_learns_the_flag(warehouse: Warehouse):
    """Catches an upgrade that cannot load, and old rows that pass for rows that were looked at."""
    load(warehouse, batch(span()), columns="span_id")
    warehouse.con.execute("ALTER TABLE otel.spans DROP COLUMN usage_disagrees")
    # As a run does before it loads.
    ensure_tables(warehouse.con, landed_columns())
    warehouse.take("otel/b.jsonl", jsonl(batch(span(spanId="F" * 16, attributes={TOTAL: 1}))))
    assert warehouse.all("SELECT usage_disagrees FROM otel.spans ORDER BY span_id") == [(None,), (True,)]


def test_attribution_of_span_and_resource(warehouse: Warehouse):
    """Catches an outcome on the resource or on a span that is no call: the trace's calls belong to it."""
    own = span(attributes={"finops.outcome_id": "o-span", "finops.cache_hit": True, "finops.team": "blue"})
    other = bare({}, spanId="FFF19B7EC3C1B174", parentSpanId="eee19b7ec3c1b174")
    resource = {"service.name": "svc", "deployment.environment.name": "prod", "finops.use_case": "triage"}
    line = batch(own, other, **resource)
    assert load(
        warehouse, line, columns="outcome_id, use_case, cache_hit, parent_span_id, service_name, attributes"
    ) == [
        (
            "o-span",
            "triage",
            True,
            None,
            "svc",
            '{"deployment.environment":"prod","finops.cache_hit":true,"finops.outcome_id":"o-span",'
            '"finops.team":"blue","finops.use_case":"triage","service_name":"svc"}',
        ),
        (
            None,
            "triage",
            None,
            "eee19b7ec3c1b174",
            "svc",
            '{"deployment.environment":"prod","finops.use_case":"triage","service_name":"svc"}',
        ),
    ]


def test_encodings_of_one_span_are_one_span(warehouse: Warehouse):
    """Catches a span that comes back as another one because its ids or numbers are written differently."""
    first = span()
    second = json.loads(
        json.dumps(first).replace('"1782813600000000000"', "1782813600000000000").replace('"100"', "100")
    )
    second["traceId"], second["spanId"] = first["traceId"].lower(), first["spanId"].lower()
    third = {**first, "traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": "7uGbfsPBsXQ="}
    fourth = {
        "name": first["name"],
        "context": {"trace_id": "0x" + first["traceId"].lower(), "span_id": "0x" + first["spanId"].lower()},
        "start_time": "2026-06-30T10:00:00.000000Z",
        "end_time": "2026-06-30T10:00:02.000000Z",
        "status": {"status_code": "UNSET"},
        "attributes": {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
                       "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 100,
                       "gen_ai.usage.output_tokens": 50},
    }  # fmt: skip
    fifth = {**fourth, "startTime": [1782813600, 0], "endTime": [1782813602, 0]}
    fifth = {k: v for k, v in fifth.items() if k not in ("start_time", "end_time", "context")}
    fifth["spanContext"] = {"traceId": first["traceId"], "spanId": first["spanId"]}
    plain = [{"resourceSpans": [{"scopeSpans": [{"spans": [s]}]}]} for s in (first, second, third)]
    warehouse.take("otel/a.jsonl", jsonl(*plain, fourth, [fifth]))
    assert warehouse.reasons() == []
    assert warehouse.counts() == (5, 1, 4, 0, 0)
    assert warehouse.all("SELECT trace_id, span_id, started_at::VARCHAR FROM otel.spans") == [
        ("5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "2026-06-30 10:00:00+00")
    ]


def test_cost_and_resends(warehouse: Warehouse):
    """Catches a logged cost or a hidden retry that is not read."""
    told = span(attributes={"gen_ai.usage.cost": 0.0125, "http.request.resend_count": 2, "error.type": "timeout"})
    told["status"] = {"code": "STATUS_CODE_ERROR"}
    columns = "logged_cost, resend_count, error_type, status_code"
    assert load(warehouse, batch(told), columns=columns) == [(Decimal("0.0125"), 2, "timeout", "error")]


def test_long_lines_of_many_spans(warehouse: Warehouse):
    """Catches a collector batch refused because it is longer than one row may be."""
    spans = [span(spanId=f"{n + 1:016x}", attributes={"pad": "x" * 1_000}) for n in range(2_000)]
    assert len(json.dumps(batch(*spans))) > 2_000_000
    assert len(load(warehouse, batch(*spans), columns="span_id")) == 2_000


@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="real OpenTelemetry files are not on this machine")
def test_real_spans(warehouse: Warehouse):
    """Catches a parser that only reads spans that we made up."""
    for path in sorted(REAL_FILES.glob("*.json")):
        warehouse.land(f"otel/{path.name}", path.read_bytes())
    report = warehouse.ingest("otel")
    # Files with attributes only, or with a list of results, hold no spans: one bad row per object or result.
    assert (report.rows_in, report.loaded, report.duplicate, report.quarantined) == (32, 11, 10, 11)
    assert report.reasons == {"unknown_shape": 11}
    calls = warehouse.all(
        "SELECT coalesce(response_model, request_model), provider, input_tokens, output_tokens, cache_read_tokens,"
        " service_tier FROM otel.spans WHERE convention = 'gen_ai' ORDER BY started_at"
    )
    mini = "gpt-4o-mini-2024-07-18"
    assert calls == [
        (mini, "openai", 14, 20, None, "standard"),
        (mini, "openai", 50, 9, None, "standard"),
        (mini, "openai", 63, 156, None, "standard"),
        (mini, "openai", 15, 112, 0, "standard"),
        ("text-embedding-3-small", "openai", 10, None, None, None),
    ]
    warehouse.assert_conserved()


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"gen_ai.usage.cost": 0.9, "gen_ai.usage.cost.currency": "eur"}, ("0.9", "EUR")),
        ({"gen_ai.usage.cost.amount": 0.9, "gen_ai.usage.cost_currency": "EUR"}, ("0.9", "EUR")),
        ({"gen_ai.usage.cost": 0.9, "gen_ai.cost.currency": "GBP"}, ("0.9", "GBP")),
        ({"llm.cost.total": 0.9, "llm.cost.currency": "CNY"}, ("0.9", "CNY")),
        ({"llm.cost.total": 0.9}, ("0.9", None)),
        ({"llm.cost.total": 12, "llm.cost.currency": "credits"}, (None, None)),
    ],
)
def test_a_cost_has_the_currency_that_the_span_names(
    warehouse: Warehouse, attributes: dict[str, Any], expected: tuple[str | None, str | None]
):
    """Catches euros taken for dollars, and credits taken for money."""
    cost, currency = expected
    found = load(warehouse, batch(span(attributes=attributes)), columns="logged_cost, logged_currency")
    assert found == [(None if cost is None else Decimal(cost), currency)]
