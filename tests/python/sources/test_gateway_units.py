"""Units of spans and of gateways besides LiteLLM. Catches use that is billed and not counted, counted as text, or that
nobody understands and nobody names."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import batch, span

from .gateway_samples import apim, bedrock, gateway_log, generation, helicone
from .landed import loader

load_spans = loader("otel/a.jsonl", "otel.spans", "span_id")
load_observations = loader("langfuse/a.jsonl", "langfuse.observations", "observation_id")
load_helicone = loader("helicone/a.jsonl", "helicone.requests", "request_id")
load_bedrock = loader("bedrock/a.jsonl", "bedrock.invocations", "request_id")
load_apim = loader("azure_apim/a.jsonl", "azure_apim.llm_logs", "correlation_id")


def by_meter(units: str | None) -> dict[str, str]:
    return {unit["meter"]: unit["quantity"] for unit in json.loads(units or "[]")}


REALTIME = {
    "gen_ai.usage.input_tokens": 1459,
    "gen_ai.usage.output_tokens": 396,
    "gen_ai.usage.cache_read.input_tokens": 1408,
    "gen_ai.usage.audio.input_tokens": 110,
    "gen_ai.usage.audio.output_tokens": 299,
}


@pytest.mark.parametrize(
    ("attributes", "units", "disagrees"),
    [
        # Without details as few are taken for cached as the whole allows: 1408 + 110 - 1459 = 59.
        (REALTIME, {"audio_input": "51", "audio_cache_read": "59", "audio_output": "299"}, True),
        ({**REALTIME, "gen_ai.usage.cache_read.audio.input_tokens": 64},
         {"audio_input": "46", "audio_cache_read": "64", "audio_output": "299"}, False),
        ({"llm.token_count.prompt": 100, "llm.token_count.completion": 60, "llm.token_count.prompt_details.audio": 8,
          "llm.token_count.completion_details.audio": 4, "openinference.span.kind": "LLM"},
         {"audio_input": "8", "audio_output": "4"}, False),
        ({"gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 700, "gen_ai.usage.image.output_tokens": 600},
         {"image_output": "600"}, False),
        ({"gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 70,
          "anthropic.usage.server_tool_use.web_search_requests": 2, "gen_ai.usage.web_search_requests": 2,
          "gen_ai.usage.details.accepted_prediction_tokens": 20, "gen_ai.usage.details.rejected_prediction_tokens": 5},
         {"web_search": "2", "predicted_output": "25"}, False),
    ],
)  # fmt: skip
def test_usage_of_spans(warehouse: Warehouse, attributes: dict[str, Any], units: dict[str, str], disagrees: bool):
    """Catches a realtime call refused because audio and cached tokens overlap, and one count under two names twice."""
    row = batch(span(attributes={"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None, **attributes}))
    ((found, flagged, unknown),) = load_spans(warehouse, row, columns="units, usage_disagrees, usage_not_understood")
    assert (by_meter(found), flagged, unknown) == (units, disagrees, None)


def test_spans_of_a_vendors_own_client(warehouse: Warehouse):
    """Catches one-hour cache writes at the five-minute price, and the tier, speed and geography that served lost."""
    attributes = {
        "gen_ai.usage.input_tokens": 1160,
        "gen_ai.usage.cache_write.input_tokens": 90,
        "gen_ai.usage.cache_read.input_tokens": 1069,
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 5,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 85,
        "anthropic.response.service_tier": "priority",
        "anthropic.usage.speed": "fast",
        "anthropic.usage.inference_geo": "us",
    }
    columns = (
        "cache_write_tokens, cache_write_1h_tokens, service_tier, modifiers, usage_disagrees, usage_not_understood"
    )
    assert load_spans(warehouse, batch(span(attributes=attributes)), columns=columns) == [
        (5, 85, "priority", '{"inference_geo":"us","speed":"fast"}', False, None)
    ]


@pytest.mark.parametrize(
    ("name", "value", "unknown"),
    [
        ("gen_ai.usage.smell.input_tokens", 3, "gen_ai.usage.smell.input_tokens"),
        ("llm.token_count.prompt_details.smell", "3", "llm.token_count.prompt_details.smell"),
        ("acme.usage.units", 1, "acme.usage.units"),
        ("gen_ai.usage.smell.input_tokens", 0, None),
        ("gen_ai.usage.total_tokens", 150, None),
        ("gen_ai.usage.text.output_tokens", 50, None),
        ("gen_ai.usage.note", "what somebody wrote", None),
    ],
)
def test_usage_attributes_that_nobody_reads_are_named(warehouse: Warehouse, name: str, value: Any, unknown: str | None):
    """Catches a new attribute that is billed and dropped in silence, and a text taken for a count."""
    row = batch(span(attributes={name: value}))
    assert load_spans(warehouse, row, columns="usage_not_understood") == [(unknown,)]


@pytest.mark.parametrize(
    ("operation", "more", "convention"),
    [
        *((name, {}, "unrecognised") for name in ("acompletion", "aresponses", "rerank", "chat.completions", "turn")),
        ("rerank", {"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}, None),
        ("rerank", {"gen_ai.request.model": None, "gen_ai.response.model": None}, None),
        ("invoke_agent", {}, None),
        ("execute_tool", {}, None),
        ("chat", {}, "gen_ai"),
    ],
)  # fmt: skip
def test_operations_that_nobody_knows(
    warehouse: Warehouse, operation: str, more: dict[str, Any], convention: str | None
):
    """Catches calls that vanish because of what their operation is called, and agents counted as calls."""
    row = batch(span(attributes={"gen_ai.operation.name": operation, **more}))
    assert load_spans(warehouse, row, columns="convention") == [(convention,)]


@pytest.mark.parametrize(
    ("usage", "units", "counts"),
    [
        ({"input": 500, "output": 120, "output_reasoning": 10, "tool_use_prompt_token_count": 300, "total": 930},
         {"tool_use_input": "300"}, (500, 120, 10, None, False)),
        ({"input": 10, "output_reasoning": 225, "output": 0, "output_image": 1120, "total": 1355},
         {"image_output": "1120"}, (10, 0, 225, None, False)),
        ({"input": 10, "output": 5, "input_cached_audio": 7, "input_cached_tokens": 20, "input_audio": 4, "total": 46},
         {"audio_input": "4", "audio_cache_read": "7"}, (10, 5, None, 27, False)),
        ({"input": 100, "input_audio": 40, "output": 5, "total": 105},
         {"audio_input": "40"}, (100, 5, None, None, True)),
        ({"input": 10, "output": 5, "grounding_queries": 2, "total": 17},
         {"web_search": "2"}, (10, 5, None, None, False)),
    ],
)  # fmt: skip
def test_usage_keys_of_langfuse(warehouse: Warehouse, usage: dict[str, int], units: dict[str, str], counts: Any):
    """Catches a key of a meter dropped, billed as text, or taken for a contradiction of the total."""
    columns = "units, input_tokens, output_tokens, reasoning_tokens, cache_read_tokens, usage_disagrees"
    ((found, *others),) = load_observations(warehouse, generation(usageDetails=usage), columns=columns)
    assert (by_meter(found), tuple(others)) == (units, counts)


def test_unknown_usage_keys_of_langfuse_are_named(warehouse: Warehouse):
    """Catches a usage key that nobody reads dropped in silence, and one of 0 that flags every row."""
    usage = {"input": 10, "output": 5, "smell": 7, "taste": 0, "what somebody wrote": 1}
    assert load_observations(warehouse, generation(usageDetails=usage), columns="usage_not_understood") == [
        ("smell,unnamed",)
    ]


def test_audio_of_helicone(warehouse: Warehouse):
    """Catches audio billed as text, and the id of the response lost."""
    row = helicone(prompt_tokens=100, completion_tokens=50, prompt_audio_tokens=8, completion_audio_tokens=0)
    ((units, inside, response),) = load_helicone(warehouse, row, columns="units, unit_input_tokens, response_id")
    assert (by_meter(units), inside) == ({"audio_input": "8", "audio_output": "0"}, 8)
    assert response is not None


def test_counts_of_helicone_that_nobody_reads_are_named(warehouse: Warehouse):
    """Catches a column of tokens that came after this reader, dropped in silence."""
    row = helicone(prompt_image_tokens=7, completion_smell_tokens=0)
    assert load_helicone(warehouse, row, columns="usage_not_understood") == [("prompt_image_tokens",)]


def answered(body: Any, **logged: Any) -> dict[str, Any]:
    return {"outputContentType": "application/json", "outputBodyJson": body, **logged}


def test_iterations_of_bedrock_add_up(warehouse: Warehouse):
    """Catches the compaction of a conversation, which costs more than the answer, left out."""
    usage = {"input_tokens": 23000, "output_tokens": 1000, "iterations": [
        {"type": "compaction", "input_tokens": 180000, "output_tokens": 3500},
        {"type": "message", "input_tokens": 23000, "output_tokens": 1000}]}  # fmt: skip
    row = bedrock(input={"inputTokenCount": 23000}, output=answered({"usage": usage}, outputTokenCount=1000))
    columns = "input_tokens, output_tokens, usage_disagrees, usage_not_understood"
    assert load_bedrock(warehouse, row, columns=columns) == [(203000, 4500, False, None)]


def test_other_units_of_bedrock(warehouse: Warehouse):
    """Catches images, seconds and searches that a model without tokens is billed by."""
    output = answered(
        {"usage": {"server_tool_use": {"web_search_requests": 2}, "smell_tokens": 1, "speed": "fast"}},
        outputImageCount=3, outputVideo={"DurationSeconds": 6.5}, outputSmellCount=4,
    )  # fmt: skip
    ((units, unknown, price),) = load_bedrock(
        warehouse, bedrock(output=output), columns="units, usage_not_understood, modifiers"
    )
    assert by_meter(units) == {"images": "3", "output_seconds": "6.5", "web_search": "2"}
    assert (unknown, price) == ("output.outputSmellCount,usage.smell_tokens", '{"speed":"fast"}')


def test_details_of_azures_answers(warehouse: Warehouse):
    """Catches cached audio taken off twice, and details under the names of responses read as none."""
    usage = {
        "input_tokens": 1459,
        "output_tokens": 396,
        "total_tokens": 1855,
        "input_tokens_details": {
            "cached_tokens": 1408,
            "audio_tokens": 110,
            "cached_tokens_details": {"text_tokens": 1344, "audio_tokens": 64},
        },
        "output_tokens_details": {"audio_tokens": 299, "reasoning_tokens": 10, "smell_tokens": 1},
    }
    row = gateway_log(json.dumps({"id": "resp_1", "usage": usage}))
    columns = (
        "units, prompt_tokens, cache_read_tokens, completion_tokens, reasoning_tokens, provider_request_id,"
        " usage_not_understood, usage_disagrees"
    )
    ((units, *others),) = load_apim(warehouse, row, columns=columns)
    assert by_meter(units) == {"audio_input": "46", "audio_cache_read": "64", "audio_output": "299"}
    assert others == [1459, 1408, 396, 10, "resp_1", "output.smell_tokens", False]


def test_rows_of_text_have_no_units(warehouse: Warehouse):
    """Catches units made up where a log states none."""
    none = (None, None, None, None, None)
    columns = "units, unit_input_tokens, unit_output_tokens, usage_not_understood, modifiers"
    assert load_spans(warehouse, batch(span()), columns=columns) == [none]
    assert load_observations(warehouse, generation(), columns=columns) == [none]
    assert load_bedrock(warehouse, bedrock(), columns=columns) == [none]
    assert load_apim(warehouse, apim(), columns=columns) == [none]
    (row,) = load_helicone(warehouse, helicone(), columns=columns)
    assert row[3:] == (None, None)
    assert sum(map(Decimal, by_meter(row[0]).values())) == (row[1] or 0) + (row[2] or 0)
