"""What becomes of a desk's tickets. Catches minutes, states, severities and outcomes read differently from how the
desk means them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from ingest.conftest import Warehouse
from ingest.samples import jsonl

from .builders import (
    CANARY,
    jira_issue,
    jira_sla,
    jira_worklog,
    pagerduty_incident,
    servicenow_incident,
    zendesk_metrics,
    zendesk_ticket,
)


def ticket(warehouse: Warehouse, source: str, columns: str) -> tuple[Any, ...]:
    (row,) = warehouse.all(f"SELECT {columns} FROM {source}.records WHERE record = 'ticket'")
    return row


def declare(warehouse: Warehouse, text: str) -> None:
    (warehouse.settings.home / "sources.yml").write_text(text)


def test_a_zendesk_ticket(warehouse: Warehouse):
    """Catches a tag that is not found, a priority that is not translated, and a state that says open for solved."""
    warehouse.take("zendesk/a.jsonl", jsonl(zendesk_ticket()))
    assert ticket(warehouse, "zendesk", "record_id, outcome_ids, use_case, is_rework, severity, kind, status") == (
        "101", '["o-1"]', "triage", True, "major", "correction", "closed"
    )  # fmt: skip


def test_zendesk_work_is_time_in_new_and_open(warehouse: Warehouse):
    """Catches waiting for the customer, or time on hold, paid as work: 50 minutes waited less 20 on hold are 30; and
    a reopening that is lost."""
    warehouse.take("zendesk/a.json", jsonl({"ticket_metrics": [zendesk_metrics()], "count": 1, "next_page": None}))
    assert warehouse.all("SELECT ticket_id, handling_minutes, reopens, closed_at::VARCHAR FROM zendesk.records") == [
        ("101", Decimal(30), 1, "2026-07-01 11:40:00+00")
    ]


@pytest.mark.parametrize(
    ("declared", "minutes"),
    [
        ("{minutes_from_metrics: full_resolution}", 100),
        ("{minutes_from_metrics: full_resolution, minutes_in: calendar}", 220),
        ("{minutes_in: calendar}", 110),
        ("{minutes_from_metrics: none}", None),
    ],
)
def test_zendesk_minutes_as_declared(warehouse: Warehouse, declared: str, minutes: int | None):
    """Catches a declaration that has no effect."""
    declare(warehouse, f"zendesk: {declared}")
    warehouse.take("zendesk/a.jsonl", jsonl(zendesk_metrics()))
    assert warehouse.all("SELECT handling_minutes FROM zendesk.records") == [(minutes,)]


def test_zendesk_minutes_that_cannot_be_are_unknown(warehouse: Warehouse):
    """Catches a negative difference of two schedules that is clamped to nothing: unknown is not free."""
    warehouse.take("zendesk/a.jsonl", jsonl(zendesk_metrics(on_hold_time_in_minutes={"calendar": 20, "business": 70})))
    assert warehouse.all("SELECT handling_minutes FROM zendesk.records") == [(None,)]


def test_a_custom_field_holds_seconds(warehouse: Warehouse):
    """Catches seconds of the time-tracking app paid as minutes, and metrics that win over a declared field."""
    declare(warehouse, "zendesk: {fields: {handling_minutes: ['custom_field:27642']}, handling_unit: seconds}")
    warehouse.take("zendesk/a.jsonl", jsonl(zendesk_ticket(metric_set=zendesk_metrics())))
    assert ticket(warehouse, "zendesk", "handling_minutes, outcome_ids") == (Decimal("12.416667"), '["o-1"]')


def test_metrics_beside_the_ticket(warehouse: Warehouse):
    """Catches metrics that are lost when the export puts them inside the ticket."""
    warehouse.take("zendesk/a.jsonl", jsonl(zendesk_ticket(metric_set=zendesk_metrics())))
    assert ticket(warehouse, "zendesk", "handling_minutes, closed_at::VARCHAR, reopens") == (
        Decimal(30), "2026-07-01 11:40:00+00", 1
    )  # fmt: skip


def test_a_zendesk_change_that_leaves_updated_at_alone(warehouse: Warehouse):
    """Catches a later state that loses to an earlier one because Zendesk's own change did not move ``updated_at``."""
    rows = [zendesk_ticket(), zendesk_ticket(status="deleted", generated_timestamp=1782914400)]
    warehouse.take("zendesk/a.jsonl", jsonl(*rows))
    assert warehouse.all("SELECT status FROM zendesk.records ORDER BY updated_at DESC") == [("void",), ("closed",)]
    assert warehouse.counts() == (2, 1, 0, 1, 0)


OTHER = {"tags": ["enterprise"]}


