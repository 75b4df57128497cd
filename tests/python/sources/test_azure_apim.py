"""Azure API Management's logs. Catches a call counted once per piece of its messages, and shapes read differently."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import as_csv, jsonl

from .gateway_samples import apim, apim_record, gateway_log
from .landed import loader

COUNTS = "prompt_tokens, cache_read_tokens, completion_tokens, reasoning_tokens, total_tokens, usage_disagrees"
ANSWER = {
    "model": "gpt-4o-2024-08-06",
    "choices": [{"message": {"content": "Hi"}}],
    "usage": {
        "prompt_tokens": 140,
        "prompt_tokens_details": {"cached_tokens": 40, "audio_tokens": 0},
        "completion_tokens": 60,
        "completion_tokens_details": {"reasoning_tokens": 10},
        "total_tokens": 200,
    },
}


load = loader("azure_apim/a.jsonl", "azure_apim.llm_logs", "correlation_id, sequence_number NULLS FIRST, shape DESC")


def test_a_call(warehouse: Warehouse):
    """Catches a field that is looked for in the wrong place."""
    columns = (
        "shape, request_id, deployment, model, gateway_region, is_stream, started_at::VARCHAR, length(prompt_hash),"
        " attributes"
    )
    assert load(warehouse, apim(), columns=columns) == [
        (
            "llm_log", "chatcmpl-1", "chat-prod", "gpt-4o-2024-08-06", "West Europe", False,
            "2026-06-30 10:00:00.123456+00", 64,
            '{"deployment":"chat-prod","operation":"ChatCompletions_Create","service":"gateway-one"}',
        )
    ]  # fmt: skip
    assert warehouse.all(f"SELECT {COUNTS} FROM azure_apim.llm_logs") == [(140, None, 60, None, 200, False)]


def test_all_shapes_carry_the_same_row(make_warehouse: Callable[..., Warehouse]):
    """Catches a shape whose names, JSON as text, booleans as text or envelope are read differently."""
    record = apim_record()
    text = {**record, "properties": json.dumps(record["properties"])}
    flat = {name: json.dumps(value) if isinstance(value, list) else value for name, value in apim().items()}
    variants = {
        "table.jsonl": jsonl(apim(IsStreamCompletion="False")),
        "record.jsonl": jsonl(record),
        "text.jsonl": jsonl(text),
        "hub.json": json.dumps({"records": [record]}).encode(),
        "pretty.json": json.dumps({"value": [apim()]}, indent=2).encode(),
        "table.csv": as_csv(flat),
    }
    found = {}
    for name, content in variants.items():
        warehouse = make_warehouse(name)
        warehouse.take(f"azure_apim/{name}", content)
        found[name] = warehouse.all("SELECT * EXCLUDE (_file_sha256, _line_no, _row_no) FROM azure_apim.llm_logs")
        assert len(found[name]) == 1, name
    for name, rows in found.items():
        assert rows == found["table.jsonl"], name


def test_pieces_of_one_message_are_one_call(warehouse: Warehouse):
    """Catches a long call counted once per piece, or the piece without counts taken for the call."""
    pieces = [
        apim(SequenceNumber=n, DeploymentName="", ModelName="", PromptTokens=0, CompletionTokens=0, TotalTokens=0)
        for n in (1, 2)
    ]
    empty = {"PromptTokens": 0, "CompletionTokens": 0, "TotalTokens": 0}
    bare = [apim(CorrelationId="c-2", SequenceNumber=n, **empty) for n in (2, 0)]
    rows = load(warehouse, *pieces, apim(), *bare, columns="correlation_id, sequence_number, total_tokens, _is_current")
    assert [row[:3] for row in rows if row[-1]] == [("c-1", 0, 200), ("c-2", 0, 0)]
    assert warehouse.counts() == (5, 2, 0, 3, 0)


def test_the_gateways_own_log_tells_more(warehouse: Warehouse):
    """Catches cached tokens that only the backend's answer tells, and one call counted from both logs."""
    own = gateway_log(json.dumps(ANSWER))
    columns = f"{COUNTS}, status_code, outcome_id, trace_id, epoch_us(ended_at) - epoch_us(started_at)"
    load(warehouse, own, apim())
    assert warehouse.all(f"SELECT shape, {columns} FROM azure_apim.llm_logs WHERE _is_current") == [
        ("gateway_log", 140, 40, 60, 10, 200, False, "200", "o-1", "t-1", 900_000)
    ]
    assert warehouse.counts() == (2, 1, 0, 1, 0)


@pytest.mark.parametrize(("total", "disagrees"), [(200, False), (None, False), ("200", False), (201, True)])
def test_totals_that_do_not_add_up_are_flagged(warehouse: Warehouse, total: Any, disagrees: bool):
    """Catches a contradiction that nobody notices."""
    assert load(warehouse, apim(TotalTokens=total), columns="usage_disagrees") == [(disagrees,)]


def test_a_negative_duration_is_unknown(warehouse: Warehouse):
    """Catches a clock of the gateway that runs backwards and refuses the row or shortens a response time."""
    assert load(warehouse, gateway_log(json.dumps(ANSWER), durationMs=-31), columns="ended_at") == [(None,)]


def test_bad_rows_keep_their_reason(warehouse: Warehouse):
    """Catches a bad row that vanishes; logs without tokens, which this source does not read, are named as such."""
    diagnostic = gateway_log(None, category="RequestResponse")
    more_cached = {**ANSWER, "usage": {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}}}
    warehouse.take(
        "azure_apim/a.jsonl",
        jsonl(
            apim(CorrelationId=""),
            diagnostic,
            gateway_log("cut off {"),
            apim(PromptTokens="many"),
            gateway_log(json.dumps(more_cached)),
            apim(TimeGenerated=None),
        ),
    )
    assert warehouse.reasons() == [
        (1, "missing_id", "correlation_id"),
        (2, "unknown_shape", "CorrelationId"),
        (3, "unknown_shape", "CorrelationId"),
        (4, "bad_number", "PromptTokens"),
        (5, "inconsistent_tokens", "prompt_tokens"),
        (6, "missing_field", "started_at"),
    ]
    warehouse.assert_conserved()
