"""Every planted oddity is there; a rule of the warehouse that no row of the sample needs would go untested."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import pytest

from orchestration.sample_company.company import AS_OF, UNDECLARED_USE_CASE, UNKNOWN_MODEL
from orchestration.sample_company.generate import EXPERIMENT

from .conftest import plain_bytes, rows_of


@pytest.fixture(scope="module")
def attempts(company):
    found = {row["attempt_id"]: row for row in company.rows("inference") if row.get("attempt_id")}
    return [row for name, row in found.items() if "broken" not in name]


def test_attempt_oddities(attempts):
    """Catches the loss of any special kind of native attempt."""
    assert {row["status"] for row in attempts} == {"success", "error", "timeout", "rate_limited", "blocked"}
    assert any(row.get("retry_of") for row in attempts)
    assert any(row.get("cache_hit") is True for row in attempts)
    assert any(row["service_tier"] == "batch" for row in attempts if "service_tier" in row)
    assert any(row["model"] == UNKNOWN_MODEL and "cost" not in row for row in attempts)
    assert any(row["model"] == UNKNOWN_MODEL and row.get("currency") == "EUR" for row in attempts)
    assert any(row["use_case"] == UNDECLARED_USE_CASE for row in attempts)
    assert any(not row.get("outcome_id") for row in attempts)
    assert any(row.get("experiment") == EXPERIMENT for row in attempts)
    assert any(row.get("input_valid") is False for row in attempts)
    assert any(row.get("cache_write_1h_tokens") for row in attempts)


def test_one_batch_arrives_a_week_late(company):
    """Catches a late batch whose rows also came on time."""
    late = [path for path in company.files("inference") if path.parent.name == "late"]
    rows = [row for path in late for row in rows_of(path)]
    assert rows and {row["started_at"][:10] for row in rows} == {"2026-08-19"}
    ids = {row["attempt_id"] for row in rows}
    assert sum(row.get("attempt_id") in ids for row in company.rows("inference")) == len(rows)


def test_fallbacks_go_to_another_model(attempts):
    """Catches retries that never leave their model."""
    models = defaultdict(set)
    for row in attempts:
        models[row.get("request_id") or row.get("retry_of") or row["attempt_id"]].add(row["model"])
    assert any(len(found) > 1 for found in models.values())


def test_some_retries_only_the_window_rule_finds(attempts):
    """Catches links in the logs of the team that has none."""
    team = [row for row in attempts if row["use_case"] == "code_review_assistant"]
    assert team and not any("request_id" in row or "retry_of" in row for row in team)
    keys = Counter((row["outcome_id"], row["prompt_hash"]) for row in team)
    assert any(count > 1 for count in keys.values())


def test_duplicates_partial_rows_and_resent_files(company):
    """Catches repeated rows that differ in a byte, and counts in the key that do not hold."""
    versions, copies = defaultdict(set), Counter()
    for row in company.rows("inference"):
        if row.get("attempt_id") and "broken" not in row["attempt_id"]:
            text = json.dumps(row, sort_keys=True, default=str)
            versions[row["attempt_id"]].add(text)
            copies[text] += 1
    resent = company.key["resent_files"]
    same = plain_bytes(company.landing / resent["same_bytes"]["first"])
    assert same == plain_bytes(company.landing / resent["same_bytes"]["again"])
    again = len(same.splitlines())
    assert sum(copies.values()) - len(copies) - again == company.key["duplicate_rows"]["inference"]
    assert sum(len(found) - 1 for found in versions.values()) == company.key["superseded_rows"]["inference"] > 0
    first, other = (company.landing / resent["recompressed"][name] for name in ("first", "again"))
    assert first.read_bytes() != other.read_bytes() and plain_bytes(first) == plain_bytes(other)


def test_broken_rows_stand_where_the_key_says(company):
    """Catches line numbers that moved after they were written down."""
    assert {row["reason"] for row in company.key["quarantined_rows"]} >= {
        "bad_number", "naive_time", "missing_id", "malformed_json", "bad_value", "missing_field", "bad_time",
    }  # fmt: skip
    for row in company.key["quarantined_rows"]:
        line = plain_bytes(company.landing / row["file"]).splitlines()[row["line_no"] - 1]
        if row["reason"] == "malformed_json":
            with pytest.raises(json.JSONDecodeError):
                json.loads(line)
        else:
            assert b"broken" in line or b'" "' in line or b"attempt_id" not in line


def test_ticket_oddities(company):
    """Catches the loss of late, void, reopened, shared and foreign-currency tickets."""
    states = defaultdict(list)
    for row in company.rows("rework"):
        states[row["ticket_id"]].append(row)
    statuses = [[row["status"] for row in sorted(found, key=lambda r: r["updated_at"])] for found in states.values()]
    assert any(found[:3] == ["open", "closed", "open"] for found in statuses)
    assert any(found[-1] == "void" for found in statuses) and any(found == ["open"] for found in statuses)
    assert any(len(row.get("outcome_ids", [])) > 1 for row in company.rows("rework"))
    assert any(row.get("currency") == "EUR" for row in company.rows("rework"))
    ended = {row["outcome_id"]: str(row.get("ended_at")) for row in company.rows("inference") if row.get("outcome_id")}
    late = [r for r in company.rows("rework") if r.get("outcome_id") in ended and ended[r["outcome_id"]] != "None"]
    assert any(row["opened_at"][:7] > ended[row["outcome_id"]][:7] for row in late)


def test_clock_oddities(company):
    """Catches the loss of paused, cancelled, breached and still running clocks."""
    latest = {}
    for row in sorted(company.rows("sla"), key=lambda r: r["updated_at"]):
        latest[row["event_id"]] = row
    clocks = [row for row in latest.values() if row["outcome_id"] != "sup-o-none"]
    assert any(row.get("paused_minutes") for row in clocks)
    assert any(row["status"] == "cancelled" for row in clocks)
    assert any(row["status"] == "stopped" and row["stopped_at"] > row["due_at"] for row in clocks)
    assert any(row["status"] == "running" and row["due_at"] < AS_OF for row in clocks)
    assert any(row["status"] == "running" and row["due_at"] > AS_OF for row in clocks)


def test_gateway_oddities(company):
    """Catches gateway rows without counted retries, cache hits, lost spend, missing use cases or shared traces."""
    rows = company.rows("litellm")
    meta = [json.loads(row["metadata"]) if isinstance(row["metadata"], str) else row["metadata"] for row in rows]
    assert any(found["attempted_retries"] for found in meta) and any(found["attempted_fallbacks"] for found in meta)
    assert any(row.get("cache_hit") is True for row in rows)
    assert any("use_case" not in found["spend_logs_metadata"] for found in meta)
    pairs = list(zip(rows, meta, strict=True))
    assert any(float(r.get("spend", 1)) == 0 and (m["cost_breakdown"] or {}).get("total_cost") for r, m in pairs)
    traces = Counter(row.get("trace_id") or row["session_id"] for row in rows)
    assert any(count > 1 for count in traces.values())


def test_trace_oddities(company):
    """Catches outcomes that stand on every span, and calls without a second span of the same response."""
    spans = company.spans()
    calls = [s for s in spans if "gen_ai.request.model" in s["values"] or "llm.model_name" in s["values"]]
    with_outcome = [s for s in calls if "finops.outcome_id" in s["values"]]
    assert 0 < len(with_outcome) < len(calls)
    responses = Counter((s["traceId"], s["values"].get("gen_ai.response.id")) for s in calls)
    twins = sum(1 for (_, response), count in responses.items() if response and count == 2)
    assert twins == company.key["otel_second_spans_of_one_call"] > 0