@pytest.mark.parametrize(
    ("declared", "changes", "is_rework"),
    [
        ("{}", OTHER, False),
        ("{}", {"tags": ["use_case:triage"]}, True),
        ("{only: ['match:type:^question$']}", {}, False),
        ("{only: ['match:tags:^enterprise$']}", {}, True),
        ("{tickets_are_rework: false}", {}, False),
        ("{fields: {outcome_ids: [external_id]}}", {"tags": [], "external_id": "o-7"}, True),
    ],
)
def test_which_tickets_are_rework(warehouse: Warehouse, declared: str, changes: dict[str, Any], is_rework: bool):
    """Catches ordinary tickets that cost money, tickets that vanish because they are none, and a filter without
    effect."""
    declare(warehouse, f"zendesk: {declared}")
    warehouse.take("zendesk/a.jsonl", jsonl(zendesk_ticket(**changes)))
    assert ticket(warehouse, "zendesk", "is_rework") == (is_rework,)
    assert warehouse.counts() == (1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("places", "changes", "found"),
    [
        ("['custom_field:27642']", {}, '["745"]'),
        ("[external_id, 'tag:outcome']", {}, '["o-1"]'),
        ("['match:description:case (C-[0-9]+)']", {"description": f"{CANARY} case C-77, case C-78"}, '["C-77","C-78"]'),
        ("['match:subject:^.*$']", {"subject": "x" * 300}, None),
        ("['tag:outcome']", {"tags": ["outcome:o-1", "outcome=o-2", "outcomes:o-3"]}, '["o-1","o-2"]'),
        ("['tag:outcome']", {"tags": "outcome:o-1 other"}, '["o-1"]'),
    ],
)
def test_where_an_outcome_is_found(warehouse: Warehouse, places: str, changes: dict[str, Any], found: str | None):
    """Catches a declared place that is not looked at, a match that takes the text around it along, and a pattern that
    would store the text itself."""
    declare(warehouse, f"zendesk: {{fields: {{outcome_ids: {places}}}}}")
    warehouse.take("zendesk/a.jsonl", jsonl(zendesk_ticket(**changes)))
    assert ticket(warehouse, "zendesk", "outcome_ids") == (found,)


def test_declared_words_and_their_limits(warehouse: Warehouse):
    """Catches a word that nobody declared taken for one of ours: it is refused, unless ``*`` is declared."""
    declare(warehouse, "zendesk: {fields: {kind: ['custom_field:1']}, words: {kind: {Voll-Prüfung: full_review}}}")
    spoken = ["Full Review", "voll prüfung", "other"]
    rows = [zendesk_ticket(n, custom_fields=[{"id": 1, "value": word}]) for n, word in enumerate(spoken)]
    warehouse.take("zendesk/a.jsonl", jsonl(*rows))
    assert warehouse.all("SELECT kind FROM zendesk.records") == [("full_review",), ("full_review",)]
    assert warehouse.reasons() == [(3, "bad_value", "kind")]


def test_a_jira_issue(warehouse: Warehouse):
    """Catches subtasks' time counted twice (the aggregate), seconds taken for minutes, and reopenings miscounted."""
    warehouse.take("jira/a.json", jsonl({"startAt": 0, "total": 1, "issues": [jira_issue()]}))
    columns = "ticket_key, outcome_ids, severity, status, handling_minutes, reopens, closed_at::VARCHAR, worklogs"
    assert ticket(warehouse, "jira", columns) == (
        "AI-42", '["o-1"]', "major", "closed", Decimal(90), 1, "2026-07-02 10:00:00+00",
        '[{"id":"1","minutes":"30.000000","updated_us":1782892800000000}]',
    )  # fmt: skip


def test_a_jira_issue_found_by_its_fields(warehouse: Warehouse):
    """Catches a choice, a named thing or a document that is taken as an object instead of what is in it."""
    declare(
        warehouse,
        "jira: {fields: {outcome_ids: [customfield_10050], role: [components],"
        " use_case: ['match:description:UC-(.*?) ']}}",
    )
    fields = {
        "customfield_10050": {"self": "https://x", "value": "o-9", "id": "3"},
        "components": [{"id": "1", "name": "clerk"}],
        "description": {"type": "doc", "content": [{"content": [{"text": f"{CANARY} UC-claims ends"}]}]},
        "resolutiondate": None,
        "status": {"name": "Waiting", "statusCategory": {"key": "indeterminate"}},
        "timespent": None,
    }
    warehouse.take("jira/a.jsonl", jsonl(jira_issue(fields=fields, changelog=None)))
    columns = "outcome_ids, role, use_case, status, handling_minutes, reopens"
    assert ticket(warehouse, "jira", columns) == ('["o-9"]', "clerk", "claims", "open", None, None)


