"""LiteLLM rows. Catches tokens or spend read from the wrong place, and attribution that is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import NOW, SPEND_LOG, as_csv, jsonl

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.sources.sources_yml import PlacesError, load_places

from .landed import loader

REAL_FILES = PROJECT_DIR.parent / "shared" / "data" / "litellm"
PAYLOAD: dict[str, Any] = {
    "id": "chatcmpl-9",
    "trace_id": "trace-1",
    "call_type": "acompletion",
    "response_cost": 0.5,
    "status": "success",
    "custom_llm_provider": "anthropic",
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "startTime": 1782813600.25,
    "endTime": 1782813601.5,
    "model": "claude-sonnet-4-5",
    "model_group": "sonnet",
    "metadata": {
        "user_api_key_team_id": "team-1",
        "user_api_key_alias": "key-1",
        "user_api_key_user_email": "x@example.com",
        "requester_metadata": {"outcome_id": "o-9"},
        "usage_object": {
            "prompt_tokens_details": {
                "cached_tokens": 300,
                "cache_creation_tokens": 500,
                "cache_creation_token_details": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 100},
            },
            "completion_tokens_details": {"reasoning_tokens": 60},
        },
    },
    "cache_hit": False,
    "request_tags": ["use_case:triage", "release_id=r-7", "plain"],
    "hidden_params": {"service_tier": "priority"},
    "messages": [{"role": "user", "content": "Hello"}],
}


load = loader("litellm/a.jsonl", "litellm.calls", "call_id")


def test_payloads_and_rows_have_one_shape(warehouse: Warehouse):
    """Catches a shape whose fields are looked for under the other's names."""
    columns = (
        "shape, call_id, trace_id, status, prompt_tokens, spend, cache_hit, epoch_us(ended_at) - epoch_us(started_at)"
    )
    assert load(warehouse, SPEND_LOG, PAYLOAD, columns=columns) == [
        ("spend_log", "chatcmpl-1", None, "success", 100, Decimal("0.25"), None, 1_999_999),
        ("payload", "chatcmpl-9", "trace-1", "success", 1000, Decimal("0.5"), False, 1_250_000),
    ]


def test_cache_writes_are_split_by_lifetime(warehouse: Warehouse):
    """Catches one-hour cache writes priced twice, or at the five-minute price."""
    columns = "cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, service_tier"
    assert load(warehouse, PAYLOAD, columns=columns) == [(300, 400, 100, 60, "priority")]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, (None, None, None)),
        ({"prompt_tokens_details": None}, (None, None, None)),
        ({"prompt_tokens_details": {"cached_tokens": 0}}, (0, None, None)),
        ({"prompt_tokens_details": {"cached_tokens": 0}, "cache_read_input_tokens": 40}, (40, None, None)),
        ({"cache_read_input_tokens": 40, "cache_creation_input_tokens": 30}, (40, 30, None)),
        ({"prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 6}}, (5, 6, None)),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 9, "ephemeral_5m_input_tokens": 1}}, (None, 1, 9)),
        (
            {"cache_creation_input_tokens": 10, "cache_creation": {"ephemeral_1h_input_tokens": 9}},
            (None, 1, 9),
        ),
    ],
)
def test_usage_of_all_providers(warehouse: Warehouse, usage: dict[str, Any], expected: tuple[Any, ...]):
    """Catches a provider's cache tokens that are not found, and "not reported" turned into 0."""
    row = {**SPEND_LOG, "metadata": json.dumps({"usage_object": usage})}
    assert load(warehouse, row, columns="cache_read_tokens, cache_write_tokens, cache_write_1h_tokens") == [expected]


@pytest.mark.parametrize(
    ("changes", "tier"),
    [
        ({"call_type": "aretrieve_batch"}, "batch"),
        ({"metadata": {"batch_models": ["gpt-4o"]}}, "batch"),
        ({"metadata": {"batch_models": None, "usage_object": {"service_tier": "flex"}}}, "flex"),
        ({"call_type": "acreate_batch"}, None),
    ],
)
def test_a_finished_batch_was_served_by_batch(warehouse: Warehouse, changes: dict[str, Any], tier: str | None):
    """Catches batches at the standard price, which is twice theirs: the row that has their usage names no tier."""
    assert load(warehouse, {**SPEND_LOG, **changes}, columns="service_tier") == [(tier,)]


