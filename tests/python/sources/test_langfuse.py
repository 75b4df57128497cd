"""Langfuse rows. Catches tokens read under the wrong key or twice, deleted and old versions that count, and human work
that is lost."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest.conftest import Warehouse
from ingest.samples import jsonl

from orchestration.settings import PROJECT_DIR, Settings
from orchestration.sources.sources_yml import PlacesError, load_places

from .gateway_samples import USAGE, correction, generation, generation_row, queue_item, trace

REAL_FILES = PROJECT_DIR.parent / "shared" / "data" / "langfuse"
BUCKETS = (
    "input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens,"
    " input_includes_parts, output_includes_parts, usage_disagrees"
)
CONTENT = "SELECT * EXCLUDE (_file_sha256, _line_no, _row_no, _load_id, _row_hash, attributes, _rescued) FROM {}"


def load(warehouse: Warehouse, *rows: Any, columns: str = "*", table: str = "observations") -> list[tuple[Any, ...]]:
    warehouse.take("langfuse/a.jsonl", jsonl(*rows))
    return warehouse.all(f"SELECT {columns} FROM langfuse.{table} ORDER BY ALL")


def test_a_generation(warehouse: Warehouse):
    """Catches a field that is looked for in the wrong place."""
    columns = (
        "record_kind, observation_id, trace_id, parent_id, observation_type, model, provider, service_tier, outcome_id,"
        " task_class, epoch_us(ended_at) - epoch_us(started_at), logged_cost, total_tokens, length(prompt_hash)"
    )
    expected = (
        "observation", "gen-1", "trace-1", "span-1", "GENERATION", "gpt-4o", "openai", None, "o-1", "B", 2_375_000,
        Decimal("0.00085"), 200, 64,
    )  # fmt: skip
    assert load(warehouse, generation(), columns=columns) == [expected]


def test_all_shapes_carry_the_same_row(make_warehouse: Callable[..., Warehouse]):
    """Catches a shape whose names, texts of JSON, maps or times without offset are read differently."""
    maps = pa.map_(pa.string(), pa.string())
    row = generation_row()
    for name in ("usage_details", "cost_details"):
        row[name] = list(json.loads(row[name]).items())
    row["metadata"] = list(json.loads(row["metadata"]).items())
    types = dict.fromkeys(("usage_details", "cost_details", "metadata"), maps)
    sink = io.BytesIO()
    columns = {name: pa.array([value], types.get(name)) for name, value in row.items()}
    pq.write_table(pa.table(columns), sink)
    split = generation_row(
        metadata=None,
        metadata_names=["attributes", "outcome_id"],
        metadata_values=[json.dumps({"gen_ai.system": "openai", "finops.task_class": "B"}), "o-1"],
    )
    split = {{"id": "span_id", "parent_observation_id": "parent_span_id"}.get(k, k): v for k, v in split.items()}
    variants = {
        "api.jsonl": jsonl(generation(is_deleted=0, projectId=None)),
        "page.json": json.dumps({"data": [generation(is_deleted=0)], "meta": {"page": 1}}).encode(),
        "pretty.json": json.dumps([generation(is_deleted=0)], indent=2).encode(),
        "table.jsonl": jsonl(row | json.loads(json.dumps(generation_row()))),
        "newest.jsonl": jsonl(split),
        "table.parquet": sink.getvalue(),
    }
    found = {}
    for name, content in variants.items():
        warehouse = make_warehouse(name)
        warehouse.take(f"langfuse/{name}", content)
        found[name] = warehouse.all(CONTENT.format("langfuse.observations"))
        assert len(found[name]) == 1, name
    for name, rows in found.items():
        assert rows == found["api.jsonl"], name


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (USAGE, (100, 40, None, None, 50, 10, False, False, False)),
        # Zeros of an integration that always sends all keys.
        ({"input": 60, "output": 15, "total": 75, "input_audio": 0, "input_cache_read": 0, "output_reasoning": 0},
         (60, 0, None, None, 15, 0, False, False, False)),
        ({"input": 3, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 7, "output": 2},
         (3, 5, 7, None, 2, None, False, False, False)),
        # The total of cache writes beside its own split.
        ({"input": 3, "input_cache_creation": 10, "input_cache_creation_5m": 4, "input_cache_creation_1h": 6,
          "output": 2},
         (3, None, 4, 6, 2, None, False, False, False)),
        # An emitter that leaves the parts inside, proved by its total.
        ({"input": 100, "input_cached_tokens": 40, "output": 50, "output_reasoning_tokens": 10, "total": 150},
         (100, 40, None, None, 50, 10, True, True, True)),
        ({"input": 100, "input_cached_tokens": 40, "output": 50, "total": 150},
         (100, 40, None, None, 50, None, True, False, True)),
        ({"prompt_token_count": 20, "candidates_token_count": 5, "thoughts_token_count": 30, "total": 55},
         (20, None, None, None, 5, 30, False, False, False)),
        # No reading makes it add up.
        ({"input": 100, "output": 50, "total": 999}, (100, None, None, None, 50, None, False, False, True)),
        # A key of no bucket would be lost without notice.
        ({"input": 100, "output": 50, "video_seconds": 3, "total": 153},
         (100, None, None, None, 50, None, False, False, True)),
        ({}, (None, None, None, None, None, None, False, False, False)),
    ],
)  # fmt: skip
def test_usage_keys_and_readings(warehouse: Warehouse, usage: dict[str, int], expected: tuple[Any, ...]):
    """Catches a key in the wrong bucket, `total` taken for a bucket, and a contradiction that nobody notices."""
    row = generation(usageDetails=usage)
    assert load(warehouse, row, columns=BUCKETS) == [expected]


def test_old_usage(warehouse: Warehouse):
    """Catches rows from before usage had keys, and characters counted as tokens."""
    old = generation(usageDetails=None, usage={"input": 7, "output": 3, "total": 10, "unit": "TOKENS", "inputCost": 1})
    chars = generation(id="gen-2", usageDetails={}, usage={"input": 700, "output": 300, "unit": "CHARACTERS"})
    oldest = generation(id="gen-3", usageDetails=None, promptTokens=5, completionTokens=4, totalTokens=9)
    rows = load(warehouse, old, chars, oldest, columns="observation_id, input_tokens, output_tokens, usage_disagrees")
    assert rows == [("gen-1", 7, 3, False), ("gen-2", None, None, False), ("gen-3", 5, 4, False)]


def test_latest_version_wins_and_deletions_count(warehouse: Warehouse):
    """Catches an older version that wins because it came last or has more tokens, and a deleted row that stays."""
    newest = generation(usageDetails={"input": 1, "output": 1}, updatedAt="2026-06-30T10:00:07.000Z")
    gone = generation_row(id="gen-2", is_deleted=1, event_ts="2026-06-30 10:00:09")
    shorter = generation(id="gen-3", metadata=None, input=None)
    rows = load(
        warehouse, newest, generation(), gone, generation_row(id="gen-2"), shorter, generation(id="gen-3"),
        columns="observation_id, input_tokens, is_deleted, provider, _is_current",
    )  # fmt: skip
    assert [row for row in rows if row[-1]] == [
        ("gen-1", 1, None, "openai", True),
        ("gen-2", 100, True, "openai", True),
        # Of two with one time the one that a page of the API left out less of.
        ("gen-3", 100, None, "openai", True),
    ]
    assert warehouse.counts() == (6, 3, 0, 3, 0)


def test_end_before_start_is_no_end(warehouse: Warehouse):
    """Catches a negative duration that refuses the row or shortens a response time."""
    backwards = generation(endTime="2026-06-30T09:59:00Z")
    assert load(warehouse, backwards, generation(id="x", endTime=None), columns="ended_at") == [(None,), (None,)]


@pytest.mark.parametrize(
    ("message", "kind"),
    [("Request timed out.", "timeout"), ("Error code: 429 - x", "rate_limited"), ("content_filter hit", "blocked"),
     ("boom", "error"), (None, "error")],
)  # fmt: skip
def test_failures_are_told_apart_without_their_text(warehouse: Warehouse, message: str | None, kind: str):
    """Catches failures that all look alike, and a message that is stored."""
    row = generation(level="ERROR", statusMessage=message, usageDetails={})
    assert load(warehouse, row, columns="error_kind") == [(kind,)]


def test_provider_is_found_or_declared_never_guessed(make_warehouse: Callable[..., Warehouse]):
    """Catches a model taken for another host's because its name looks like it."""
    rows = (
        generation(metadata={"ls_provider": "anthropic"}),
        generation(id="gen-2", metadata={}),
        generation(id="gen-3", metadata={}, model="claude-x"),
    )
    columns = "observation_id, provider"
    plain = make_warehouse("plain")
    assert load(plain, *rows, columns=columns) == [("gen-1", "anthropic"), ("gen-2", None), ("gen-3", None)]
    declared = make_warehouse("declared")
    (declared.settings.home / "sources.yml").write_text("langfuse: {providers: {'gpt-.*': azure, 'gpt-4': openai}}")
    assert load(declared, *rows, columns=columns) == [("gen-1", "anthropic"), ("gen-2", "azure"), ("gen-3", None)]


