"""Good rows of every source, to be spoilt one field at a time, and the bytes of files made of them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ATTEMPT: dict[str, Any] = {
    "attempt_id": "a-1",
    "outcome_id": "o-1",
    "use_case": "triage",
    "provider": "openai",
    "model": "gpt-4o",
    "started_at": "2026-06-30T10:00:00Z",
    "ended_at": "2026-06-30T10:00:02Z",
    "status": "success",
    "input_tokens": 100,
    "output_tokens": 50,
}
TICKET: dict[str, Any] = {
    "ticket_id": "t-1",
    "outcome_ids": ["o-1"],
    "opened_at": "2026-06-30T10:00:00Z",
    "updated_at": "2026-06-30T11:00:00Z",
    "severity": "major",
    "kind": "correction",
    "status": "open",
}
CLOCK: dict[str, Any] = {
    "event_id": "e-1",
    "outcome_id": "o-1",
    "metric": "response",
    "started_at": "2026-06-30T10:00:00Z",
    "due_at": "2027-06-30T11:00:00Z",
    "updated_at": "2026-06-30T11:00:00Z",
}
DECISION: dict[str, Any] = {
    "outcome_id": "o-1",
    "use_case": "triage",
    "decision": "accepted",
    "decided_at": "2026-06-30T11:00:00Z",
}
COST: dict[str, Any] = {
    "cost_id": "c-1",
    "day": "2026-06-30",
    "amount": "12.5",
    "currency": "USD",
    "category": "seats",
    "rule": "by_requests",
}
SPEND_LOG: dict[str, Any] = {
    "request_id": "chatcmpl-1",
    "call_type": "acompletion",
    "spend": 0.25,
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "startTime": "2026-06-30 10:00:00.000001",
    "endTime": "2026-06-30T10:00:02Z",
    "model": "gpt-4o",
    "custom_llm_provider": "openai",
    "metadata": {},
    "cache_hit": "None",
    "request_tags": [],
    "status": "success",
}


def jsonl(*rows: Any) -> bytes:
    """JSON lines; a row given as text or bytes is written as it is."""
    lines = [r if isinstance(r, bytes) else r.encode() if isinstance(r, str) else json.dumps(r).encode() for r in rows]
    return b"".join(line + b"\n" for line in lines)


def span(**changes: Any) -> dict[str, Any]:
    """A span of a chat call as the collector writes it; ``attributes`` is a plain mapping here."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        **changes.pop("attributes", {}),
    }
    return {
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "EEE19B7EC3C1B174",
        "name": "chat gpt-4o",
        "startTimeUnixNano": "1782813600000000000",
        "endTimeUnixNano": "1782813602000000000",
        "attributes": [{"key": k, "value": typed(v)} for k, v in attributes.items() if v is not None],
        "status": {},
        **changes,
    }


def typed(value: Any) -> dict[str, Any]:
    """A value in OTLP's JSON form."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": value}


def batch(*spans: dict[str, Any], **resource: Any) -> dict[str, Any]:
    """One export batch of the collector."""
    attributes = [{"key": key, "value": typed(value)} for key, value in resource.items()]
    return {
        "resourceSpans": [
            {"resource": {"attributes": attributes}, "scopeSpans": [{"scope": {"name": "lib"}, "spans": list(spans)}]}
        ]
    }


def as_csv(*rows: dict[str, Any]) -> bytes:
    """A CSV file with the first row's columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(*rows: dict[str, Any]) -> bytes:
    """A Parquet file with the types that Arrow finds."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), sink, compression="zstd")
    return sink.getvalue()