@pytest.mark.parametrize(
    ("usage", "flagged"),
    [
        ({"cache_creation_input_tokens": 30, "cache_creation": {"ephemeral_5m_input_tokens": 10}}, True),
        (
            {
                "cache_creation_input_tokens": 50,
                "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 10},
            },
            True,
        ),
        ({"cache_creation_input_tokens": 30, "cache_creation": {"ephemeral_5m_input_tokens": 30}}, False),
        ({"cache_creation_input_tokens": 30, "cache_creation": {"ephemeral_1h_input_tokens": 10}}, False),
        (
            {
                "cache_creation_input_tokens": 30,
                "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            },
            False,
        ),
        ({"prompt_tokens_details": {"cached_tokens": 10}, "cache_read_input_tokens": 30}, True),
        ({"prompt_tokens_details": {"cached_tokens": 0}, "cache_read_input_tokens": 30}, False),
        ({"prompt_tokens_details": {"cached_tokens": 30}, "cache_read_input_tokens": 30}, False),
        ({"prompt_tokens_details": {"cache_write_tokens": 10}, "cache_creation_input_tokens": 30}, True),
        ({"prompt_tokens": 101}, True),
        ({"completion_tokens": 0}, True),
        ({"prompt_tokens": 100, "completion_tokens": 50}, False),
        ({"prompt_tokens": None, "input_tokens": 7}, False),
        ({"cache_creation": {"ephemeral_12h_input_tokens": 10}}, True),
        ({"cache_creation": {"ephemeral_90m_input_tokens": 10}}, True),
        ({"cache_creation": {"ephemeral_12h_input_tokens": 0, "ephemeral_30m_input_tokens": 10}}, False),
    ],
)
def test_a_usage_that_contradicts_itself_is_flagged(warehouse: Warehouse, usage: dict[str, Any], flagged: bool):
    """Catches one of two contradicting counts taken in silence, a billed use that is left out, and long cache writes
    at the short price; and the names of one provider taken for a contradiction of those of another."""
    row = {**SPEND_LOG, "metadata": json.dumps({"usage_object": usage})}
    assert load(warehouse, row, columns="usage_disagrees") == [(flagged,)]


@pytest.mark.parametrize(
    ("lifetimes", "expected"),
    [
        ({"ephemeral_30m_input_tokens": 20, "ephemeral_5m_input_tokens": 10}, (30, None)),
        ({"ephemeral_30m_input_tokens": 20, "ephemeral_1h_input_tokens": 10}, (20, 10)),
        ({"ephemeral_12h_input_tokens": 20}, (20, None)),
    ],
)
def test_other_lifetimes_are_written_to_the_cache_as_well(
    warehouse: Warehouse, lifetimes: dict[str, int], expected: tuple[int | None, ...]
):
    """Catches cache writes of a lifetime without a bucket priced as fresh input."""
    row = {**SPEND_LOG, "metadata": {"usage_object": {"cache_creation": lifetimes}}}
    assert load(warehouse, row, columns="cache_write_tokens, cache_write_1h_tokens") == [expected]


def test_logs_of_a_real_client_contradict_nothing(warehouse: Warehouse):
    """Catches a check that takes what LiteLLM always writes for a contradiction."""
    fixture = PROJECT_DIR / "tests" / "fixtures" / "clients" / "litellm.jsonl"
    warehouse.land("litellm/a.jsonl", fixture.read_bytes())
    later = NOW + timedelta(days=365)
    assert warehouse.ingest("litellm", as_of=later, now=later).loaded == 7
    assert warehouse.all("SELECT call_id FROM litellm.calls WHERE usage_disagrees") == []


@pytest.mark.parametrize(
    ("changes", "flagged"),
    [({}, False), ({"total_tokens": 150}, False), ({"total_tokens": "150"}, False), ({"total_tokens": 151}, True)],
)
def test_a_total_of_other_counts_is_flagged(warehouse: Warehouse, changes: dict[str, Any], flagged: bool):
    """Catches counts that do not add up and are taken in silence, or bent until they do."""
    columns = "usage_disagrees, prompt_tokens, completion_tokens"
    assert load(warehouse, {**SPEND_LOG, **changes}, columns=columns) == [(flagged, 100, 50)]


@pytest.mark.parametrize(
    "usage",
    [{"server_tool_use": {"web_search_requests": 3}}, {"prompt_tokens_details": {"web_search_requests": 3}}],
)
def test_searches_billed_by_the_call_are_found(warehouse: Warehouse, usage: dict[str, Any]):
    """Catches searches that the provider bills and nobody counts."""
    row = {**SPEND_LOG, "metadata": {"usage_object": usage}}
    assert load(warehouse, row, columns="units") == [('[{"meter":"web_search","quantity":"3"}]',)]


@pytest.mark.parametrize(
    ("changes", "deployment"),
    [
        ({"model_id": "ptu"}, "ptu"),
        ({"model_id": ""}, None),
        ({"hidden_params": {"model_id": "ptu"}}, "ptu"),
        ({"model_id": "ptu", "metadata": {"azure_spillover": None}}, "ptu"),
        ({"model_id": "ptu", "metadata": {"azure_spillover": {"from_deployment": "chat"}}}, None),
        (
            {"model_id": "ptu", "hidden_params": {"additional_headers": {"llm_provider-x-ms-is-spilled-over": "true"}}},
            None,
        ),
    ],
)
def test_the_deployment_that_served_is_kept(warehouse: Warehouse, changes: dict[str, Any], deployment: str | None):
    """Catches calls on reserved throughput that look like any other, and spilled-over ones that count as reserved."""
    assert load(warehouse, {**SPEND_LOG, **changes}, columns="deployment") == [(deployment,)]


GUARDRAIL = {
    "guardrail_provider": "bedrock",
    "guardrail_usage": {"contentPolicyUnits": 3, "sensitiveInformationPolicyFreeUnits": 1},
    "guardrail_response": {"assessments": [{"match": "somebody@example.com"}]},
    "guardrail_cost": 0.00045,
}
SHIELD = {"guardrail_provider": "azure/prompt_shield", "guardrail_usage": {"text_records": 2}}


@pytest.mark.parametrize(
    "place",
    [
        lambda entries: {"metadata": {"guardrail_information": entries}},
        lambda entries: {"metadata": json.dumps({"guardrail_information": entries})},
        lambda entries: {"guardrail_information": entries},
        lambda entries: {"guardrail_information": json.dumps(entries)},
    ],
)
def test_units_of_guardrails_are_found(warehouse: Warehouse, place: Any):
    """Catches guardrails that are billed and not counted, an unknown counter lost, and findings that are kept."""
    found = load(warehouse, {**SPEND_LOG, **place([GUARDRAIL, SHIELD, GUARDRAIL, {"guardrail_name": "own"}])},
                 columns="units, _rescued")  # fmt: skip
    ((units, rescued),) = found
    assert json.loads(units) == [
        {"meter": "guardrail", "provider": "azure", "model": "guardrail-text-records", "quantity": "2"},
        {"meter": "guardrail", "provider": "bedrock", "model": "guardrail-content", "quantity": "6"},
        {"meter": "guardrail", "provider": "bedrock", "model": "guardrail-sensitive-regex", "quantity": "2"},
    ]
    assert rescued is None


@pytest.mark.parametrize(
    ("changes", "spend"),
    [
        ({"spend": 0, "metadata": {"cost_breakdown": {"total_cost": 0.125}}}, "0.125"),
        ({"spend": 0.5, "metadata": {"cost_breakdown": {"total_cost": 0.125}}}, "0.5"),
        ({"spend": 0, "cache_hit": "True", "metadata": {"cost_breakdown": {"total_cost": 0.125}}}, "0"),
        ({"spend": 0, "metadata": {"cost_breakdown": {"total_cost": 0}}}, "0"),
        ({"spend": 0.00022500000000000002}, "0.000225"),
    ],
)
def test_spend(warehouse: Warehouse, changes: dict[str, Any], spend: str):
    """Catches streamed calls that look free, and cache hits that look paid for."""
    assert load(warehouse, {**SPEND_LOG, **changes}, columns="spend") == [(Decimal(spend),)]


def test_status_and_failures(warehouse: Warehouse):
    """Catches a failed call counted as a success, or refused because it has no tokens."""
    failed = {
        **SPEND_LOG,
        "status": None,
        "prompt_tokens": None,
        "completion_tokens": None,
        "metadata": {"status": "failure", "error_information": {"error_class": "Timeout", "error_code": 408}},
    }
    old = {**SPEND_LOG, "request_id": "old", "status": ""}
    assert load(warehouse, failed, old, columns="status, error_class, error_code, prompt_tokens") == [
        ("failure", "Timeout", "408", 0),
        ("success", None, None, 100),
    ]


def test_attribution_is_found_in_its_places(warehouse: Warehouse):
    """Catches an outcome or use case that the caller sent and nobody found; personal data must not come along."""
    row = {**SPEND_LOG, "metadata": {"spend_logs_metadata": {"outcome_id": "first", "can_wait": True},
                                     "requester_metadata": {"outcome_id": "second"}}}  # fmt: skip
    columns = "outcome_id, use_case, release_id, can_wait, attributes"
    assert load(warehouse, row, PAYLOAD, columns=columns) == [
        ("first", None, None, True, None),
        (
            "o-9",
            "triage",
            "r-7",
            None,
            '{"key_alias":"key-1","model_group":"sonnet",'
            '"tags":["use_case:triage","release_id=r-7","plain"],"team_id":"team-1"}',
        ),
    ]


def test_places_can_be_configured(make_warehouse: Callable[..., Warehouse]):
    """Catches a company's own places that are read but not used."""
    warehouse = make_warehouse()
    (warehouse.settings.home / "sources.yml").write_text(
        "litellm: {fields: {use_case: [team_id], outcome_id: [metadata.spend_logs_metadata.deep.case]}}"
    )
    row = {**SPEND_LOG, "team_id": "t-1", "metadata": {"spend_logs_metadata": json.dumps({"deep": {"case": "c-1"}})}}
    assert load(warehouse, row, columns="use_case, outcome_id") == [("t-1", "c-1")]


@pytest.mark.parametrize(
    "text",
    ["litelm: {}", "litellm: {fields: {usecase: [tag]}}", "litellm: {defaults: []}", "otel: {default: [attribute]}",
     "litellm: [", "- a", "litellm: {default: [tag]}\nlitellm: {default: []}"],
)  # fmt: skip
def test_wrong_configuration_is_refused(tmp_path: Path, text: str):
    """Catches a misspelt key that silently does nothing."""
    (tmp_path / "sources.yml").write_text(text)
    with pytest.raises(PlacesError, match=r"sources\.yml"):
        load_places(Settings(home=tmp_path))


def test_csv_export_equals_json_rows(make_warehouse: Callable[..., Warehouse]):
    """Catches JSON columns that a CSV export holds as text."""
    row = {**SPEND_LOG, "metadata": json.dumps(PAYLOAD["metadata"]), "request_tags": json.dumps(["use_case:x"]),
           "prompt_tokens": 1000, "completion_tokens": 200}  # fmt: skip
    found = []
    for name, content in (("a.jsonl", jsonl({**row, "metadata": PAYLOAD["metadata"]})), ("a.csv", as_csv(row))):
        warehouse = make_warehouse(name)
        warehouse.take(f"litellm/{name}", content)
        found.append(warehouse.all("SELECT * EXCLUDE (_file_sha256, _line_no) FROM litellm.calls"))
    assert found[0] == found[1]
    assert len(found[0]) == 1


@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="real LiteLLM files are not on this machine")
def test_a_real_spend_log_row(warehouse: Warehouse):
    """Catches a parser that only reads rows that we made up."""
    content = (REAL_FILES / "spend_logs_payload.min.json").read_bytes()
    warehouse.take("litellm/real.json", content)
    assert warehouse.all(
        "SELECT call_id, session_id, model, prompt_tokens, completion_tokens, spend, cache_hit, started_at::VARCHAR,"
        " prompt_hash, status FROM litellm.calls"
    ) == [
        (
            "chatcmpl-2283081b-dc89-41f6-93e6-d4f914774027",
            "1234567890",
            "gpt-4o",
            10,
            20,
            Decimal("0.000225"),
            None,
            "2025-01-24 09:20:46.847371+00",
            None,
            "success",
        )
    ]
    report = warehouse.take("litellm/benchmark.csv", (REAL_FILES / "router_benchmark_sonnet5_opus5.csv").read_bytes())
    assert report.refused == [("litellm/benchmark.csv", "missing_column")]
    assert report.quarantined == 25


