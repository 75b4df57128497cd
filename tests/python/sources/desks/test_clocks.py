"""What becomes of a desk's clocks. Catches due times, pauses and stops that are not the desk's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from ingest.conftest import Warehouse
from ingest.samples import jsonl

from .builders import jira_date, jira_issue, jira_sla, pagerduty_incident, servicenow_sla, zendesk_event, zendesk_policy


def hours(microseconds: int | None) -> float | None:
    """Hours of 1 July 2026."""
    return None if microseconds is None else (microseconds / 1_000_000 - 1782864000) / 3600


def cycles(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    (text,) = warehouse.all("SELECT sla_cycles FROM jira.records")[0]
    return [
        (c["metric"], hours(c["started_us"]), hours(c["due_us"]), hours(c["stopped_us"])) for c in orjson.loads(text)
    ]


@pytest.mark.parametrize("by_itself", [True, False])
def test_jira_cycles(warehouse: Warehouse, by_itself: bool):
    """Catches the running cycle forgotten beside the completed one, and cycles inside an issue not found."""
    row = {"issueId": "10042", **jira_sla()} if by_itself else jira_issue(fields={"customfield_10020": jira_sla()})
    warehouse.take("jira/a.jsonl", jsonl(row))
    assert cycles(warehouse) == [("resolution", 8, 10, 9.5), ("resolution", 10, 12, None)]


def test_a_page_of_jira_slas(warehouse: Warehouse):
    """Catches an SLA that does not know its issue because the page names it once for all."""
    page = {"issueKey": "AI-42", "size": 2, "values": [jira_sla(), jira_sla(id="8", name="Time to first response")]}
    warehouse.take("jira/a.jsonl", jsonl(page))
    assert warehouse.all("SELECT record_id, ticket_key, updated_at::VARCHAR FROM jira.records ORDER BY 1") == [
        ("AI-42/7", "AI-42", "2026-07-01 10:30:00+00"),
        ("AI-42/8", "AI-42", "2026-07-01 10:30:00+00"),
    ]
    assert warehouse.all("SELECT count(*) FROM jira.records WHERE sla_cycles LIKE '%\"response\"%'") == [(1,)]


def test_a_paused_jira_cycle_stands_still(warehouse: Warehouse):
    """Catches a clock that goes on while it is paused: 30 of 120 minutes have run, so it stands at 10:30 of 12:00."""
    ongoing = {**jira_sla()["ongoingCycle"], "paused": True, "breachTime": None}
    warehouse.take("jira/a.jsonl", jsonl({"issueId": "1", **jira_sla(completedCycles=[], ongoingCycle=ongoing)}))
    assert cycles(warehouse) == [("resolution", 10, 12, 10.5)]


def test_a_breached_jira_cycle_without_its_breach(warehouse: Warehouse):
    """Catches a breach that is lost because the time of breach is missing: 150 minutes ran of 120, so it was due 30
    minutes before it stopped."""
    done = {**jira_sla()["completedCycles"][0], "breachTime": None, "stopTime": jira_date(10.5)}
    done |= {"elapsedTime": {"millis": 9_000_000}, "remainingTime": {"millis": -1_800_000}}
    warehouse.take("jira/a.jsonl", jsonl({"issueId": "1", **jira_sla(completedCycles=[done], ongoingCycle=None)}))
    assert cycles(warehouse) == [("resolution", 8, 10, 10.5)]


SLA_COLUMNS = "metric, strftime(due_at, '%H:%M:%S'), paused_seconds, strftime(stopped_at, '%H:%M:%S'), clock_status"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("resolution", "10:00:00", 1800, "10:45:00", "stopped")),
        ({"original_breach_time": ""}, ("resolution", "10:30:00", 0, "10:45:00", "stopped")),
        ({"planned_end_time": ""}, ("resolution", "10:00:00", 1800, "10:45:00", "stopped")),
        ({"planned_end_time": "", "schedule": ""}, ("resolution", "10:00:00", 2700, "10:45:00", "stopped")),
        ({"sla": {"display_value": "First response"}}, ("response", "10:00:00", 1800, "10:45:00", "stopped")),
        ({"stage": "in_progress", "end_time": ""}, ("resolution", "10:00:00", 1800, None, "running")),
        ({"stage": "breached", "end_time": ""}, ("resolution", "10:00:00", 1800, None, "running")),
        (
            {"stage": "paused", "end_time": "", "pause_time": "2026-07-01 09:15:00"},
            ("resolution", "10:00:00", 1800, "09:15:00", "stopped"),
        ),
        ({"stage": "cancelled"}, ("resolution", "10:00:00", 1800, "10:45:00", "cancelled")),
        ({"stage": "Completed", "end_time": ""}, ("resolution", "10:00:00", 1800, "10:45:00", "stopped")),
    ],
)
def test_servicenow_clocks(warehouse: Warehouse, changes: dict[str, Any], expected: tuple[Any, ...]):
    """Catches the stored breach flag trusted, pauses counted twice (the planned end has them), and a paused clock that
    goes on."""
    warehouse.take("servicenow/a.jsonl", jsonl(servicenow_sla(**changes)))
    assert warehouse.all(f"SELECT {SLA_COLUMNS} FROM servicenow.records") == [expected]


@pytest.mark.parametrize(
    ("targets", "changes", "expected"),
    [
        ("{P2: 60}", {}, ("resolution", "09:00:00", 0, "09:30:00", "stopped")),
        ("{high: 240}", {"priority": None}, ("resolution", "12:00:00", 0, "09:30:00", "stopped")),
        ("{'*': 90}", {"status": "triggered", "resolved_at": None}, ("resolution", "09:30:00", 0, None, "running")),
        ("{low: 60}", {}, (None, None, None, None, None)),
    ],
)
def test_pagerduty_clocks(warehouse: Warehouse, targets: str, changes: dict[str, Any], expected: tuple[Any, ...]):
    """Catches a clock without a declared target, and one that an open incident does not start."""
    (warehouse.settings.home / "sources.yml").write_text(f"pagerduty: {{target_minutes: {targets}}}")
    warehouse.take("pagerduty/a.jsonl", jsonl(pagerduty_incident(**changes)))
    assert warehouse.all(f"SELECT {SLA_COLUMNS} FROM pagerduty.records") == [expected]


def test_zendesk_events(warehouse: Warehouse):
    """Catches targets in seconds read as minutes, a policy taken off that looks like one applied, and events that
    Zendesk took back."""
    group = {"target": 90, "business_hours": True, "policy": {"id": 31}}
    events = [
        zendesk_event(1, "activate", "08:00:00"),
        zendesk_event(2, "apply_sla", "08:00:00"),
        zendesk_event(3, "apply_sla", "08:10:00", sla=None),
        zendesk_event(4, "apply_group_sla", "08:20:00", group_sla=group),
        zendesk_event(5, "breach", "09:00:00", deleted=True),
        zendesk_event(6, "update_status", "09:00:00"),
    ]
    warehouse.take("zendesk/a.json", jsonl({"ticket_metric_events": events, "end_time": 1}))
    columns = "event_type, target_minutes, business_hours, policy_id, is_deleted"
    assert warehouse.all(f"SELECT {columns} FROM zendesk.records ORDER BY record_id") == [
        ("activate", None, None, None, False),
        ("apply_sla", Decimal(60), False, "25", False),
        ("apply_sla", None, None, None, False),
        ("apply_group_sla", Decimal(90), True, "31", False),
        ("breach", None, None, None, True),
        ("update_status", None, None, None, False),
    ]


def test_an_event_taken_back_wins(warehouse: Warehouse):
    """Catches a breach that stays because the event that takes it back has the same time."""
    rows = [zendesk_event(5, "breach", "09:00:00", deleted=True), zendesk_event(5, "breach", "09:00:00")]
    for number, row in enumerate(rows):
        warehouse.take(f"zendesk/{number}.jsonl", jsonl(row))
    assert warehouse.all("SELECT first_name, loaded, superseded FROM ledger.load_files ORDER BY 1") == [
        ("zendesk/0.jsonl", 1, 0),
        ("zendesk/1.jsonl", 0, 1),
    ]


def test_zendesk_policies(warehouse: Warehouse):
    """Catches a policy whose targets are lost, or whose title is kept."""
    warehouse.take("zendesk/a.json", jsonl({"sla_policies": [zendesk_policy()], "count": 1}))
    ((kept,),) = warehouse.all("SELECT policy_metrics FROM zendesk.records")
    assert orjson.loads(kept) == [
        {"metric": "first_reply_time", "priority": "high", "target_minutes": "30.000000", "business_hours": False},
        {"metric": "agent_work_time", "priority": "low", "target_minutes": "480.000000", "business_hours": True},
    ]
