"""Bedrock's invocation log. Catches tokens counted twice or lost, and streams whose answer comes in pieces."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import jsonl

from .gateway_samples import bedrock
from .landed import loader

COUNTS = (
    "input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, total_tokens,"
    " usage_disagrees"
)


load = loader("bedrock/a.json.gz", "bedrock.invocations", "request_id")


def answer(body: Any, **counts: Any) -> dict[str, Any]:
    """An output whose body is ``body``; without the log's own count unless it is given."""
    return {"outputContentType": "application/json", "outputBodyJson": body, **counts}


def test_a_converse_call(warehouse: Warehouse):
    """Catches a field that is looked for in the wrong place, and the identity of the caller stored."""
    columns = (
        "trace_id, region, operation, model_id, service_tier, stop_reason, outcome_id, use_case,"
        " epoch_us(ended_at) - epoch_us(started_at), length(prompt_hash), attributes"
    )
    assert load(warehouse, bedrock(), columns=columns) == [
        (
            "t-1", "eu-central-1", "Converse", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", None, "end_turn", "o-1",
            "triage", 3_640_000, 64,
            '{"account_id":"123456789012","operation":"Converse","outcome_id":"o-1","region":"eu-central-1",'
            '"team":"claims","traceId":"t-1","use_case":"triage"}',
        )
    ]  # fmt: skip
    assert warehouse.all(f"SELECT {COUNTS} FROM bedrock.invocations") == [(100, 1000, 200, None, 50, 1350, False)]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"totalTokens": 150}, (100, 1000, 200, None, 50, 150, False)),
        ({"totalTokens": 151}, (100, 1000, 200, None, 50, 151, True)),
        ({"totalTokens": None}, (100, 1000, 200, None, 50, None, False)),
        ({"inputTokens": 101, "totalTokens": None}, (100, 1000, 200, None, 50, None, True)),
        ({"cacheDetails": [{"ttl": "1h", "inputTokens": 150}, {"ttl": "5m", "inputTokens": 50}]},
         (100, 1000, 50, 150, 50, 1350, False)),
        ({"cacheDetails": [{"ttl": "1h", "inputTokens": 150}, {"ttl": "5m", "inputTokens": 20}]},
         (100, 1000, 50, 150, 50, 1350, True)),
        ({"cacheDetails": [{"ttl": "5m", "inputTokens": 0}]}, (100, 1000, 200, 0, 50, 1350, False)),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 150}},
         (100, 1000, 50, 150, 50, 1350, True)),
    ],
)  # fmt: skip
def test_counts_are_checked_against_each_other(warehouse: Warehouse, usage: dict[str, Any], expected: tuple[Any, ...]):
    """Catches two contradicting counts of which one is silently taken, and long cache writes at the short price."""
    assert load(warehouse, bedrock(usage=usage), columns=COUNTS) == [expected]


def test_a_streamed_answer_is_put_together(warehouse: Warehouse):
    """Catches a stream whose counts stand in its first and its last event, with lifetimes only in the body."""
    events = [
        {"type": "message_start", "message": {"usage": {"input_tokens": 9, "cache_read_input_tokens": 4,
            "cache_creation_input_tokens": 7, "cache_creation": {"ephemeral_1h_input_tokens": 5}, "output_tokens": 1}}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 30}},
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 9, "outputTokenCount": 30,
            "invocationLatency": 1200, "firstByteLatency": 300}},
    ]  # fmt: skip
    streamed = bedrock(operation="InvokeModelWithResponseStream", input={"inputTokenCount": 9}, output=answer(events))
    as_text = bedrock(requestId="text", input=json.dumps({"inputTokenCount": 9}), output=answer(json.dumps(events)))
    columns = f"{COUNTS}, stop_reason, epoch_us(ended_at) - epoch_us(started_at)"
    expected = (9, 4, 2, 5, 30, None, False, "max_tokens", 1_200_000)
    assert load(warehouse, streamed, as_text, columns=columns) == [expected, expected]


def guarded(**changes: Any) -> dict[str, Any]:
    """An answer with the trace of the guardrail that checked it; findings quote what was said."""
    found = {"sensitiveInformationPolicy": {"piiEntities": [{"type": "EMAIL", "match": "somebody@example.com"}]}}
    usage = {"topicPolicyUnits": 1, "contentPolicyUnits": 2, "wordPolicyUnits": 0, "automatedReasoningPolicies": 1}
    checked = {**found, "invocationMetrics": {"guardrailProcessingLatency": 271, "usage": usage}}
    return {"guardrail": {"inputAssessment": {"gr-1": checked}, "outputAssessments": {"gr-1": [checked]}}, **changes}