GUARDED = {"input_cost": 0, "output_cost": 0, "guardrail_cost": 0.0036, "total_cost": 0.0036}
SEARCHED = {**GUARDED, "tool_usage_cost": 0.01, "total_cost": 0.0036 + 0.01}


@pytest.mark.parametrize(
    ("changes", "spend"),
    [
        ({"spend": 0.0036, "cost_breakdown": GUARDED}, "0"),
        ({"spend": "0.0036", "metadata": json.dumps({"cost_breakdown": GUARDED})}, "0"),
        ({"spend": 0, "cost_breakdown": GUARDED}, "0"),
        ({"spend": 0.0036 + 0.01, "cost_breakdown": SEARCHED}, "0"),
        ({"spend": 0.0046, "cost_breakdown": {**GUARDED, "input_cost": 0.001, "total_cost": 0.0046}}, "0.0046"),
        ({"spend": 0.0036, "cost_breakdown": GUARDED, "prompt_tokens": 0, "completion_tokens": 0}, "0.0036"),
        ({"spend": 0.0036, "cost_breakdown": GUARDED, "cache_hit": "True"}, "0.0036"),
        ({"spend": 0.25, "cost_breakdown": {"guardrail_cost": 0, "total_cost": 0.25}}, "0.25"),
        ({"spend": 0.25, "cost_breakdown": {"guardrail_cost": None, "tool_usage_cost": "x"}}, "0.25"),
    ],
)
def test_the_cost_of_a_guardrail_is_no_price_of_the_model(warehouse: Warehouse, changes: dict[str, Any], spend: str):
    """Catches a model without a price that passes for a cheap one, because a guardrail or a search was charged for."""
    assert load(warehouse, {**SPEND_LOG, **changes}, columns="spend") == [(Decimal(spend),)]


