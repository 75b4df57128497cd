"""Every bad value, through the real ingest into a real database: each has one stated fate, and its neighbours load.

Catches a value that is cast, dropped or nulled on its way, that takes other rows with it, or that stops the run.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.ingest.json_lines import parse_lines

from .conftest import Warehouse
from .samples import ATTEMPT, CLOCK, DECISION, SPEND_LOG, TICKET, batch, jsonl, span

LOADED = None
ABSENT = object()
NAN, INFINITY = float("nan"), float("inf")
NEEDED_COUNTS = ("input_tokens", "output_tokens")
OPTIONAL_COUNTS = (
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "audio_input_tokens",
    "audio_output_tokens",
    "image_input_tokens",
)
BAD_COUNTS = (-1, NAN, INFINITY, 1e20, 1.5, True, 2**63 - 1, 10**30, "1.5", "x", [1], {"n": 1}, -(2**63))
BAD_TEXTS = ("a\nb", "a\x00b", "x" * 1_001, 1.5, True, {"a": "b"}, ["a"])
BAD_TIMES = {
    "2026-06-30T10:00:00": "naive_time",
    "2026-07-01T12:05:01Z": "future_time",
    "1970-01-01T00:00:00Z": "bad_time",
    "9999-12-31T00:00:00Z": "bad_time",
    "2026-06-30T09:59:60Z": "bad_time",
    "2025-02-29T10:00:00Z": "bad_time",
    "soon": "bad_time",
    20260630: "bad_time",
    True: "bad_time",
}

# Neither the money nor the identity of a row: see test_labels.
LABELS = ("use_case", "outcome_id", "release_id", "experiment")
Case = tuple[str, Any, str | None]


def _attempt_cases() -> list[Case]:
    cases: list[Case] = [("attempt_id", value, "missing_id") for value in (None, "", "   ", ABSENT)]
    cases += [("attempt_id", value, LOADED) for value in ("001", "1", "1e3", "É", "E\u0301", "=cmd()", "'; drop x;--")]
    cases += [("attempt_id", 17, LOADED), ("attempt_id", 1.5, "bad_text")]
    for field in NEEDED_COUNTS:
        cases += [(field, None, "missing_field"), (field, ABSENT, "missing_field"), (field, "7", LOADED)]
    for field in (*NEEDED_COUNTS, *OPTIONAL_COUNTS):
        cases += [(field, value, "bad_number") for value in BAD_COUNTS] + [(field, 0, LOADED)]
    cases += [(field, None, LOADED) for field in OPTIONAL_COUNTS]
    cases += [("reasoning_tokens", 51, "inconsistent_tokens"), ("reasoning_tokens", 50, LOADED)]
    for field in ("attempt_id", "request_id", "provider", "model", "region"):
        cases += [(field, value, "bad_text") for value in BAD_TEXTS]
    for field in LABELS:
        cases += [(field, value, LOADED) for value in BAD_TEXTS]
    cases += [(field, value, "missing_field") for field in ("provider", "model") for value in (None, "", " ", ABSENT)]
    cases += [("use_case", value, LOADED) for value in (None, "", "  ", "=cmd()", "+1", "-1", "@x", "\tx", "{{ x }}")]
    cases += [("model", value, LOADED) for value in ("<script>alert(1)</script>", '"quoted"', "\u202egpt\u200b")]
    for field in ("started_at", "ended_at"):
        cases += [(field, value, reason) for value, reason in BAD_TIMES.items()]
    cases += [("started_at", value, "missing_field") for value in (None, "", ABSENT)]
    cases += [("ended_at", "2026-06-30T09:59:59Z", "bad_time"), ("ended_at", "2026-06-30T10:00:00Z", LOADED)]
    cases += [("latency_ms", value, "bad_number") for value in (-1, NAN, INFINITY, "fast", True, 1e12)]
    cases += [("status", value, "bad_value") for value in ("ok", "SUCCESS", "Success ")]
    cases += [("status", None, "missing_field"), ("status", 1.5, "bad_value"), ("task_class", "D", LOADED)]
    cases += [("service_tier", "turbo", "bad_value"), ("service_tier", "batch", LOADED)]
    cases += [("cache_hit", value, LOADED) for value in ("maybe", 2, 1.0, [])]
    cases += [("can_wait", "true", LOADED), ("input_valid", "False", LOADED)]
    cases += [("cost", value, "bad_number") for value in (-0.01, NAN, INFINITY, 1e20, "free", True)]
    cases += [("cost", "0.1", LOADED), ("currency", "usd", LOADED), ("currency", "US$", "bad_value")]
    return cases


CASES: dict[str, tuple[dict[str, Any], str, list[Case]]] = {
    "inference": (ATTEMPT, "attempt_id", _attempt_cases()),
    "rework": (
        TICKET,
        "ticket_id",
        [
            ("ticket_id", None, "missing_id"),
            ("outcome_ids", {"a": 1}, "bad_text"),
            ("outcome_ids", ["a\n"], "bad_text"),
            ("outcome_ids", "[broken", "bad_value"),
            ("outcome_ids", [], LOADED),
            ("opened_at", None, "missing_field"),
            ("updated_at", "2026-06-30T11:00:00", "naive_time"),
            ("closed_at", "2026-06-30T09:00:00Z", "bad_time"),
            ("closed_at", "2026-06-30T10:00:00Z", LOADED),
            ("severity", "terrible", "bad_value"),
            ("severity", None, "missing_field"),
            ("kind", "redo", "bad_value"),
            ("cause", "weather", LOADED),
            ("status", "deleted", "bad_value"),
            ("handling_minutes", -1, "bad_number"),
            ("handling_minutes", NAN, "bad_number"),
            ("handling_minutes", "12.5", LOADED),
            ("cost", -5, "bad_number"),
        ],
    ),
    "sla": (
        CLOCK,
        "event_id",
        [
            ("event_id", "", "missing_id"),
            ("outcome_id", None, "missing_id"),
            ("metric", "speed", "bad_value"),
            ("started_at", None, "missing_field"),
            ("due_at", None, "missing_field"),
            ("due_at", "2099-12-31T00:00:00Z", LOADED),
            ("due_at", "2101-01-01T00:00:00Z", "bad_time"),
            ("stopped_at", "2026-06-30T09:00:00Z", "bad_time"),
            ("stopped_at", "2026-07-02T09:00:00Z", "future_time"),
            ("paused_minutes", -1, "bad_number"),
            ("status", "paused", "bad_value"),
        ],
    ),
    "outcomes": (
        DECISION,
        "outcome_id",
        [
            ("outcome_id", "  ", "missing_id"),
            ("use_case", None, "missing_field"),
            ("decision", "perhaps", "bad_value"),
            ("decision", None, "missing_field"),
            ("decided_at", "2026-07-02T00:00:00Z", "future_time"),
            ("decided_at", None, "missing_field"),
        ],
    ),
    "litellm": (
        SPEND_LOG,
        "request_id",
        [
            ("request_id", None, "missing_id"),
            ("request_id", " ", "missing_id"),
            ("prompt_tokens", -1, "bad_number"),
            ("prompt_tokens", 1.5, "bad_number"),
            ("prompt_tokens", None, "missing_field"),
            ("completion_tokens", True, "bad_number"),
            ("startTime", None, "missing_field"),
            ("startTime", "2026-06-30 10:00:00", LOADED),
            ("startTime", "2026-07-01 12:06:00", "future_time"),
            ("endTime", "2026-06-30 09:00:00", "bad_time"),
            ("spend", -1, "bad_number"),
            ("spend", NAN, "bad_number"),
            ("status", "maybe", "bad_value"),
            ("cache_hit", "perhaps", LOADED),
            ("metadata", "{broken", "bad_value"),
            ("metadata", [1], "bad_value"),
            ("metadata", None, LOADED),
            ("metadata", {"usage_object": {"prompt_tokens_details": {"cached_tokens": 101}}}, "inconsistent_tokens"),
            ("metadata", {"usage_object": {"prompt_tokens_details": {"cached_tokens": -1}}}, "bad_number"),
            (
                "metadata",
                {"usage_object": {"prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 41}}},
                "inconsistent_tokens",
            ),
            (
                "metadata",
                {"usage_object": {"prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 41}}},
                LOADED,
            ),
            (
                "metadata",
                {"usage_object": {"prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 101}}},
                "inconsistent_tokens",
            ),
            (
                "metadata",
                {"usage_object": {"completion_tokens_details": {"reasoning_tokens": 51}}},
                "inconsistent_tokens",
            ),
            (
                "metadata",
                {"usage_object": {"completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 31}}},
                "inconsistent_tokens",
            ),
            (
                "metadata",
                {"usage_object": {"completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 30}}},
                LOADED,
            ),
            ("metadata", {"spend_logs_metadata": {"task_class": "Z"}}, LOADED),
        ],
    ),
}


@pytest.mark.parametrize("source", CASES)
def test_json_rows_have_their_stated_fate(make_warehouse: Callable[..., Warehouse], source: str):
    """Catches a bad JSON value with another fate than the one stated here."""
    good, key, cases = CASES[source]
    rows, expected = [], []
    for number, (field, value, reason) in enumerate(cases):
        row = {**good, key: f"case-{number}", field: value}
        if value is ABSENT:
            del row[field]
        rows += [row, {**good, key: f"neighbour-{number}"}]
        expected += [reason, LOADED]
    warehouse = make_warehouse(max_quarantined_share=1.0)
    report = warehouse.take(f"{source}/cases.jsonl", jsonl(*rows))
    found = dict(warehouse.all("SELECT row_no, reason_code FROM ledger.quarantined_rows"))
    wrong = [
        (cases[place // 2][:2] if place % 2 == 0 else "neighbour", found.get(place + 1), reason)
        for place, reason in enumerate(expected)
        if found.get(place + 1) != reason
    ]
    assert not wrong
    assert report.rows_in == len(rows)
    assert report.quarantined == sum(reason is not LOADED for reason in expected)
    warehouse.assert_conserved()


def test_csv_rows_have_the_same_fate(make_warehouse: Callable[..., Warehouse]):
    """Catches a rule that holds for JSON only."""
    cases = [
        (field, value, reason)
        for field, value, reason in _attempt_cases()
        if type(value) in (str, int) and "\x00" not in str(value) and "\n" not in str(value)
    ]
    # A CSV cell holds text only: a time of eight digits is text in JSON too, and 7.0 is a count.
    cases += [
        ("input_tokens", "7.0", LOADED),
        ("input_tokens", "nan", "bad_number"),
        ("input_tokens", "", "missing_field"),
    ]
    names = sorted({*ATTEMPT, *(field for field, _, _ in cases)})
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for number, (field, value, _) in enumerate(cases):
        writer.writerow({**ATTEMPT, "attempt_id": f"case-{number}", field: value})
    warehouse = make_warehouse(max_quarantined_share=1.0)
    warehouse.take("inference/cases.csv", text.getvalue().encode())
    found = dict(warehouse.all("SELECT row_no, reason_code FROM ledger.quarantined_rows"))
    assert [(c[:2], found.get(n)) for n, c in enumerate(cases, 1) if found.get(n) != c[2]] == []
    warehouse.assert_conserved()


def test_parquet_rows_have_the_same_fate(make_warehouse: Callable[..., Warehouse]):
    """Catches typed columns that skip the rules: floats for counts, naive timestamps, dates no calendar has."""
    moment = datetime(2026, 6, 30, 10, tzinfo=UTC)
    far = 253_402_300_799_000_000 * 30
    counts = [7.0, 7.5, NAN, -1.0, 1e20, None]
    times = [moment.timestamp() * 1e6] * 4 + [far, None]
    table = pa.table(
        {
            "attempt_id": [f"a{n}" for n in range(6)],
            "provider": ["openai"] * 6,
            "model": pa.array(["gpt-4o"] * 6).dictionary_encode(),
            "started_at": pa.array([None if t is None else int(t) for t in times], pa.timestamp("us", "UTC")),
            "status": ["success"] * 6,
            "input_tokens": counts,
            "output_tokens": pa.array([1] * 6, pa.int32()),
        }
    )
    warehouse = make_warehouse(max_quarantined_share=1.0)
    warehouse.take("inference/a.parquet", _parquet(table))
    assert warehouse.reasons() == [
        (2, "bad_number", "input_tokens"),
        (3, "bad_number", "input_tokens"),
        (4, "bad_number", "input_tokens"),
        (5, "bad_time", "started_at"),
        (6, "missing_field", "started_at"),
    ]
    naive = table.set_column(3, "started_at", pa.array([datetime(2026, 6, 30, 10)] * 6))
    warehouse.take("inference/b.parquet", _parquet(naive))
    assert (1, "naive_time", "started_at") in warehouse.reasons()
    warehouse.assert_conserved()


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


OTEL_CASES: list[tuple[dict[str, Any], str | None]] = [
    ({}, LOADED),
    ({"traceId": ""}, "missing_id"),
    ({"spanId": "0" * 16}, "missing_id"),
    ({"traceId": "xyz"}, "bad_value"),
    ({"startTimeUnixNano": "0"}, "missing_field"),
    ({"startTimeUnixNano": "soon"}, "bad_time"),
    ({"startTimeUnixNano": 1882813600000000000}, "future_time"),
    ({"endTimeUnixNano": "1782813599000000000"}, "bad_time"),
    ({"attributes": {"gen_ai.usage.input_tokens": -1}}, "bad_number"),
    ({"attributes": {"gen_ai.usage.input_tokens": 1.5}}, "bad_number"),
    ({"attributes": {"gen_ai.usage.input_tokens": "many"}}, "bad_number"),
    ({"attributes": {"gen_ai.usage.cache_read.input_tokens": 101}}, "inconsistent_tokens"),
    ({"attributes": {"gen_ai.usage.reasoning.output_tokens": 51}}, "inconsistent_tokens"),
    (
        {"attributes": {"gen_ai.usage.reasoning.output_tokens": 20, "gen_ai.usage.audio.output_tokens": 31}},
        "inconsistent_tokens",
    ),
    (
        {"attributes": {"gen_ai.usage.reasoning.output_tokens": 1, "gen_ai.usage.output_tokens": None}},
        "inconsistent_tokens",
    ),
    ({"attributes": {"finops.task_class": "Z"}}, LOADED),
    ({"attributes": {"gen_ai.usage.input_tokens": None}}, LOADED),
    ({"attributes": "nonsense"}, LOADED),
]


def test_spans_have_their_stated_fate(make_warehouse: Callable[..., Warehouse]):
    """Catches a bad span that is loaded, or that takes the other spans of its batch with it."""
    spans = []
    for number, (changes, _) in enumerate(OTEL_CASES):
        if isinstance(changes.get("attributes"), str):
            spans.append({**span(), "spanId": f"{number + 1:016x}", **changes})
        else:
            spans.append(span(**{"spanId": f"{number + 1:016x}", **changes}))
    warehouse = make_warehouse(max_quarantined_share=1.0)
    content = jsonl(batch(*spans[:8]), batch(*spans[8:], "not a span"), batch(), {"resourceMetrics": []}, "{broken")  # type: ignore[arg-type]
    report = warehouse.take("otel/spans.jsonl", content)
    found = dict(warehouse.all("SELECT row_no, reason_code FROM ledger.quarantined_rows"))
    expected = [reason for _, reason in OTEL_CASES] + ["unknown_shape", "unknown_shape", "malformed_json"]
    assert [(n, found.get(n), r) for n, r in enumerate(expected, 1) if found.get(n) != r] == []
    assert report.rows_in == len(expected)
    warehouse.assert_conserved()


BAD_LINES: list[tuple[Any, str | None]] = [
    (ATTEMPT, LOADED),
    ("{broken", "malformed_json"),
    ('{"attempt_id": "x"', "malformed_json"),
    ("[1, 2]", "not_an_object"),
    ("17", "not_an_object"),
    ("null", "not_an_object"),
    (json.dumps({**ATTEMPT, "attempt_id": "b"})[:-1] + ', "input_tokens": 2}', "duplicate_key"),
    (json.dumps({**ATTEMPT, "attempt_id": "c"})[:-1] + ', "input_tokens" : 2}', "duplicate_key"),
    (json.dumps({**ATTEMPT, "attempt_id": "d"})[:-1] + ', "input_tokens"\t: 2}', "duplicate_key"),
    (json.dumps({**ATTEMPT, "attempt_id": "e"})[:-1] + ', "x\\\\":1, "y":2, "y":3}', "duplicate_key"),
    ({**ATTEMPT, "attempt_id": "f", "note_id": 'say \\"a\\":'}, LOADED),
    ({**ATTEMPT, "attempt_id": "g", "extra": {"attempt_id": "inner"}}, LOADED),
    (b'{"attempt_id": "\xff"}', "bad_encoding"),
    (b'{"attempt_id": "a\x00b"}', "bad_encoding"),
    ('{"x": ' + "[" * 100 + "]" * 100 + "}", "too_deep"),
    ('{"x": ' + "[" * 200_000 + "]" * 200_000 + "}", "too_deep"),
    ('{"x":' * 70 + "1" + "}" * 70, "too_deep"),
    ("[" * 200_000, "too_deep"),
    ({**ATTEMPT, "attempt_id": "h", "extra": [[[[1]]]]}, LOADED),
    ({**ATTEMPT, "attempt_id": "i", "pad": "x" * 999_000}, LOADED),
    ({**ATTEMPT, "attempt_id": "j", "pad": "x" * 1_000_001}, "line_too_long"),
    ({**ATTEMPT, "attempt_id": "k", "pad": "x" * 3_500_000}, "line_too_long"),
    (json.dumps({**ATTEMPT, "attempt_id": "l"}).replace("input_tokens", "Input_Tokens"), "missing_field"),
    ({**ATTEMPT, "attempt_id": "\ud800"}, "bad_text"),
    (json.dumps({**ATTEMPT, "attempt_id": "n"}) + "\r", LOADED),
    (" " + json.dumps({**ATTEMPT, "attempt_id": "o"}), LOADED),
]


def test_lines_have_their_stated_fate(make_warehouse: Callable[..., Warehouse]):
    """Catches a hostile line that crashes the reader, ends it early, or is counted as none or several rows."""
    warehouse = make_warehouse(max_quarantined_share=1.0)
    content = b"\xef\xbb\xbf" + jsonl(*(line for line, _ in BAD_LINES)).replace(b"\n[1, 2]", b"\n\n \n[1, 2]")
    report = warehouse.take("inference/lines.jsonl", content)
    found = dict(warehouse.all("SELECT row_no, reason_code FROM ledger.quarantined_rows"))
    assert [(n, found.get(n), r) for n, (_, r) in enumerate(BAD_LINES, 1) if found.get(n) != r] == []
    assert report.rows_in == len(BAD_LINES)
    # Blank lines are no rows, but line numbers count them.
    assert warehouse.all("SELECT line_no FROM ledger.quarantined_rows WHERE reason_code = 'not_an_object'")[0] == (6,)
    (length,) = warehouse.all("SELECT value_length FROM ledger.quarantined_rows WHERE row_no = 22")[0]
    assert length == len(json.dumps(BAD_LINES[21][0]))
    warehouse.assert_conserved()


@pytest.mark.parametrize("place", range(len(BAD_LINES)))
def test_a_line_is_judged_as_it_is_among_others(place: int):
    """Catches a short cut for clean batches that lets a bad line through when no other is bad."""
    line, reason = BAD_LINES[place]
    content = jsonl(line).removesuffix(b"\n")
    (parsed,) = parse_lines([content])
    read_by_parser = reason in ("line_too_long", "missing_field", "bad_text", LOADED)
    assert isinstance(parsed, dict) if read_by_parser else parsed == reason


def test_the_last_line_needs_no_line_end_in_json(warehouse: Warehouse):
    """Catches dropping a complete last row, and loading a cut one."""
    whole = jsonl(ATTEMPT, {**ATTEMPT, "attempt_id": "a-2"})
    warehouse.take("inference/whole.jsonl", whole[:-1])
    assert warehouse.counts() == (2, 2, 0, 0, 0)
    warehouse.take("inference/cut.jsonl", whole.replace(b"a-2", b"a-3")[:-8])
    assert warehouse.reasons() == [(2, "malformed_json", None)]
    warehouse.assert_conserved()


def test_csv_records_have_their_stated_fate(make_warehouse: Callable[..., Warehouse]):
    """Catches a torn, ragged or half-quoted record that shifts values into other columns or swallows its neighbours."""
    names = list(ATTEMPT)

    def record(**changes: str) -> str:
        return ",".join({**{k: str(v) for k, v in ATTEMPT.items()}, **changes}.values())

    lines: list[tuple[bytes, str | None]] = [
        (record(attempt_id="c1").encode(), LOADED),
        (record(attempt_id='"c2"', use_case='"a ""quoted"", name"').encode(), LOADED),
        (record(attempt_id="c3", model='"two\nlines"').encode(), "bad_text"),
        (record(attempt_id="c4").encode() + b",extra", "ragged_row"),
        (b"c5,only,three", "ragged_row"),
        (b'"c6"x,' + record().encode(), "malformed_csv"),
        (record(attempt_id="c7").encode() + b"\xff", "bad_encoding"),
        (record(attempt_id="c8").encode() + b"\x00", "bad_encoding"),
        (record(attempt_id="c9", use_case="x" * 1_000_100).encode(), "line_too_long"),
        (record(attempt_id="c10", use_case='"' + "x\n" * 600_000 + '"').encode(), "line_too_long"),
        (record(attempt_id="c11").encode() + b"\r", LOADED),
        (record(attempt_id="c12", use_case='5" pipe "').encode(), LOADED),
        (record(attempt_id="c13").encode(), "incomplete_tail"),
    ]
    warehouse = make_warehouse(max_quarantined_share=1.0)
    content = ",".join(names).encode() + b"\n" + b"\n".join(line for line, _ in lines)
    report = warehouse.take("inference/records.csv", content.replace(b"\nc5", b"\n\nc5"))
    found = dict(warehouse.all("SELECT row_no, reason_code FROM ledger.quarantined_rows"))
    assert [(n, found.get(n), r) for n, (_, r) in enumerate(lines, 1) if found.get(n) != r] == []
    assert report.rows_in == len(lines)
    assert warehouse.all("SELECT use_case FROM native.inference WHERE attempt_id = 'c2'") == [('a "quoted", name',)]
    warehouse.assert_conserved()


def test_quarantine_holds_no_values(warehouse: Warehouse):
    """Catches a refused value that is written down; only its length and a keyed hash may be."""
    warehouse.take("inference/a.jsonl", jsonl(ATTEMPT, {**ATTEMPT, "attempt_id": "b", "model": "canary\nvalue"}))
    ((field, length, digest),) = warehouse.all("SELECT field, value_length, value_hmac FROM ledger.quarantined_rows")
    assert (field, length) == ("model", len("canary\nvalue"))
    assert len(digest) == 64
    assert "canary" not in str(warehouse.all("SELECT * FROM ledger.quarantined_rows"))
