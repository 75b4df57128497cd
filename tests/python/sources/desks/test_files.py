"""The same records, however a desk's files are laid out and delivered."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingest.conftest import Warehouse
from ingest.samples import jsonl

from orchestration.ingest.batches import BATCH_ROWS
from orchestration.ingest.json_rows import JsonReader
from orchestration.ingest.privacy import Hasher
from orchestration.sources.desks.parser import page_layout

from .builders import (
    CANARY,
    jira_issue,
    jira_sla,
    jira_worklog,
    pagerduty_incident,
    servicenow_incident,
    servicenow_sla,
    zendesk_event,
    zendesk_metrics,
    zendesk_policy,
    zendesk_ticket,
)

ZENDESK_TABLES = Path(__file__).parents[3].parent / "shared" / "data" / "zendesk"
CONTENT = "SELECT * EXCLUDE (_file_sha256, _line_no, _row_no, _load_id) FROM {}.records ORDER BY _row_hash"
RECORDS: dict[str, list[dict[str, Any]]] = {
    "zendesk": [
        zendesk_ticket(),
        zendesk_ticket(status="open", updated_at="2026-07-01T09:00:00Z", generated_timestamp=None),
        zendesk_ticket(102, tags=[]),
        zendesk_metrics(),
        zendesk_event(1, "activate", "08:00:00"),
        zendesk_event(2, "apply_sla", "08:00:00"),
        zendesk_policy(),
    ],
    "jira": [
        jira_issue(),
        jira_issue("10043", fields={"customfield_10020": jira_sla()}),
        jira_worklog("2"),
        jira_worklog("2", updated="2026-07-01T11:00:00.000+0200", timeSpentSeconds=60),
        {"issueId": "10042", **jira_sla()},
    ],
    "servicenow": [
        servicenow_incident(),
        servicenow_incident("b" * 32),
        servicenow_sla(),
        servicenow_sla(sys_updated_on="2026-07-01 08:30:00", end_time="", stage="in_progress"),
    ],
    "pagerduty": [pagerduty_incident(), pagerduty_incident("PB"), pagerduty_incident(urgency="low", priority=None)],
}
PAGES = {"zendesk": "tickets", "jira": "issues", "servicenow": "result", "pagerduty": "incidents"}


@pytest.mark.parametrize("source", RECORDS)
def test_layouts_carry_the_same_rows(make_warehouse: Callable[..., Warehouse], source: str):
    """Catches records lost in a page, an array or a document over several lines."""
    rows = RECORDS[source]
    page = {PAGES[source]: rows, "count": len(rows), "next_page": None}
    one_a_line = "[" + ",\n".join(map(json.dumps, rows)) + "]\n"
    files = {
        "lines.jsonl": jsonl(*rows),
        "array.json": jsonl(rows),
        "page.json": jsonl(page),
        "pages.jsonl": jsonl({PAGES[source]: rows[:2]}, {PAGES[source]: []}, {PAGES[source]: rows[2:]}),
        "pretty.json": json.dumps(page, indent=2).encode(),
        "pretty_array.json": json.dumps(rows, indent=1).encode(),
        "one_a_line.json": one_a_line.encode(),
    }
    found = []
    for name, content in files.items():
        warehouse = make_warehouse(name)
        report = warehouse.take(f"{source}/{name}", content)
        warehouse.assert_conserved()
        assert (report.rows_in, report.quarantined) == (len(rows), 0), name
        found.append(warehouse.all(CONTENT.format(source)))
    assert len(found[0]) == len(rows)
    assert all(other == found[0] for other in found[1:])


@pytest.mark.parametrize("source", RECORDS)
def test_arrival_does_not_matter(make_warehouse: Callable[..., Warehouse], source: str):
    """Catches "the last file wins", rows counted again when they come again, and counts that do not add up."""
    rows = [*RECORDS[source], RECORDS[source][0]]
    results = []
    for number in range(4):
        order = random.Random(number).sample(rows, len(rows))
        cut = 1 + number % 3
        warehouse = make_warehouse(f"{source}-{number}")
        for part, piece in enumerate((order[:cut], order[cut:], order)):
            warehouse.take(f"{source}/{part}.jsonl", jsonl(*piece))
        warehouse.assert_conserved()
        results.append((warehouse.all(CONTENT.format(source)), warehouse.counts()))
    assert all(result == results[0] for result in results[1:])
    assert results[0][1][1] + results[0][1][3] == len(RECORDS[source])


def test_whose_words_are_never_kept(warehouse: Warehouse):
    """Catches a customer's words in any table or file: they stand in subjects, descriptions, comments, histories,
    custom fields, names of people, and also in rows that are refused."""
    (warehouse.settings.home / "sources.yml").write_text(
        "zendesk: {fields: {outcome_ids: ['match:description:[0-9a-f]{6}'], kind: ['custom_field:27648']}}"
    )
    for source, rows in RECORDS.items():
        spoilt = [{**row, "updated": 1, "created_at": CANARY, "opened_at": CANARY} for row in rows[:1]]
        warehouse.take(f"{source}/a.jsonl", jsonl(*rows, *spoilt, {"unknown": CANARY}, {**rows[0], CANARY: CANARY}))
    for source in RECORDS:
        assert not warehouse.all(f"SELECT 1 FROM {source}.records AS r WHERE contains(r::VARCHAR, ?)", CANARY)
    assert not warehouse.all("SELECT 1 FROM ledger.quarantined_rows AS r WHERE contains(r::VARCHAR, ?)", CANARY)
    warehouse.con.execute("CHECKPOINT")
    kept = [p for p in warehouse.settings.home.rglob("*") if p.is_file() and "landing" not in p.parts]
    assert [p.name for p in kept if CANARY.encode() in p.read_bytes()] == []
    assert len(kept) >= 2


_scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)
_objects = st.dictionaries(st.sampled_from(["id", "tickets", "result", "issues", "x"]), _scalars, max_size=3)
_values = st.recursive(
    _scalars | _objects,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["tickets", "a"]), inner, max_size=2),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_values, max_size=6))
def test_every_record_is_counted(values: list[Any]):
    """Catches a record that the reader loses or invents: what it counts is what it hands on or quarantines."""
    content = jsonl(*(json.dumps(value) for value in values))
    reader = JsonReader(page_layout({"tickets"}), iter([content]), 10_000, Hasher(b"k"))
    batches = list(reader.batches())
    numbers = sorted(
        itertools.chain.from_iterable([*batch.row_nos, *(row.row_no for row in batch.quarantined)] for batch in batches)
    )
    assert numbers == list(range(1, reader.rows_in + 1))
    assert all(len(batch.values) <= BATCH_ROWS for batch in batches)


@pytest.mark.skipif(not ZENDESK_TABLES.is_dir(), reason="the Zendesk tables are not here (shared/data/zendesk)")
def test_real_zendesk_tables(warehouse: Warehouse):
    """Catches a loader that knows only its own fixtures: tickets and policies as a replication tool stores them."""
    # The last record of the file has no line end, so it would be taken for one that was cut.
    warehouse.take("zendesk/tickets.csv", (ZENDESK_TABLES / "ticket_data.csv").read_bytes() + b"\n")
    assert warehouse.counts() == (10, 10, 0, 0, 0)
    assert warehouse.all("SELECT status, count(*) FROM zendesk.records GROUP BY ALL ORDER BY 1") == [
        ("closed", 8),
        ("void", 2),
    ]
    assert warehouse.all("SELECT severity, opened_at::VARCHAR FROM zendesk.records WHERE record_id = '11071'") == [
        ("critical", "2020-08-28 18:06:36+00")
    ]
    assert warehouse.all("SELECT count(*) FROM zendesk.records WHERE is_rework") == [(0,)]
    warehouse.take("zendesk/policies.csv", (ZENDESK_TABLES / "sla_policy_metric_history_data.csv").read_bytes())
    assert warehouse.all(
        "SELECT sum((policy_metrics->'$[0]'->>'target_minutes')::DECIMAL(18, 6))::INTEGER"
        " FROM zendesk.records WHERE record = 'sla_policy'"
    ) == [(20_835,)]
