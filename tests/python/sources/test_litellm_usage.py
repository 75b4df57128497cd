"""What LiteLLM says of a call beside text tokens. Catches units that are billed and not counted, counted as text, or
counted twice; and money that is stated in a place of its own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import SPEND_LOG

from .landed import loader

load = loader("litellm/a.jsonl", "litellm.calls", "call_id")
COUNTS = "prompt_tokens, cache_read_tokens, completion_tokens, reasoning_tokens"


def call(usage: dict[str, Any], **row: Any) -> dict[str, Any]:
    """A row whose own counts are those of its usage."""
    counts = {name: usage.get(name, 0) for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    counts["total_tokens"] = counts["total_tokens"] or counts["prompt_tokens"] + counts["completion_tokens"]
    return {**SPEND_LOG, **counts, "metadata": json.dumps({"usage_object": usage}), **row}


def used(warehouse: Warehouse, row: dict[str, Any], columns: str = COUNTS) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Units by meter, and the other columns."""
    ((units, *others),) = load(warehouse, row, columns=f"units, {columns}")
    return {unit["meter"]: unit["quantity"] for unit in json.loads(units or "[]")}, tuple(others)


def details(total: int, output: int, read: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    return {
        "prompt_tokens": total,
        "completion_tokens": output,
        "prompt_tokens_details": read,
        "completion_tokens_details": written,
    }


@pytest.mark.parametrize(
    ("usage", "units", "counts"),
    [
        # An image beside text.
        (details(5, 1418, {"text_tokens": 5, "image_tokens": 0}, {"text_tokens": 298, "image_tokens": 1120}),
         {"image_output": "1120"}, (5, None, 1418, None)),
        # What is cached of audio is in the cached and in the audio count.
        (details(1459, 396, {"text_tokens": 1349, "audio_tokens": 110, "cached_tokens": 1408,
                             "cached_tokens_details": {"text_tokens": 1344, "audio_tokens": 64}},
                 {"text_tokens": 97, "audio_tokens": 299}),
         {"audio_input": "46", "audio_cache_read": "64", "audio_output": "299"}, (1459, 1408, 396, None)),
        # All of an image is cached.
        (details(9660, 10, {"text_tokens": 9402, "image_tokens": 258, "cached_tokens": 9651,
                            "cached_tokens_details": {"text_tokens": 9393, "image_tokens": 258}}, {}),
         {"image_cache_read": "258"}, (9660, 9651, 10, None)),
        (details(3297, 150, {"audio_tokens": 321, "cached_tokens": 2918, "image_tokens": None, "text_tokens": 83,
                             "video_tokens": 332, "cached_tokens_details": {"text_tokens": 73, "audio_tokens": 284}},
                 {"reasoning_tokens": 95, "text_tokens": 55}),
         {"audio_input": "37", "audio_cache_read": "284", "video_input": "332"}, (3297, 2918, 150, 95)),
        (details(100, 90, {}, {"accepted_prediction_tokens": 30, "rejected_prediction_tokens": 12}),
         {"predicted_output": "42"}, (100, None, 90, None)),
        (details(100, 90, {"google_maps_grounding_requests": 2, "tool_use_tokens": 9}, {}),
         {"maps_grounding": "2", "tool_use_input": "9"}, (100, None, 90, None)),
        (details(100, 90, {}, {"audio_tokens": 0, "text_tokens": 90}), {"audio_output": "0"}, (100, None, 90, None)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "seconds": 27.5}, {"input_seconds": "27.5"}, (0, None, 0, None)),
        ({"prompt_tokens": 0, "completion_tokens": 0, "search_units": 2}, {"searches": "2"}, (0, None, 0, None)),
        ({"prompt_tokens": 10, "completion_tokens": 5, "server_tool_use": {"web_search_requests": 3},
          "prompt_tokens_details": {"web_search_requests": 3}}, {"web_search": "3"}, (10, None, 5, None)),
    ],
)  # fmt: skip
def test_details_are_meters(
    warehouse: Warehouse, usage: dict[str, Any], units: dict[str, str], counts: tuple[Any, ...]
):
    """Catches an output billed as text though it is an image, and overlaps taken off twice."""
    found, others = used(warehouse, call(usage), f"{COUNTS}, usage_disagrees, usage_not_understood")
    assert found == units
    assert others == (*counts, False, None)


