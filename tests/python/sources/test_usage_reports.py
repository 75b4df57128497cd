"""Usage and cost reports in the pages that the providers' APIs return. Catches a unit that is read as another, cached
tokens counted twice, buckets that come again and are added, and totals that are not the file's."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from ingest.conftest import Warehouse

AS_OF = datetime(2026, 9, 1, tzinfo=UTC)
DAY = 86_400
JULY_1 = 1_782_864_000

OPENAI_RESULT: dict[str, Any] = {
    "object": "organization.usage.completions.result",
    "input_tokens": 5_000_000_000,
    "input_cached_tokens": 1_000_000_000,
    "input_cache_write_tokens": 0,
    "input_uncached_tokens": 4_000_000_000,
    "input_text_tokens": 5_000_000_000,
    "input_audio_tokens": 0,
    "input_image_tokens": 0,
    "output_tokens": 700,
    "output_audio_tokens": 10,
    "num_model_requests": 12,
    "project_id": "proj_1",
    "user_id": "user_of_no_concern",
    "api_key_id": None,
    "model": "gpt-5.5",
    "batch": False,
    "service_tier": "default",
}
ANTHROPIC_RESULT: dict[str, Any] = {
    "uncached_input_tokens": 1000,
    "cache_creation": {"ephemeral_1h_input_tokens": 30, "ephemeral_5m_input_tokens": 20},
    "cache_read_input_tokens": 400,
    "output_tokens": 90,
    "server_tool_use": {"web_search_requests": 2},
    "api_key_id": None,
    "workspace_id": None,
    "model": "claude-opus-4-8",
    "service_tier": "standard",
    "context_window": "0-200k",
}
ANTHROPIC_COST: dict[str, Any] = {
    "currency": "USD",
    "amount": "123.45",
    "workspace_id": None,
    "description": "Claude Opus 4.8 Usage - Input Tokens",
    "cost_type": "tokens",
    "context_window": "0-200k",
    "model": "claude-opus-4-8",
    "service_tier": "standard",
    "token_type": "uncached_input_tokens",
}


def openai_page(*results: dict[str, Any], day: int = 0) -> dict[str, Any]:
    start = JULY_1 + day * DAY
    bucket = {"object": "bucket", "start_time": start, "end_time": start + DAY, "results": list(results)}
    return {"object": "page", "data": [bucket], "has_more": False, "next_page": None}


def openai_cost(value: Any, **changes: Any) -> dict[str, Any]:
    amount = {"value": value, "currency": "usd"}
    return {"object": "organization.costs.result", "amount": amount, "line_item": "gpt-5.5, input"} | changes


def anthropic_page(*results: dict[str, Any]) -> dict[str, Any]:
    moments = {"starting_at": "2026-07-01T00:00:00Z", "ending_at": "2026-07-02T00:00:00Z"}
    return {"data": [{**moments, "results": list(results)}], "has_more": False, "next_page": None}


def take(warehouse: Warehouse, path: str, *pages: Any, indent: int | None = None) -> None:
    warehouse.land(path, b"".join(json.dumps(page, indent=indent).encode() + b"\n" for page in pages))
    warehouse.ingest(path.partition("/")[0], as_of=AS_OF, now=AS_OF)


@pytest.mark.parametrize("indent", [None, 2])
def test_openai_pages_give_their_totals(warehouse: Warehouse, indent: int | None) -> None:
    """Catches counts of a whole organisation refused as too large, amounts through a float, and a user id that is
    kept."""
    page = openai_page(OPENAI_RESULT, OPENAI_RESULT | {"model": "gpt-5.6-luna", "batch": True}, openai_cost(0.1))
    take(warehouse, "openai_usage/page.json", page, indent=indent)
    assert warehouse.all(
        "SELECT report, model, is_batch, input_tokens, input_cached_tokens, output_tokens, requests,"
        " epoch(bucket_start) FROM openai.usage_buckets ORDER BY model"
    ) == [
        ("completions", "gpt-5.5", False, 5_000_000_000, 1_000_000_000, 700, 12, JULY_1),
        ("completions", "gpt-5.6-luna", True, 5_000_000_000, 1_000_000_000, 700, 12, JULY_1),
    ]
    assert warehouse.all("SELECT amount, currency, line_item FROM openai.cost_buckets") == [
        (Decimal("0.1"), "USD", "gpt-5.5, input")
    ]
    assert warehouse.counts() == (3, 3, 0, 0, 0)
    columns = {name for name, *_ in warehouse.all("DESCRIBE openai.usage_buckets")}
    assert not {"user_id", "api_key_id"} & columns


def test_anthropic_pages_give_their_totals_nested_or_flat(warehouse: Warehouse) -> None:
    """Catches cache writes of one lifetime counted as the other, and an export that wrote the members flat."""
    flat = {
        "uncached_input_tokens": 1,
        "cache_creation_ephemeral_1h_input_tokens": 3,
        "cache_creation_ephemeral_5m_input_tokens": 2,
        "cache_read_input_tokens": 4,
        "output_tokens": 5,
        "web_search_requests": 6,
        "model": "m",
    }
    take(warehouse, "anthropic_usage/usage.json", anthropic_page(ANTHROPIC_RESULT, flat))
    assert warehouse.all(
        "SELECT uncached_input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens,"
        " web_search_requests FROM anthropic.usage_buckets ORDER BY 1"
    ) == [(1, 4, 2, 3, 5, 6), (1000, 400, 20, 30, 90, 2)]


@pytest.mark.parametrize("unit, amount", [(None, "1.2345"), ("cents", "1.2345"), ("currency", "123.45")])
def test_the_unit_of_anthropics_amounts_is_declared(warehouse: Warehouse, unit: str | None, amount: str) -> None:
    """Catches costs a hundred times too high or too low: the default is what the provider documents, cents."""
    if unit is not None:
        (warehouse.settings.home / "sources.yml").write_text(f"anthropic_usage: {{cost_unit: {unit}}}\n")
    take(warehouse, "anthropic_usage/cost.json", anthropic_page(ANTHROPIC_COST))
    assert warehouse.all("SELECT amount FROM anthropic.cost_buckets") == [(Decimal(amount),)]


FILES = {
    "openai_usage/2026-07-02.json": openai_page(OPENAI_RESULT, OPENAI_RESULT | {"model": "a"}),
    "openai_usage/2026-07-03.json": openai_page(OPENAI_RESULT | {"input_tokens": 5_000_000_007}),
    "openai_usage/2026-07-04.json": openai_page(OPENAI_RESULT | {"input_tokens": 9_000_000_000}, day=1),
}


@pytest.mark.parametrize("order", list(itertools.permutations(FILES)))
def test_the_latest_version_of_a_bucket_counts_as_a_whole(warehouse: Warehouse, order: tuple[str]) -> None:
    """Catches two pulls of one day that are added, also when the later one groups by less, and a winner that depends on
    the order of arrival."""
    for path in order:
        take(warehouse, path, FILES[path])
    assert warehouse.all("SELECT input_tokens FROM openai.usage_buckets WHERE _is_current ORDER BY 1") == [
        (5_000_000_007,),
        (9_000_000_000,),
    ]
    assert warehouse.counts() == (4, 2, 0, 2, 0)


def test_what_is_no_report_is_refused_row_by_row(warehouse: Warehouse) -> None:
    """Catches an error page that is read as a month without usage, and impossible counts that load."""
    bad_share = OPENAI_RESULT | {"input_cached_tokens": 4_000_000_001, "input_cache_write_tokens": 1_000_000_000}
    take(
        warehouse,
        "openai_usage/page.jsonl",
        {"error": {"code": "invalid_api_key"}},
        openai_page(OPENAI_RESULT, bad_share, "text", {"object": "organization.usage.completions.result"}),
        openai_page(openai_cost("a lot"), openai_cost(1, amount={"value": 1}), {**OPENAI_RESULT, "object": "x"}),
        openai_page(),
    )
    assert warehouse.reasons() == [
        (1, "unknown_shape", "results"),
        (2, "inconsistent_tokens", "input_cached_tokens"),
        (2, "unknown_shape", "results"),
        (3, "bad_number", "amount"),
        (3, "missing_field", "currency"),
        (3, "missing_field", "report"),
    ]
    assert warehouse.counts() == (8, 2, 0, 0, 6)
