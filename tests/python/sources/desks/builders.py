"""Records of the four desks in the shapes that their interfaces return, with customers' words in every free text."""

from __future__ import annotations

from typing import Any

CANARY = "canary-5f1d0c"
TEXT = f"Dear team, {CANARY} is what the customer wrote"


def zendesk_ticket(ticket_id: int = 101, **changes: Any) -> dict[str, Any]:
    """A ticket of ``GET /api/v2/tickets``."""
    return {
        "id": ticket_id,
        "external_id": None,
        "url": f"https://company.zendesk.com/api/v2/tickets/{ticket_id}.json",
        "type": "incident",
        "subject": TEXT,
        "raw_subject": TEXT,
        "description": TEXT,
        "priority": "high",
        "status": "solved",
        "recipient": f"{CANARY}@example.com",
        "requester_id": 20978392,
        "submitter_id": 76872,
        "assignee_id": 235323,
        "organization_id": 509974,
        "group_id": 98738,
        "collaborator_ids": [35334],
        "problem_id": None,
        "has_incidents": False,
        "due_at": None,
        "tags": ["outcome:o-1", "use_case:triage", "enterprise"],
        "custom_fields": [{"id": 27642, "value": "745"}, {"id": 27648, "value": TEXT}],
        "satisfaction_rating": {"id": 1234, "score": "good", "comment": TEXT},
        "via": {"channel": "web", "source": {"from": {"address": CANARY}}},
        "generated_timestamp": 1782910800,
        "created_at": "2026-07-01T08:00:00Z",
        "updated_at": "2026-07-01T12:00:00Z",
        **changes,
    }


def zendesk_metrics(ticket_id: int = 101, **changes: Any) -> dict[str, Any]:
    """Metrics of ``GET /api/v2/ticket_metrics``: 50 business minutes with the requester waiting, 20 of them on hold."""
    return {
        "id": ticket_id + 900_000,
        "ticket_id": ticket_id,
        "url": f"https://company.zendesk.com/api/v2/ticket_metrics/{ticket_id}.json",
        "reopens": 1,
        "replies": 2,
        "assignee_stations": 1,
        "group_stations": 1,
        "reply_time_in_minutes": {"calendar": 2391, "business": 737},
        "first_resolution_time_in_minutes": {"calendar": 200, "business": 90},
        "full_resolution_time_in_minutes": {"calendar": 220, "business": 100},
        "agent_wait_time_in_minutes": {"calendar": 90, "business": 50},
        "requester_wait_time_in_minutes": {"calendar": 130, "business": 50},
        "on_hold_time_in_minutes": {"calendar": 20, "business": 20},
        "initially_assigned_at": "2026-07-01T08:00:00Z",
        "assigned_at": "2026-07-01T08:00:00Z",
        "solved_at": "2026-07-01T11:40:00Z",
        "status_updated_at": "2026-07-01T11:40:00Z",
        "created_at": "2026-07-01T08:00:00Z",
        "updated_at": "2026-07-01T11:40:00Z",
        **changes,
    }


def zendesk_event(event_id: int, kind: str, time: str, **changes: Any) -> dict[str, Any]:
    """An event of ``GET /api/v2/incremental/ticket_metric_events``."""
    event = {
        "id": event_id,
        "ticket_id": 101,
        "metric": "agent_work_time",
        "instance_id": 1,
        "type": kind,
        "time": f"2026-07-01T{time}Z",
        **changes,
    }
    if kind == "apply_sla" and "sla" not in event:
        event["sla"] = {
            "target": 60,
            "target_in_seconds": 3600,
            "business_hours": False,
            "policy": {"id": 25, "title": TEXT, "description": TEXT},
        }
    if kind == "update_status":
        event["status"] = {"calendar": 51, "business": 51}
    return event