def test_an_image_call_answers_with_an_image(warehouse: Warehouse):
    """Catches the usage of image calls, whose counts have other names, read as none; and its output as text."""
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 1079, "input_tokens": 23,
             "input_tokens_details": {"image_tokens": 3, "text_tokens": 20}, "output_tokens": 1056}  # fmt: skip
    row = call(usage, call_type="aimage_generation")
    assert used(warehouse, row, f"{COUNTS}, usage_disagrees") == (
        {"image_input": "3", "image_output": "1056"}, (23, None, 1056, None, False),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 700}, {"image_output": "700"}),
        (details(5, 700, {}, {"text_tokens": 100, "image_tokens": 600}), {"image_output": "600"}),
        (details(5, 700, {}, {"text_tokens": 700}), {}),
        ({"prompt_tokens": 0, "completion_tokens": 0}, {}),
    ],
)
def test_an_image_call_tells_text_apart_where_it_can(warehouse: Warehouse, usage: dict[str, Any], expected: Any):
    """Catches text of an image call billed as an image, and an image without tokens that proves to be text."""
    assert used(warehouse, call(usage, call_type="image_edit"))[0] == expected


@pytest.mark.parametrize(
    ("provider", "total", "completion", "disagrees"),
    [
        ("perplexity", 3364, 3256 + 73248, False),
        ("gemini", 108 + 3256 + 73248, 3256 + 73248, False),
        ("perplexity", 3365, 3256 + 73248, True),
    ],
)
def test_reasoning_outside_the_output_is_added(
    warehouse: Warehouse, provider: str, total: int, completion: int, disagrees: bool
):
    """Catches a row refused, or reasoning given away, because it is more than the output that leaves it out."""
    usage = {"prompt_tokens": 108, "completion_tokens": 3256, "total_tokens": total, "citation_tokens": 7299,
             "num_search_queries": 74, "prompt_tokens_details": {"web_search_requests": 74},
             "completion_tokens_details": {"reasoning_tokens": 73248}, "reasoning_tokens": 73248}  # fmt: skip
    found, others = used(warehouse, call(usage, custom_llm_provider=provider), f"{COUNTS}, usage_disagrees")
    assert found == {"citation": "7299", "web_search": "74"}
    assert others == (108, None, completion, 73248, disagrees)


def test_reasoning_larger_than_the_output_is_refused_where_nothing_says_that_it_is_outside(warehouse: Warehouse):
    """Catches a contradiction bent until it fits."""
    load(warehouse, call(details(100, 50, {}, {"reasoning_tokens": 60})))
    assert warehouse.reasons() == [(1, "inconsistent_tokens", "reasoning_tokens")]


@pytest.mark.parametrize(
    ("breakdown", "units"),
    [
        ({"tool_usage_cost": 0.02, "total_cost": 0.25}, [{"meter": "fee", "quantity": "0.02", "currency": "USD"}]),
        ({"guardrail_cost": 0.001, "additional_costs": {"router": 0.004}},
         [{"meter": "fee", "quantity": "0.005", "currency": "USD"}]),
        ({"tool_usage_cost": 0, "input_cost": 0.2}, None),
    ],
)  # fmt: skip
def test_stated_fees_are_kept(warehouse: Warehouse, breakdown: dict[str, Any], units: Any):
    """Catches the fee of a tool or gateway that stands in the breakdown of the cost and in no count."""
    ((found, unknown),) = load(
        warehouse, {**SPEND_LOG, "cost_breakdown": breakdown}, columns="units, usage_not_understood"
    )
    assert (found and json.loads(found), unknown) == (units, None)


def test_a_fee_of_what_is_counted_is_no_fee(warehouse: Warehouse):
    """Catches searches billed twice, by their count and by what they cost."""
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "server_tool_use": {"web_search_requests": 2}}
    assert used(warehouse, call(usage, cost_breakdown={"tool_usage_cost": 0.02}))[0] == {"web_search": "2"}


