"""Rows look like those of the contract and of the real clients."""

from __future__ import annotations

import json
from datetime import datetime

INFERENCE = {
    "attempt_id", "request_id", "retry_of", "outcome_id", "use_case", "task_class", "provider", "model", "service_tier",
    "started_at", "latency_ms", "ended_at", "status", "input_tokens", "cache_read_tokens", "cache_write_tokens",
    "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "cache_hit", "prompt_hash", "input_valid", "can_wait",
    "experiment", "release_id", "cost", "currency",
}  # fmt: skip
EXTRA = {"messages", "response", "repository"}
SPEND_LOG = {
    "request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens", "completion_tokens", "startTime",
    "endTime", "request_duration_ms", "completionStartTime", "model", "model_id", "model_group", "custom_llm_provider",
    "api_base", "user", "metadata", "cache_hit", "cache_key", "request_tags", "team_id", "end_user",
    "requester_ip_address", "messages", "response", "proxy_server_request", "session_id", "status", "litellm_call_id",
}  # fmt: skip


def _planted(row: dict) -> bool:
    return "broken" in str(row.get("attempt_id") or "broken") or "broken" in str(row.get("ticket_id", ""))


def test_inference_rows_keep_the_contract(company):
    """Catches a field that the contract does not know, and a needed one that is missing."""
    for row in company.rows("inference"):
        if _planted(row):
            continue
        assert set(row) <= INFERENCE | EXTRA
        assert row["attempt_id"] and row["provider"] and row["model"]
        assert row["status"] in ("success", "error", "timeout", "rate_limited", "blocked")
        assert int(row["input_tokens"]) >= 0 and int(row["output_tokens"]) >= int(row.get("reasoning_tokens") or 0)
        started = (
            row["started_at"] if isinstance(row["started_at"], datetime) else datetime.fromisoformat(row["started_at"])
        )
        assert started.tzinfo is not None


def test_ticket_and_clock_rows_keep_the_contract(company):
    """Catches values outside the lists of the contract and states that run backwards."""
    for row in company.rows("rework"):
        if "outcome_id" in row and row["outcome_id"] == "sup-o-none":
            continue
        assert row["severity"] in ("critical", "major", "minor")
        assert row["kind"] in ("correction", "full_review", "spot_check")
        assert row["cause"] in ("quality", "input", "policy", "timeout", "other")
        assert row["status"] in ("open", "closed", "void")
        assert row["opened_at"] <= row["updated_at"]
    for row in company.rows("sla"):
        if row["outcome_id"] != "sup-o-none":
            assert row["metric"] in ("response", "resolution")
            assert row["status"] in ("running", "stopped", "cancelled")
            assert ("stopped_at" in row) == (row["status"] == "stopped")
    assert {row["decision"] for row in company.rows("outcomes")} == {"accepted", "rejected"}


def test_spend_log_rows_are_those_of_the_proxy(company):
    """Catches JSON columns written as objects and cache flags written as booleans, which the real table never has."""
    rows = [row for row in company.rows("litellm") if "request_id" in row]
    assert rows
    for row in rows:
        assert set(row) == SPEND_LOG
        assert isinstance(row["metadata"], str) and isinstance(row["request_tags"], str)
        assert row["cache_hit"] in ("True", "False", "None") and row["startTime"].endswith("+00:00")
        usage = json.loads(row["metadata"])["usage_object"]
        details = usage["prompt_tokens_details"]
        assert int(row["prompt_tokens"]) >= details["cached_tokens"] + details["cache_creation_tokens"]


def test_payload_rows_are_those_of_the_callback(company):
    """Catches epoch times as text and metadata as text, which the real payload never has."""
    rows = [row for row in company.rows("litellm") if "trace_id" in row]
    assert rows
    for row in rows:
        assert isinstance(row["metadata"], dict) and row["cache_hit"] in (True, False, None)
        assert isinstance(row["startTime"], float) and row["endTime"] >= row["startTime"]
        assert row["total_tokens"] == row["prompt_tokens"] + row["completion_tokens"]


def test_spans_use_three_generations_of_names(company):
    """Catches a generation of attribute names that the sample no longer exercises."""
    spans = company.spans()
    for name in ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"):
        assert any(name in span["values"] for span in spans), name
    for span in spans:
        assert len(span["traceId"]) == 32 and len(span["spanId"]) == 16
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    assert len({(span["traceId"], span["spanId"]) for span in spans}) == len(spans)
    assert len(spans) == company.key["otel_spans"]