def zendesk_policy(**changes: Any) -> dict[str, Any]:
    """A policy of ``GET /api/v2/slas/policies``."""
    return {
        "id": 25,
        "url": "https://company.zendesk.com/api/v2/slas/policies/25.json",
        "title": TEXT,
        "description": TEXT,
        "position": 3,
        "filter": {"all": [{"field": "type", "operator": "is", "value": "incident"}], "any": []},
        "policy_metrics": [
            {"priority": "high", "metric": "first_reply_time", "target": 30, "target_in_seconds": 1800,
             "business_hours": False},
            {"priority": "low", "metric": "agent_work_time", "target": 480, "business_hours": True},
        ],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-02-01T00:00:00Z",
        **changes,
    }  # fmt: skip


def jira_issue(issue_id: str = "10042", fields: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An issue of ``GET /rest/api/3/search?expand=changelog`` with an hour and a half of work, opened again once."""

    def status(change_id: int, before: str, after: str) -> dict[str, Any]:
        item = {"field": "status", "fieldId": "status", "fieldtype": "jira", "fromString": before, "toString": after}
        comment = {"field": "description", "fieldtype": "jira", "fromString": TEXT, "toString": TEXT}
        return {
            "id": str(change_id),
            "author": {"displayName": CANARY},
            "created": "2026-07-01T10:00:00.000+0200",
            "items": [item, comment],
        }

    return {
        "expand": "changelog",
        "id": issue_id,
        "key": f"AI-{issue_id[-2:]}",
        "self": f"https://company.atlassian.net/rest/api/3/issue/{issue_id}",
        "fields": {
            "summary": TEXT,
            "description": {"type": "doc", "content": [{"type": "paragraph", "content": [{"text": TEXT}]}]},
            "issuetype": {"name": "Bug"},
            "project": {"key": "AI"},
            "priority": {"id": "2", "name": "High"},
            "status": {"name": "Done", "statusCategory": {"key": "done", "name": "Done"}},
            "resolution": {"name": "Fixed"},
            "resolutiondate": "2026-07-02T12:00:00.000+0200",
            "created": "2026-07-01T09:00:00.000+0200",
            "updated": "2026-07-02T12:00:00.000+0200",
            "reporter": {"displayName": CANARY},
            "labels": ["outcome:o-1", "use_case:triage"],
            "timespent": 5400,
            "aggregatetimespent": 9999,
            "worklog": {"total": 1, "worklogs": [jira_worklog("1", issue_id, 1800)]},
            "customfield_10050": None,
            **(fields or {}),
        },
        "changelog": {
            "histories": [
                status(1, "To Do", "Done"),
                status(2, "Done", "In Progress"),
                status(3, "In Progress", "Done"),
            ]
        },
        **changes,
    }


def jira_worklog(log_id: str, issue_id: str = "10042", seconds: int = 900, **changes: Any) -> dict[str, Any]:
    """A worklog of ``GET /rest/api/3/issue/{id}/worklog``."""
    return {
        "id": log_id,
        "issueId": issue_id,
        "author": {"displayName": CANARY},
        "comment": {"type": "doc", "content": [{"text": TEXT}]},
        "created": "2026-07-01T10:00:00.000+0200",
        "updated": "2026-07-01T10:00:00.000+0200",
        "started": "2026-07-01T09:30:00.000+0200",
        "timeSpent": "15m",
        "timeSpentSeconds": seconds,
        **changes,
    }


def jira_date(hour: float) -> dict[str, Any]:
    """A date as Jira Service Management writes it, on 1 July 2026 in UTC."""
    return {"iso8601": "ignored", "epochMillis": 1782864000000 + int(hour * 3_600_000)}


def jira_sla(**changes: Any) -> dict[str, Any]:
    """An SLA of ``GET /rest/servicedeskapi/request/{id}/sla``: a goal of 2 hours, met, and a second cycle that runs."""
    return {
        "id": "7",
        "name": "Time to resolution",
        "completedCycles": [
            {
                "startTime": jira_date(8),
                "stopTime": jira_date(9.5),
                "breachTime": jira_date(10),
                "breached": False,
                "goalDuration": {"millis": 7_200_000, "friendly": "2h"},
                "elapsedTime": {"millis": 5_400_000, "friendly": "1h 30m"},
                "remainingTime": {"millis": 1_800_000, "friendly": "30m"},
            }
        ],
        "ongoingCycle": {
            "startTime": jira_date(10),
            "breachTime": jira_date(12),
            "breached": False,
            "paused": False,
            "withinCalendarHours": True,
            "goalDuration": {"millis": 7_200_000, "friendly": "2h"},
            "elapsedTime": {"millis": 1_800_000, "friendly": "30m"},
            "remainingTime": {"millis": 5_400_000, "friendly": "1h 30m"},
        },
        **changes,
    }


def servicenow_incident(sys_id: str = "46e2fee9a9fe19810049b49dee0daf58", **changes: Any) -> dict[str, Any]:
    """An incident of ``GET /api/now/table/incident``: all values are text, references are objects."""
    return {
        "sys_id": sys_id,
        "number": "INC0010023",
        "sys_class_name": "incident",
        "state": "6",
        "priority": "1",
        "active": "false",
        "opened_at": "2026-07-01 08:00:00",
        "resolved_at": "2026-07-01 09:00:00",
        "closed_at": "",
        "sys_created_on": "2026-07-01 08:00:00",
        "sys_updated_on": "2026-07-01 09:00:00",
        "reopen_count": "2",
        "time_worked": "1970-01-01 00:45:00",
        "business_duration": "1970-01-01 01:00:00",
        "assignment_group": {"link": "https://company.service-now.com/api/now/table/sys_user_group/1", "value": "1"},
        "opened_by": {"link": f"https://{CANARY}", "value": CANARY},
        "short_description": TEXT,
        "description": TEXT,
        "work_notes": TEXT,
        "close_notes": TEXT,
        "u_outcome_id": "o-1",
        "u_use_case": "triage",
        **changes,
    }


def servicenow_sla(sys_id: str = "f0a1", **changes: Any) -> dict[str, Any]:
    """A row of ``GET /api/now/table/task_sla``: due at 10:00, moved by a pause to 10:30, stopped at 10:45; its stored
    flag still says that nothing was breached."""
    return {
        "sys_id": sys_id,
        "active": "false",
        "task": {"link": "https://company", "value": "46e2fee9a9fe19810049b49dee0daf58"},
        "sla": {"link": "https://company", "display_value": "Priority 1 resolution (1 hour)", "value": "s1"},
        "stage": "completed",
        "has_breached": "false",
        "start_time": "2026-07-01 08:00:00",
        "end_time": "2026-07-01 10:45:00",
        "original_breach_time": "2026-07-01 10:00:00",
        "planned_end_time": "2026-07-01 10:30:00",
        "pause_duration": "1970-01-01 00:45:00",
        "business_pause_duration": "1970-01-01 00:30:00",
        "pause_time": "",
        "schedule": {"link": "https://company", "value": "8-5"},
        "percentage": "71.2",
        "sys_created_on": "2026-07-01 08:00:00",
        "sys_updated_on": "2026-07-01 10:45:00",
        **changes,
    }


def pagerduty_incident(incident_id: str = "PT4KHLK", **changes: Any) -> dict[str, Any]:
    """An incident of ``GET /incidents``."""
    return {
        "id": incident_id,
        "type": "incident",
        "incident_number": 1234,
        "title": TEXT,
        "description": TEXT,
        "status": "resolved",
        "urgency": "high",
        "priority": {"id": "P53ZZH5", "type": "priority_reference", "summary": "P2", "name": "P2"},
        "incident_key": "outcome:o-1",
        "service": {"id": "PIJ90N7", "type": "service_reference", "summary": TEXT},
        "assignments": [{"at": "2026-07-01T08:00:00Z", "assignee": {"summary": CANARY}}],
        "acknowledgements": [],
        "teams": [],
        "created_at": "2026-07-01T08:00:00Z",
        "updated_at": "2026-07-01T09:30:00Z",
        "resolved_at": "2026-07-01T09:30:00Z",
        "last_status_change_at": "2026-07-01T09:30:00Z",
        "last_status_change_by": {"summary": CANARY},
        **changes,
    }