@pytest.mark.parametrize(
    "answered",
    [
        {"usage": {}, "trace": guarded(promptRouter={})},
        {"usage": {}, "amazon-bedrock-trace": guarded()},
        [{"messageStart": {"role": "assistant"}}, {"metadata": {"usage": {}, "trace": guarded()}}],
        json.dumps({"usage": {}, "trace": guarded()}),
    ],
)
def test_units_of_guardrails_are_found(warehouse: Warehouse, answered: Any):
    """Catches guardrails that are billed and not counted, of question or answer, and findings that are kept."""
    ((units, attributes),) = load(warehouse, bedrock(output=answer(answered)), columns="units, attributes")
    assert json.loads(units) == [
        {"meter": "guardrail", "provider": "aws", "model": "guardrail-content", "quantity": "4"},
        {"meter": "guardrail", "provider": "aws", "model": "guardrail-topic", "quantity": "2"},
    ]
    assert "somebody@example.com" not in units + attributes


def test_units_that_are_no_count_are_refused(warehouse: Warehouse):
    """Catches units that are dropped because nobody can read them."""
    usage = {"usage": {"contentPolicyUnits": -1}}
    row = bedrock(output=answer({"trace": {"guardrail": {"inputAssessment": {"g": {"invocationMetrics": usage}}}}}))
    warehouse.take("bedrock/a.jsonl", jsonl(row))
    assert warehouse.reasons() == [(1, "bad_number", "guardrail_units")]


def test_odd_rows(warehouse: Warehouse):
    """Catches refused rows that are merely odd: a negative latency, an error without an answer, an embedding, a body
    that was too long for the log, a tier that was asked for."""
    slow = bedrock(requestId="1", output=answer({"metrics": {"latencyMs": -5}, "usage": {}}))
    failed = bedrock(requestId="2", errorCode="ThrottlingException", output=None, input={"inputContentType": "x"})
    embedding = bedrock(requestId="3", input={"inputTokenCount": 12}, output={"outputContentType": "x"})
    too_long = bedrock(requestId="4", output={"outputBodyS3Path": "s3://x", "outputTokenCount": "70"})
    flex = bedrock(requestId="5", output=answer({"serviceTier": {"type": "flex"}}, outputTokenCount=1))
    default = bedrock(requestId="6", serviceTier="default", performanceConfig={"latency": "optimized"})
    rows = load(
        warehouse, slow, failed, embedding, too_long, flex, default,
        columns="request_id, ended_at IS NULL, error_code, input_tokens, output_tokens, service_tier, latency_mode",
    )  # fmt: skip
    assert rows == [
        ("1", True, None, 100, None, None, None),
        ("2", True, "ThrottlingException", None, None, None, None),
        ("3", True, None, 12, None, None, None),
        ("4", True, None, 100, 70, None, None),
        ("5", True, None, 100, 1, "flex", None),
        ("6", False, None, 100, 50, "standard", "optimized"),
    ]


def test_deliveries_of_cloudwatch(warehouse: Warehouse):
    """Catches log rows that are lost because they are the text of an event of a delivery."""
    delivery = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "bedrock",
        "logEvents": [
            {"id": "1", "timestamp": 1, "message": json.dumps(bedrock(requestId="a"))},
            {"id": "2", "timestamp": 2, "message": json.dumps(bedrock(requestId="b"))},
            {"id": "3", "timestamp": 3, "message": "START RequestId"},
        ],
    }
    assert load(warehouse, delivery, columns="request_id") == [("a",), ("b",)]
    assert warehouse.reasons() == [(1, "unknown_shape", "modelId")]
    assert warehouse.counts() == (3, 2, 0, 0, 1)


def test_bad_rows_keep_their_reason(warehouse: Warehouse):
    """Catches a bad row that vanishes, and a part larger than the whole."""
    hour = {"cacheDetails": [{"ttl": "1h", "inputTokens": 201}]}
    warehouse.take(
        "bedrock/a.jsonl",
        jsonl(
            bedrock(requestId=None),
            bedrock(modelId=""),
            bedrock(input=[1]),
            bedrock(input={"inputTokenCount": True}),
            bedrock(usage=hour),
            bedrock(timestamp="2026-06-30"),
        ),
    )
    assert warehouse.reasons() == [
        (1, "missing_id", "request_id"),
        (2, "missing_field", "model_id"),
        (3, "bad_value", "input"),
        (4, "bad_number", "inputTokenCount"),
        (5, "inconsistent_tokens", "cache_write_tokens"),
        (6, "bad_time", "started_at"),
    ]
    warehouse.assert_conserved()