@pytest.mark.parametrize(
    ("own_key", "upstream", "spend", "fee"),
    [
        (True, 0.0360795, "0.037883475", "0.001803975"),
        (False, 0.0360795, "0.001803975", None),
        (True, 0, "0.001803975", None),
    ],
)
def test_an_own_key_is_paid_beside_the_gateway(
    warehouse: Warehouse, own_key: bool, upstream: float, spend: str, fee: str | None
):
    """Catches the fee of a gateway taken for all that a call on the caller's own key cost."""
    usage = {"prompt_tokens": 9171, "completion_tokens": 113, "cost": 0.001803975, "is_byok": own_key,
             "cost_details": {"upstream_inference_cost": upstream}}  # fmt: skip
    found, (cost, unknown) = used(warehouse, call(usage, spend=0.001803975), "spend, usage_not_understood")
    assert (found.get("fee"), cost, unknown) == (fee, Decimal(spend), None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"spend": 0.0}, (0, 0, Decimal(0))),
        ({"spend": 0.001}, (22, 5, Decimal("0.001"))),
        ({"spend": 0.0, "metadata": {"cost_breakdown": {"total_cost": 0.002}}}, (22, 5, Decimal("0.002"))),
        ({"spend": 0.0, "status": "success"}, (22, 5, Decimal(0))),
    ],
)
def test_a_failed_call_that_cost_nothing_used_nothing(
    warehouse: Warehouse, changes: dict[str, Any], expected: tuple[Any, ...]
):
    """Catches the gateway's estimate of the tokens of a failed call priced, and a billed failure taken for free."""
    row = {**SPEND_LOG, "status": "failure", "prompt_tokens": 22, "completion_tokens": 5, "total_tokens": 27, **changes}
    assert load(warehouse, row, columns="prompt_tokens, completion_tokens, spend") == [expected]


@pytest.mark.parametrize(
    ("usage", "breakdown", "expected"),
    [
        ({"inference_geo": "us", "speed": None}, {}, '{"inference_geo":"us"}'),
        ({"inference_geo": "global", "speed": "fast", "service_tier": "standard"}, {}, '{"speed":"fast"}'),
        ({}, {"data_residency": "eu"}, '{"data_residency":"eu"}'),
        ({"speed": "standard", "inference_geo": "not_available"}, {}, None),
    ],
)
def test_circumstances_of_a_price_are_kept(warehouse: Warehouse, usage: Any, breakdown: Any, expected: str | None):
    """Catches speed, geography and residency that the row states and no price looks at."""
    row = {**SPEND_LOG, "metadata": {"usage_object": usage, "cost_breakdown": breakdown}}
    assert load(warehouse, row, columns="modifiers, usage_not_understood") == [(expected, None)]


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({"usage_object": {"num_sources_used": 7, "total_tokens": 5, "queue_time": 0.2}}, "num_sources_used"),
        ({"usage_object": {"prompt_tokens_details": {"smell_tokens": 3, "text_tokens": 1}}}, "input.smell_tokens"),
        ({"usage_object": {"completion_tokens_details": {"smell_tokens": 3}}}, "output.smell_tokens"),
        ({"usage_object": {"server_tool_use": {"code_runs": 1, "web_fetch_requests": 4}}}, "server_tool_use.code_runs"),
        ({"cost_breakdown": {"rerank_cost": 0.5, "input_cost": 1}}, "cost_breakdown.rerank_cost"),
        ({"usage_object": {"num_sources_used": 0, "thing": None, "other": {}}}, None),
    ],
)
def test_what_nobody_reads_is_named(warehouse: Warehouse, metadata: dict[str, Any], names: str | None):
    """Catches a billed use of a kind that came after this reader, dropped in silence."""
    assert load(warehouse, {**SPEND_LOG, "metadata": metadata}, columns="usage_not_understood") == [(names,)]


def test_iterations_add_up(warehouse: Warehouse):
    """Catches a compaction that is billed with the answer and is not in its counts, and one counted twice."""
    iterations = [{"type": "compaction", "input_tokens": 180000, "cache_read_input_tokens": 500, "output_tokens": 3500},
                  {"type": "message", "input_tokens": 23000, "output_tokens": 1000}]  # fmt: skip
    apart = {"prompt_tokens": 23000, "completion_tokens": 1000, "iterations": iterations}
    inside = {"prompt_tokens": 203500, "completion_tokens": 4500, "iterations": iterations}
    rows = load(warehouse, call(apart, request_id="apart"), call(inside, request_id="inside"), columns=COUNTS)
    assert rows == [(203500, 500, 4500, None), (203500, None, 4500, None)]


def test_a_tool_of_ours_is_a_unit(warehouse: Warehouse):
    """Catches tools that have a price of ours and that no row says anything of."""
    row = call({}, call_type="call_mcp_tool", mcp_namespaced_tool_name="crm-search")
    assert load(warehouse, row, columns="units") == [
        ('[{"meter":"tool","model":"crm-search","provider":"tools","quantity":"1"}]',)
    ]


def test_a_renamed_tier_is_the_tier_that_it_was(warehouse: Warehouse):
    """Catches the dearest tier at no price, or at the standard one, because its vendor renamed it."""
    assert load(warehouse, call({"service_tier": "fast"}), columns="service_tier") == [("priority",)]
