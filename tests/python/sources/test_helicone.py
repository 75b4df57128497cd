"""Helicone rows. Catches tokens read from the wrong place, a status or cache hit that is missed, an odd duration."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import as_csv, jsonl

from .gateway_samples import helicone
from .landed import loader

COUNTS = (
    "prompt_tokens, cache_read_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, total_tokens,"
    " usage_disagrees"
)


load = loader("helicone/a.jsonl", "helicone.requests", "request_id")


def test_a_request(warehouse: Warehouse):
    """Catches a field that is looked for in the wrong place, and a session taken for a trace of retries."""
    columns = (
        "provider, model, status_code, outcome_id, use_case, session_id, trace_id, cost, cache_hit,"
        " epoch_us(ended_at) - epoch_us(started_at), length(prompt_hash), attributes"
    )
    assert load(warehouse, helicone(), columns=columns) == [
        (
            "OPENAI", "gpt-4o-2024-08-06", "200", "o-1", "triage", "session-1", None, Decimal("0.00085"), False,
            1_500_000, 64,
            '{"Helicone-Session-Id":"session-1","country_code":"DE","outcome_id":"o-1","team":"claims","use_case":"triage"}',
        )
    ]  # fmt: skip
    assert warehouse.all(f"SELECT {COUNTS} FROM helicone.requests") == [(100, 40, 0, 50, 10, 160, False)]


def test_api_answer_and_csv_export_equal_json_rows(make_warehouse: Callable[..., Warehouse]):
    """Catches rows inside an answer that are lost, and objects that a CSV export holds as text."""
    rows = [helicone(), helicone(request_id="2", delay_ms=None)]
    flat = [{k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in row.items()} for row in rows]
    variants = {
        "a.jsonl": jsonl(*rows),
        "b.json": json.dumps({"data": rows, "error": None}, indent=1).encode(),
        "c.csv": as_csv(*flat),
    }
    found = []
    for name, content in variants.items():
        warehouse = make_warehouse(name)
        warehouse.take(f"helicone/{name}", content)
        query = "SELECT * EXCLUDE (_file_sha256, _line_no, _row_no) FROM helicone.requests ORDER BY request_id"
        found.append(warehouse.all(query))
    assert len(found[0]) == 2
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("changes", "disagrees"),
    [
        ({}, False),
        ({"total_tokens": None}, False),
        ({"total_tokens": 200}, False),
        ({"total_tokens": 161}, True),
        ({"prompt_cache_read_tokens": None, "reasoning_tokens": None, "total_tokens": 150}, False),
    ],
)
def test_totals_that_do_not_add_up_are_flagged(warehouse: Warehouse, changes: dict[str, Any], disagrees: bool):
    """Catches a contradiction that nobody notices, and a total without cached tokens taken for one."""
    assert load(warehouse, helicone(**changes), columns="usage_disagrees") == [(disagrees,)]


def test_odd_rows(warehouse: Warehouse):
    """Catches a row refused for a negative delay, a missing optional column, or text where others send numbers."""
    bare = {
        name: helicone(request_id="bare")[name] for name in ("request_id", "request_created_at", "provider", "model")
    }
    rows = load(
        warehouse,
        helicone(request_id="1", delay_ms=-20, response_created_at=None),
        helicone(request_id="2", delay_ms="250.5", response_created_at=None, prompt_tokens="100"),
        helicone(request_id="3", response_created_at="2026-06-30T09:00:00Z", delay_ms=None, threat="false"),
        bare,
        columns="request_id, epoch_us(ended_at) - epoch_us(started_at), prompt_tokens, is_threat",
    )
    assert rows == [
        ("1", None, 100, None),
        ("2", 250_500, 100, None),
        ("3", None, 100, False),
        ("bare", None, None, None),
    ]


def test_a_reference_to_another_request_is_a_cache_hit(warehouse: Warehouse):
    """Catches every request taken for a cache hit because the column is never empty."""
    rows = load(
        warehouse,
        helicone(request_id="1", cache_reference_id="99999999-2222-4333-8444-555555555555"),
        helicone(request_id="2", cache_reference_id=None),
        helicone(request_id="3", cache_enabled=True),
        columns="request_id, cache_hit",
    )
    assert rows == [("1", True), ("2", False), ("3", False)]


def test_the_latest_version_wins(warehouse: Warehouse):
    """Catches a request that stays unanswered because its first version came last."""
    pending = helicone(response_status=-2, response_created_at=None, completion_tokens=None, total_tokens=None)
    answered = helicone(updated_at="2026-06-30T10:00:09Z")
    rows = load(warehouse, answered, pending, helicone(), columns="status_code, updated_at::VARCHAR, _is_current")
    assert [row for row in rows if row[-1]] == [("200", "2026-06-30 10:00:09+00", True)]
    assert warehouse.counts() == (3, 1, 0, 2, 0)


def test_a_database_cost_of_unknown_unit_is_not_read(warehouse: Warehouse):
    """Catches a cost in scaled integers taken for US dollars."""
    assert load(warehouse, helicone(costUSD=None, cost=850_000), columns="cost") == [(None,)]


def test_bad_rows_keep_their_reason(warehouse: Warehouse):
    """Catches a bad row that vanishes, and audio larger than what it is a part of."""
    warehouse.take(
        "helicone/a.jsonl",
        jsonl(
            helicone(request_id=" "),
            helicone(prompt_tokens=1.5),
            helicone(request_id="x", provider=None),
            helicone(request_id="y", prompt_audio_tokens=101),
            helicone(request_id="z", request_created_at="yesterday"),
        ),
    )
    assert warehouse.reasons() == [
        (1, "missing_id", "request_id"),
        (2, "bad_number", "prompt_tokens"),
        (3, "missing_field", "provider"),
        (4, "inconsistent_tokens", "prompt_tokens"),
        (5, "bad_time", "started_at"),
    ]
    warehouse.assert_conserved()
