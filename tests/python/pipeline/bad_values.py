"""Each native field with each bad value, and what must become of the row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NOON, ONE, TWO = "2026-07-01T12:00:00Z", "2026-07-01T13:00:00Z", "2026-07-01T14:00:00Z"
# Raw JSON that Python would not write.
NAN, INFINITE = "NaN literal", "Infinity literal"
_LITERALS = {NAN: "NaN", INFINITE: "-Infinity"}

GOOD: dict[str, dict[str, Any]] = {
    "inference": {
        "attempt_id": "good", "outcome_id": "o", "use_case": "claims_triage", "provider": "openai", "model": "gpt-5.2",
        "started_at": NOON, "status": "success", "input_tokens": 100, "output_tokens": 10,
    },
    "rework": {
        "ticket_id": "good", "opened_at": NOON, "updated_at": ONE, "severity": "minor", "kind": "correction",
        "status": "open",
    },
    "sla": {
        "event_id": "good", "outcome_id": "o", "metric": "response", "started_at": NOON, "due_at": TWO,
        "updated_at": ONE,
    },
    "outcomes": {"outcome_id": "o", "use_case": "claims_triage", "decision": "accepted", "decided_at": ONE},
}  # fmt: skip
ID_OF = {"inference": "attempt_id", "rework": "ticket_id", "sla": "event_id"}

FIELDS: dict[str, dict[str, str]] = {
    "inference": {
        "count": "input_tokens output_tokens cache_read_tokens cache_write_tokens cache_write_1h_tokens"
        " reasoning_tokens audio_input_tokens audio_output_tokens image_input_tokens",
        "amount": "cost latency_ms",
        "time": "started_at ended_at",
        "word": "status service_tier",
        "text": "request_id retry_of provider model region deployment",
        "currency": "currency",
        "id": "attempt_id",
        "needed": "provider model started_at status input_tokens output_tokens",
    },
    "rework": {
        "amount": "cost handling_minutes",
        "time": "opened_at updated_at closed_at",
        "word": "severity kind status",
        "text": "outcome_id role",
        "currency": "currency",
        "id": "ticket_id",
        "needed": "opened_at updated_at severity kind status",
    },
    "sla": {
        "amount": "paused_minutes",
        "time": "started_at stopped_at updated_at",
        "due": "due_at",
        "word": "metric status",
        "id": "event_id outcome_id",
        "needed": "metric started_at due_at updated_at",
    },
    "outcomes": {
        "time": "decided_at",
        "word": "decision",
        "id": "outcome_id",
        "needed": "use_case decision decided_at",
    },
}  # fmt: skip
_NO_NUMBERS = [-1, "many", "NaN", "Infinity", True, [1], {"a": 1}, 1e20, 2**63, "1,5", "0x10"]
_NO_TIMES = [
    ("2026-07-01T12:00:00", "naive_time"), ("yesterday", "bad_time"), ("2026-02-30T00:00:00Z", "bad_time"),
    ("1970-01-01T00:00:00Z", "bad_time"), ("9999-12-31T23:59:59Z", "bad_time"), (-1, "bad_time"), (True, "bad_time"),
    ("2016-12-31T23:59:60Z", "bad_time"), ([NOON], "bad_time"), ("0000-00-00", "bad_time"),
]  # fmt: skip
_NO_TEXTS = [{"a": 1}, ["a"], True, 1.5, "a\u0000b", "a\u0007b", "x" * 1001]
BAD: dict[str, list[tuple[Any, str]]] = {
    "count": [(value, "bad_number") for value in [*_NO_NUMBERS, 1.5, NAN, INFINITE]],
    "amount": [(value, "bad_number") for value in [*_NO_NUMBERS, NAN]],
    "time": [*_NO_TIMES, ("2090-01-01T00:00:00Z", "future_time")],
    "due": _NO_TIMES,
    "word": [("SUCCESS!", "bad_value"), ("success ", "bad_value"), (["success"], "bad_value")],
    "text": [(value, "bad_text") for value in _NO_TEXTS],
    "currency": [("EURO", "bad_value"), ("12", "bad_value"), ({}, "bad_value")],
    "id": [*((value, "bad_text") for value in _NO_TEXTS), *((value, "missing_id") for value in (None, "", "  "))],
    "needed": [(None, "missing_field"), ("", "missing_field")],
}  # fmt: skip

# Labels: a value that cannot be used becomes unknown, and its row stands.
LABELS: dict[str, list[Any]] = {
    **{name: ["yes", 2, []] for name in ("cache_hit", "input_valid", "can_wait")},
    "task_class": ["draft", "A ", ["A"]],
    **dict.fromkeys(("outcome_id", "use_case", "experiment", "release_id", "prompt_hash"), _NO_TEXTS),
}
# Values that look bad and are not: what stands in the mart is what was sent.
HOSTILE_NAMES = (
    "=cmd()|' /C calc'!A0", "+1", "@sum", "'; drop table x;--", '"quoted"', "{{ 1 / 0 }}", "<script>alert(1)</script>",
    "../../etc/passwd", "Zoë\u200b\u202e", "NULL", "\\N", "%s", "${HOME}", "1e3", "001",
)  # fmt: skip


@dataclass(frozen=True)
class BadRow:
    """A line, and the reason code it must be refused with."""

    source: str
    line: bytes
    reason: str


def bad_rows() -> Iterator[BadRow]:
    """Every field with every bad value of its kind."""
    number = 0
    for source, kinds in FIELDS.items():
        for kind, names in kinds.items():
            for name in names.split():
                for value, reason in BAD[kind]:
                    number += 1
                    row = dict(GOOD[source])
                    if source in ID_OF:
                        row[ID_OF[source]] = f"bad-{number}"
                    row[name] = value
                    yield BadRow(source, _line(row, value), reason)


def unlabelled_rows() -> list[bytes]:
    """An attempt with each value of each label that cannot be used."""
    values = [(name, value) for name, bad in LABELS.items() for value in bad]
    return [
        _line(GOOD["inference"] | {"attempt_id": f"unlabelled-{number}", name: value}, value)
        for number, (name, value) in enumerate(values)
    ]


def bad_lines() -> list[BadRow]:
    """Lines that no field is to blame for."""
    row = json.dumps(GOOD["inference"] | {"attempt_id": "bad-line"})
    deep = '{"attempt_id": "deep", "x": ' + "[" * 70 + "]" * 70 + "}"
    abyss = '{"attempt_id": "deep", "x": ' + "[" * 200_000 + "]" * 200_000 + "}"
    return [
        BadRow("inference", line, reason)
        for line, reason in (
            (row[:-1].encode() + b', "attempt_id": "twice"}', "duplicate_key"),
            (row[:40].encode(), "malformed_json"),
            (b"[1, 2]", "not_an_object"),
            (b'"text"', "not_an_object"),
            (deep.encode(), "too_deep"),
            (abyss.encode(), "too_deep"),
            (row[:-1].encode() + b', "x": "' + b"y" * 1_100_000 + b'"}', "line_too_long"),
            (row.replace("claims_triage", "\xff").encode("latin-1"), "bad_encoding"),
            (row.replace("claims_triage", "a\x00b").encode(), "bad_encoding"),
            (row.replace('"openai"', r'"\ud800"').encode(), "bad_text"),
            (json.dumps(GOOD["inference"] | {"attempt_id": "end", "ended_at": "2026-06-30T00:00:00Z"}).encode(),
             "bad_time"),
            (json.dumps(GOOD["inference"] | {"attempt_id": "part", "reasoning_tokens": 11}).encode(),
             "inconsistent_tokens"),
        )
    ]  # fmt: skip


def _line(row: dict[str, Any], value: Any) -> bytes:
    text = json.dumps(row)
    literal = _LITERALS.get(value) if isinstance(value, str) else None
    return (text.replace(json.dumps(value), literal) if literal else text).encode()