def test_a_servicenow_incident(warehouse: Warehouse):
    """Catches a stored duration read as a date, the elapsed time paid as work, references that are not opened, and
    blank text taken for a value."""
    warehouse.take("servicenow/a.json", jsonl({"result": [servicenow_incident()]}))
    columns = "ticket_key, outcome_ids, use_case, severity, status, handling_minutes, reopens, closed_at::VARCHAR"
    assert ticket(warehouse, "servicenow", columns) == (
        "INC0010023", '["o-1"]', "triage", "critical", "closed", Decimal(45), 2, "2026-07-01 09:00:00+00"
    )  # fmt: skip


def test_servicenow_shows_values_in_three_ways(make_warehouse: Callable[..., Warehouse]):
    """Catches an export with display values, or CSV, that looks like other rows than the plain interface's."""
    import csv
    import io

    plain = servicenow_incident(assignment_group="1", opened_by="x")
    shown = {**plain, "state": {"display_value": "Resolved", "value": "6"}, "priority": "1 - Critical",
             "u_outcome_id": {"display_value": "o-1", "link": "https://company"}}  # fmt: skip
    text = io.StringIO()
    writer = csv.DictWriter(text, list(plain))
    writer.writeheader()
    writer.writerow(plain)
    files = {"plain.jsonl": jsonl(plain), "shown.jsonl": jsonl(shown), "table.csv": text.getvalue().encode()}
    found = []
    for name, content in files.items():
        warehouse = make_warehouse(name)
        warehouse.take(f"servicenow/{name}", content)
        found.append(warehouse.all("SELECT _row_hash, outcome_ids, status, severity FROM servicenow.records"))
    assert found[0] == found[1] == found[2] and len(found[0]) == 1


def test_a_pagerduty_incident_is_no_work_unless_declared(make_warehouse: Callable[..., Warehouse]):
    """Catches incidents that turn outcomes into corrected ones although nobody said that they are rework."""
    for declared, expected in (("{}", False), ("pagerduty: {tickets_are_rework: true}", True)):
        warehouse = make_warehouse(str(expected))
        declare(warehouse, declared)
        warehouse.take("pagerduty/a.jsonl", jsonl(pagerduty_incident(engaged_seconds=600)))
        columns = "outcome_ids, severity, status, is_rework, handling_minutes"
        assert ticket(warehouse, "pagerduty", columns) == ('["o-1"]', "major", "closed", expected, Decimal(10))


@pytest.mark.parametrize(
    ("source", "row", "reason"),
    [
        ("zendesk", zendesk_ticket(created_at=None), ("missing_field", "opened_at")),
        ("zendesk", zendesk_ticket(id=None), ("missing_id", "record_id")),
        ("zendesk", zendesk_metrics(requester_wait_time_in_minutes={"business": "NaN"}),
         ("bad_number", "requester_wait_time_in_minutes")),
        ("zendesk", {"id": 1, "name": "a brand"}, ("unknown_shape", "record")),
        ("jira", jira_issue(fields={"timespent": -5}), ("bad_number", "timespent")),
        ("jira", jira_worklog("1", updated="yesterday"), ("bad_time", "worklog.updated")),
        ("jira", jira_issue(fields={"created": "2026-07-01T09:00:00.000"}), ("naive_time", "opened_at")),
        ("jira", jira_sla(), ("missing_id", "record_id")),
        ("servicenow", servicenow_incident(opened_at="01/07/2026", sys_created_on=""), ("bad_time", "opened_at")),
        ("servicenow", servicenow_incident(time_worked="an hour"), ("bad_number", "handling_minutes")),
        ("pagerduty", pagerduty_incident(created_at="2026-07-08T00:00:00Z"), ("future_time", "opened_at")),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_used(warehouse: Warehouse, source: str, row: dict[str, Any], reason: tuple[str, str]):
    """Catches a row that vanishes or is mended silently instead of being quarantined with its reason."""
    warehouse.take(f"{source}/a.jsonl", jsonl(row))
    assert warehouse.all("SELECT reason_code, field FROM ledger.quarantined_rows") == [reason]
    assert warehouse.counts() == (1, 0, 0, 0, 1)


@pytest.mark.parametrize(
    "declared",
    [
        "zendesk: {fields: {outcome_ids: [description]}}",
        "jira: {fields: {use_case: ['match:summary:(']}}",
        "servicenow: {fields: {outcomes: [x]}}",
        "servicenow: {words: {severity: {'1': urgent}}}",
        "pagerduty: {target: 5}",
    ],
)
def test_declarations_that_cannot_be(warehouse: Warehouse, declared: str):
    """Catches a place that would store a free text, a broken pattern, an unknown field or word that is ignored."""
    from orchestration.sources.sources_yml import PlacesError

    declare(warehouse, declared)
    with pytest.raises(PlacesError, match=r"sources\.yml"):
        warehouse.ingest("zendesk")