@pytest.mark.parametrize(
    "text",
    ["langfuse: {providers: {'(': openai}}", "langfuse: {queues: {q: {severity: huge}}}", "langfuse: {trace: [x]}",
     "bedrock: {provider: [x]}", "langfuse: {corrections: {handling_minutes: -1}}"],
)  # fmt: skip
def test_wrong_configuration_is_refused(tmp_path: Any, text: str):
    """Catches a misspelt setting that silently does nothing."""
    (tmp_path / "sources.yml").write_text(text)
    with pytest.raises(PlacesError, match=r"sources\.yml"):
        load_places(Settings(home=tmp_path))


def test_a_trace_brings_its_observations_and_scores(warehouse: Warehouse):
    """Catches rows inside a trace that are lost or counted as one row, and a trace whose tags are not read."""
    whole = trace(observations=[generation()], scores=[correction()])
    ids_only = trace(id="trace-2", observations=["gen-1"], scores=[], metadata={"use_case": "own"})
    report = warehouse.take("langfuse/a.jsonl", jsonl(whole, ids_only))
    assert (report.rows_in, report.loaded) == (4, 4)
    found = warehouse.all(
        "SELECT record_kind, observation_id, trace_id, session_id, use_case, release_id"
        " FROM langfuse.observations ORDER BY observation_id"
    )
    assert found == [
        ("observation", "gen-1", "trace-1", None, None, None),
        ("trace", "trace-1", "trace-1", "session-1", "triage", "r-7"),
        ("trace", "trace-2", "trace-2", "session-1", "own", "r-7"),
    ]
    assert warehouse.all("SELECT review_id FROM langfuse.scores") == [("score-1",)]


