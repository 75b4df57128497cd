"""A label that cannot be used leaves its row as it is: the value is unknown, counted by field, and never stored.

Catches a word of a company's own in an optional field that refuses every row, and one that becomes null unseen.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sources.desks.builders import jira_issue, pagerduty_incident, servicenow_incident, zendesk_ticket
from sources.gateway_samples import apim, bedrock, correction, gateway_log, generation, helicone

from orchestration.commands.doctor import examine
from orchestration.commands.sources import read_ledger, show_sources
from orchestration.quality.landed import check_new_rows
from orchestration.sources.registry import SOURCES, landed_columns
from orchestration.warehouse.tables import ensure_tables

from .conftest import Warehouse
from .samples import ATTEMPT, CLOCK, COST, DECISION, SPEND_LOG, TICKET, batch, jsonl, span
from .test_privacy import CANARY, canary_files, canary_rows

Row = dict[str, Any]
Write = Callable[[str, str, Any], Row]
LATER = datetime(2026, 7, 5, tzinfo=UTC)
# No word, no boolean, no number, and too long for a name.
UNUSABLE = f"{CANARY} " * 100


def _flat(good: Row, key: str, **names: str) -> Write:
    return lambda row_id, label, value: {**good, key: row_id, names.get(label, label): value}


def _litellm(row_id: str, label: str, value: Any) -> Row:
    row = {**SPEND_LOG, "request_id": row_id}
    if label in ("call_type", "cache_hit"):
        return {**row, label: value}
    if label in ("error_class", "error_code"):
        return {**row, "status": "failure", "error_information": {label: value}}
    if label in ("attempted_retries", "attempted_fallbacks"):
        return {**row, "metadata": {label: value}}
    return {**row, "metadata": {"spend_logs_metadata": {label: value}}}


def _otel(row_id: str, label: str, value: Any) -> Row:
    name = "http.request.resend_count" if label == "resend_count" else f"finops.{label}"
    return batch(span(spanId=f"{int(row_id) + 1:016x}", attributes={name: value}))


def _langfuse(row_id: str, label: str, value: Any) -> Row:
    if label == "level":
        return generation(id=row_id, level=value)
    if label == "provider_request_id":
        return generation(id=row_id, metadata={"attributes": {"gen_ai.response.id": value}})
    make = correction if label == "cause" else generation
    return make(id=row_id, metadata={label: value})


def _helicone(row_id: str, label: str, value: Any) -> Row:
    changes = {"threat": value} if label == "is_threat" else {"properties": {label: value}}
    return helicone(request_id=row_id, **changes)


def _bedrock(row_id: str, label: str, value: Any) -> Row:
    changes = {"accountId": value} if label == "account_id" else {"requestMetadata": {label: value}}
    return bedrock(requestId=row_id, **changes)


def _apim(row_id: str, label: str, value: Any) -> Row:
    if label == "provider_request_id":
        answer = {"id": value, "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
        return gateway_log(json.dumps(answer), correlationId=row_id)
    names = {"is_stream": "IsStreamCompletion"}
    return {**apim(), "CorrelationId": row_id, names.get(label, label): value}


def _zendesk(row_id: str, label: str, value: Any) -> Row:
    tags = ["outcome:o-1", "severity:major"]
    if label == "priority":
        return zendesk_ticket(row_id, tags=tags, priority=value)
    if label == "reopens":
        return zendesk_ticket(row_id, tags=tags, metric_set={"reopens": value})
    return zendesk_ticket(row_id, tags=[*tags, f"{label}:{value}"])


def _servicenow(row_id: str, label: str, value: Any) -> Row:
    return servicenow_incident(row_id, **{"reopen_count" if label == "reopens" else f"u_{label}": value})


WRITERS: dict[str, Write] = {
    "inference": _flat(ATTEMPT, "attempt_id"),
    "rework": _flat(TICKET, "ticket_id"),
    "sla": _flat(CLOCK, "event_id"),
    "outcomes": _flat(DECISION, "outcome_id"),
    "costs": _flat(COST, "cost_id"),
    "litellm": _litellm,
    "otel": _otel,
    "langfuse": _langfuse,
    "helicone": _helicone,
    "bedrock": _bedrock,
    "azure_apim": _apim,
    "zendesk": _zendesk,
    "jira": lambda row_id, label, value: jira_issue(row_id, {"labels": ["outcome:o-1", f"{label}:{value}"]}),
    "servicenow": _servicenow,
    "pagerduty": lambda row_id, label, value: pagerduty_incident(
        row_id, custom_fields=[{"name": label, "value": value}]
    ),
}
# Counted by the parser, not sent.
NOT_SENT = {"jira": {"reopens"}, "pagerduty": {"reopens"}}
CASES = [
    (source, label)
    for source, family in SOURCES.items()
    for label in family.labels
    if label not in NOT_SENT.get(source, ())
]


def _ingest(warehouse: Warehouse, source: str) -> None:
    warehouse.ingest(source, as_of=LATER, now=LATER)
    warehouse.assert_conserved()


def _unusable(warehouse: Warehouse) -> list[dict[str, int] | None]:
    texts = warehouse.all("SELECT unusable_labels FROM ledger.load_files ORDER BY load_id")
    return [None if text is None else json.loads(text) for (text,) in texts]


def test_every_source_with_labels_is_tested():
    """Catches a source whose labels nobody looks at."""
    assert {source for source, family in SOURCES.items() if family.labels} == set(WRITERS)


@pytest.mark.parametrize("source", WRITERS)
def test_a_label_that_cannot_be_used_is_unknown_and_counted(warehouse: Warehouse, source: str):
    """Catches a label that refuses its row, one that is lost without a count, and its value written anywhere."""
    labels = [label for of, label in CASES if of == source]
    rows = [WRITERS[source](f"{number}", label, UNUSABLE) for number, label in enumerate(labels)]
    warehouse.land(f"{source}/a.jsonl", jsonl(*rows))
    _ingest(warehouse, source)
    assert warehouse.reasons() == []
    assert warehouse.counts() == (len(rows), len(rows), 0, 0, 0)
    assert _unusable(warehouse) == [dict.fromkeys(labels, 1)]
    columns = {table.full_name: table.columns for table in SOURCES[source].tables}
    for label in labels:
        stored = [
            value for table, names in columns.items() if label in names
            for (value,) in warehouse.all(f"SELECT {label} FROM {table}")
        ]  # fmt: skip
        assert None in stored
        assert UNUSABLE not in map(str, stored)
    assert canary_rows(warehouse) == []
    warehouse.con.execute("CHECKPOINT")
    assert canary_files(warehouse.settings.home) == []


@pytest.mark.parametrize("source", WRITERS)
def test_such_a_row_again_is_a_duplicate(warehouse: Warehouse, source: str):
    """Catches an identity that depends on what was not kept, and rows that fail the checks on what landed."""
    rows = [WRITERS[source](f"{number}", label, UNUSABLE) for number, (of, label) in enumerate(CASES) if of == source]
    warehouse.land(f"{source}/a.jsonl", jsonl(*rows))
    _ingest(warehouse, source)
    warehouse.land(f"{source}/b.jsonl", jsonl(*rows[::-1]) + b"\n")
    _ingest(warehouse, source)
    assert warehouse.counts() == (2 * len(rows), len(rows), len(rows), 0, 0)
    first, again = _unusable(warehouse)
    assert first == again
    warehouse.con.close()
    assert check_new_rows(warehouse.settings, source, "run")[0] == []


@pytest.mark.parametrize(
    ("source", "label", "value"),
    [
        ("litellm", "task_class", "draft"),
        ("litellm", "can_wait", "later"),
        ("litellm", "cache_hit", "partial"),
        ("litellm", "use_case", 1.5),
        ("litellm", "experiment", {"name": "a"}),
        ("inference", "input_valid", 2),
        ("inference", "prompt_hash", ["a"]),
        ("otel", "task_class", "draft"),
        ("azure_apim", "release_id", ["a"]),
        ("pagerduty", "cause", "weather"),
    ],
)
def test_words_of_ones_own_do_not_stop_a_company(warehouse: Warehouse, source: str, label: str, value: Any):
    """Catches the file that is refused as a whole because each of its rows has such a word."""
    rows = [WRITERS[source](f"{number:04}", label, value) for number in range(50)]
    warehouse.land(f"{source}/a.jsonl", jsonl(*rows))
    _ingest(warehouse, source)
    assert warehouse.counts() == (50, 50, 0, 0, 0)
    assert _unusable(warehouse) == [{label: 50}]


def test_a_row_that_is_refused_counts_no_labels(warehouse: Warehouse):
    """Catches labels counted for rows that are not there."""
    rows = [{**ATTEMPT, "attempt_id": f"a-{number}", "task_class": "draft"} for number in range(3)]
    rows[1]["input_tokens"] = -1
    warehouse.take("inference/a.jsonl", jsonl(*rows))
    assert warehouse.reasons() == [(2, "bad_number", "input_tokens")]
    assert _unusable(warehouse) == [{"task_class": 2}]
    warehouse.take("inference/b.jsonl", jsonl(*({**row, "input_tokens": None} for row in rows)) * 10)
    assert _unusable(warehouse)[1] is None


def test_commands_name_the_label_and_what_it_takes(warehouse: Warehouse, capsys: pytest.CaptureFixture):
    """Catches labels that are counted where nobody looks."""
    rows = [_litellm(f"{number}", "task_class", CANARY) for number in range(3)]
    warehouse.land("litellm/a.jsonl", jsonl(*rows))
    _ingest(warehouse, "litellm")
    warehouse.con.close()
    sentence = "litellm: task_class of 3 rows could not be used; it takes one of A, B, C"
    assert read_ledger(warehouse.settings).labels == [sentence]
    show_sources(warehouse.settings)
    assert sentence in capsys.readouterr().out
    examine(warehouse.settings)
    printed = capsys.readouterr().out
    assert sentence in printed
    assert CANARY not in printed


def test_a_ledger_of_an_older_version_is_read_and_extended(warehouse: Warehouse):
    """Catches a command or a run that stops at a ledger that has no such counts yet."""
    ensure_tables(warehouse.con, landed_columns())
    warehouse.con.execute("ALTER TABLE ledger.load_files DROP COLUMN unusable_labels")
    warehouse.con.execute("CHECKPOINT")
    warehouse.con.close()
    assert read_ledger(warehouse.settings).labels == []
    again = Warehouse(warehouse.settings.home)
    again.land("inference/a.jsonl", jsonl({**ATTEMPT, "can_wait": "later"}))
    _ingest(again, "inference")
    assert _unusable(again) == [{"can_wait": 1}]
    again.con.close()