@pytest.mark.parametrize(
    ("breakdown", "region"),
    [
        ({}, None),
        ({"data_residency": None, "vertex_location": None}, None),
        ({"data_residency": "eu"}, "eu"),
        ({"vertex_location": "europe-west1"}, "europe-west1"),
        ({"vertex_location": "global"}, None),
        ({"data_residency": "us", "vertex_location": "global"}, "us"),
        ({"data_residency": "eu", "vertex_location": "europe-west1"}, "eu"),
    ],
)
def test_the_region_is_the_one_that_was_priced(warehouse: Warehouse, breakdown: dict[str, Any], region: str | None):
    """Catches a call with residency at the worldwide price, and Google's global endpoint taken for a region."""
    row = {**SPEND_LOG, "metadata": json.dumps({"cost_breakdown": breakdown})}
    assert load(warehouse, row, columns="region") == [(region,)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"request_id": "c-attempt-0", "status": "failure"}, "c"),
        ({"request_id": "c", "status": "failure", "metadata": {"attempted_retries": 1}}, "c"),
        ({"request_id": "c", "status": "failure", "metadata": {"attempted_retries": 0}}, None),
        ({"request_id": "c", "status": "success", "metadata": {"attempted_retries": 1}}, None),
        ({"request_id": "c-attempt-0", "status": "success"}, None),
        ({"request_id": "c-attempt-", "status": "failure"}, None),
    ],
)
def test_attempts_of_a_failed_call_name_it(warehouse: Warehouse, changes: dict[str, Any], expected: str | None):
    """Catches billed attempts of one call counted as requests of their own, and calls joined by a likeness of names."""
    assert load(warehouse, {**SPEND_LOG, **changes}, columns="retried_call_id") == [(expected,)]