def test_corrections_and_reviews(make_warehouse: Callable[..., Warehouse]):
    """Catches a correction taken for a number, other scores taken for rework, and a review that is never closed."""
    rows = (
        correction(),
        correction(id="score-2", dataType="NUMERIC", value=0.5),
        queue_item(),
        queue_item(id="item-2", queueId="q-2", objectType="OBSERVATION", objectId="gen-1", status="COMPLETED",
                   completedAt="2026-06-30T11:30:00Z"),
        queue_item(id="item-3", objectType="SESSION", objectId="session-1"),
    )  # fmt: skip
    warehouse = make_warehouse()
    (warehouse.settings.home / "sources.yml").write_text(
        "langfuse: {queues: {q-2: {kind: full_review, severity: major, role: lawyer, handling_minutes: 12.5}}}"
    )
    columns = (
        "record_kind, review_id, trace_id, observation_id, session_id, is_rework, severity, kind, role,"
        " handling_minutes, closed_at::VARCHAR"
    )
    assert load(warehouse, *rows, columns=columns, table="scores") == [
        ("queue_item", "item-1", "trace-1", None, None, True, "minor", "spot_check", None, None, None),
        ("queue_item", "item-2", None, "gen-1", None, True, "major", "full_review", "lawyer", Decimal("12.5"),
         "2026-06-30 11:30:00+00"),
        ("queue_item", "item-3", None, None, "session-1", True, "minor", "spot_check", None, None, None),
        ("score", "score-1", "trace-1", None, None, True, "critical", "correction", "clerk", Decimal(4),
         "2026-06-30 11:00:00+00"),
        ("score", "score-2", "trace-1", None, None, False, None, None, None, None, "2026-06-30 11:00:00+00"),
    ]  # fmt: skip


def test_every_state_of_a_review_is_kept(warehouse: Warehouse):
    """Catches a past state that is lost, so that figures as of then cannot be computed again."""
    done = queue_item(status="COMPLETED", completedAt="2026-06-30T11:30:00Z", updatedAt="2026-06-30T11:30:00Z")
    rows = load(warehouse, done, queue_item(), queue_item(), columns="closed_at IS NULL, updated_at", table="scores")
    assert [is_open for is_open, _ in rows] == [False, True]
    assert warehouse.counts() == (3, 1, 1, 1, 0)


def test_bad_rows_keep_their_reason(warehouse: Warehouse):
    """Catches a bad row that vanishes or takes the good ones of its line with it."""
    page = {"data": [generation(), 7, {"hello": 1}, generation(id=""), generation(id="x", usageDetails={"input": -1})]}
    warehouse.take(
        "langfuse/a.jsonl",
        jsonl(page, generation(id="y", usageDetails="none"), trace(timestamp=None), "{broken", correction(id=None)),
    )
    assert warehouse.reasons() == [
        (1, "bad_number", "input"),
        (1, "missing_id", "observation_id"),
        (1, "not_an_object", None),
        (1, "unknown_shape", "type"),
        (2, "bad_value", "usageDetails"),
        (3, "missing_field", "started_at"),
        (4, "malformed_json", None),
        (5, "missing_id", "review_id"),
    ]
    assert warehouse.counts() == (9, 1, 0, 0, 8)
    warehouse.assert_conserved()


@pytest.mark.skipif(not REAL_FILES.is_dir(), reason="real Langfuse exports are not on this machine")
def test_real_exports(warehouse: Warehouse):
    """Catches a parser that only reads rows that we made up: counts and costs are those that a plain look at the files
    finds."""
    expected = []
    for path in sorted(REAL_FILES.glob("*.trace.json")):
        whole = json.loads(path.read_bytes())
        warehouse.land(f"langfuse/{path.name}", path.read_bytes())
        calls = [o for o in whole["observations"] if o["type"] == "GENERATION"]
        used = [o["usageDetails"] for o in calls]
        expected.append(
            (
                whole["trace"]["id"],
                len(whole["observations"]) + 1,
                sum(u["input"] for u in used),
                sum(u["output"] for u in used),
                sum(Decimal(str(o["costDetails"]["total"])) for o in calls),
            )
        )
    report = warehouse.ingest("langfuse")
    assert (report.quarantined, report.files_refused, report.superseded) == (0, 0, 0)
    found = warehouse.all(
        "SELECT trace_id, count(*), sum(input_tokens), sum(output_tokens), sum(logged_cost)"
        " FILTER (WHERE observation_type = 'GENERATION') FROM langfuse.observations GROUP BY 1 ORDER BY 1"
    )
    assert found == sorted(expected)
    assert not warehouse.all("SELECT * FROM langfuse.observations WHERE usage_disagrees")
    assert warehouse.all("SELECT name, severity FROM langfuse.scores WHERE is_rework") == [("output", "critical")]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"input": 0.1, "output": 0.2}, "0.3"),
        ({"input": "0.100000000001", "output": 0.2, "cached": None}, "0.300000000001"),
        ({"input": 0.1, "output": 0.2, "total": 0.4}, "0.4"),
        ({"total": None}, "0.00085"),
        ({}, "0.00085"),
    ],
)
def test_a_cost_without_a_total_is_the_sum_of_its_parts(warehouse: Warehouse, details: dict[str, Any], expected: str):
    """Catches a cost that is lost because only its parts are stated, or that is added up in floats."""
    row = generation(costDetails=details, totalCost=0.00085)
    assert load(warehouse, row, columns="logged_cost") == [(Decimal(expected),)]


def test_a_part_of_a_cost_that_is_no_amount_is_refused(warehouse: Warehouse):
    """Catches a cost added up without the part that could not be read."""
    assert load(warehouse, generation(costDetails={"input": 0.1, "output": "much"}), columns="logged_cost") == []
    assert warehouse.reasons() == [(1, "bad_number", "costDetails")]
